import type { Asker } from '../../queries/database.ts';

/** A state interval, or several too short to draw, with its place on the axis: a row of the query `timeline-marks`. */
export interface TimelineMark {
  readonly function: string;
  readonly kind: string;
  readonly layer: string;
  readonly field: string;
  readonly value: number | null;
  readonly intervals: number;
  readonly mixed: boolean;
  readonly from_ns: bigint;
  readonly to_ns: bigint;
  readonly from_x: number;
  readonly to_x: number;
}

/** The state of a function by all layers together: a row of the query `timeline-states`. */
export interface TimelineState {
  readonly function: string;
  readonly kind: string;
  readonly state: 'on' | 'off' | 'unknown' | 'apart' | 'mixed';
  readonly stretches: number;
  readonly from_ns: bigint;
  readonly to_ns: bigint;
  readonly from_x: number;
  readonly to_x: number;
}

/** What a timeline shows; each part is the answer to the query `timeline-...` of that name. */
export interface FamilyTimeline {
  readonly family: string;
  /** True when its times count something else than time. */
  readonly countsTicks: boolean;
  /** Functions with a state, the PF first. */
  readonly functions: readonly string[];
  /** Lanes for each layer; empty where there are so many functions that each has but one lane. */
  readonly marks: readonly TimelineMark[];
  readonly states: readonly TimelineState[];
  readonly ticks: readonly { readonly time_ns: bigint; readonly x: number }[];
  readonly gaps: readonly { readonly from_x: number; readonly to_x: number; readonly duration_ns: bigint }[];
  readonly findings: readonly {
    readonly function: string;
    readonly severity: string;
    readonly rules: string;
    readonly findings: number;
    readonly time_ns: bigint;
    readonly x: number;
  }[];
  readonly happenings: readonly {
    readonly function: string | null;
    readonly what: string;
    readonly count: number;
    readonly time_ns: bigint;
    readonly x: number;
  }[];
  readonly losses: readonly { readonly from_x: number; readonly to_x: number; readonly message: string }[];
}

/** Into how many parts a timeline can be told apart: about one for each pixel or two. */
const MAX_SLOTS = 600;
const SYMBOL_SLOTS = 80;
/** Candidates for labels of the axis: more than fit at once, for when it is zoomed. */
const TICK_SLOTS = 400;
/** Up to this many functions each layer has a lane. */
const MAX_IN_FULL = 12;

export interface TimelineOptions {
  /** Times are of a clock that counts. */
  readonly countsTicks: boolean;
  /** Marks that it may take. */
  readonly maxMarks: number;
}

/** Asks for everything the timeline of a PF family shows. */
export async function timelineOf(
  db: Asker,
  family: string,
  options: TimelineOptions,
): Promise<FamilyTimeline> {
  const [{ lanes }] = await db.named<{ lanes: number }>('timeline-lanes', { family });
  // A lane has at most two marks for each slot: one too short to draw alone, and one that is not.
  const slotsOf = (count: number) =>
    Math.max(40, Math.min(MAX_SLOTS, Math.floor(options.maxMarks / (2 * Math.max(1, count)))));
  const states = await db.named<TimelineState>('timeline-states', { family, slots: slotsOf(lanes / 4) });
  const functions = [...new Set(states.map((state) => state.function))];
  const full = functions.length <= MAX_IN_FULL;
  return {
    family,
    countsTicks: options.countsTicks,
    functions,
    marks: full ? await db.named('timeline-marks', { family, slots: slotsOf(lanes) }) : [],
    states,
    ticks: await db.named('timeline-ticks', { family, slots: TICK_SLOTS }),
    gaps: await db.named('timeline-gaps', { family }),
    findings: await db.named('timeline-findings', { family, slots: SYMBOL_SLOTS }),
    happenings: await db.named('timeline-happenings', { family, slots: SYMBOL_SLOTS }),
    losses: await db.named('timeline-losses', { family }),
  };
}

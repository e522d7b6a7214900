import type { Database } from '../../queries/database.ts';

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

/** What a timeline shows; each part is the answer to the query `timeline-...` of that name. */
export interface FamilyTimeline {
  readonly family: string;
  /** True when its times count something else than time. */
  readonly countsTicks: boolean;
  readonly marks: readonly TimelineMark[];
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
  readonly losses: readonly { readonly from_x: number; readonly to_x: number; readonly message: string }[];
}

/** Into how many parts a timeline can be told apart: about one for each pixel or two. */
const MAX_SLOTS = 600;
const FINDING_SLOTS = 80;
/** Candidates for labels of the axis: more than fit at once, for when it is zoomed. */
const TICK_SLOTS = 400;

/** Asks for everything the timeline of a PF family shows. */
export async function timelineOf(
  db: Database,
  family: string,
  options: { readonly countsTicks: boolean; readonly maxMarks: number },
): Promise<FamilyTimeline> {
  const [{ lanes }] = await db.named<{ lanes: number }>('timeline-lanes', { family });
  // A lane has at most two marks for each slot: one too short to draw alone, and one that is not.
  const slots = Math.max(40, Math.min(MAX_SLOTS, Math.floor(options.maxMarks / (2 * Math.max(1, lanes)))));
  return {
    family,
    countsTicks: options.countsTicks,
    marks: await db.named('timeline-marks', { family, slots }),
    ticks: await db.named('timeline-ticks', { family, slots: TICK_SLOTS }),
    gaps: await db.named('timeline-gaps', { family }),
    findings: await db.named('timeline-findings', { family, slots: FINDING_SLOTS }),
    losses: await db.named('timeline-losses', { family }),
  };
}

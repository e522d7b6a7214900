import type { FamilyTimeline, TimelineMark } from './timeline-answers.ts';

/** A line of a timeline: a layer of a function, its STU, a whole function, or what belongs to none. */
export interface Lane {
  readonly id: string;
  /** Stands before the label of the first lane of a function. */
  readonly head: string;
  readonly label: string;
  /** Of the top edge, in pixels. */
  readonly y: number;
}

export interface Lanes {
  readonly lanes: readonly Lane[];
  /** Height of a lane, in pixels. */
  readonly pitch: number;
  readonly height: number;
  /** Top and bottom of all lanes of a function. */
  readonly extents: ReadonlyMap<string, { readonly top: number; readonly bottom: number }>;
  /** Functions that are not shown. */
  readonly left: number;
}

const LAYERS = ['core', 'hw', 'drv'];
export const LAYER_NAMES: Readonly<Record<string, string>> = {
  core: 'PCI core',
  hw: 'register',
  drv: 'driver',
};

const FULL_PITCH = 17;
const BRIEF_PITCH = 12;
const BETWEEN = 9;
/** Functions of one chart: beyond this a picture is no help. */
const MAX_FUNCTIONS = 130;
/** The lane of WARNs that name no device. */
export const UNNAMED = 'unnamed|';

/** The STU in force is kept by the PCI core; 0 means that none was set. */
export function isStu(mark: TimelineMark): boolean {
  return mark.field === 'stu' && mark.layer === 'core' && (mark.mixed || (mark.value ?? 0) !== 0);
}

/** `VF 0000:01:00.1` for a VF. */
function headOf(kind: string, name: string): string {
  return kind === 'pf' || kind === 'vf' ? `${kind.toUpperCase()} ${name}` : name;
}

/** Which lanes a timeline has: one for each layer of each function, or one for each function where there are many. */
export function lanesOf(timeline: FamilyTimeline): Lanes {
  const full = timeline.marks.length > 0;
  const pitch = full ? FULL_PITCH : BRIEF_PITCH;
  const grave = new Set(timeline.findings.map((finding) => finding.function));
  // When not all fit: the PF, then functions with findings, then the others.
  const ranked = [...timeline.functions].sort(
    (a, b) =>
      Number(b === timeline.family) - Number(a === timeline.family) ||
      Number(grave.has(b)) - Number(grave.has(a)),
  );
  const kept = new Set(ranked.slice(0, MAX_FUNCTIONS));
  const lanes: Lane[] = [];
  const extents = new Map<string, { top: number; bottom: number }>();
  let y = 0;
  const add = (id: string, head: string, label: string) => {
    lanes.push({ id, head, label, y });
    y += pitch;
  };
  if (timeline.happenings.some((happening) => happening.function === null))
    add(UNNAMED, '', 'WARN, device not named');
  for (const name of timeline.functions) {
    if (!kept.has(name)) continue;
    const kind = timeline.states.find((state) => state.function === name)?.kind ?? '';
    if (full && y > 0) y += BETWEEN;
    const top = y;
    if (!full) add(`${name}|`, headOf(kind, name), '');
    else {
      const own = timeline.marks.filter((mark) => mark.function === name);
      const shown = LAYERS.filter((layer) => own.some((mark) => mark.layer === layer && mark.field === 'en'));
      shown.forEach((layer, index) => {
        add(`${name}|${layer}`, index === 0 ? headOf(kind, name) : '', LAYER_NAMES[layer]);
      });
      if (own.some(isStu)) add(`${name}|stu`, shown.length === 0 ? headOf(kind, name) : '', 'STU');
    }
    extents.set(name, { top, bottom: y });
  }
  return { lanes, pitch, height: y, extents, left: timeline.functions.length - kept.size };
}

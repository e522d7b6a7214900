import { UNKNOWN } from './events.ts';

/** What the model knows of one function, layer by layer. Every value may be unknown. */
export const STATE_FIELDS = [
  { layer: 'hw', field: 'en', doc: 'Enable of the ATS Control register.' },
  { layer: 'hw', field: 'stu', doc: 'STU field of the ATS Control register (page shift - 12).' },
  { layer: 'core', field: 'cap', doc: 'The PCI core knows an ATS capability.' },
  { layer: 'core', field: 'untrusted', doc: 'The PCI core does not trust the device.' },
  { layer: 'core', field: 'supported', doc: 'Last answer of the support test.' },
  { layer: 'core', field: 'en', doc: '`ats_enabled` of the PCI core.' },
  { layer: 'core', field: 'stu', doc: '`ats_stu` of the PCI core: a page shift, 0 before the first.' },
  { layer: 'drv', field: 'en', doc: 'The IOMMU driver believes that ATS is on.' },
  { layer: 'hw', field: 'pasid', doc: 'Enable, Execute and Privileged bits of the PASID Control register.' },
  { layer: 'core', field: 'pasid', doc: '`pasid_enabled` of the PCI core.' },
  { layer: 'core', field: 'pri', doc: '`pri_enabled` of the PCI core.' },
  { layer: 'hw', field: 'pri', doc: 'Enable of the Page Request Control register.' },
] as const;

export const HW_EN = 0;
export const HW_STU = 1;
export const CORE_CAP = 2;
export const CORE_UNTRUSTED = 3;
export const CORE_SUPPORTED = 4;
export const CORE_EN = 5;
export const CORE_STU = 6;
export const DRV_EN = 7;
export const HW_PASID = 8;
export const CORE_PASID = 9;
export const CORE_PRI = 10;
export const HW_PRI = 11;
export const FIELD_COUNT = STATE_FIELDS.length;

/** How a value came about. */
export const ORIGINS = ['call', 'write', 'observed', 'learned', 'reset', 'lost', 'ended'] as const;
export type Origin = (typeof ORIGINS)[number];
/** Number of an origin: its place in `ORIGINS`. A switch costs less than a look-up, and this is asked at every change. */
export function originNumber(origin: Origin): number {
  switch (origin) {
    case 'call':
      return 0;
    case 'write':
      return 1;
    case 'observed':
      return 2;
    case 'learned':
      return 3;
    case 'reset':
      return 4;
    case 'lost':
      return 5;
    case 'ended':
      return 6;
  }
}

/** Takes every change of a value. */
export interface TransitionListener {
  changed(event: number, fn: number, field: number, from: number, to: number, origin: Origin): void;
}

/** The state of all functions, with the event that set each value. */
export class StateStore {
  private values = new Int32Array(FIELD_COUNT * 16).fill(UNKNOWN);
  private events = new Int32Array(FIELD_COUNT * 16).fill(-1);
  private readonly listener: TransitionListener;

  constructor(listener: TransitionListener) {
    this.listener = listener;
  }

  get(fn: number, field: number): number {
    return this.values[fn * FIELD_COUNT + field];
  }

  /** The event that set the value, or -1. */
  setBy(fn: number, field: number): number {
    return this.events[fn * FIELD_COUNT + field];
  }

  isKnown(fn: number, field: number): boolean {
    return this.values[fn * FIELD_COUNT + field] !== UNKNOWN;
  }

  set(fn: number, field: number, value: number, event: number, origin: Origin): void {
    const at = fn * FIELD_COUNT + field;
    const from = this.values[at];
    if (from === value) {
      // The latest confirmation is no better evidence than the event that made it so.
      return;
    }
    this.values[at] = value;
    this.events[at] = event;
    this.listener.changed(event, fn, field, from, value, origin);
  }

  /** A newer record shows the same value: it is the better evidence where nothing depends on since when it held. */
  confirm(fn: number, field: number, event: number): void {
    this.events[fn * FIELD_COUNT + field] = event;
  }

  /** Room for one more function, with everything unknown. */
  addFunction(fn: number): void {
    const needed = (fn + 1) * FIELD_COUNT;
    if (needed <= this.values.length) return;
    const values = new Int32Array(this.values.length * 2).fill(UNKNOWN);
    values.set(this.values);
    this.values = values;
    const events = new Int32Array(this.events.length * 2).fill(-1);
    events.set(this.events);
    this.events = events;
  }
}

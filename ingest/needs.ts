/** One kind of trace event, as a decoder first meets it. */
export interface EventKind {
  readonly name: string;
  readonly system: string | null;
  /** Probed function, where the event names it. */
  readonly symbol: string | null;
  /** The event is a probe that shows its place as an address only: its name need not tell the function. */
  readonly atAddress?: boolean;
  readonly isReturn: boolean;
  readonly fields: readonly string[];
}

/** Says which kinds of trace event are to be decoded; all others are only counted. */
export interface EventNeeds {
  wants(kind: EventKind): boolean;
}

/** A stretch of time, ns. */
export interface Span {
  readonly from: bigint;
  readonly to: bigint;
}

/** One track of spans that nest: none reaches out of the one it began in. */
export interface Track<T> {
  readonly name: string;
  /** 0 for the first track of its name; spans that overlap without nesting go to further ones. */
  readonly lane: number;
  readonly spans: readonly T[];
}

/**
 * Lays spans onto tracks, by name. Viewers draw slices of one track as a stack, so a span that begins inside another and
 * ends after it (records that were paired wrongly, or two recordings of one task) needs a track of its own.
 */
export function packLanes<T extends Span & { readonly track: string; readonly order: number }>(
  spans: readonly T[],
): Track<T>[] {
  const byName = new Map<string, T[]>();
  for (const span of spans) {
    const list = byName.get(span.track);
    if (list) list.push(span);
    else byName.set(span.track, [span]);
  }
  return [...byName].flatMap(([name, list]) => {
    list.sort(
      (a, b) =>
        (a.from < b.from ? -1 : a.from > b.from ? 1 : 0) ||
        (a.to > b.to ? -1 : a.to < b.to ? 1 : 0) ||
        a.order - b.order,
    );
    const lanes: { readonly open: bigint[]; readonly spans: T[] }[] = [];
    for (const span of list) {
      let lane = lanes.find(({ open }) => {
        while (open.length > 0 && open[open.length - 1] <= span.from) open.pop();
        return open.length === 0 || open[open.length - 1] >= span.to;
      });
      if (!lane) {
        lane = { open: [], spans: [] };
        lanes.push(lane);
      }
      lane.open.push(span.to);
      lane.spans.push(span);
    }
    return lanes.map((lane, index) => ({ name, lane: index, spans: lane.spans }));
  });
}

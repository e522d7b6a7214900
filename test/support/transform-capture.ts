/** Inputs of an analysis by name. */
export type Inputs = Readonly<Record<string, string>>;

/** A line of a trace that is an event: before its name, its name, and the rest. */
const EVENT = /^(\s*\S.*?\s\[\d{3,}\]\s.*?\s\d+\.\d{6}: )(\w+)(:.*)$/;
const ADDRESS = /\b([0-9a-f]{4}):([0-9a-f]{2}):([0-9a-f]{2})\.([0-7])\b/g;

/** The name of the event of a line; null for headers. */
export function eventName(line: string): string | null {
  return EVENT.exec(line)?.[2] ?? null;
}

/** Function and page shifts as another machine would have them: the same text replaced everywhere. */
export function renamed(text: string, rename: (address: string) => string): string {
  return text.replace(ADDRESS, (address) => rename(address));
}

/** Another task and another CPU in front of each event. */
export function reseated(
  trace: string,
  task: (comm: string, pid: number) => string,
  cpu: (cpu: number) => number,
): string {
  return trace.replace(
    /^(\s*)(\S.*?)-(\d+)(\s+)\[(\d{3,})\]/gm,
    (_, indent, comm, pid, gap, on) =>
      `${indent}${task(comm, Number(pid))}${gap}[${String(cpu(Number(on))).padStart(3, '0')}]`,
  );
}

/** Every page shift and every STU field of the story moved up, as with an IOMMU of larger pages. */
export function withLargerPages(trace: string, by: number): string {
  const moved = (shift: string) => (Number(shift) < 12 ? shift : String(Number(shift) + by));
  return trace
    .replace(/\b(ps|stu)=(\d+)\b/g, (_, name, shift) => `${name}=${moved(shift)}`)
    .replace(/(where=0x106 val=0x)([0-9a-f]+)(?=.*\bvf=0|.*bdf="[^"]*\.0")/g, (_, before, value) => {
      const register = Number.parseInt(value, 16);
      return `${before}${(register + by).toString(16)}`;
    });
}

/** The trace as if some events had not been recorded: with the counts of its header made to fit. */
export function without(trace: string, drop: (name: string, line: string) => boolean): string {
  return kept(trace, (line) => {
    const name = eventName(line);
    return name === null || !drop(name, line);
  });
}

/** The trace between two of its events, as when it was switched on late and off early. */
export function between(trace: string, from: number, to: number): string {
  let event = -1;
  return kept(trace, (line) => eventName(line) === null || (++event >= from && event < to));
}

/** How many events a trace has. */
export function eventCount(trace: string): number {
  return trace.split('\n').filter((line) => eventName(line) !== null).length;
}

function kept(trace: string, keep: (line: string) => boolean): string {
  const lines = trace.split('\n').filter(keep);
  const count = lines.filter((line) => eventName(line) !== null).length;
  return lines
    .join('\n')
    .replace(
      /entries-in-buffer\/entries-written: \d+\/\d+/,
      `entries-in-buffer/entries-written: ${count}/${count}`,
    );
}

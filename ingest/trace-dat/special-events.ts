import type { Value } from './evaluate.ts';
import type { EventFormat } from './event-format.ts';
import type { PrintContext } from './pretty-print.ts';
import { printValue } from './pretty-print.ts';
import { parsePrintf } from './printf.ts';
import type { RecordView } from './record.ts';

/** Prints an event in a form of its own; null = by its print format after all. */
export type SpecialPrinter = (
  format: EventFormat,
  record: RecordView,
  context: PrintContext,
  next: RecordView | null,
  nextFormat: EventFormat | null,
) => string | null;

const decoder = new TextDecoder('utf-8', { fatal: false });

function number(format: EventFormat, record: RecordView, name: string): bigint | null {
  const field = format.fields.find((candidate) => candidate.name === name);
  return field?.kind === 'number' ? record.integer(field.offset, field.size, field.signed) : null;
}

function text(format: EventFormat, record: RecordView, name: string): string {
  const field = format.fields.find((candidate) => candidate.name === name);
  return field ? record.text(field.offset, field.size) : '';
}

function splitAddress(address: bigint): [number, number] {
  return [Number(address & 0xffffffffn), Number((address >> 32n) & 0xffffffffn)];
}

function functionName(address: bigint | null, context: PrintContext): string | null {
  return address === null
    ? null
    : (context.symbols.holderOf(...splitAddress(BigInt.asUintN(64, address)))?.name ?? null);
}

function functionOrAddress(address: bigint | null, context: PrintContext): string {
  return functionName(address, context) ?? `0x${BigInt.asUintN(64, address ?? 0n).toString(16)}`;
}

const functionEntry: SpecialPrinter = (format, record, context) => {
  const ip = number(format, record, 'ip');
  const parent = number(format, record, 'parent_ip');
  const name = functionName(ip, context);
  return `${name ? `${name} <-- ` : functionOrAddress(ip, context)}${functionOrAddress(parent, context)}`;
};

/** `+ 13.300 us  |  ` in front of a function of the graph tracer; no duration for one that is still open. */
function graphColumns(durationNs: bigint | null): string {
  if (durationNs === null) return '             |  ';
  const mark =
    durationNs > 1_000_000_000n
      ? '$ '
      : durationNs > 1_000_000n
        ? '# '
        : durationNs > 100_000n
          ? '! '
          : durationNs > 10_000n
            ? '+ '
            : '  ';
  let shown = String(durationNs / 1000n);
  if (shown.length < 7) shown += `.${String(durationNs % 1000n).padStart(3, '0')}`;
  return `${mark}${shown} us ${' '.repeat(Math.max(0, 7 - shown.length))}|  `;
}

/** Error codes in decimal, all else in hexadecimal. */
function graphResult(format: EventFormat, record: RecordView): string {
  const value = number(format, record, 'retval');
  if (value === null) return '';
  const signed = BigInt.asIntN(64, value);
  return signed < 0n && signed >= -4095n
    ? ` (ret=${signed})`
    : ` (ret=0x${BigInt.asUintN(64, value).toString(16)})`;
}

function graphIndent(format: EventFormat, record: RecordView): string {
  const depth = Number(number(format, record, 'depth') ?? 0n);
  return '  '.repeat(Math.max(0, Math.min(depth, 256)));
}

function duration(format: EventFormat, record: RecordView): bigint {
  const from = number(format, record, 'calltime') ?? 0n;
  return BigInt.asUintN(64, (number(format, record, 'rettime') ?? 0n) - from);
}

const graphEntry: SpecialPrinter = (format, record, context, next, nextFormat) => {
  const func = number(format, record, 'func');
  const name = functionName(func, context);
  const indent = graphIndent(format, record);
  const args = format.fields.some((field) => field.name === 'args') ? '...' : '';
  const called = number(format, record, 'retaddr');
  const caller = called === null ? null : functionName(called, context);
  const address = BigInt.asUintN(64, func ?? 0n).toString(16);
  if (next && nextFormat?.name === 'funcgraph_exit' && number(nextFormat, next, 'func') === func) {
    const call = name ? `${name}(${args});` : `${address}();`;
    const from = caller ? ` /* <-${caller} */` : '';
    return `${graphColumns(duration(nextFormat, next))}${indent}${call}${from}${graphResult(nextFormat, next)}`;
  }
  const from = caller ? ` /* <-${caller} */` : '';
  return `${graphColumns(null)}${indent}${name ? `${name}(${args})` : `${address}()`}${from} {`;
};

const graphExit: SpecialPrinter = (format, record) =>
  `${graphColumns(duration(format, record))}${graphIndent(format, record)}}${graphResult(format, record)}`;

const schedSwitch: SpecialPrinter = (format, record) => {
  const states = stateLetters(format.printFormat);
  const state = number(format, record, 'prev_state') ?? 0n;
  const letters = [...states]
    .filter(([bit]) => (state & (1n << BigInt(bit))) !== 0n)
    .map(([, letter]) => letter);
  const task = (side: string) =>
    `${text(format, record, `${side}_comm`)}:${number(format, record, `${side}_pid`)}`;
  const prio = (side: string) => BigInt.asIntN(32, number(format, record, `${side}_prio`) ?? 0n);
  return `${task('prev')} [${prio('prev')}] ${letters.join('|') || 'R'} ==> ${task('next')} [${prio('next')}]`;
};

/** The letters of the bits of prev_state, from the flags that the kernel's own print format lists. */
function stateLetters(printFormat: string): Map<number, string> {
  const letters = new Map<number, string>();
  const flags = /__print_flags\s*\(.*?"\|"\s*,(.*?)\}\s*\)/s.exec(printFormat)?.[1] ?? '';
  for (const [, value, letter] of flags.matchAll(/\{\s*(0x[0-9a-fA-F]+|\d+)\s*,\s*"(.)/g)) {
    const bit = Math.log2(Number(value));
    if (Number.isInteger(bit) && bit < 32) letters.set(bit, letter);
  }
  if (letters.size === 0) return new Map([...'SDTtXZPI'].map((letter, bit) => [bit, letter]));
  return new Map([...letters].sort(([a], [b]) => a - b));
}

const schedWakeup: SpecialPrinter = (format, record) => {
  const success = number(format, record, 'success');
  const cpu = number(format, record, 'target_cpu');
  return (
    `${text(format, record, 'comm')}:${number(format, record, 'pid')} [${number(format, record, 'prio')}]` +
    (success === null ? '' : ` success=${success}`) +
    (cpu === null ? '' : ` CPU:${String(cpu).padStart(3, '0')}`)
  );
};

const hrtimerStart: SpecialPrinter = (format, record, context) =>
  `hrtimer=${hex(number(format, record, 'hrtimer') ?? number(format, record, 'timer'))}` +
  ` function=${functionOrAddress(number(format, record, 'function'), context)}` +
  ` expires=${number(format, record, 'expires')} softexpires=${number(format, record, 'softexpires')}`;

const hrtimerExpire: SpecialPrinter = (format, record, context) => {
  const func = number(format, record, 'function');
  return (
    `hrtimer=${hex(number(format, record, 'hrtimer') ?? number(format, record, 'timer'))}` +
    ` now=${number(format, record, 'now')}${func === null ? '' : ` function=${functionOrAddress(func, context)}`}`
  );
};

function hex(value: bigint | null): string {
  return `0x${BigInt.asUintN(64, value ?? 0n).toString(16)}`;
}

const kernelStack: SpecialPrinter = (format, record, context) => {
  const field = format.fields.find(({ name }) => name === 'caller');
  if (!field) return null;
  const size = context.longSize;
  const lines = ['<stack trace >'];
  for (let at = field.offset; at + size <= record.length; at += size) {
    const address = record.integer(at, size, false);
    if (BigInt.asIntN(size * 8, address) === -1n || BigInt.asIntN(32, address) === -1n) break;
    const name = functionName(address, context);
    lines.push(name ? `=> ${name} (${address.toString(16)})` : `=> ${address.toString(16)}`);
  }
  return `${lines.join('\n')}\n`;
};

/** trace_printk: the format lies in the kernel, the record holds its arguments in the kernel's vbin_printf layout. */
const bprint: SpecialPrinter = (format, record, context) => {
  const ip = functionOrAddress(number(format, record, 'ip'), context);
  const address = BigInt.asUintN(64, number(format, record, 'fmt') ?? 0n);
  const source = context.printkFormats.get(address);
  if (source === undefined) return `${ip}: (NO FORMAT FOUND at ${address.toString(16)})`;
  const buffer = format.fields.find(({ name }) => name === 'buf');
  let at = buffer?.offset ?? record.length;
  const integer = (bits: number): bigint => {
    at = (at + 3) & ~3;
    const value = record.integer(at, bits / 8, false);
    at += bits / 8;
    return value;
  };
  const string = (): string => {
    const bytes = record.bytes(at, record.length - at);
    const end = bytes.indexOf(0);
    const part = end < 0 ? bytes : bytes.subarray(0, end);
    at += part.length + 1;
    return decoder.decode(part);
  };
  let line = '';
  for (const piece of parsePrintf(source)) {
    if (typeof piece === 'string') {
      line += piece;
      continue;
    }
    const width = piece.width === '*' ? Number(BigInt.asIntN(32, integer(32))) : piece.width;
    const precision = piece.precision === '*' ? Number(BigInt.asIntN(32, integer(32))) : piece.precision;
    let value: Value;
    if (piece.type === 's') value = string();
    else if (piece.type === 'p') {
      const isCode = piece.pointer === '' || /^[sSfFBx]/.test(piece.pointer);
      value = isCode ? integer(context.longSize * 8) : string();
    } else value = integer(vbinBits(piece.length, context.longSize));
    line += printValue(piece, value, width, precision, record, context);
  }
  return `${ip}: ${line}`;
};

/** vbin_printf stores every integer in 4 bytes, but for long and long long ones. */
function vbinBits(length: string, longSize: number): number {
  if (length === 'l' || length === 'z' || length === 'Z' || length === 't') return longSize * 8;
  return length === 'll' || length === 'L' || length === 'q' || length === 'j' ? 64 : 32;
}

const SPECIAL: Readonly<Record<string, SpecialPrinter>> = {
  'ftrace:function': functionEntry,
  'ftrace:funcgraph_entry': graphEntry,
  'ftrace:fgraph_retaddr_entry': graphEntry,
  'ftrace:funcgraph_exit': graphExit,
  'ftrace:kernel_stack': kernelStack,
  'ftrace:bprint': bprint,
  'sched:sched_switch': schedSwitch,
  'sched:sched_wakeup': schedWakeup,
  'sched:sched_wakeup_new': schedWakeup,
  'timer:hrtimer_start': hrtimerStart,
  'timer:hrtimer_expire_entry': hrtimerExpire,
};

/** The printer that trace-cmd or a plugin of libtraceevent has for an event, if any. */
export function specialPrinter(format: EventFormat): SpecialPrinter | null {
  return SPECIAL[`${format.system}:${format.name}`] ?? null;
}

const ALLOCATIONS = new Set([
  'kfree',
  'kmalloc',
  'kmalloc_node',
  'kmem_cache_alloc',
  'kmem_cache_alloc_node',
  'kmem_cache_free',
]);

/** The function that trace-cmd puts in front of the events of the allocator. */
export function prefixOf(format: EventFormat, record: RecordView, context: PrintContext): string {
  if (format.system !== 'kmem' || !ALLOCATIONS.has(format.name)) return '';
  const site = number(format, record, 'call_site');
  if (site === null) return '';
  const [lo, hi] = splitAddress(BigInt.asUintN(64, site));
  const location = context.symbols.at(lo, hi);
  return location ? `(${location.name}+0x${location.offset.toString(16)}) ` : '';
}

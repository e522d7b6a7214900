import { kprobeLine, type ProbeSyntax, pickAlternative } from './kernel.ts';
import { type Alternative, PROBES, type ProbeRow } from './probes.ts';
import { TRACEPOINTS } from './tracepoints.ts';

/** Name of the group that definitions outside the kit are put in. */
const GROUP = 'ats';

interface Chosen {
  readonly row: ProbeRow;
  readonly alternative: Alternative;
}

/** The probes for a kernel, without those that only stand in for others. */
function chosen(syntax: ProbeSyntax): Chosen[] {
  return PROBES.flatMap((row) => {
    const isWanted = row.without === '' && !(row.onlyForDevice && syntax.inReturns);
    const alternative = isWanted ? pickAlternative(row, syntax) : null;
    return alternative ? [{ row, alternative }] : [];
  });
}

/** Lines for tracefs' kprobe_events. */
export function probeDefinitions(syntax: ProbeSyntax): string[] {
  return chosen(syntax).map(({ row, alternative }) => kprobeLine(row, alternative, GROUP));
}

/** A shell script that defines the probes one by one, because a kernel refuses those of functions it does not have. */
function defining(syntax: ProbeSyntax): string[] {
  const filters = chosen(syntax).filter(({ row }) => row.filter !== '');
  return [
    'cd /sys/kernel/tracing || exit 1',
    `while read -r definition; do`,
    '  { echo "$definition" >> kprobe_events; } 2>/dev/null || echo "not on this kernel: $definition" >&2',
    `done <<'EOT'`,
    ...probeDefinitions(syntax),
    'EOT',
    ...filters.map(
      ({ row }) =>
        `[ ! -d events/${GROUP}/${row.name} ] || echo '${row.filter}' > events/${GROUP}/${row.name}/filter`,
    ),
  ];
}

const REMOVING = [
  '# Remove the probes.',
  `cd /sys/kernel/tracing/events/${GROUP} 2>/dev/null || exit 0`,
  'echo 0 > enable',
  `for event in */; do echo "-:${GROUP}/\${event%/}" >> /sys/kernel/tracing/kprobe_events; done`,
];

/** Selects the trace events the kernel has, as options of a recorder. */
function eventOptions(): string[] {
  const names = TRACEPOINTS.map(({ system, name }) => `${system}:${name}`);
  return [
    'set --',
    `for event in ${names.join(' ')}; do`,
    '  [ ! -d "/sys/kernel/tracing/events/$(echo "$event" | tr : /)" ] || set -- "$@" -e "$event"',
    'done',
  ];
}

/** The same recording with trace-cmd. */
export function traceCmdScript(syntax: ProbeSyntax): string {
  return lines([
    '#!/bin/sh',
    '# As root. The recording ends with Ctrl-C; then: atscope analyze trace.dat dmesg.txt',
    ...defining(syntax),
    'cd - >/dev/null || exit 1',
    ...eventOptions(),
    `trace-cmd record -C mono -b 8192 -e ${GROUP} "$@" -o trace.dat`,
    'dmesg > dmesg.txt',
    ...REMOVING,
  ]);
}

/** The same recording with perf, which records the probes of tracefs. */
export function perfScript(syntax: ProbeSyntax): string {
  return lines([
    '#!/bin/sh',
    '# As root. The recording ends with Ctrl-C; then: atscope analyze perf.txt dmesg.txt',
    ...defining(syntax),
    'cd - >/dev/null || exit 1',
    ...eventOptions(),
    `perf record -a -k mono -m 8M -e '${GROUP}:*' "$@" -o perf.data`,
    'perf script -i perf.data -F comm,pid,cpu,time,event,trace --ns > perf.txt',
    'dmesg > dmesg.txt',
    ...REMOVING,
  ]);
}

/**
 * The calls of the ATS core with bpftrace, printed as tracefs would. Structures and arguments come through BTF. bpftrace
 * stops at the first function it cannot attach to, so the user has to delete those that a kernel lacks.
 */
export function bpftraceScript(): string {
  const core = PROBES.filter(
    (row) =>
      !row.onlyForDevice &&
      row.group === 'ats' &&
      /^pci_(ats_supported|(prepare|enable|disable|restore)_ats)/.test(row.name),
  );
  return lines([
    '#!/usr/bin/env bpftrace',
    '// As root: bpftrace ats.bt > trace.txt; then: atscope analyze trace.txt. Delete functions that the kernel lacks.',
    'BEGIN { printf("# tracer: nop\\n#\\n"); }',
    ...core.map(bpftraceProbe),
  ]);
}

/** Fields of struct pci_dev that an event shows. */
const STATE: readonly (readonly [name: string, format: string, member: string])[] = [
  ['vf', '%d', 'is_virtfn'],
  ['pf', '%d', 'is_physfn'],
  ['en', '%d', 'ats_enabled'],
  ['cap', '0x%x', 'ats_cap'],
  ['stu', '%d', 'ats_stu'],
];

function bpftraceProbe({ known, isReturn, name }: ProbeRow): string {
  const { symbol, result } = known;
  const place = isReturn ? `([unknown/kretprobe'd] <- ${symbol})` : `(${symbol}+0x0/0x0)`;
  const takesShift = symbol === 'pci_prepare_ats' || symbol === 'pci_enable_ats';
  const fields: [string, string][] = [
    ...(takesShift ? [['ps=%d', 'args.ps'] as [string, string]] : []),
    ...(isReturn && result !== 'none'
      ? [['ret=%d', result === 'int' ? '(int32)retval' : '(uint8)retval'] as [string, string]]
      : []),
    ...STATE.map(([field, format, member]): [string, string] => [
      `${field}=${format}`,
      `args.dev->${member}`,
    ]),
    ['bdf=\\"%s\\"', 'str(args.dev->dev.kobj.name)'],
  ];
  const format = `%16s-%-7d [%03d] ..... %d.%06d: ${name}: ${place} ${fields.map(([text]) => text).join(' ')}\\n`;
  const values = [
    'comm',
    'tid',
    'cpu',
    'nsecs / 1000000000',
    'nsecs % 1000000000 / 1000',
    ...fields.map(([, value]) => value),
  ];
  return `${isReturn ? 'fexit' : 'fentry'}:vmlinux:${symbol} { printf("${format}", ${values.join(', ')}); }`;
}

function lines(list: readonly string[]): string {
  return `${list.join('\n')}\n`;
}

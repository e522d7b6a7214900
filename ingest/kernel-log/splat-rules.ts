import { byFirstByte, type Groups, type LineRule, matchOf, Starts } from './starts.ts';

/**
 * What ends the text of a splat: the marker `---[ end trace` or `---[ end Kernel panic`, a ruler of `=`, or the last line of its
 * call trace.
 */
export type Ending = 'marker' | 'panic-marker' | 'ruler' | 'trace';

/** A first line of a splat. Named groups: file, line, at (a `%pS`), cpu, pid, comm. */
export interface BannerRule extends LineRule {
  readonly kind: string;
  readonly ending: Ending;
  /** This line may also be the second banner of a splat of one of these kinds. */
  readonly follows?: readonly string[];
  /** An interrupt reports it (watchdogs, spurious interrupts, the panics of both): it is about the function that was interrupted. */
  readonly byInterrupt?: boolean;
  /** The trace is the one after `stack backtrace:`. */
  readonly laterTrace?: boolean;
}

/** `CPU 3 Unable to handle`, but not `CPU topo:`. */
const ON_CPU = Array.from('0123456789', (digit) => `CPU ${digit}`);
const FAULTS = ['bug', 'null-deref', 'page-fault', 'gpf', 'oops', 'serror'];

/**
 * Banners, first match wins. Sources are those of v6.12 unless another version is named; older forms stay because logs are old.
 */
export const BANNERS: readonly BannerRule[] = [
  // __warn() in kernel/panic.c since 28ea295f941e (v6.19): the tail is missing where a commit message quotes it.
  {
    kind: 'warn',
    starts: ['WARNING: '],
    pattern:
      /^WARNING: (?<file>[^\s:]+\.[chSs]):(?<line>\d{1,7}) at (?<at>[^,]+)(?:, CPU#(?<cpu>\d{1,5}): (?<comm>.+)\/(?<pid>\d{1,10}))?/,
    ending: 'marker',
  },
  {
    kind: 'warn',
    starts: ['WARNING: '],
    pattern:
      /^WARNING: at (?<at>[^\s,]+(?: \[[^\]]*\])?), CPU#(?<cpu>\d{1,5}): (?<comm>.+)\/(?<pid>\d{1,10})/,
    ending: 'marker',
  },
  // __warn() before v6.19; `WARNING: at` before v3.11. `()` after the function before v4.4.
  {
    kind: 'warn',
    starts: ['WARNING: '],
    pattern:
      /^WARNING: (?:CPU: (?<cpu>\d{1,5}) PID: (?<pid>\d{1,10}) )?at (?<file>[^\s:]+):(?<line>\d{1,7})(?:\s+(?<at>\S+(?: \[[^\]]*\])?))?/,
    ending: 'marker',
  },
  {
    kind: 'warn',
    starts: ['WARNING: '],
    pattern: /^WARNING: CPU: (?<cpu>\d{1,5}) PID: (?<pid>\d{1,10}) at(?: (?<at>\S+(?: \[[^\]]*\])?))?/,
    ending: 'marker',
  },
  {
    kind: 'warn',
    starts: ['WARNING: at '],
    pattern: /^WARNING: at (?<at>[\w$.]+\+0x\S+|0x0\b)/,
    ending: 'marker',
  },
  // kernel/locking/lockdep.c; `INFO:` and brackets before v4.11.
  {
    kind: 'lockdep',
    starts: ['WARNING: ', 'INFO: ', '[ INFO: ', '[ BUG: ', 'BUG: '],
    pattern:
      /^(?:\[ )?(?:WARNING|INFO|BUG): (?:possible (?:circular|recursive|irq lock|irqsafe)|possible [\w-]+ lock|[\w-]+-safe -> [\w-]+-unsafe lock|inconsistent lock state|bad unlock balance|bad contention|held lock freed|Nested lock was not taken|lock held |suspicious RCU usage|trying to register non-static key|Invalid wait context|bad irq |MAX_LOCK|.{1,40} still has locks held)/i,
    ending: 'trace',
    laterTrace: true,
  },
  // lib/../mm/kasan/report.c, mm/kfence/report.c, mm/kmsan/report.c, kernel/kcsan/report.c
  { kind: 'kasan', starts: ['BUG: KASAN'], pattern: /^BUG: KASAN: .{1,60}? in (?<at>.+)/, ending: 'ruler' },
  { kind: 'kasan', starts: ['BUG: KASAN'], pattern: /^BUG: KASAN: /, ending: 'ruler' },
  {
    kind: 'kfence',
    starts: ['BUG: KFENCE'],
    pattern: /^BUG: KFENCE: .{1,60}? in (?<at>.+)/,
    ending: 'ruler',
  },
  { kind: 'kmsan', starts: ['BUG: KMSAN'], pattern: /^BUG: KMSAN: .{1,60}? in (?<at>.+)/, ending: 'ruler' },
  {
    kind: 'kcsan',
    starts: ['BUG: KCSAN'],
    pattern: /^BUG: KCSAN: [\w: -]{1,60}? in (?<at>[^\s/]+)/,
    ending: 'ruler',
  },
  // lib/ubsan.c: the ruler gave way to `cut here` and `end trace` in v6.1.
  {
    kind: 'ubsan',
    starts: ['UBSAN: ', 'Internal error: UBSAN: '],
    pattern: /^(?:Internal error: )?UBSAN: .{1,80}? in (?<file>[^\s:]+):(?<line>\d{1,7})/i,
    ending: 'marker',
  },
  // kernel/watchdog.c, kernel/watchdog_perf.c, arch/powerpc/kernel/watchdog.c
  {
    kind: 'soft-lockup',
    starts: ['watchdog: BUG: soft', 'NMI watchdog: BUG: soft', 'BUG: soft lockup'],
    pattern:
      /^(?:(?:NMI )?watchdog: )?BUG: soft lockup - CPU#(?<cpu>\d{1,5}) stuck for .{1,12}? \[(?<comm>.+):(?<pid>\d{1,10})\]/,
    ending: 'trace',
    byInterrupt: true,
  },
  {
    kind: 'hard-lockup',
    starts: ['watchdog: ', 'NMI watchdog: ', 'Watchdog '],
    pattern:
      /^(?:(?:NMI )?watchdog: )?(?:Watchdog detected hard LOCKUP on cpu (?<cpu>\d{1,5})|CPU ?\d{1,5}: ?Watchdog detected hard|CPU \d{1,5} (?:detected hard LOCKUP on other CPUs|Hard LOCKUP)|Watchdog CPU:\d{1,5} (?:detected )?Hard LOCKUP)/i,
    ending: 'trace',
    byInterrupt: true,
  },
  // kernel/rcu/tree_stall.h, tree_exp.h
  {
    kind: 'rcu-stall',
    starts: ['rcu: INFO: ', 'INFO: rcu'],
    pattern: /^(?:rcu: )?INFO: \w+ (?:self-detected stall on CPU|detected (?:expedited )?stalls? on)/,
    ending: 'trace',
    byInterrupt: true,
  },
  // kernel/hung_task.c
  {
    kind: 'hung-task',
    starts: ['INFO: task '],
    pattern: /^INFO: task (?<comm>.+):(?<pid>\d{1,10}) (?:is )?blocked (?:in I\/O wait )?for more than/,
    ending: 'trace',
  },
  // BUG() of lib/bug.c and the architectures
  {
    kind: 'bug',
    starts: ['kernel BUG at ', 'Kernel BUG at '],
    pattern: /^[kK]ernel BUG at (?<file>[^\s:]+):(?<line>\d{1,7})!?/,
    ending: 'marker',
  },
  {
    kind: 'bug',
    starts: ['kernel BUG at ', 'Kernel BUG at '],
    pattern: /^[kK]ernel BUG at (?<at>.+)/,
    ending: 'marker',
  },
  // arch/*/mm/fault.c
  {
    kind: 'null-deref',
    starts: ['BUG: ', 'Unable to handle ', ...ON_CPU, 'Kernel attempted to '],
    pattern:
      /^(?:BUG: )?(?:CPU \d{1,5} )?(?:unable to handle )?(?:kernel )?NULL pointer dereference|^BUG: Unable to handle kernel NULL|^BUG: Kernel NULL pointer dereference/i,
    ending: 'marker',
  },
  {
    kind: 'page-fault',
    starts: ['BUG: ', 'Unable to handle ', ...ON_CPU],
    pattern:
      /^(?:BUG: )?(?:CPU \d{1,5} )?(?:unable|Unable) to handle (?:page fault|kernel|user|page request|0x)|^BUG: (?:supervisor|user) /,
    ending: 'marker',
  },
  // kernel/sched/core.c: __might_resched(), __schedule_bug()
  {
    kind: 'bug',
    starts: ['BUG: sleeping'],
    pattern: /^BUG: sleeping function called from invalid context(?: at (?<file>[^\s:]+):(?<line>\d{1,7}))?/,
    ending: 'trace',
  },
  {
    kind: 'bug',
    starts: ['BUG: scheduling'],
    pattern: /^BUG: scheduling while atomic: (?<comm>.+)\/(?<pid>\d{1,10})\/0x/,
    ending: 'trace',
  },
  {
    kind: 'bug',
    starts: ['BUG: '],
    pattern: /^BUG: (?:spinlock|rwlock|unbalanced) .* on CPU#(?<cpu>\d{1,5}), (?<comm>.+)\/(?<pid>\d{1,10})/,
    ending: 'trace',
  },
  { kind: 'bug', starts: ['BUG: ', 'BUG '], pattern: /^BUG(?:: \S| [\w-]+ \(\S)/, ending: 'trace' },
  // arch/x86/kernel/traps.c: die_addr(); since v6.10 with `Oops: ` in front
  {
    kind: 'gpf',
    starts: ['general protection fault', 'Oops: general'],
    pattern: /^(?:Oops: )?general protection (?:fault|maybe)/,
    ending: 'marker',
  },
  // die() of the architectures; also the second line of the faults above
  {
    kind: 'oops',
    starts: [
      'Oops: ',
      'Oops - ',
      'Oops [',
      'Internal error: ',
      'invalid opcode: ',
      'divide error: ',
      'stack segment: ',
      'double fault: ',
      'PANIC: double fault',
      'traps: PANIC: double fault',
      'Kernel access of bad area',
      'Kernel BUG [#',
      'illegal operation: ',
      'specification exception: ',
      'int3: ',
      'Exception in kernel mode, sig',
      'kernel stack overflow',
      'Insufficient stack space to handle exception!',
      'control protection: ',
      'segment not present: ',
      'Bad mode in ',
      'Unhandled fault: ',
      'Unhandled prefetch abort: ',
      'addressing exception: ',
      'protection exception: ',
    ],
    pattern: /^/,
    ending: 'marker',
    follows: FAULTS,
  },
  // arch/arm64/kernel/traps.c
  {
    kind: 'serror',
    starts: ['SError Interrupt on CPU'],
    pattern: /^SError Interrupt on CPU(?<cpu>\d{1,5})/,
    ending: 'trace',
  },
  // panic() in kernel/panic.c
  {
    kind: 'panic',
    starts: ['Kernel panic - not syncing', 'Kernel panic: '],
    pattern: /^Kernel panic/,
    ending: 'panic-marker',
    byInterrupt: true,
  },
  // kernel/irq/spurious.c
  {
    kind: 'irq-nobody-cared',
    starts: ['irq '],
    pattern: /^irq \d{1,6}: nobody cared/,
    ending: 'trace',
    byInterrupt: true,
  },
  // arch/x86/mm/extable.c
  {
    kind: 'msr-access',
    starts: ['unchecked MSR'],
    pattern: /^unchecked MSR access error: /,
    ending: 'trace',
  },
];

/** Texts that mark the surroundings of a splat. */
const MARKS = ['------------[ cut', '==========', 'Call Trace', 'Call trace', 'Dumping ftrace', '---[ end'];

/** All texts that can begin or mark a splat. */
const STARTS = new Starts([...BANNERS.flatMap((rule) => rule.starts), ...MARKS]);

/** The cheap test for every message: can it be the first line of a splat, or one of the marks around it? */
export function canBegin(bytes: Uint8Array, start: number, end: number): boolean {
  return STARTS.endIn(bytes, start, end) >= 0;
}

export interface Banner {
  readonly rule: BannerRule;
  readonly groups: Groups;
}

const BANNERS_BY_FIRST_BYTE = byFirstByte(BANNERS);

/** The banner a message is, or null. */
export function bannerIn(text: string): Banner | null {
  const found = matchOf(BANNERS_BY_FIRST_BYTE[text.charCodeAt(0)] ?? [], text);
  return found && { rule: found.rule, groups: found.match.groups ?? {} };
}

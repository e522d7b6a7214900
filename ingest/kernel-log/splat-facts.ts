import { hexDigit, skipSpaces } from '../ascii.ts';
import { type Place, placeIn } from './frames.ts';
import { byFirstByte, type Groups, type LineRule, matchOf, Starts } from './starts.ts';

/** What the lines of a splat say about it; null where they do not. */
export interface SplatFacts {
  file: string | null;
  fileLine: number | null;
  symbol: string | null;
  symbolOffset: number | null;
  module: string | null;
  cpu: number | null;
  pid: number | null;
  uid: number | null;
  comm: string | null;
  taint: string | null;
  release: string | null;
  hardware: string | null;
  /** What the registers inside the call trace point to: the code that an interrupt or exception took the CPU from. */
  interrupted: Place | null;
}

export function noFacts(): SplatFacts {
  return {
    file: null,
    fileLine: null,
    symbol: null,
    symbolOffset: null,
    module: null,
    cpu: null,
    pid: null,
    uid: null,
    comm: null,
    taint: null,
    release: null,
    hardware: null,
    interrupted: null,
  };
}

interface FactRule extends LineRule {
  readonly take: (facts: SplatFacts, groups: Groups) => void;
  /** Only before the call trace: later registers are those of user space or of an interrupted context. */
  readonly beforeTrace?: boolean;
}

function numberOf(text: string | undefined): number | null {
  return text === undefined ? null : Number(text);
}

/** A function without an offset, as KCSAN and decoded logs name it. */
function nameIn(text: string): Place | null {
  return /^[A-Za-z_][\w$.]*$/.test(text) ? { symbol: text, offset: null, module: null } : null;
}

function placeOf({ at }: Groups): Place | null {
  return at === undefined ? null : (placeIn(at) ?? nameIn(at));
}

/** The value of a banner goes before that of a later line. */
function takePlace(facts: SplatFacts, groups: Groups): void {
  const place = placeOf(groups);
  if (!place || facts.symbol !== null) return;
  facts.symbol = place.symbol;
  facts.symbolOffset = place.offset;
  facts.module = place.module;
}

function takeTask(facts: SplatFacts, groups: Groups): void {
  facts.cpu ??= numberOf(groups.cpu);
  facts.pid ??= numberOf(groups.pid);
  facts.uid ??= numberOf(groups.uid);
  facts.comm ??= groups.comm ?? null;
  facts.release ??= groups.release ?? null;
  facts.taint ??= groups.taint?.trim() ?? null;
}

/** For splats that an interrupt reports: the function that it interrupted is the one it is about, where no line before the trace names one. */
export function takeInterrupted(facts: SplatFacts): void {
  if (facts.symbol !== null || !facts.interrupted) return;
  facts.symbol = facts.interrupted.symbol;
  facts.symbolOffset = facts.interrupted.offset;
  facts.module = facts.interrupted.module;
}

/** Takes what a banner says. */
export function takeBanner(facts: SplatFacts, groups: Groups): void {
  facts.file ??= groups.file ?? null;
  facts.fileLine ??= numberOf(groups.line);
  takePlace(facts, groups);
  takeTask(facts, groups);
}

/** Kernel release and taint flags as dump_stack_print_info() in lib/dump_stack.c prints them. */
const TAINT = '(?:Kdump: loaded )?(?:Not tainted|Tainted: (?<taint>[A-Z](?:[A-Z ]*[A-Z])?))';

/** Lines inside a splat that carry a fact, the first match wins. */
const FACTS: readonly FactRule[] = [
  {
    starts: ['CPU: '],
    pattern: new RegExp(
      `^CPU: (?<cpu>\\d{1,5}) (?:UID: (?<uid>\\d{1,10}) )?PID: (?<pid>\\d{1,10}) Comm: (?<comm>.{1,32}?) ${TAINT}\\s+(?<release>\\S+)`,
    ),
    take: takeTask,
  },
  {
    starts: ['CPU: '],
    pattern: /^CPU: (?<cpu>\d{1,5}) (?:UID: (?<uid>\d{1,10}) )?PID: (?<pid>\d{1,10}) Comm: (?<comm>\S{1,32})/,
    take: takeTask,
  },
  // Before v3.10, and on arm a line of its own.
  {
    starts: ['Pid: '],
    pattern: new RegExp(`^Pid: (?<pid>\\d{1,10}), comm: (?<comm>.{1,32}?) ${TAINT}\\s+(?<release>\\S+)`),
    take: takeTask,
  },
  {
    starts: ['CPU: '],
    pattern: /^CPU: (?<cpu>\d{1,5}) {4}(?:Not tainted|Tainted: [A-Z ]+?)\s+\((?<release>\S+)/,
    take: takeTask,
  },
  {
    starts: ['Not tainted', 'Tainted: ', 'Kdump: '],
    pattern: new RegExp(`^${TAINT}\\s+(?<release>\\S+) #`),
    take: takeTask,
  },
  {
    starts: ['Hardware name: '],
    pattern: /^Hardware name: (?<hardware>.+)/,
    take: (facts, groups) => {
      facts.hardware ??= groups.hardware?.trim() ?? null;
    },
  },
  {
    starts: ['RIP: '],
    pattern: /^RIP: (?!0033)[0-9a-f]{4}:\s*(?<at>.+)/,
    take: takePlace,
    beforeTrace: true,
  },
  {
    starts: ['EIP: ', 'IP: ', 'EIP is at ', 'pc : ', 'PC is at ', 'epc : ', 'epc ', 'epc\t', 'PC: '],
    pattern: /^(?:E?IP: |EIP is at |pc : |PC is at |epc : |epc\s+: [0-9a-f]+ |PC: )(?<at>.+)/,
    take: takePlace,
    beforeTrace: true,
  },
  { starts: ['NIP '], pattern: /^NIP (?:\[[0-9a-f]+\] )?(?<at>.+)/, take: takePlace, beforeTrace: true },
  {
    starts: ['ERA: ', 'pc: '],
    pattern: /^(?:ERA|pc): [0-9a-f]{16} (?<at>.+)/,
    take: takePlace,
    beforeTrace: true,
  },
  {
    starts: ['Krnl PSW : '],
    pattern: /^Krnl PSW : [0-9a-f]+ [0-9a-f]+ \((?<at>[^)]+)\)/,
    take: takePlace,
    beforeTrace: true,
  },
  // mm/kasan/report.c
  {
    starts: ['Read of size ', 'Write of size '],
    pattern: /^(?:Read|Write) of size \d+ at addr \S+ by task (?<comm>.+)\/(?<pid>\d{1,10})$/,
    take: takeTask,
  },
  // kernel/sched/core.c: sched_show_task(), __might_resched()
  {
    starts: ['task:'],
    pattern: /^task:(?<comm>.{1,15}?)\s+state:\S+.*?\bpid:(?<pid>\d{1,10})/,
    take: takeTask,
  },
  {
    starts: ['in_atomic(): '],
    pattern: /^in_atomic\(\): .*\bpid: (?<pid>\d{1,10}), name: (?<comm>.+)/,
    take: takeTask,
  },
  // kernel/rcu/tree_stall.h
  { starts: ['rcu'], pattern: /^rcu:?\s+(?<cpu>\d{1,5})-[.!?O\w]+:/, take: takeTask },
  { starts: ['Modules linked in:'], pattern: /^Modules linked in:/, take: () => {} },
];

/** Lines of lockdep that begin with the name of a task. */
const LOCKDEP_FACTS: readonly FactRule[] = [
  {
    starts: [],
    pattern: /^(?<comm>[^/]{1,15})\/(?<pid>\d{1,10}) is trying to acquire lock:/,
    take: takeTask,
  },
  { starts: [], pattern: /^(?<comm>.{1,15})\/(?<pid>\d{1,10}) \[HC/, take: takeTask },
];

const FACTS_BY_FIRST_BYTE = byFirstByte(FACTS);

/** Takes the fact of a line, given without leading spaces; false when it has none. */
export function takeFact(facts: SplatFacts, text: string, inTrace: boolean, isLockdep: boolean): boolean {
  const found =
    matchOf(FACTS_BY_FIRST_BYTE[text.charCodeAt(0)] ?? [], text) ??
    (isLockdep ? matchOf(LOCKDEP_FACTS, text) : null);
  if (!found) return false;
  const { rule, match } = found;
  const groups = match.groups ?? {};
  if (inTrace && rule.beforeTrace) facts.interrupted ??= placeOf(groups);
  else rule.take(facts, groups);
  return true;
}

/** Lines that belong to a splat and carry no fact: registers, memory, code bytes, legends. */
const BODY =
  /^(?:(?:R[0-9A-D][0-9A-Z ]|[EC]S:|FS:|GS:|CR[0-9]:|DR[0-9]:|[DEG]S: |E[A-D]X:|ESI:|E?SP:|RSP:|PKRU:|RIP: |ORIG_RAX|Code: |Code\(|Tainted: \[|Workqueue: |Call Trace|Call trace|Kernel Offset|pstate: |lr : |sp : |[xvw]\d{1,2}\s?: |FAR:|ESR|EC = |SET = |EA = |FSC = |ISV = |CM = |Data abort|Mem abort|GCS = |\[[0-9a-f]{16}\] (?:pgd|address)|user pgtable|swapper pgtable|#PF|PGD |PMD |PTE |P4D |pgd = |\*pgd|LR |CTR|MSR|GPR|CFAR|IRQMASK|REGS|NIP|DAR|XER|BE PAGE|LE PAGE|ra : |gp : |tp : |[ast]\d{1,2}\s*: |status: |badaddr|scause|Krnl |R:0|Last Breaking|ERA|ra: |[ast]\d |\$ ?\d|pc |irq event stamp|hardirqs last|softirqs last|no locks held|locks? held by|\d+ locks? held|#\d: |INFO: lockdep|Stack:|Process |task:|Internal error|Flags: |r\d{1,2}\s*: |ip : |Control: |Register r|Exception stack|Backtrace|Preemption disabled|preempt_count|RCU nest|in_atomic|Sending NMI|NMI backtrace|Allocated by|Freed by|The buggy|Memory state|which belongs|page:|flags:|raw:|page dumped|head:|Last potentially|Second to last|"echo 0|Kernel version|SMP: stopping|BUG: spinlock|rcu: |\(detected|\(t=|Showing all|other info|stack backtrace|the existing dep|-> #|which lock|Possible|CPU0|lock\(|\*\*\* DEADLOCK|but task is|is trying to|value changed|Reported by|Handlers:|\[<[0-9a-f]+>\]|---\[ ))/;

export function isBody(text: string): boolean {
  return BODY.test(text);
}

/** Registers and code bytes as show_regs() of x86, arm64, riscv and powerpc prints them: lines that `isBody` and that can be nothing else. */
export const PLAIN_BODY: readonly string[] = [
  ...[
    'RSP: ',
    'RAX: ',
    'RDX: ',
    'RBP: ',
    'R10: ',
    'R13: ',
    'FS: ',
    'CS: ',
    'CR2: ',
    'DR0: ',
    'DR3: ',
    'PKRU: ',
  ],
  ...['EAX: ', 'ESI: ', 'DS: ', 'CR0: ', 'Code: '],
  ...Array.from({ length: 31 }, (_, register) => `x${register}`.padEnd(3).concat(': ')),
  ...['pstate: ', 'sp : ', 'ra : ', 'gp : ', 'tp : '],
  ...Array.from({ length: 32 }, (_, register) => `GPR${String(register).padStart(2, '0')}: `),
];
const PLAIN_BODY_STARTS = new Starts(PLAIN_BODY);

/** The quick test for most of the lines that `isBody`: a register or `Code:` and a hexadecimal number. */
export function isPlainBody(bytes: Uint8Array, start: number, end: number): boolean {
  const value = PLAIN_BODY_STARTS.endIn(bytes, start, end);
  if (value < 0) return false;
  const at = skipSpaces(bytes, value, end);
  return at < end && hexDigit(bytes[at]) >= 0;
}

const IRQS_OFF = 0x01;
const RESCHED_LAZY = 0x02;
const RESCHED = 0x04;
const HARDIRQ = 0x08;
const SOFTIRQ = 0x10;

/**
 * The flags of an event as `trace-cmd report` prints them: interrupts, rescheduling, interrupt context, preemption
 * depth and migration depth (libtraceevent data_latency_format).
 */
export function flagsText(flags: number, preemptCount: number): string {
  const irqs = flags & IRQS_OFF ? 'd' : '.';
  const resched = flags & RESCHED ? 'N' : flags & RESCHED_LAZY ? 'L' : '.';
  const hard = (flags & HARDIRQ) !== 0;
  const soft = (flags & SOFTIRQ) !== 0;
  const context = hard && soft ? 'H' : hard ? 'h' : soft ? 's' : '.';
  const preempt = preemptCount & 15;
  const migrate = (preemptCount >> 4) & 15;
  return `${irqs}${resched}${context}${depth(preempt)}${depth(migrate)}`;
}

function depth(count: number): string {
  return count === 0 ? '.' : count.toString(16);
}

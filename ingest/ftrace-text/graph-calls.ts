import type { Task } from './marks.ts';

/** A call that has begun; ids as `EventNames.symbol` gives them. */
export interface Frame {
  readonly depth: number;
  readonly symbol: number;
  /** Id in the pool of symbols that the tables share, or -1. */
  readonly caller: number;
}

/**
 * The open calls of every task of a function graph. The end of a call names its function only with the option
 * `funcgraph-tail`; otherwise it is that of the call with the same indentation.
 */
export class GraphCalls {
  private readonly stacks = new Map<number, Frame[]>();
  private readonly tasks = new Map<number, Task>();

  /** The task of a CPU as the banner of the last context switch says, or null. */
  taskOf(cpu: number): Task | null {
    return this.tasks.get(cpu) ?? null;
  }

  begin(pid: number, cpu: number, frame: Frame): void {
    const key = keyOf(pid, cpu);
    let stack = this.stacks.get(key);
    if (!stack) {
      stack = [];
      this.stacks.set(key, stack);
    }
    while (stack.length > 0 && stack[stack.length - 1].depth >= frame.depth) stack.pop();
    stack.push(frame);
  }

  /** The call that ends at an indentation, or null when its beginning was not seen. */
  end(pid: number, cpu: number, depth: number): Frame | null {
    const stack = this.stacks.get(keyOf(pid, cpu));
    if (!stack) return null;
    while (stack.length > 0 && stack[stack.length - 1].depth > depth) stack.pop();
    return stack[stack.length - 1]?.depth === depth ? (stack.pop() as Frame) : null;
  }

  /** A CPU goes from one task to another. */
  switchTask(cpu: number, from: Task, to: Task): void {
    if (!this.tasks.has(cpu)) {
      // Until its first switch a CPU's calls were known by the CPU only.
      const stack = this.stacks.get(keyOf(-1, cpu));
      if (stack) {
        this.stacks.delete(keyOf(-1, cpu));
        this.stacks.set(keyOf(from.pid, cpu), stack);
      }
    }
    this.tasks.set(cpu, to);
  }

  /** After a loss nobody knows which calls are still open. */
  forget(): void {
    this.stacks.clear();
  }

  /** Another trace begins. */
  reset(): void {
    this.stacks.clear();
    this.tasks.clear();
  }
}

/** Every CPU has an idle task of its own, all with PID 0. */
function keyOf(pid: number, cpu: number): number {
  return pid > 0 ? pid : -2 - cpu;
}

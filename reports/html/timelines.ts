import type { Asker } from '../../queries/database.ts';
import { type FamilyTimeline, type TimelineOptions, timelineOf } from './timeline-answers.ts';

interface Wanted {
  readonly family: string;
  readonly options: TimelineOptions;
  resolve(timeline: FamilyTimeline): void;
  reject(error: unknown): void;
}

/**
 * The timelines of a page, asked one after the other beside what else the page asks: they are most of what the engine
 * has to do.
 */
export class Timelines {
  private readonly asker: Asker;
  private readonly known = new Map<string, Promise<FamilyTimeline>>();
  private readonly waiting: Wanted[] = [];
  private working: Promise<void> | null = null;

  constructor(asker: Asker) {
    this.asker = asker;
  }

  /** Asks for the timeline of a family that will be wanted. */
  askAhead(family: string, options: TimelineOptions): void {
    if (this.known.has(family)) return;
    const timeline = new Promise<FamilyTimeline>((resolve, reject) => {
      this.waiting.push({ family, options, resolve, reject });
    });
    this.known.set(family, timeline);
    // What goes wrong is told to whoever wants the timeline.
    timeline.catch(() => {});
    this.working ??= this.work();
  }

  /** The timeline of a family, before all others that are not asked yet. */
  of(family: string, options: TimelineOptions): Promise<FamilyTimeline> {
    this.askAhead(family, options);
    const at = this.waiting.findIndex((wanted) => wanted.family === family);
    if (at > 0) this.waiting.unshift(...this.waiting.splice(at, 1));
    return this.known.get(family) as Promise<FamilyTimeline>;
  }

  /** Resolves when the engine has nothing more to do here. What is wanted later is asked no more. */
  async settle(): Promise<void> {
    for (const { reject } of this.waiting.splice(0)) reject(new Error('the page was given up'));
    await this.working;
  }

  private async work(): Promise<void> {
    for (let next = this.waiting.shift(); next; next = this.waiting.shift()) {
      const { family, options, resolve, reject } = next;
      await timelineOf(this.asker, family, options).then(resolve, reject);
    }
    this.working = null;
  }
}

import type { Markup } from '../html/markup.ts';
import { timelineOf } from '../html/timeline-answers.ts';
import { timelineFigure } from '../html/timeline-figure.ts';
import { countsTicks } from '../story.ts';
import { type Block, type PageContext, textOption } from './context.ts';

/** Timelines of one page, and the marks on all of them: what a browser draws without a pause. */
export const MAX_TIMELINES = 12;
const MAX_MARKS = 6000;

/** The timeline of a PF family; null when nothing is known of its state, or when the page has too many. */
export async function timelineBlock(block: Block, context: PageContext): Promise<Markup | null> {
  const key = textOption(block, 'family');
  if (context.budget.timelines <= 0 || key === null) return null;
  const story = await context.story();
  const family = story.families.find((known) => known.key === key);
  if (!family) return null;
  const timelines = Math.min(MAX_TIMELINES, story.families.length);
  const timeline = await timelineOf(context.db, key, {
    countsTicks: countsTicks(story),
    maxMarks: Math.floor(MAX_MARKS / timelines),
  });
  const figure = timelineFigure(family, timeline);
  if (figure !== null) context.budget.timelines--;
  return figure;
}

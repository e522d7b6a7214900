import type { Markup } from '../html/markup.ts';
import type { TimelineOptions } from '../html/timeline-answers.ts';
import { timelineFigure } from '../html/timeline-figure.ts';
import { countsTicks, type Story } from '../story.ts';
import { type Block, type PageContext, textOption } from './context.ts';

/** Timelines of one page, and the marks on all of them: what a browser draws without a pause. */
export const MAX_TIMELINES = 12;
const MAX_MARKS = 6000;

function optionsOf(story: Story): TimelineOptions {
  const timelines = Math.min(MAX_TIMELINES, story.families.length);
  return { countsTicks: countsTicks(story), maxMarks: Math.floor(MAX_MARKS / timelines) };
}

/** Asks ahead for the timelines that a page with a timeline for each family shows. */
export async function askTimelines(context: PageContext): Promise<void> {
  const story = await context.story();
  for (const { key } of story.families.slice(0, MAX_TIMELINES))
    if (key !== null) context.timelines.askAhead(key, optionsOf(story));
}

/** The timeline of a PF family; null when nothing is known of its state, or when the page has too many. */
export async function timelineBlock(block: Block, context: PageContext): Promise<Markup | null> {
  const key = textOption(block, 'family');
  if (context.budget.timelines <= 0 || key === null) return null;
  const story = await context.story();
  const family = story.families.find((known) => known.key === key);
  if (!family) return null;
  const timeline = await context.timelines.of(key, optionsOf(story));
  const figure = timelineFigure(family, timeline);
  if (figure !== null) context.budget.timelines--;
  return figure;
}

import { timeNumber, timeText } from '../phrases.ts';
import { severityRank } from '../story.ts';
import { thousands } from '../thousands.ts';
import { attribute, html, type Markup } from './markup.ts';
import type { FamilyTimeline, TimelineMark, TimelineState } from './timeline-answers.ts';
import { isStu, LAYER_NAMES, type Lanes, UNNAMED } from './timeline-lanes.ts';

/** The place of the plot in the picture, in pixels; left of it stand the labels of the lanes. */
export const CHART = { left: 196, right: 36, top: 22, bottom: 24, width: 842 } as const;

/** Symbols, drawn around their place. */
export const SHAPES: Readonly<Record<string, string>> = {
  error: 'M-6,-5h12l-6,10z',
  warning: 'M0,-6l6,6l-6,6l-6,-6z',
  note: 'M-4.5,0a4.5,4.5 0 1 0 9,0a4.5,4.5 0 1 0 -9,0z',
  reset: 'M-2,-7h4v14h-4z',
  warn: 'M-4.5,-6.5l4.5,4.5l4.5,-4.5l2,2l-4.5,4.5l4.5,4.5l-2,2l-4.5,-4.5l-4.5,4.5l-2,-2l4.5,-4.5l-4.5,-4.5z',
};

/** Width of a letter of a label, in pixels. */
const LETTER = 6.1;

const px = (value: number) => String(Math.round(value * 100) / 100);
const at = (x: number) => px(x * CHART.width);

interface Bar {
  readonly from_x: number;
  readonly to_x: number;
  readonly y: number;
  readonly title: string;
}

/** A mark of no width at all could not be seen. */
function rect({ from_x, to_x, y, title }: Bar, height: number, share: number): Markup {
  const width = Math.max(to_x - from_x, 1.5 / CHART.width);
  const top = y + (height * (1 - share)) / 2;
  return html`<rect x="${at(from_x)}" y="${px(top)}" width="${at(width)}" height="${px(height * share)}"><title>${title}</title></rect>`;
}

/** A group that the page's script finds by its name. */
function group(name: string, style: string, parts: readonly Markup[]): Markup | null {
  if (parts.length === 0) return null;
  return html`<g class="${attribute(`${name}_marks`)} ${attribute(style)}">${parts}</g>
`;
}

/** The same, of marks that are stretched with the axis: the group within is, the one around it is cut at the plot. */
function stretchedGroup(name: string, style: string, parts: readonly Markup[]): Markup | null {
  return group(name, style, parts.length === 0 ? [] : [html`<g>${parts}</g>`]);
}

function stateOf(mark: TimelineMark): 'on' | 'off' | 'unknown' | 'mixed' {
  if (mark.mixed) return 'mixed';
  if (mark.value === null) return 'unknown';
  return mark.value === 0 ? 'off' : 'on';
}

const STATE_WORDS: Readonly<Record<string, string>> = {
  on: 'ATS on',
  off: 'ATS off',
  unknown: 'ATS unknown',
  apart: 'the layers disagree',
};

function span(mark: TimelineMark | TimelineState, ticks: boolean): string {
  return `${timeNumber(mark.from_ns, ticks)} .. ${timeText(mark.to_ns, ticks)}`;
}

interface StateBar extends Bar {
  readonly state: string;
}

/** Lanes of layers, or of whole functions. */
function stateBars(timeline: FamilyTimeline, lanes: Lanes): StateBar[] {
  const ticks = timeline.countsTicks;
  const yOf = new Map(lanes.lanes.map((lane) => [lane.id, lane.y]));
  const bars: StateBar[] = [];
  for (const mark of timeline.marks) {
    const y = yOf.get(`${mark.function}|${mark.layer}`);
    if (mark.field !== 'en' || y === undefined) continue;
    const state = stateOf(mark);
    const words = state === 'mixed' ? `${mark.intervals} changes` : STATE_WORDS[state];
    const title = `${mark.function} ${LAYER_NAMES[mark.layer] ?? mark.layer}: ${words}, ${span(mark, ticks)}`;
    bars.push({ ...mark, y, state, title });
  }
  if (timeline.marks.length > 0) return bars;
  for (const mark of timeline.states) {
    const y = yOf.get(`${mark.function}|`);
    if (y === undefined) continue;
    const words = mark.state === 'mixed' ? `${mark.stretches} changes` : STATE_WORDS[mark.state];
    bars.push({ ...mark, y, title: `${mark.function}: ${words}, ${span(mark, ticks)}` });
  }
  return bars;
}

/** Behind the lanes of a function: where its layers disagree and a finding is about it. */
function apartBands(timeline: FamilyTimeline, lanes: Lanes): Markup[] {
  return timeline.states.flatMap((state) => {
    const extent = lanes.extents.get(state.function);
    if (state.state !== 'apart' || !extent || timeline.marks.length === 0) return [];
    const title = `${state.function}: ${STATE_WORDS.apart}, ${span(state, timeline.countsTicks)}`;
    return [rect({ ...state, y: extent.top, title }, extent.bottom - extent.top, 1)];
  });
}

function stuMarks(timeline: FamilyTimeline, lanes: Lanes): { bars: Markup[]; labels: Markup[] } {
  const bars: Markup[] = [];
  const labels: Markup[] = [];
  for (const mark of timeline.marks.filter(isStu)) {
    const lane = lanes.lanes.find((known) => known.id === `${mark.function}|stu`);
    if (!lane) continue;
    const title = `${mark.function} page shift ${mark.mixed ? 'changes' : mark.value}, ${span(mark, timeline.countsTicks)}`;
    bars.push(rect({ ...mark, y: lane.y, title }, lanes.pitch, 0.72));
    if (!mark.mixed && mark.to_x - mark.from_x >= 0.03)
      labels.push(
        html`<text transform="translate(${px(mark.from_x * CHART.width + 4)},${px(lane.y + lanes.pitch / 2)})" dy="0.34em">${mark.value}</text>`,
      );
  }
  return { bars, labels };
}

function symbol(x: number, y: number, shape: string, title: string): Markup {
  return html`<path class="${attribute(shape)}" transform="translate(${at(x)},${px(y)})" d="${attribute(SHAPES[shape] ?? SHAPES.note)}"><title>${title}</title></path>`;
}

/** Findings, resets and WARNs; the gravest are drawn last, on top. */
function symbols(timeline: FamilyTimeline, lanes: Lanes): Markup[] {
  const ticks = timeline.countsTicks;
  const middleOf = (name: string | null) => {
    const lane = lanes.lanes.find((known) => known.id.startsWith(name === null ? UNNAMED : `${name}|`));
    return lane ? lane.y + lanes.pitch / 2 : null;
  };
  const many = (count: number) => (count > 1 ? `, ${count} of them` : '');
  const parts: Markup[] = [];
  for (const { function: name, what, count, time_ns, x } of timeline.happenings) {
    const y = middleOf(name);
    if (y === null) continue;
    const text = what === 'reset' ? `reset of ${name}` : `kernel WARN, ${name ?? 'device not named'}`;
    parts.push(symbol(x, y, what, `${text} at ${timeText(time_ns, ticks)}${many(count)}`));
  }
  const ranked = [...timeline.findings].sort((a, b) => severityRank(b.severity) - severityRank(a.severity));
  for (const finding of ranked) {
    const y = middleOf(finding.function);
    if (y === null) continue;
    const title = `${finding.rules} on ${finding.function} at ${timeText(finding.time_ns, ticks)}${many(finding.findings)}`;
    parts.push(symbol(finding.x, y, finding.severity, title));
  }
  return parts;
}

function durationText(ns: bigint, ticks: boolean): string {
  if (ticks) return `${ns} ticks`;
  const us = Number(ns) / 1000;
  if (us < 1000) return `${us.toPrecision(3)} us`;
  if (us < 1e6) return `${(us / 1000).toPrecision(3)} ms`;
  return `${us < 1e7 ? (us / 1e6).toFixed(2) : thousands(Math.round(us / 1e6))} s`;
}

/** A time on the axis, to the microsecond: more digits leave no room for the next label. */
export function tickLabel(ns: bigint, ticks: boolean): string {
  return timeNumber(ticks ? ns : (ns / 1000n) * 1000n, ticks);
}

/** How long the idle stretches were, above the plot, where they do not touch. */
function gapLabels(timeline: FamilyTimeline): Markup[] {
  let free = 0;
  return timeline.gaps.flatMap((gap) => {
    const label = durationText(gap.duration_ns, timeline.countsTicks);
    const middle = ((gap.from_x + gap.to_x) / 2) * CHART.width;
    const half = (label.length * LETTER) / 2;
    if (gap.to_x - gap.from_x < 0.06 || middle - half < free) return [];
    free = middle + half + 6;
    return [html`<text transform="translate(${px(middle)},-8)">${label}</text>`];
  });
}

function axis(timeline: FamilyTimeline, height: number): { lines: Markup[]; labels: Markup[] } {
  const kept: { x: number; label: string }[] = [];
  for (const tick of timeline.ticks) {
    const last = kept.at(-1);
    if (last && tick.x - last.x < 0.1) continue;
    kept.push({ x: tick.x, label: tickLabel(tick.time_ns, timeline.countsTicks) });
  }
  return {
    lines: kept.map(({ x }) => html`<line transform="translate(${at(x)},0)" y2="${px(height + 4)}"/>`),
    labels: kept.map(
      ({ x, label }) => html`<text transform="translate(${at(x)},${px(height + 16)})">${label}</text>`,
    ),
  };
}

function laneLabels(lanes: Lanes): Markup[] {
  return lanes.lanes.map((lane) => {
    const text = [lane.head, lane.label].filter(Boolean).join('  ');
    return html`<text x="-8" y="${px(lane.y + lanes.pitch / 2)}" dy="0.34em">${text}</text>`;
  });
}

/** The timeline of one PF family as a picture. Its colours are those of the page. */
export function timelineSvg(timeline: FamilyTimeline, lanes: Lanes, label: string): Markup {
  const { height, pitch } = lanes;
  const bars = stateBars(timeline, lanes);
  const byState = (state: string, share: number) =>
    stretchedGroup(
      state,
      `state-${state}`,
      bars.filter((bar) => bar.state === state).map((bar) => rect(bar, pitch, share)),
    );
  const stu = stuMarks(timeline, lanes);
  const { lines, labels } = axis(timeline, height);
  const losses = timeline.losses.map((loss) =>
    rect(
      {
        ...loss,
        to_x: Math.max(loss.to_x, loss.from_x + 0.002),
        y: 0,
        title: `Events lost: ${loss.message}`,
      },
      height,
      1,
    ),
  );
  const width = CHART.left + CHART.width + CHART.right;
  const total = CHART.top + height + CHART.bottom;
  return html`<svg xmlns="http://www.w3.org/2000/svg" class="chart lanes" role="img" aria-label="${attribute(label)}" width="${width}" height="${px(total)}" viewBox="0 0 ${width} ${px(total)}"><g transform="translate(${CHART.left},${CHART.top})">
${group('ticks', 'axis', lines)}${stretchedGroup('losses', 'loss', losses)}${stretchedGroup('apart_bands', 'apart', apartBands(timeline, lanes))}${group('lane_labels', 'lane', laneLabels(lanes))}${group('tick_labels', 'tick', labels)}${group('gaps', 'gap', gapLabels(timeline))}${byState('off', 0.2)}${byState('unknown', 0.5)}${byState('on', 0.72)}${byState('mixed', 0.72)}${byState('apart', 0.72)}${stretchedGroup('stu', 'state-stu', stu.bars)}${group('stu_labels', 'stu', stu.labels)}${group('findings', 'symbols', symbols(timeline, lanes))}</g></svg>`;
}

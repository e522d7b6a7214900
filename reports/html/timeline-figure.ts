import { familyTitle } from '../phrases.ts';
import type { Family } from '../story.ts';
import { familyAnchor } from './anchors.ts';
import { attribute, html, type Markup } from './markup.ts';
import type { FamilyTimeline } from './timeline-answers.ts';
import { isStu, lanesOf } from './timeline-lanes.ts';
import { CHART, SHAPES, tickLabel, timelineSvg } from './timeline-svg.ts';

/** A key of the legend: a swatch of a state, or a symbol. */
function key(shape: Markup, text: string): Markup {
  return html`<li><svg width="18" height="13" viewBox="0 0 18 13" aria-hidden="true">${shape}</svg>${text}</li>
`;
}

const swatch = (style: string, y: number, height: number) =>
  html`<g class="${attribute(style)}"><rect x=".5" y="${y}" width="17" height="${height}"/></g>`;
const mark = (shape: string) =>
  html`<g class="symbols"><path class="${attribute(shape)}" transform="translate(9,6.5)" d="${attribute(SHAPES[shape])}"/></g>`;

/** What the picture shows, and no more. */
function legend(timeline: FamilyTimeline): Markup {
  const states = new Set(
    timeline.marks.length > 0
      ? timeline.marks
          .filter((one) => one.field === 'en')
          .map((one) =>
            one.mixed ? 'mixed' : one.value === null ? 'unknown' : one.value === 0 ? 'off' : 'on',
          )
      : timeline.states.map((one) => one.state),
  );
  const apart = timeline.states.some((one) => one.state === 'apart');
  const severities = new Set(timeline.findings.map((finding) => finding.severity));
  const happened = new Set(timeline.happenings.map((happening) => happening.what));
  const keys: [boolean, Markup, string][] = [
    [states.has('on'), swatch('state-on', 2, 9), 'ATS on'],
    [states.has('off'), swatch('state-off', 5, 3), 'ATS off'],
    [states.has('unknown'), swatch('state-unknown', 3.5, 6), 'not known'],
    [states.has('mixed'), swatch('state-mixed', 2, 9), 'many changes'],
    [apart && timeline.marks.length > 0, swatch('apart', 0, 13), 'layers disagree'],
    [apart && timeline.marks.length === 0, swatch('state-apart', 2, 9), 'layers disagree'],
    [timeline.marks.some(isStu), swatch('state-stu', 2.5, 8), 'page shift in force (12 + STU)'],
    [timeline.losses.length > 0, swatch('loss', 0, 13), 'events may be missing'],
    [severities.has('error'), mark('error'), 'error'],
    [severities.has('warning'), mark('warning'), 'warning'],
    [severities.has('note'), mark('note'), 'note'],
    [happened.has('reset'), mark('reset'), 'reset'],
    [happened.has('warn'), mark('warn'), 'kernel WARN'],
  ];
  return html`<ul class="legend" aria-label="Legend">
${keys.filter(([shown]) => shown).map(([, shape, text]) => key(shape, text))}</ul>
`;
}

/** The figure with a family's timeline, or null when there is no state to show. */
export function timelineFigure(family: Family, timeline: FamilyTimeline): Markup | null {
  const lanes = lanesOf(timeline);
  if (timeline.functions.length === 0) return null;
  const title = `Timeline of ${familyTitle(family)}`;
  const merged =
    timeline.marks.some((one) => one.intervals > 1) || timeline.states.some((one) => one.stretches > 1);
  const shown = timeline.functions.length - lanes.left;
  const svg = timelineSvg(
    timeline,
    lanes,
    `${title}: ATS state of ${timeline.functions.slice(0, 20).join(', ')}${timeline.functions.length > 20 ? ' and others' : ''}; the functions and findings are listed below.`,
  );
  const plot = [CHART.left, CHART.top, CHART.width, lanes.height];
  const ticks = timeline.ticks.map((tick) => [tick.x, tickLabel(tick.time_ns, timeline.countsTicks)]);
  const caption = [
    timeline.countsTicks ? 'Time in ticks: the clock counts something else than time.' : 'Time in seconds.',
    'Idle time is drawn shorter than it was (its length stands above the chart), so that bursts can be read.',
    ...(timeline.marks.length > 0 ? [] : ['One lane for each function: its layers together.']),
    ...(merged ? ['Changes too close to tell apart are drawn as one mark.'] : []),
    ...(lanes.left > 0 ? [`Showing ${shown} of ${timeline.functions.length} functions.`] : []),
  ].join(' ');
  return html`<figure class="timeline" data-name="${attribute(familyAnchor(family.key))}" data-plot="${attribute(JSON.stringify(plot))}" data-ticks="${attribute(JSON.stringify(ticks))}">
<div class="scroll" tabindex="0" role="group" aria-label="${attribute(title)}">${svg}</div>
${legend(timeline)}<figcaption>${caption}</figcaption>
</figure>
`;
}

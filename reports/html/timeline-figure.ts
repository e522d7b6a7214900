import { familyTitle, timeNumber } from '../phrases.ts';
import type { Family } from '../story.ts';
import { familyAnchor } from './anchors.ts';
import { attribute, html, type Markup, trusted } from './markup.ts';
import { renderSvg } from './svg.ts';
import type { FamilyTimeline } from './timeline-answers.ts';
import { CHART, lanesOf, timelineSpec } from './timeline-spec.ts';

/** Lanes of one chart: beyond this a picture is no help. */
const MAX_FUNCTIONS = 24;

const key = (shape: string, text: string) =>
  html`<li><svg width="18" height="11" viewBox="0 0 18 11" aria-hidden="true">${trusted(shape)}</svg>${text}</li>
`;

const LEGEND = html`<ul class="legend" aria-label="Legend">
${key('<rect y="1" width="18" height="9" fill="var(--state-on)"/>', 'ATS on')}${key('<rect y="4" width="18" height="3" fill="var(--state-off)"/>', 'ATS off')}${key('<rect x=".5" y="2.5" width="17" height="6" fill="none" stroke="var(--state-unknown)" stroke-dasharray="3 2"/>', 'not known')}${key('<rect y="1" width="18" height="9" fill="var(--state-mixed)"/>', 'many changes')}${key('<rect x=".5" y="1.5" width="17" height="8" fill="none" stroke="var(--state-stu)"/>', 'STU in force (as page shift)')}${key('<path d="M3 1h12l-6 9z" fill="var(--error)"/>', 'error')}${key('<path d="M9 0l5.5 5.5L9 11 3.5 5.5z" fill="var(--warning)"/>', 'warning')}${key('<circle cx="9" cy="5.5" r="4.5" fill="var(--note)"/>', 'note')}</ul>
`;

/** The figure with a family's timeline, or null when there is no state to show. */
export async function timelineFigure(family: Family, timeline: FamilyTimeline): Promise<Markup | null> {
  const names = [...new Set(timeline.marks.map((mark) => mark.function))];
  const grave = new Set(timeline.findings.map((finding) => finding.function));
  // When not all fit: the PF, then functions with findings, then the others.
  const ranked = [...names].sort(
    (a, b) =>
      Number(b === family.key) - Number(a === family.key) || Number(grave.has(b)) - Number(grave.has(a)),
  );
  const kept = new Set(ranked.slice(0, MAX_FUNCTIONS));
  const shown = { ...timeline, marks: timeline.marks.filter((mark) => kept.has(mark.function)) };
  if (lanesOf(shown.marks).length === 0) return null;
  const title = `Timeline of ${familyTitle(family)}`;
  const merged = timeline.marks.some((mark) => mark.intervals > 1);
  const svg = await renderSvg(timelineSpec(shown), {
    label: `${title}: ATS state of ${[...kept].join(', ')}; the functions and findings are listed below.`,
    idPrefix: attribute(familyAnchor(family.key)).text,
  });
  const plot = [CHART.left, CHART.top, CHART.width, lanesOf(shown.marks).length * CHART.lane];
  const ticks = timeline.ticks.map((tick) => [tick.x, timeNumber(tick.time_ns, timeline.countsTicks)]);
  return html`<figure class="timeline" data-name="${attribute(familyAnchor(family.key))}" data-plot="${attribute(JSON.stringify(plot))}" data-ticks="${attribute(JSON.stringify(ticks))}">
<div class="scroll" tabindex="0" role="group" aria-label="${attribute(title)}">${svg}</div>
${LEGEND}<figcaption>${timeline.countsTicks ? 'Time in ticks: the clock counts something else than time.' : 'Time in seconds.'} Idle time is drawn shorter than it was (its length stands above the chart), so that bursts can be read.${merged ? ' Changes too close to tell apart are drawn as one mark.' : ''}${kept.size < names.length ? ` Showing ${kept.size} of ${names.length} functions.` : ''}</figcaption>
</figure>
`;
}

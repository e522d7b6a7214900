import { attribute, html, type Markup } from '../html/markup.ts';
import { counted, kernelsOf, sourceLines } from '../phrases.ts';
import { countBySeverity, type Story } from '../story.ts';

/** Sources that are listed; a bundle may have many. */
const MAX_SOURCES = 12;

/** What to record to settle a verdict that is none. */
function settling(story: Story): Markup[] {
  const recipes = story.reasons
    .filter((reason) => reason.decisive && reason.settle !== '')
    .map(({ settle }) => settle);
  return [...new Set(recipes)].slice(0, 3).map(
    (recipe) => html`<dt>to settle it</dt><dd>${recipe}</dd>
`,
  );
}

/** The verdict in one sentence, and what it rests on. */
export function verdictBlock(story: Story): Markup {
  const { verdict, sentence, profile } = story.verdict;
  const kernels = kernelsOf(story);
  const sources = sourceLines(story);
  const rest = sources.length - MAX_SOURCES;
  return html`<div class="verdict ${attribute(verdict)}" id="verdict"><strong>${verdict.toUpperCase()}</strong><p>${sentence}</p></div>
<dl class="facts">
${settling(story)}<dt>kernel</dt><dd><span class="data">${kernels.length > 0 ? kernels.join(', ') : 'release not recorded'}</span>; judged as <span class="data">${profile ?? 'an unknown kernel'}</span></dd>
<dt>findings</dt><dd>${countBySeverity(story.all)}</dd>
<dt>model</dt><dd>${counted(story.eventCount, 'event')} of ${counted(story.functions.length, 'function')}</dd>
${sources.slice(0, MAX_SOURCES).map(
  ({ path, text }) => html`<dt>source</dt><dd><span class="data">${path}</span>: ${text}</dd>
`,
)}${rest > 0 ? html`<dt>sources</dt><dd>${rest} more, listed below</dd>` : null}</dl>
`;
}

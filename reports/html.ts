import type { Analysis } from '../model/analysis.ts';
import { type Database, openDatabase } from '../queries/database.ts';
import { familyAnchor, findingAnchors } from './html/anchors.ts';
import { familySection, type LastState, silentSection, toldFindings } from './html/family-section.ts';
import { attribute, html, type Markup } from './html/markup.ts';
import script from './html/page.client.js';
import { page } from './html/page.ts';
import { timelineOf } from './html/timeline-answers.ts';
import { timelineFigure } from './html/timeline-figure.ts';
import { featuresSection, limitsSection, recordingSection, rulesSection } from './html/trust-sections.ts';
import { counted, familyTitle, kernelsOf, shortNames, sourceSummary } from './phrases.ts';
import { countBySeverity, countsTicks, type Family, type Story, type StoryRows, tellStory } from './story.ts';

/** Families that get a section of their own. */
const MAX_FAMILIES = 40;
/** Families that get a timeline. */
const MAX_TIMELINES = 12;
/** Marks on all timelines together: what a browser draws without a pause. */
const MAX_MARKS = 6000;
/** Findings that are told in full; the others stand in a table. */
const MAX_FULL = 150;

async function storyRowsFrom(db: Database): Promise<StoryRows> {
  const [verdict] = await db.named<StoryRows['verdict']>('verdict');
  const [{ events }] = await db.query('SELECT count(*)::INTEGER AS events FROM ats_events');
  return {
    verdict,
    reasons: await db.named('verdict-reasons'),
    sources: await db.named('sources'),
    importLog: await db.named('import-log'),
    losses: await db.named('losses'),
    clocks: await db.named('clocks'),
    functions: await db.named('functions'),
    findings: await db.named('findings'),
    links: await db.named('finding-links'),
    evidence: await db.named('evidence'),
    rules: await db.named('rules'),
    ruleFunctions: await db.named('rule-functions'),
    features: await db.named('features'),
    baseline: await db.named('baseline'),
    comparison: await db.named('comparison'),
    suppressions: await db.named('suppressions'),
    suppressed: await db.named('suppressed-findings'),
    eventCount: events as number,
  };
}

function header(story: Story): Markup {
  const { verdict, sentence, profile } = story.verdict;
  const kernels = kernelsOf(story);
  return html`<header>
<h1>PCIe ATS state: report</h1>
<div class="verdict ${attribute(verdict)}" id="verdict"><strong>${verdict.toUpperCase()}</strong><p>${sentence}</p></div>
<dl class="facts">
<dt>kernel</dt><dd><span class="data">${kernels.length > 0 ? kernels.join(', ') : 'release not recorded'}</span>; judged as <span class="data">${profile ?? 'an unknown kernel'}</span></dd>
<dt>findings</dt><dd>${countBySeverity(story.all)}</dd>
<dt>model</dt><dd>${counted(story.eventCount, 'event')} of ${counted(story.functions.length, 'function')}</dd>
${story.sources.map(
  (
    source,
  ) => html`<dt>source</dt><dd><span class="data">${source.path}</span>: ${sourceSummary(story, source)}</dd>
`,
)}</dl>
</header>
`;
}

function contents(families: readonly Family[]): Markup {
  const grave = families.filter((family) => family.findings.length > 0);
  return html`<nav class="contents" aria-label="Contents"><ul>
${grave.slice(0, 12).map(
  (
    family,
  ) => html`<li><a href="#${attribute(familyAnchor(family.key))}">${familyTitle(family)}</a> <span class="dim">${countBySeverity(family.findings)}</span></li>
`,
)}<li><a href="#limits">What could not be judged</a></li>
<li><a href="#rules">What was checked</a></li>
<li><a href="#features">Kernel behaviour assumed</a></li>
<li><a href="#recording">The recording</a></li>
</ul></nav>
`;
}

interface FamilyView {
  readonly family: Family;
  readonly figure: Markup | null;
}

async function familyViews(db: Database, story: Story): Promise<FamilyView[]> {
  const views: FamilyView[] = [];
  const families = story.families.slice(0, MAX_FAMILIES);
  const options = {
    countsTicks: countsTicks(story),
    maxMarks: Math.floor(MAX_MARKS / Math.min(MAX_TIMELINES, families.length)),
  };
  let timelines = 0;
  for (const family of families) {
    const drawn = family.key !== null && timelines < MAX_TIMELINES;
    const figure = drawn ? await timelineFigure(family, await timelineOf(db, family.key, options)) : null;
    if (figure !== null) timelines++;
    views.push({ family, figure });
  }
  return views;
}

async function familiesMarkup(db: Database, story: Story): Promise<Markup> {
  const context = {
    anchors: findingAnchors(story.families.slice(0, MAX_FAMILIES).flatMap(toldFindings).slice(0, MAX_FULL)),
    names: shortNames(story.sources.map((source) => source.path)),
    kernels: kernelsOf(story),
    tool: story.verdict.tool,
    states: new Map((await db.named<LastState>('last-states')).map((state) => [state.fn, state])),
  };
  const views = await familyViews(db, story);
  const section = (view: FamilyView) => familySection(view.family, view.figure, context);
  const found = views.filter(({ family }) => family.findings.length > 0);
  const clean = views.filter(({ family, figure }) => family.findings.length === 0 && figure !== null);
  const silent = views.filter(({ family, figure }) => family.findings.length === 0 && figure === null);
  const rest = story.families.length - MAX_FAMILIES;
  return html`<section id="findings" aria-labelledby="findings-title">
<h2 id="findings-title">Findings by PF family</h2>
${story.all.length === 0 ? html`<p>No rule found anything.</p>` : null}${found.map(section)}</section>
${
  clean.length === 0
    ? null
    : html`<section id="clean" aria-labelledby="clean-title">
<h2 id="clean-title">Families without findings</h2>
${clean.map(section)}</section>
`
}${
  silent.length === 0
    ? null
    : silentSection(
        silent.map(({ family }) => family),
        context,
      )
}${rest > 0 ? html`<p>Showing ${MAX_FAMILIES} of ${story.families.length.toLocaleString('en-US')} families, those with the gravest findings first.</p>` : null}`;
}

/** The report as one self-contained page, from an analysis in a database. The same analysis gives the same bytes. */
export async function renderHtml(db: Database): Promise<string> {
  const story = tellStory(await storyRowsFrom(db));
  const body = html`${header(story)}${contents(story.families)}<main id="main">
${await familiesMarkup(db, story)}${limitsSection(story)}${rulesSection(story)}${featuresSection(story)}${recordingSection(story)}</main>
<footer>Made by ${story.verdict.tool}. Times are those of the common timeline of all sources.</footer>
`;
  return page(`ATS ${story.verdict.verdict}: ${story.verdict.sentence}`, body, script);
}

/** The report as one self-contained page: see `renderHtml`. */
export async function htmlReport(analysis: Analysis): Promise<string> {
  const db = await openDatabase(analysis, { events: false });
  try {
    return await renderHtml(db);
  } finally {
    db.close();
  }
}

import type { Analysis } from '../model/analysis.ts';
import { type Database, databaseOf, openDatabase } from '../queries/database.ts';
import type { Engine } from '../queries/engine.ts';
import type { PageContext } from './blocks/context.ts';
import { toldOrder } from './blocks/findings.ts';
import { askTimelines, MAX_TIMELINES } from './blocks/timeline.ts';
import { Answers } from './definition/answers.ts';
import type { Node, ReportDefinition } from './definition/definition.ts';
import { hasNode } from './definition/nodes.ts';
import { parseDefinition } from './definition/parse.ts';
import { fillText, valuesIn } from './definition/prose.ts';
import { findingAnchors } from './html/anchors.ts';
import { detailsOf } from './html/finding-details.ts';
import { html } from './html/markup.ts';
import script from './html/page.client.js';
import { page } from './html/page.ts';
import { readyCharts } from './html/svg.ts';
import { Timelines } from './html/timelines.ts';
import { kernelsOf, shortNames } from './phrases.ts';
import { Renderer } from './renderer.ts';
import { type StoryRows, tellStory } from './story.ts';
import builtIn from './templates/ats.report.md';

/** Findings that a page tells in full; the others stand in tables. */
const MAX_FULL = 150;
/** Rows of all tables of a page together. */
const MAX_TABLE_ROWS = 10_000;

/** Below this, handing work to a second thread costs more than it saves. */
const FEW_ROWS = 20_000;

export interface ReportOptions {
  /** The definition of the page; the built-in one when not given. */
  readonly definition?: ReportDefinition;
  /** Seconds after which a query of the definition is stopped; none when 0 or not given. */
  readonly timeLimit?: number;
  readonly signal?: AbortSignal;
}

async function storyRowsFrom(db: Database): Promise<StoryRows> {
  const [
    [verdict],
    reasons,
    sources,
    importLog,
    losses,
    clocks,
    functions,
    findings,
    links,
    evidence,
    rules,
    ruleFunctions,
    features,
    baseline,
    comparison,
    suppressions,
    suppressed,
    [{ events }],
  ] = await Promise.all([
    db.named<StoryRows['verdict']>('verdict'),
    db.named<StoryRows['reasons'][number]>('verdict-reasons'),
    db.named<StoryRows['sources'][number]>('sources'),
    db.named<StoryRows['importLog'][number]>('import-log'),
    db.named<StoryRows['losses'][number]>('losses'),
    db.named<StoryRows['clocks'][number]>('clocks'),
    db.named<StoryRows['functions'][number]>('functions'),
    db.named<StoryRows['findings'][number]>('findings'),
    db.named<StoryRows['links'][number]>('finding-links'),
    db.named<StoryRows['evidence'][number]>('evidence'),
    db.named<StoryRows['rules'][number]>('rules'),
    db.named<StoryRows['ruleFunctions'][number]>('rule-functions'),
    db.named<StoryRows['features'][number]>('features'),
    db.named<StoryRows['baseline'][number]>('baseline'),
    db.named<StoryRows['comparison'][number]>('comparison'),
    db.named<StoryRows['suppressions'][number]>('suppressions'),
    db.named<StoryRows['suppressed'][number]>('suppressed-findings'),
    db.query('SELECT count(*)::INTEGER AS events FROM ats_events'),
  ]);
  return {
    verdict,
    reasons,
    sources,
    importLog,
    losses,
    clocks,
    functions,
    findings,
    links,
    evidence,
    rules,
    ruleFunctions,
    features,
    baseline,
    comparison,
    suppressions,
    suppressed,
    eventCount: events as number,
  };
}

/** What is made once, when it is first asked for. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null;
  return () => {
    made ??= make();
    return made;
  };
}

function idTaker(): (wanted: string) => string {
  const taken = new Set(['main', 'verdict']);
  return (wanted) => {
    const base = wanted || 'part';
    let id = base;
    for (let number = 2; taken.has(id); number++) id = `${base}--${number}`;
    taken.add(id);
    return id;
  };
}

function contextOf(db: Database, definition: ReportDefinition, options: ReportOptions): PageContext {
  const story = once(async () => tellStory(await storyRowsFrom(db)));
  return {
    definition,
    db,
    timelines: new Timelines(db.beside),
    story,
    answers: new Answers(db.engine, definition, options),
    findings: once(async () => {
      const told = await story();
      return {
        anchors: findingAnchors(
          told.families.flatMap((family) => toldOrder(family.findings)).slice(0, MAX_FULL),
        ),
        names: shortNames(told.sources.map((source) => source.path)),
        kernels: kernelsOf(told),
        tool: told.verdict.tool,
        details: await detailsOf(db, told.verdict.profile),
        explained: new Map(),
      };
    }),
    headings: [],
    budget: { findings: MAX_FULL, timelines: MAX_TIMELINES, rows: MAX_TABLE_ROWS },
    takeId: idTaker(),
  };
}

/** The report that is made unless another is named. */
export function builtInDefinition(): ReportDefinition {
  return parseDefinition('ats.report.md', builtIn);
}

/** The text of its definition. */
export function builtInText(): string {
  return builtIn;
}

/**
 * A report as one self-contained page, from an analysis in a database. The same analysis and definition give the same
 * bytes, where the SQL of the definition orders its rows.
 * @throws DefinitionError for a query or chart that fails.
 */
export async function renderHtml(db: Database, options: ReportOptions = {}): Promise<string> {
  const definition = options.definition ?? builtInDefinition();
  const context = contextOf(db, definition, options);
  try {
    if (hasNode(definition.nodes, (node, inEach) => inEach && isTimeline(node))) await askTimelines(context);
    return await renderPage(context);
  } finally {
    // Whoever made the engine closes it next.
    await context.timelines.settle();
  }
}

function isTimeline(node: Node): boolean {
  return node.kind === 'block' && node.tag.name === 'timeline';
}

async function renderPage(context: PageContext): Promise<string> {
  const { definition } = context;
  const renderer = new Renderer(context);
  const body = await renderer.page();
  const values = new Map<string, string | null>();
  const keyOf = (value: object) => JSON.stringify(value);
  for (const value of valuesIn(definition.title)) values.set(keyOf(value), await renderer.value(value));
  const title = fillText(definition.title, (value) => values.get(keyOf(value)) ?? null);
  const { verdict } = await context.story();
  return page(
    title,
    html`<main id="main">
${body}</main>
<footer>Made by ${verdict.tool}. Times are those of the common timeline of all sources.</footer>
`,
    script,
  );
}

/** Loads what the page of a definition needs, while the engine is at work. */
export async function getReadyFor({ nodes }: ReportDefinition): Promise<void> {
  if (hasNode(nodes, (node) => node.kind === 'chart')) await readyCharts();
}

/** The report of an analysis as one self-contained page: see `renderHtml`. */
export async function htmlReport(analysis: Analysis, options: ReportOptions = {}): Promise<string> {
  const rows = analysis.atsEvents.length + analysis.stateIntervals.length;
  const db = await openDatabase(analysis, {
    events: false,
    comments: false,
    meanwhile: () => getReadyFor(options.definition ?? builtInDefinition()),
    ...(rows < FEW_ROWS ? { threads: 1 } : {}),
  });
  try {
    return await renderHtml(db, options);
  } finally {
    db.close();
  }
}

/** The report of an engine that holds a capture: see `renderHtml`. The engine stays open. */
export function engineReport(engine: Engine, options: ReportOptions = {}): Promise<string> {
  return renderHtml(databaseOf(engine), options);
}

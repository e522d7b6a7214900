import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Database, openDatabase, openEmptyDatabase } from '../../queries/database.ts';
import { compose } from '../../reports/definition/compose.ts';
import { DefinitionError } from '../../reports/definition/definition.ts';
import { tagsDocument } from '../../reports/definition/document.ts';
import { parseDefinition } from '../../reports/definition/parse.ts';
import { hasRowOrder } from '../../reports/definition/row-order.ts';
import { parseTag } from '../../reports/definition/tag.ts';
import { validateDefinition } from '../../reports/definition/validate.ts';
import { builtInDefinition, htmlReport, renderHtml } from '../../reports/html.ts';
import { FINDINGS } from '../../tables/index.ts';
import { analyzeCapture } from '../support/capture.ts';
import { findingRow, sampleAnalysis, tableOf } from './sample.ts';

const HEAD = '---\ntitle: T\n---\n';

/** A definition from lines behind its front matter; the first of them is line 4. */
const define = (...lines: string[]) => parseDefinition('x.report.md', `${HEAD}${lines.join('\n')}\n`);

const sql = (name: string, ...lines: string[]) => [`\`\`\`sql ${name}`, ...lines, '```'];

function problemsOf(make: () => unknown): string[] {
  try {
    make();
  } catch (error) {
    return (error as DefinitionError).problems.map(({ line, message }) => `${line}: ${message}`);
  }
  return [];
}

describe('the form of a definition', () => {
  test('front matter, queries, tags over several lines, charts, and the other fences as prose', () => {
    const { queries, nodes, title, parameters } = parseDefinition(
      'x.report.md',
      [
        '---',
        'title: "T"',
        'parameters:',
        '  n: 3',
        '  name: "007"',
        '---',
        '# Head',
        '```sql one',
        'SELECT 1',
        '```',
        '```sh',
        '{% not a tag %}',
        '```',
        '{% table one',
        '   title="a \\"b\\"" /%}',
        '{% if one %}',
        'yes',
        '{% else %}',
        'no',
        '{% /if %}',
        '~~~vega-lite Title of it',
        'mark: bar',
        '~~~',
      ].join('\r\n'),
    );
    expect(title).toBe('T');
    expect([...parameters]).toEqual([
      ['n', 3],
      ['name', '007'],
    ]);
    expect(queries.get('one')).toEqual({ name: 'one', sql: 'SELECT 1', line: 9 });
    expect(nodes.map((node) => node.kind)).toEqual(['prose', 'block', 'if', 'chart']);
    expect(nodes[0]).toMatchObject({ line: 7, text: expect.stringContaining('{% not a tag %}') });
    expect(nodes[1]).toMatchObject({
      tag: { line: 14, words: ['one'], options: new Map([['title', { kind: 'text', text: 'a "b"' }]]) },
    });
    expect(nodes[2]).toMatchObject({ body: [{ text: 'yes' }], otherwise: [{ text: 'no' }] });
    expect(nodes[3]).toMatchObject({ title: 'Title of it', line: 22 });
  });

  test('the values an option may have', () => {
    const { options } = parseTag('table q a="x" b=2 c=true d=f.g e=\'y z\'', 1);
    expect([...options.values()]).toEqual([
      { kind: 'text', text: 'x' },
      { kind: 'number', number: 2 },
      { kind: 'flag', flag: true },
      { kind: 'column', name: 'f', column: 'g' },
      { kind: 'text', text: 'y z' },
    ]);
  });

  test.each([
    [['{% if a %}'], '4: {% if %} has no {% /if %}'],
    [['', '{% /each %}'], '5: {% /each %} ends nothing'],
    [['{% else %}'], '4: {% else %} belongs into an {% if %}, once'],
    [['{% table q'], '4: the tag is not closed with %} at the end of a line'],
    [['{% table q %} and more %}'], '4: one tag a line, and nothing behind it'],
    [['{% table q title= /%}'], '4: the option title of the tag table has no value'],
    [['{% table q a="1" a="2" %}'], '4: the tag table has two options a'],
    [[...sql('a', 'SELECT 1'), ...sql('a', 'SELECT 2')], '7: there is a query a already, on line 4'],
    [sql('1a', 'SELECT 1'), '4: "1a" is no name for a query'],
    [['```sql a', 'SELECT 1'], '4: the fence of sql is not closed'],
  ])('a mistake of form has its line: %j', (lines, expected) => {
    expect(problemsOf(() => define(...lines)).join('\n')).toContain(expected);
  });

  test.each([
    ['# no front matter', '1: expected front matter'],
    ['---\ntitle: [\n---\n', 'front matter:'],
    [
      '---\ntitle: T\nautor: me\n---\n',
      '3: front matter: unknown key "autor"; there are title, doc, parameters',
    ],
    ['---\ndoc: T\n---\n', '1: front matter: a title is missing'],
    [
      '---\ntitle: T\nparameters: {a: [1]}\n---\n',
      '3: front matter: parameter "a" needs a name and a plain value',
    ],
  ])('a mistake in the front matter: %j', (text, expected) => {
    expect(problemsOf(() => parseDefinition('x.report.md', text)).join('\n')).toContain(expected);
  });

  test('any text gives a definition or mistakes with lines, never anything else', () => {
    const piece = fc.constantFrom(
      ...[
        '{%',
        '%}',
        '{{',
        '}}',
        'if',
        'each',
        '/if',
        ' a',
        '.b',
        ' as ',
        '=',
        '"',
        '```sql q',
        '```',
        '\n',
        '---',
        '#',
      ],
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string()), { maxLength: 40 }), (parts) => {
        const text = HEAD + parts.join('');
        try {
          parseDefinition('x', text);
        } catch (error) {
          expect(error).toBeInstanceOf(DefinitionError);
          const lines = text.split('\n').length;
          for (const { line } of (error as DefinitionError).problems) expect(line).toBeLessThanOrEqual(lines);
        }
      }),
    );
  });
});

describe('queries that refer to each other', () => {
  test('become common table expressions before the one that needs them', async () => {
    const definition = define(
      ...sql('a', 'SELECT 1 AS x -- {{no}} semicolon;', ';'),
      ...sql('b', 'WITH y AS (SELECT x + 1 AS x FROM {{a}})', 'FROM y UNION ALL FROM {{a}}'),
      ...sql(
        'c',
        'WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 3)',
        'SELECT sum(n) AS s, count(x) AS x FROM r, {{b}}',
      ),
      ...sql('no', 'SELECT 0'),
    );
    const db = await openEmptyDatabase();
    const rows = await db.query(compose(definition, 'c').sql);
    db.close();
    expect(rows).toEqual([{ s: 12n, x: 6n }]);
  });
});

describe('validation', () => {
  let db: Database;
  beforeAll(async () => {
    db = await openEmptyDatabase();
  });
  afterAll(() => db.close());

  async function mistakes(...lines: string[]): Promise<string[]> {
    try {
      await validateDefinition(db.engine, define(...lines));
    } catch (error) {
      if (!(error instanceof DefinitionError)) throw error;
      return error.problems.map(({ line, message }) => `${line}: ${message}`);
    }
    return [];
  }

  test('the built-in report is valid, and every order in it is asked for', async () => {
    expect(await validateDefinition(db.engine, builtInDefinition())).toEqual([]);
  });

  test.each([
    ['SELECT kind AS c FROM ats_calls ORDER BY call', true],
    ['SELECT kind AS c FROM ats_calls', false],
    ['FROM (SELECT kind AS c FROM ats_calls ORDER BY call)', false],
    ['SELECT kind AS c, row_number() OVER (ORDER BY call) AS n FROM ats_calls', false],
    ['SELECT kind AS c, count(*) AS n FROM ats_calls GROUP BY kind', false],
    ['SELECT kind AS c FROM ats_calls LIMIT 1', false],
    ['SELECT "function" AS c FROM ats_calls UNION SELECT "function" FROM findings', false],
    ['SELECT kind AS c FROM ats_calls UNION ALL SELECT rule FROM findings ORDER BY ALL', true],
    ['SELECT unnest([1, 2]) AS c', false],
    ['SELECT unnest([1, 2]) AS c ORDER BY c', true],
    // One row at most has an order.
    ['SELECT 1 AS c', true],
    ['SELECT count(*) AS c FROM ats_calls', true],
    ["SELECT coalesce(max(duration_ns), 0) + 1 AS c FROM ats_calls WHERE kind = 'x' HAVING c > 3", true],
    ['SELECT verdict AS c FROM verdict', true],
    ['WITH n AS (SELECT count(*) AS c FROM ats_calls) FROM n WHERE c > 0', true],
    ['WITH verdict AS (SELECT kind AS c FROM ats_calls) FROM verdict', false],
    ['SELECT (SELECT count(*) FROM findings) AS c FROM ats_calls', false],
  ])('%s: ordered %s', async (text, ordered) => {
    expect(await hasRowOrder(db.engine.connection, text)).toBe(ordered);
  });

  test('rows without an order are told with what shows them first', async () => {
    const uses = [
      ['{% table q /%}'],
      ['{% each q as r %}', 'x', '{% /each %}'],
      ['{{q.c}}'],
      ['{% if q.c %}', 'x', '{% /if %}'],
    ];
    const lines = uses.flatMap((use, i) => use.map((line) => line.replaceAll('q', `q${i}`)));
    const queries = uses.flatMap((_, i) => sql(`q${i}`, 'SELECT kind AS c FROM ats_calls'));
    const warnings = await validateDefinition(db.engine, define(...lines, ...queries));
    expect(warnings.map(({ line, message }) => `${line} ${message.split('come in any order, ')[1]}`)).toEqual(
      [
        '13 and the tag table on line 4 shows them as they come',
        '16 and the tag each on line 5 shows them as they come',
        '19 and the value q2.c on line 8 shows them as they come',
        '22 and the value q3.c on line 9 shows them as they come',
      ],
    );
  });

  test('rows whose order does not show may have none', async () => {
    const lines = [
      '{% if q %}',
      'x',
      '{% /if %}',
      '{% findings q /%}',
      '{{p.n}}',
      ...sql('q', 'SELECT finding FROM findings'),
      ...sql('p', 'SELECT count(*) AS n FROM {{q}}'),
    ];
    expect(await validateDefinition(db.engine, define(...lines))).toEqual([]);
    const chart = ['```vega-lite', 'data: {query: q}', 'mark: bar', '```'];
    expect(await validateDefinition(db.engine, define(...chart, ...lines))).toEqual([
      {
        line: 14,
        message: expect.stringMatching(/^query q: without ORDER BY .* the chart on line \d+ shows/),
      },
    ]);
  });

  const kinds = sql('kinds', 'SELECT kind, count(*) AS n FROM ats_calls GROUP BY kind ORDER BY kind');
  const of = sql('of', 'SELECT call FROM ats_calls WHERE kind = $kind ORDER BY call');

  test('a definition without mistakes has none', async () => {
    expect(
      await mistakes(
        '{{kinds.n}} and {{verdict.sentence | upper}}',
        '{% if not kinds %}',
        '{% table failed-calls %}',
        '{% /if %}',
        '{% each kinds as k limit=3 %}',
        '{% table of kind=k.kind title="x" code="call" %}',
        '```vega-lite',
        'data: {query: of, kind: k.kind}',
        'mark: point',
        'transform: [{calculate: "datum.call + 1", as: next}]',
        'encoding: {x: {field: next, type: quantitative}}',
        '```',
        '{% /each %}',
        ...kinds,
        ...of,
      ),
    ).toEqual([]);
  });

  test.each([
    [
      ['', ...sql('q', 'SELECT 1', 'FROM ats_callz')],
      '7: query q: Catalog Error: Table with name ats_callz does not exist. Did you mean "ats_calls"?',
    ],
    [sql('q', '', '', 'SELECT 1', 'FROM ats_callz'), '8: query q: Catalog Error'],
    [
      [...kinds, ...sql('q', 'WITH a AS (SELECT 1)', 'SELECT nn FROM {{kinds}}')],
      '9: query q: Binder Error: Referenced column "nn"',
    ],
    [sql('q', 'SELECT 1 FORM x'), '5: query q: Parser Error'],
    [sql('q', "SELECT * FROM read_csv('/etc/passwd')"), '5: query q: Permission Error'],
    [sql('q', 'DROP TABLE findings'), '5: query q: DROP is not allowed'],
    [sql('q', 'SELECT 1; SELECT 2'), '5: query q: expected one statement, found 2'],
    [sql('q', "SELECT * FROM query('SELECT 1')"), '5: query q: the function query is not allowed'],
    [sql('q', 'FROM {{r}}'), '5: query q: there is no query r'],
    [
      [...sql('q', 'FROM {{r}}'), ...sql('r', 'FROM {{q}}')],
      'queries refer to each other in a circle: q -> r -> q',
    ],
    [sql('q', 'SELECT * FROM ftrace.foo'), 'Tables of trace events depend on the recording'],
    [['{% tabel kinds %}', ...kinds], '4: there is no tag tabel (did you mean table?)'],
    [['{% table kind %}', ...kinds], '4: there is no query kind (did you mean kinds?)'],
    [['{% table kinds titel="x" %}', ...kinds], '4: the query kinds has no parameter $titel; it has none'],
    [['{% table kinds title=3 %}', ...kinds], '4: the option title of the tag table is a text'],
    [['{% table kinds code="kind, m" %}', ...kinds], '4: code="kind, m": the query has no column m'],
    [['{% table of %}', ...of], '4: the query of needs a value for its parameter $kind'],
    [['{% timeline familie="x" %}'], '4: the tag timeline has no option familie (did you mean family?)'],
    [['{% verdict now %}'], '4: expected {% verdict option=value %}, found "now"'],
    [['{% each kinds %}', '{% /each %}', ...kinds], '4: expected {% each QUERY as NAME %}, found "kinds"'],
    [
      ['{% each kinds as k %}', 'a', '', '{{k.nn}}', '{% /each %}', ...kinds],
      '7: k has no column nn (did you mean n?)',
    ],
    [['{% if kinds.m %}', '{% /if %}', ...kinds], '4: kinds has no column m'],
    [['{% value kinds %}', ...kinds], '4: expected {% value QUERY.COLUMN %}, found "kinds"'],
    [['{% findings kinds %}', ...kinds], '4: the query of the tag findings needs a column finding'],
    [['text', '{{kindz.n}}', ...kinds], '4: there is no query kindz (did you mean kinds?)'],
    [['{{kinds.n | secs}}', ...kinds], '4: there is no format secs'],
    [['{{kinds}}', ...kinds], '4: cannot read "{{kinds}}": expected {{query.column}}'],
    [['![x](http://y)'], '4: a report holds no images'],
    [['a {% table kinds %}', ...kinds], '4: a tag stands alone on its lines'],
    [['```vega-lite', 'mark: bar', '```'], '5: chart: the chart has no data: {query: name}'],
    [['```vega-lite', 'data: {query: kindz}', 'mark: bar', '```', ...kinds], '5: there is no query kindz'],
    [
      ['```vega-lite', 'data: {query: kinds}', 'mark: baar', '```', ...kinds],
      '6: chart: there is no mark baar (did you mean bar?)',
    ],
    [
      ['```vega-lite', 'data: {query: kinds}', 'mark: image', '```', ...kinds],
      '6: chart: there is no mark image',
    ],
    [
      ['```vega-lite', 'data: {url: "http://x/y.csv"}', 'mark: bar', '```'],
      '5: chart: a chart draws queries, it loads nothing',
    ],
    [
      ['```vega-lite', 'data: {query: kinds}', 'mark: bar', 'encoding: {href: {field: n}}', '```', ...kinds],
      '7: chart: a chart has no links',
    ],
    [
      ['```vega-lite', 'data: {query: kinds}', 'mark: bar', 'encoding:', '  x: {field: m}', '```', ...kinds],
      '8: chart: its queries have no column m',
    ],
    [
      ['```vega-lite', 'data: {query: of, kind: k.kind}', 'mark: bar', '```', ...of],
      '5: there is no query k',
    ],
    [['```vega-lite', 'mark: [', '```'], '5: chart: '],
  ])('%j', async (lines, expected) => {
    const found = await mistakes(...lines);
    expect(found.join('\n')).toContain(expected);
  });
});

describe('docs/reports.md', () => {
  const text = readFileSync('docs/reports.md', 'utf8');

  test('tells every tag with its options', () => {
    expect(text.endsWith(tagsDocument())).toBe(true);
  });

  test('its examples are definitions without mistakes', async () => {
    const [, example] = /````markdown\n(.*?)````/s.exec(text) ?? [];
    const whole = readFileSync('docs/examples/calls.report.md', 'utf8');
    const db = await openEmptyDatabase();
    for (const definition of [example, whole])
      await validateDefinition(db.engine, parseDefinition('example', definition));
    db.close();
  });

  test('the example makes a page of a real capture', async () => {
    const definition = parseDefinition('calls', readFileSync('docs/examples/calls.report.md', 'utf8'));
    const page = await htmlReport(await analyzeCapture('6.12-s2'), { definition });
    for (const part of [
      '<title>ATS calls: 26 calls, 1 failed</title>',
      '<strong>26 calls</strong>',
      '<h3 id="0000:01:00.2:-8-calls">',
      'Calls that returned an error',
      'EINVAL',
      'aria-label="Calls by kind and time taken"',
      '<summary>The slowest calls</summary>',
    ])
      expect(page).toContain(part);
  });
});

describe('a page made of a definition', () => {
  async function render(...lines: string[]): Promise<string> {
    const hostile = '<script>alert(1)</script>\u202e';
    const findings = [
      findingRow(0),
      findingRow(1, { rule: 'ATS004', message: hostile, signature: 'ATS004:x' }),
    ];
    const db = await openDatabase(sampleAnalysis({ findings: tableOf(FINDINGS, findings) }));
    try {
      return await renderHtml(db, { definition: define(...lines) });
    } finally {
      db.close();
    }
  }

  test('prose with values, tables, conditions, each row, and a chart', async () => {
    const page = await render(
      '# Head {#top}',
      '{{n.n}} findings, *the* first at {{n.first | seconds}} s; [up](#top) <b>raw</b>',
      '{% contents /%}',
      '{% if none %}',
      'never',
      '{% else %}',
      '## Else {{n.n}}',
      '{% /if %}',
      '{% each rules as r limit=1 %}',
      '### Rule {{r.rule}}',
      '{% table of rule=r.rule title="One rule" code="rule" tags="severity" links="rule=target" %}',
      '{% /each %}',
      '{% value n.n label="all of them" /%}',
      '{% findings only /%}',
      '{% details title="More" %}',
      'inside',
      '{% /details %}',
      '{% queries /%}',
      '```vega-lite Findings',
      'data: {query: rules}',
      'mark: bar',
      'encoding: {x: {field: n, type: quantitative}, y: {field: message, type: nominal}}',
      '```',
      ...sql('n', 'SELECT count(*) AS n, min(time_ns) AS first FROM findings'),
      ...sql('none', 'SELECT 1 WHERE false'),
      ...sql(
        'rules',
        'SELECT rule, count(*) AS n, min(message) AS message FROM findings GROUP BY rule ORDER BY rule',
      ),
      ...sql(
        'of',
        "SELECT rule, severity, message, 'finding-' || signature AS target FROM findings WHERE rule = $rule ORDER BY finding",
      ),
      ...sql('only', "SELECT finding FROM findings WHERE rule = 'ATS004' ORDER BY finding"),
    );
    for (const part of [
      '<title>T</title>',
      '<h1 id="top">Head</h1>',
      '<p>2 findings, <em>the</em> first at 25.590861 s; <a href="#top">up</a> &lt;b&gt;raw&lt;/b&gt;</p>',
      '<li><a href="#else-2">Else 2</a></li>',
      '<h2 id="else-2">Else 2</h2>',
      '<h3 id="rule-ats003">Rule ATS003</h3>',
      'Showing 1 of 2.',
      '<a href="#finding-ATS003:0000:01:00.2:0">ATS003</a>',
      '<span class="tag error">error</span>',
      '<strong>2</strong> <span class="dim">all of them</span>',
      '<details><summary>More</summary>',
      '<summary><code>rules</code></summary>',
      '&lt;script&gt;alert(1)&lt;/script&gt;<span class="esc">\\u202e</span>',
      'aria-label="Findings"',
    ]) {
      expect(page).toContain(part);
    }
    expect(page).not.toContain('never');
    expect(page.match(/<article/g)).toHaveLength(1);
    expect(page.match(/<script/g)).toHaveLength(1);
    expect(page.replaceAll('\n', '')).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u202a-\u202e]/);
  });

  test('a query that fails while it runs is a mistake with its line', async () => {
    await expect(render('{% table q %}', ...sql('q', '', "SELECT error('no')"))).rejects.toThrow(
      /^x\.report\.md:6: query q: /,
    );
  });

  test('rows beyond the limit are counted, not shown', async () => {
    const page = await render(
      '{% table many title="Many" limit=7 /%}',
      ...sql('many', 'FROM range(123456) ORDER BY 1'),
    );
    expect(page).toContain('Many, showing 7 of 123,456');
    expect(page.match(/<tr>/g)).toHaveLength(8);
  });
});

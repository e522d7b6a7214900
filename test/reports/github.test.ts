import fc from 'fast-check';
import { expect, test } from 'vitest';
import { githubAnnotations, githubSummary, STEP_SUMMARY_LIMIT, withinBytes } from '../../reports/github.ts';
import { junitXml } from '../../reports/junit.ts';
import { ktapText } from '../../reports/ktap.ts';
import { summaryMarkdown } from '../../reports/summary-markdown.ts';
import { withoutCommands } from '../../reports/visible.ts';
import { EVIDENCE, FINDINGS, VERDICT_REASONS } from '../../tables/index.ts';
import { parseXml } from '../support/xml.ts';
import { evidenceRow, findingRow, sampleAnalysis, tableOf } from './sample.ts';

interface Command {
  readonly level: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly message: string;
}

/** Reads a line as the runner of GitHub Actions does. */
function parseCommand(line: string): Command {
  const match = /^::(error|warning|notice) ([^:]*)::(.*)$/.exec(line);
  expect(match, line).not.toBeNull();
  const [, level, properties, message] = match as RegExpExecArray;
  const plain = (text: string) => text.replaceAll('%0A', '\n').replaceAll('%0D', '\r').replaceAll('%25', '%');
  return {
    level,
    properties: Object.fromEntries(
      properties.split(',').map((part) => {
        const at = part.indexOf('=');
        return [
          part.slice(0, at),
          plain(
            part
              .slice(at + 1)
              .replaceAll('%3A', ':')
              .replaceAll('%2C', ','),
          ),
        ];
      }),
    ),
    message: plain(message),
  };
}

const commandsOf = (text: string) => text.trimEnd().split('\n').map(parseCommand);

test('the verdict first, then errors and warnings at their records; notes are left out', () => {
  const [verdict, error, ...others] = commandsOf(githubAnnotations(sampleAnalysis()));
  expect(verdict).toMatchObject({ level: 'error', properties: { title: 'atscope: fail' } });
  expect(error).toMatchObject({
    level: 'error',
    properties: { file: 'captures/board-7/trace.txt', line: '60', title: expect.stringContaining('ATS003') },
  });
  expect(error.message.split('\n')[1]).toMatch(/^When: /);
  expect(others.map((one) => one.level)).toContain('warning');
  expect(others.map((one) => one.properties.title).join()).not.toContain('ATS090');
});

test('more than ten of a level: nine, and one that says how many more', () => {
  const findings = tableOf(
    FINDINGS,
    Array.from({ length: 30 }, (_, i) => findingRow(i, { signature: `s${i}` })),
  );
  const errors = commandsOf(githubAnnotations(sampleAnalysis({ findings }))).filter(
    (one) => one.level === 'error',
  );
  expect(errors).toHaveLength(10);
  expect(errors[9].properties.title).toBe('atscope: 22 more');
});

const nasty = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(
    '::error::x',
    'a%0Ab',
    '%',
    'a,b:c',
    '\r\n::stop-commands::t',
    '##[error]x',
    ']]>',
    '# SKIP',
    '\ud800',
  ),
);

function hostile(text: string) {
  return sampleAnalysis({
    findings: tableOf(FINDINGS, [
      findingRow(0, { message: text, expected: text, observed: text, function: text }),
      findingRow(1, { message: text, function: null, event: null, time_ns: null, signature: text }),
    ]),
    evidence: tableOf(EVIDENCE, [evidenceRow(0, 0, { text, role: text })]),
    verdictReasons: tableOf(VERDICT_REASONS, [
      { position: 0, code: 'lost-events', decisive: true, reason: text, settle: text },
    ]),
  });
}

test('whatever a recording says: one command a line, XML that is well-formed, KTAP lines that are none of its own', () => {
  fc.assert(
    fc.property(nasty, (text) => {
      const analysis = hostile(text);
      for (const line of githubAnnotations(analysis).trimEnd().split('\n')) parseCommand(line);
      parseXml(junitXml(analysis));
      for (const line of ktapText(analysis).trimEnd().split('\n'))
        expect(line).toMatch(
          /^(KTAP version 1|1\.\.1|(not )?ok 1 ats.*| {4}(KTAP version 1|1\.\.\d+|#.*|(not )?ok \d+ .*))$/,
        );
      const printed = withoutCommands(`${text}\n  ${text}`);
      expect(printed).not.toMatch(/^[^\S\n]*::/m);
      expect(printed).not.toContain('##[');
    }),
    { numRuns: 60 },
  );
});

test('the summary of a step keeps within what GitHub takes, cut at a line, and says so', () => {
  expect(githubSummary(sampleAnalysis())).toBe(summaryMarkdown(sampleAnalysis()));
  const long = `${'é'.repeat(50)}\n`.repeat(20_000);
  const cut = withinBytes(long, STEP_SUMMARY_LIMIT);
  expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(STEP_SUMMARY_LIMIT);
  expect(Buffer.byteLength(cut)).toBeGreaterThan(STEP_SUMMARY_LIMIT - 500);
  expect(cut).toMatch(/\n\nShowing the first part of 2,020,000 bytes/);
  for (const line of cut.split('\n').slice(0, -3)) if (line !== '') expect(line).toBe('é'.repeat(50));
});

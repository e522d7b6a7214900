import { recipeFor } from '../model/coverage.ts';
import { DOCUMENTED_RULES } from '../model/rules/document.ts';
import { RULE_EXAMPLES } from '../model/rules/examples.ts';
import { RULE_BY_ID } from '../model/rules/index.ts';
import type { Rule } from '../model/rules/rule.ts';
import { COMMON_WORDS } from '../model/rules/words.ts';
import type { Palette } from '../reports/palette.ts';
import { wrap } from '../reports/wrap.ts';
import { UsageError } from './exit-codes.ts';
import { paletteFor, widthOf } from './terminal.ts';

/** A rule as data, for `--json`. */
function ruleData(rule: Rule) {
  const {
    id,
    name,
    severity,
    severityNote,
    layers,
    condition,
    versions,
    meaning,
    fix,
    needs,
    causes,
    replacedBy,
    references,
  } = rule;
  return {
    id,
    name,
    severity,
    severity_note: severityNote ?? null,
    layers,
    condition,
    versions,
    meaning,
    fix,
    needs: needs.map((kinds) => ({ kinds, record: recipeFor(kinds) })),
    may_be_caused_by: causes ?? [],
    replaced_by: replacedBy ?? [],
    references,
    example: RULE_EXAMPLES[id] ?? [],
  };
}

/** Prints all rules, one line each, or as JSON. */
export function runRules(flags: { readonly json?: boolean }): void {
  if (flags.json) {
    process.stdout.write(`${JSON.stringify(DOCUMENTED_RULES.map(ruleData), null, 2)}\n`);
    return;
  }
  const palette = paletteFor(process.stdout);
  const paint = { error: palette.red, warning: palette.yellow, note: palette.dim };
  const width = Math.max(...DOCUMENTED_RULES.map((rule) => rule.name.length));
  for (const rule of DOCUMENTED_RULES) {
    process.stdout.write(
      `${palette.bold(rule.id)}  ${rule.name.padEnd(width)}  ${paint[rule.severity](rule.severity)}\n`,
    );
  }
  process.stdout.write('\natscope explain RULE tells what a rule means and what it needs.\n');
}

/** Prints what a rule means. @throws UsageError for a rule that does not exist. */
export function runExplain(id: string, flags: { readonly json?: boolean }): void {
  const wanted = id.toUpperCase();
  const rule = DOCUMENTED_RULES.find(
    (candidate) => candidate.id === wanted || candidate.name === id.toLowerCase(),
  );
  if (!rule) {
    const like = DOCUMENTED_RULES.filter(
      (candidate) =>
        candidate.id.includes(wanted.replace(/^ATS/, '')) || candidate.name.includes(id.toLowerCase()),
    );
    const hint =
      like.length > 0
        ? `Did you mean ${like
            .map((near) => near.id)
            .slice(0, 5)
            .join(', ')}?`
        : 'atscope rules lists them.';
    throw new UsageError(`no rule ${id}. ${hint}`);
  }
  if (flags.json) {
    process.stdout.write(`${JSON.stringify(ruleData(rule), null, 2)}\n`);
    return;
  }
  const palette = paletteFor(process.stdout);
  const width = widthOf(process.stdout);
  const part = (title: string, text: string) =>
    text === ''
      ? ''
      : `\n${palette.bold(title)}\n${wrap(text, width - 2)
          .map((line) => `  ${line}`)
          .join('\n')}\n`;
  process.stdout.write(
    [
      `${palette.bold(`${rule.id} ${rule.name}`)} (${rule.severity}${rule.severityNote ? `; ${rule.severityNote}` : ''}; layers: ${rule.layers.join(', ')})\n`,
      part('Condition', rule.condition),
      part('Meaning', rule.meaning),
      part('What to do', rule.fix),
      part('Kernels', rule.versions),
      part('Needs a recording of', rule.needs.map(recipeFor).join('; and ')),
      part(
        'May be caused by',
        (rule.causes ?? []).map((cause) => `${cause} ${RULE_BY_ID.get(cause)?.name ?? ''}`.trim()).join(', '),
      ),
      part('Gives way to', (rule.replacedBy ?? []).join(', ')),
      part('References', rule.references.join('; ')),
      example(rule.id, palette),
      words(palette, width),
    ].join(''),
  );
}

/** A recording that the rule fires on; lines are not wrapped, so that they can be copied. */
function example(id: string, palette: Palette): string {
  const lines = RULE_EXAMPLES[id];
  if (!lines) return '';
  return `\n${palette.bold('Example')}\n${lines.map((line) => `  ${line}`).join('\n')}\n`;
}

/** What the words of the texts above mean. */
function words(palette: Palette, width: number): string {
  const lines = COMMON_WORDS.flatMap(({ word, meaning }) =>
    wrap(`${word}: ${meaning.replaceAll('`', '')}`, width - 4).map(
      (line, i) => `${i === 0 ? '  ' : '    '}${line}`,
    ),
  );
  return `\n${palette.bold('Words')}\n${lines.join('\n')}\n`;
}

import { recipeFor } from '../coverage.ts';
import { PROFILES } from '../features.ts';
import { GATE_RULES } from '../gate/rules.ts';
import { RULE_EXAMPLES } from './examples.ts';
import { RULES } from './index.ts';
import type { Rule } from './rule.ts';
import { COMMON_WORDS, MORE_WORDS } from './words.ts';

/** Every rule that has an id: those of the replay, and those about suppressions. */
export const DOCUMENTED_RULES: readonly Rule[] = [...RULES, ...GATE_RULES];

/** The rules as a page: `docs/rules.md`. */
export function rulesDocument(): string {
  const index = DOCUMENTED_RULES.map(
    (rule) =>
      `| [${rule.id}](#${rule.id.toLowerCase()}-${rule.name}) | ${rule.name} | ${rule.severity} | ${rule.layers.join(', ')} |`,
  );
  return [
    '# Rules',
    '',
    'What atscope checks. A rule fires only when every operand of its condition is known, or when the kernel itself said so;',
    'otherwise it stays undecided, and the report says what to record. `atscope explain RULE` prints the same.',
    '',
    '## Words',
    '',
    ...[...COMMON_WORDS, ...MORE_WORDS].map(({ word, meaning }) => `- **${word}.** ${meaning}`),
    '- **Kernels** are named by what they do, not by age:',
    ...PROFILES.map(({ id, doc }) => `  - \`${id}\`: ${doc}.`),
    '',
    '## All rules',
    '',
    '| rule | name | severity | layers |',
    '|---|---|---|---|',
    ...index,
    '',
    ...DOCUMENTED_RULES.flatMap(section),
  ].join('\n');
}

function section(rule: Rule): string[] {
  const example = RULE_EXAMPLES[rule.id];
  return [
    `## ${rule.id} ${rule.name}`,
    '',
    `**Severity:** ${rule.severity}${rule.severityNote ? `; ${rule.severityNote}` : ''}. **Layers:** ${rule.layers.join(', ')}.`,
    '',
    `**Condition.** ${rule.condition}`,
    '',
    `**Meaning.** ${rule.meaning}`,
    '',
    `**What to do.** ${rule.fix}`,
    '',
    `**Kernels.** ${rule.versions}`,
    '',
    ...(rule.needs.length > 0
      ? [`**Needs a recording of** ${rule.needs.map(recipeFor).join('; and ')}.`, '']
      : []),
    ...(rule.causes ? [`**May be caused by** ${rule.causes.join(', ')}.`, ''] : []),
    ...(rule.replacedBy ? [`**Gives way to** ${rule.replacedBy.join(', ')}.`, ''] : []),
    ...(rule.references.length > 0 ? [`**References:** ${rule.references.join('; ')}.`, ''] : []),
    ...(example ? ['```', ...example, '```', ''] : []),
  ];
}

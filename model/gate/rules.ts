import type { Rule } from '../rules/rule.ts';

/** Rules about the file of suppressions, fired when one is given. */
export const GATE_RULES: readonly Rule[] = [
  {
    id: 'ATS095',
    name: 'suppression-expired',
    severity: 'warning',
    layers: ['trace'],
    condition: 'The last day of a suppression has passed.',
    versions: 'All; only with --suppressions.',
    meaning: 'What it covered counts again.',
    fix: 'Repair what it covered, or decide again and give it another date.',
    needs: [],
    references: ['docs/ci.md'],
  },
  {
    id: 'ATS096',
    name: 'suppression-unused',
    severity: 'note',
    layers: ['trace'],
    condition: 'A suppression matches no finding.',
    versions: 'All; only with --suppressions.',
    meaning: 'What it covered is repaired, or was not judged in this recording, or it never was right.',
    fix: 'Remove it when the rule was judged; correct it when it never matched.',
    needs: [],
    references: ['docs/ci.md'],
  },
];

import { defineTable } from '../define.ts';

export const BASELINE = defineTable({
  name: 'baseline',
  doc: 'The baseline that the findings were compared with: one row, or none without a baseline.',
  columns: [
    { name: 'path', type: 'text', doc: 'As the user gave it.' },
    { name: 'tool', type: 'text', doc: 'Program and version that judged it.' },
    { name: 'verdict', type: 'dict', doc: 'Its verdict.' },
    { name: 'findings', type: 'u32', doc: 'Its findings.' },
    {
      name: 'gate',
      type: 'dict',
      doc: '`new`: only findings that the baseline does not have fail; `any`: all do.',
    },
  ],
});

export const COMPARISON = defineTable({
  name: 'comparison',
  doc: 'Findings here and in the baseline, compared by signature. Empty without a baseline.',
  columns: [
    { name: 'position', type: 'u32', doc: 'Order: new, changed, still, not evaluated, fixed.' },
    {
      name: 'status',
      type: 'dict',
      doc: '`new`, `changed` (another severity), `still`, `fixed` (judged again and not found), or `not_evaluated` (not found, but the recording could not have shown it).',
    },
    { name: 'rule', type: 'dict', doc: 'Id of the rule.' },
    { name: 'name', type: 'dict', doc: 'Its name.' },
    { name: 'function', type: 'dict', nullable: true, doc: 'Address of the function, where one is named.' },
    { name: 'severity', type: 'dict', nullable: true, doc: 'Severity now; NULL when not found now.' },
    {
      name: 'baseline_severity',
      type: 'dict',
      nullable: true,
      doc: 'Severity in the baseline; NULL when not found there.',
    },
    { name: 'finding', type: 'u32', nullable: true, doc: 'The finding (see `findings`), where found now.' },
    { name: 'signature', type: 'text', doc: 'Its signature.' },
    { name: 'message', type: 'text', doc: 'What is, or was, wrong.' },
    { name: 'why', type: 'text', doc: 'Why it could not be evaluated, or how a new finding is to be read.' },
  ],
});

export const SUPPRESSIONS = defineTable({
  name: 'suppressions',
  doc: 'Findings that a person decided to live with, as the suppressions file says. Empty without one.',
  columns: [
    { name: 'suppression', type: 'u32', doc: 'Number of the suppression.' },
    { name: 'source', type: 'text', doc: 'The file it stands in.' },
    { name: 'line', type: 'u32', doc: 'Line where it begins, from 1.' },
    { name: 'rule', type: 'dict', nullable: true, doc: 'Rule it is about; NULL for any.' },
    { name: 'function', type: 'dict', nullable: true, doc: 'Address or pattern of addresses; NULL for any.' },
    { name: 'signature', type: 'text', nullable: true, doc: 'Signature of the one finding it is about.' },
    { name: 'message', type: 'text', nullable: true, doc: 'Pattern that the message must match.' },
    { name: 'reason', type: 'text', doc: 'Why it is suppressed.' },
    {
      name: 'expires',
      type: 'text',
      nullable: true,
      doc: 'Last day it holds, `YYYY-MM-DD`; NULL for no end.',
    },
    { name: 'state', type: 'dict', doc: '`active`, `unused` (it matched nothing) or `expired`.' },
    { name: 'findings', type: 'u32', doc: 'Findings that it matches.' },
  ],
});

export const SUPPRESSED_FINDINGS = defineTable({
  name: 'suppressed_findings',
  doc: 'Which suppression covers which finding. A suppressed finding is shown and does not fail.',
  columns: [
    { name: 'finding', type: 'u32', doc: 'The finding (see `findings`).' },
    { name: 'suppression', type: 'u32', doc: 'The suppression (see `suppressions`).' },
  ],
});

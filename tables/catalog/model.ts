import { defineTable } from '../define.ts';

export const FUNCTIONS = defineTable({
  name: 'functions',
  doc: 'PCI functions the recording knows of. A function that was removed and found again is a new generation.',
  columns: [
    { name: 'fn', type: 'u32', doc: 'Number of the function generation.' },
    { name: 'function', type: 'dict', doc: 'Address, `dddd:bb:dd.f`.' },
    {
      name: 'space',
      type: 'dict',
      nullable: true,
      doc: '`hw`, `hw2`, ... for addresses of a log of the hardware that nothing ties to the kernel; NULL for all others.',
    },
    { name: 'generation', type: 'u16', doc: 'Counts from 0 for each address.' },
    { name: 'kind', type: 'dict', doc: '`pf`, `vf`, `function` (neither) or `unknown`.' },
    {
      name: 'pf',
      type: 'dict',
      nullable: true,
      doc: 'Address of the Physical Function of a VF, where evidence names it.',
    },
    { name: 'pf_fn', type: 'u32', nullable: true, doc: 'Its function generation.' },
    { name: 'vf_index', type: 'u16', nullable: true, doc: 'Index of the VF within its PF, from 0.' },
    {
      name: 'ats_capability',
      type: 'u16',
      nullable: true,
      unit: 'bytes',
      doc: 'Config offset of the ATS capability, where learned.',
    },
    { name: 'start_seen', type: 'bool', doc: 'True when the recording shows the device appear.' },
    { name: 'first_ns', type: 'i64', nullable: true, unit: 'ns', doc: 'First event of the generation.' },
    { name: 'last_ns', type: 'i64', nullable: true, unit: 'ns', doc: 'Last event of the generation.' },
    { name: 'events', type: 'u32', doc: 'Events of the model that name it.' },
  ],
});

export const ATS_EVENTS = defineTable({
  name: 'ats_events',
  doc: 'The story in the vocabulary of the model, in the order of the replay.',
  columns: [
    { name: 'event', type: 'u32', doc: 'Number of the event in the replay.' },
    {
      name: 'time_ns',
      type: 'i64',
      nullable: true,
      unit: 'ns',
      doc: 'Common time; NULL for a record without one.',
    },
    { name: 'kind', type: 'dict', doc: 'What happened (see `docs/model.md`).' },
    { name: 'phase', type: 'dict', doc: '`enter`, `return` or `point`.' },
    {
      name: 'fn',
      type: 'u32',
      nullable: true,
      doc: 'Function generation; NULL when the event names no device.',
    },
    { name: 'function', type: 'dict', nullable: true, doc: 'Its address.' },
    { name: 'page_shift', type: 'i32', nullable: true, doc: 'Page shift asked for (12 + STU).' },
    { name: 'result', type: 'i64', nullable: true, doc: 'Value returned: 0 or a negative error number.' },
    { name: 'call', type: 'u32', nullable: true, doc: 'The call it belongs to (see `ats_calls`).' },
    { name: 'cpu', type: 'u16', nullable: true, doc: 'CPU.' },
    { name: 'pid', type: 'i32', nullable: true, doc: 'Task.' },
    { name: 'comm', type: 'dict', nullable: true, doc: 'Name of the task.' },
    { name: 'caller', type: 'dict', nullable: true, doc: 'Caller, where the recording names it.' },
    { name: 'source', type: 'u16', doc: 'The source (see `sources`).' },
    { name: 'seq', type: 'u32', doc: 'Record of the source.' },
    { name: 'offset', type: 'i64', unit: 'bytes', doc: 'Where in the source.' },
    { name: 'line', type: 'u32', nullable: true, doc: 'Line number from 1, for text.' },
  ],
});

export const ATS_CALLS = defineTable({
  name: 'ats_calls',
  doc: 'Calls of the functions the model knows: entry and return paired per task.',
  columns: [
    { name: 'call', type: 'u32', doc: 'Number of the call.' },
    { name: 'kind', type: 'dict', doc: 'What was called, e.g. `enable`.' },
    { name: 'fn', type: 'u32', nullable: true, doc: 'Function generation.' },
    { name: 'function', type: 'dict', nullable: true, doc: 'Its address.' },
    { name: 'start_ns', type: 'i64', nullable: true, unit: 'ns', doc: 'Entry; NULL when not seen.' },
    { name: 'end_ns', type: 'i64', nullable: true, unit: 'ns', doc: 'Return; NULL when not seen.' },
    { name: 'duration_ns', type: 'i64', nullable: true, unit: 'ns', doc: 'Time between them.' },
    { name: 'page_shift', type: 'i32', nullable: true, doc: 'Page shift asked for (12 + STU).' },
    { name: 'result', type: 'i64', nullable: true, doc: 'Value returned; NULL when not recorded.' },
    { name: 'warned', type: 'bool', doc: 'True when a kernel WARN belongs to the call.' },
    { name: 'caller', type: 'dict', nullable: true, doc: 'Caller, where the recording names it.' },
    { name: 'parent', type: 'u32', nullable: true, doc: 'The call it is nested in.' },
    { name: 'pid', type: 'i32', nullable: true, doc: 'Task.' },
    { name: 'enter_event', type: 'u32', nullable: true, doc: 'Entry in `ats_events`.' },
    { name: 'return_event', type: 'u32', nullable: true, doc: 'Return in `ats_events`.' },
  ],
});

export const TRANSITIONS = defineTable({
  name: 'transitions',
  doc: 'Every change of what the model knows about a function.',
  columns: [
    { name: 'event', type: 'u32', doc: 'Event that changed it (see `ats_events`).' },
    { name: 'time_ns', type: 'i64', nullable: true, unit: 'ns', doc: 'Common time of that event.' },
    { name: 'fn', type: 'u32', doc: 'Function generation.' },
    { name: 'function', type: 'dict', doc: 'Its address.' },
    { name: 'layer', type: 'dict', doc: '`hw` (register), `core` (PCI core) or `drv` (IOMMU driver).' },
    { name: 'field', type: 'dict', doc: 'Field of the layer, e.g. `en`.' },
    { name: 'old_value', type: 'i32', nullable: true, doc: 'Value before; NULL = unknown.' },
    { name: 'new_value', type: 'i32', nullable: true, doc: 'Value after; NULL = unknown.' },
    {
      name: 'origin',
      type: 'dict',
      doc: '`call`, `write`, `observed`, `learned`, `reset`, `lost` or `ended` (the recording of the kernel is over).',
    },
  ],
});

export const STATE_INTERVALS = defineTable({
  name: 'state_intervals',
  doc: 'The same as `transitions`, as intervals: the value of a field from one event to the next.',
  columns: [
    { name: 'fn', type: 'u32', doc: 'Function generation.' },
    { name: 'function', type: 'dict', doc: 'Its address.' },
    { name: 'layer', type: 'dict', doc: '`hw`, `core` or `drv`.' },
    { name: 'field', type: 'dict', doc: 'Field of the layer.' },
    { name: 'value', type: 'i32', nullable: true, doc: 'Value; NULL = unknown.' },
    { name: 'from_ns', type: 'i64', nullable: true, unit: 'ns', doc: 'Common time it began.' },
    {
      name: 'to_ns',
      type: 'i64',
      nullable: true,
      unit: 'ns',
      doc: 'Common time it ended; for the last, when the function went away or the recording ended.',
    },
    { name: 'from_event', type: 'u32', doc: 'Event that began it.' },
    { name: 'to_event', type: 'u32', nullable: true, doc: 'Event that ended it; NULL for the last.' },
    { name: 'origin', type: 'dict', doc: 'As in `transitions`.' },
  ],
});

export const DIVERGENCES = defineTable({
  name: 'divergences',
  doc: 'Every interval in which two layers are both known and disagree: from the event that made it, by way of the event that showed it, to the event that ended it.',
  columns: [
    { name: 'divergence', type: 'u32', doc: 'Number, in the order in which they began.' },
    { name: 'fn', type: 'u32', doc: 'Function generation.' },
    { name: 'function', type: 'dict', doc: 'Its address.' },
    {
      name: 'field',
      type: 'dict',
      doc: '`en` (whether ATS is on) or `stu` (the translation unit as the 5-bit field of the register: page shift - 12).',
    },
    { name: 'layers', type: 'dict', doc: 'The two layers, e.g. `hw, core`.' },
    { name: 'first_value', type: 'i32', doc: 'What the first of them says; for `en` 1 on, 0 off.' },
    { name: 'second_value', type: 'i32', doc: 'What the second says.' },
    { name: 'from_event', type: 'u32', doc: 'Event that made them disagree (see `ats_events`).' },
    { name: 'from_ns', type: 'i64', nullable: true, unit: 'ns', doc: 'Its common time.' },
    { name: 'made_by', type: 'dict', doc: 'Kind of that event.' },
    {
      name: 'shown_event',
      type: 'u32',
      nullable: true,
      doc: 'Event at which a rule noticed: the first after it began, or the one that made it; NULL when none did.',
    },
    { name: 'shown_ns', type: 'i64', nullable: true, unit: 'ns', doc: 'Its common time.' },
    { name: 'finding', type: 'u32', nullable: true, doc: 'The finding of that rule (see `findings`).' },
    {
      name: 'to_event',
      type: 'u32',
      nullable: true,
      doc: 'Event that ended it; NULL when it lasts to the end of the recording.',
    },
    {
      name: 'to_ns',
      type: 'i64',
      nullable: true,
      unit: 'ns',
      doc: 'Common time of its end, or of the end of the recording.',
    },
    {
      name: 'ended_by',
      type: 'dict',
      doc: '`agreement` (or other values), `unknown` (a layer is no longer known: a loss, a reset, a removal), `end of recording`.',
    },
    { name: 'duration_ns', type: 'i64', nullable: true, unit: 'ns', doc: 'How long.' },
    {
      name: 'within_call',
      type: 'bool',
      doc: 'True where one call about the function covers all of it, because a call changes the layers one after the other: the register is written before the core notes it, and a driver forgets after pci_disable_ats() returned. False where the call had returned, or is not in the recording.',
    },
  ],
});

export const FINDINGS = defineTable({
  name: 'findings',
  doc: 'What the rules found.',
  columns: [
    { name: 'finding', type: 'u32', doc: 'Number of the finding; causes come before their consequences.' },
    { name: 'rule', type: 'dict', doc: 'Id of the rule, e.g. `ATS004`.' },
    { name: 'name', type: 'dict', doc: 'Its name.' },
    { name: 'severity', type: 'dict', doc: '`error`, `warning` or `note`.' },
    {
      name: 'function',
      type: 'dict',
      nullable: true,
      doc: 'Address of the function; NULL when nothing names it.',
    },
    { name: 'fn', type: 'u32', nullable: true, doc: 'Function generation.' },
    { name: 'pf', type: 'dict', nullable: true, doc: 'Address of its PF, for a VF whose PF is known.' },
    { name: 'generation', type: 'u16', nullable: true, doc: 'Generation of the address.' },
    {
      name: 'time_ns',
      type: 'i64',
      nullable: true,
      unit: 'ns',
      doc: 'Common time of the event that showed it.',
    },
    {
      name: 'since_ns',
      type: 'i64',
      nullable: true,
      unit: 'ns',
      doc: 'Common time of the event that caused it, where it is another one.',
    },
    { name: 'event', type: 'u32', nullable: true, doc: 'Event that showed it.' },
    { name: 'source', type: 'u16', nullable: true, doc: 'Source of that event.' },
    { name: 'message', type: 'text', doc: 'One sentence: what is wrong.' },
    { name: 'expected', type: 'text', doc: 'What the contract asks for.' },
    { name: 'observed', type: 'text', doc: 'What the recording shows.' },
    {
      name: 'signature',
      type: 'text',
      doc: 'Stable over runs of the same board: no times, no memory addresses.',
    },
  ],
});

export const FINDING_LINKS = defineTable({
  name: 'finding_links',
  doc: 'Which finding caused which.',
  columns: [
    { name: 'cause', type: 'u32', doc: 'The finding that came first.' },
    { name: 'consequence', type: 'u32', doc: 'The finding that follows from it.' },
  ],
});

export const EVIDENCE = defineTable({
  name: 'evidence',
  doc: 'The records that set each operand of a finding, oldest first.',
  columns: [
    { name: 'finding', type: 'u32', doc: 'The finding.' },
    { name: 'position', type: 'u16', doc: 'Order within the finding.' },
    { name: 'role', type: 'dict', doc: 'What the record establishes.' },
    { name: 'event', type: 'u32', nullable: true, doc: 'Event of the model.' },
    { name: 'source', type: 'u16', doc: 'Source of the record.' },
    { name: 'line', type: 'u32', nullable: true, doc: 'Line number from 1, for text.' },
    { name: 'offset', type: 'i64', unit: 'bytes', doc: 'Where in the source.' },
    { name: 'time_ns', type: 'i64', nullable: true, unit: 'ns', doc: 'Time on the clock of the source.' },
    { name: 'text', type: 'text', doc: 'The record as it stands in the source.' },
  ],
});

export const RULE_COVERAGE = defineTable({
  name: 'rule_coverage',
  doc: 'For each rule whether this recording could be judged by it, and if not, what would make it so.',
  columns: [
    { name: 'rule', type: 'dict', doc: 'Id of the rule.' },
    { name: 'name', type: 'dict', doc: 'Its name.' },
    { name: 'status', type: 'dict', doc: '`evaluated`, `not_evaluable` or `not_applicable`.' },
    { name: 'evaluations', type: 'u32', doc: 'How often its condition was decided.' },
    { name: 'unknown', type: 'u32', doc: 'How often an operand was unknown.' },
    { name: 'findings', type: 'u32', doc: 'How often it fired.' },
    { name: 'why', type: 'text', doc: 'Why it was not evaluated, and what to record.' },
  ],
});

export const RULE_FUNCTIONS = defineTable({
  name: 'rule_functions',
  doc: 'How often the condition of a rule was decided on a function, and how often it could not be.',
  columns: [
    { name: 'rule', type: 'dict', doc: 'Id of the rule.' },
    { name: 'fn', type: 'u32', doc: 'Function generation.' },
    { name: 'function', type: 'dict', doc: 'Its address.' },
    { name: 'evaluations', type: 'u32', doc: 'How often the condition was decided on it.' },
    { name: 'unknown', type: 'u32', doc: 'How often an operand was unknown.' },
    { name: 'why', type: 'text', doc: 'Why an operand was unknown, the first time.' },
  ],
});

export const MACHINE_COVERAGE = defineTable({
  name: 'machine_coverage',
  doc: 'Every transition of the reference machine of a function, and how often the recording took it.',
  columns: [
    { name: 'kind', type: 'dict', doc: '`pf` (a PF or plain function) or `vf`.' },
    { name: 'from_state', type: 'dict', doc: 'State before.' },
    { name: 'event', type: 'dict', doc: 'What happens.' },
    { name: 'to_state', type: 'dict', doc: 'State after.' },
    {
      name: 'nature',
      type: 'dict',
      doc: '`normal`, `refused` (the kernel says no) or `bug` (the caller is wrong).',
    },
    { name: 'taken', type: 'u32', doc: 'How often the recording took it.' },
  ],
});

export const WHAT_IF = defineTable({
  name: 'what_if',
  doc: 'What a kernel with another feature profile would have done with the same calls: the one asked for, else `series`.',
  columns: [
    { name: 'profile', type: 'dict', doc: 'The profile asked about.' },
    {
      name: 'subject',
      type: 'dict',
      doc: '`call`: it would have been answered differently; `finding`: what becomes of it.',
    },
    { name: 'call', type: 'u32', nullable: true, doc: 'The call (see `ats_calls`).' },
    { name: 'finding', type: 'u32', nullable: true, doc: 'The finding (see `findings`).' },
    { name: 'function', type: 'dict', nullable: true, doc: 'Address of the function.' },
    { name: 'time_ns', type: 'i64', nullable: true, unit: 'ns', doc: 'Common time.' },
    { name: 'what', type: 'dict', doc: 'Kind of the call, or rule of the finding.' },
    { name: 'observed', type: 'dict', doc: 'The recorded answer, or the severity of the finding.' },
    {
      name: 'predicted',
      type: 'dict',
      doc: 'The other answer; or `prevented`, `refused`, `loud` (the kernel WARNs) or `same`.',
    },
    { name: 'why', type: 'text', doc: 'What of the other kernel does that.' },
  ],
});

export const FEATURES = defineTable({
  name: 'features',
  doc: 'The behaviour of the kernel that the rules assumed.',
  columns: [
    { name: 'feature', type: 'dict', doc: 'Name of the feature.' },
    { name: 'value', type: 'dict', doc: '`yes`, `no`, `unknown`, or the name of a variant.' },
    { name: 'origin', type: 'dict', doc: '`profile`, `observed` or `option`.' },
    { name: 'event', type: 'u32', nullable: true, doc: 'Event that showed it, for `observed`.' },
    { name: 'doc', type: 'text', doc: 'What the feature means.' },
  ],
});

export const VERDICT = defineTable({
  name: 'verdict',
  doc: 'The verdict on the recording: one row.',
  columns: [
    { name: 'verdict', type: 'dict', doc: '`pass`, `fail` or `inconclusive`.' },
    { name: 'gate', type: 'dict', doc: 'Severity from which a finding fails: `error` or `warning`.' },
    { name: 'sentence', type: 'text', doc: 'The verdict in one sentence.' },
    {
      name: 'profile',
      type: 'text',
      nullable: true,
      doc: 'Feature profile of the kernel; NULL when unknown.',
    },
    { name: 'tool', type: 'text', doc: 'Program and version that judged.' },
  ],
});

export const VERDICT_REASONS = defineTable({
  name: 'verdict_reasons',
  doc: 'Why a verdict is inconclusive, or what limits a verdict, and what to record to settle it.',
  columns: [
    { name: 'position', type: 'u16', doc: 'Order, the weightiest first.' },
    { name: 'code', type: 'dict', doc: 'Stable name of the reason.' },
    { name: 'decisive', type: 'bool', doc: 'True when this reason makes the verdict inconclusive.' },
    { name: 'reason', type: 'text', doc: 'What is missing or uncertain.' },
    { name: 'settle', type: 'text', doc: 'What to record next time.' },
  ],
});

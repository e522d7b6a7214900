import { EVENTS, type EventDef, FIELDS, TIME_UNITS } from './vocabulary.ts';

const GROUPS: Readonly<Record<EventDef['group'], string>> = {
  software: 'Calls of the software (the PCI core and the IOMMU driver, or what stands for them in a bench)',
  register: 'Registers',
  hardware: 'The hardware',
  traffic: 'Messages between function and translation agent',
};

/** Examples that the page shows: files of docs/examples by name. */
export interface Examples {
  readonly log: string;
  readonly csv: string;
  readonly mapping: string;
  readonly text: string;
}

function rowOf({ name, doc, needs, also }: EventDef): string {
  const needed = needs.map((need) =>
    typeof need === 'string' ? `\`${need}\`` : need.map((one) => `\`${one}\``).join(' or '),
  );
  const more = (also ?? []).map((one) => `\`${one}\``);
  return `| \`${name}\` | ${doc} | ${needed.join(', ')} | ${more.join(', ')} |`;
}

/** The page on the ATS event log: `docs/ats-events.md`. */
export function atsEventsDocument(examples: Examples): string {
  const groups = Object.entries(GROUPS).flatMap(([group, title]) => [
    `### ${title}`,
    '',
    '| event | what | needs | may have |',
    '|---|---|---|---|',
    ...EVENTS.filter((event) => event.group === group).map(rowOf),
    '',
  ]);
  return [
    '# ATS event log: any simulator, any test bench',
    '',
    'A simulator, a test bench or a model of an IOMMU writes what it saw as JSON Lines, one object a line, and atscope judges it',
    'by the rules it has for kernels: `atscope analyze run.jsonl`. A log that looks otherwise is read through a mapping file,',
    'without code. JSON Schema of a line: [ats-events.schema.json](ats-events.schema.json).',
    '',
    '## An example',
    '',
    'The bench hands a VF to the IOMMU before its PF ([examples/vf-before-pf.jsonl](examples/vf-before-pf.jsonl)):',
    '',
    '```json',
    examples.log.trimEnd(),
    '```',
    '',
    '`atscope analyze vf-before-pf.jsonl` finds ATS003 and ATS004 on the VF: nobody has set the translation unit of the PF yet when the',
    'VF is prepared, and its enable is refused; and ATS043: it asks for translations all the same, with Enable clear.',
    '',
    '## Lines',
    '',
    'The first line is the header: `{"ats_events": 1, "time_unit": "ns"}`. It declares the version of the format, the unit of',
    `times (${Object.keys(TIME_UNITS).join(', ')}), and may name a \`clock\`, a \`producer\` and the \`ats_capability\` offset of functions that name none. Empty lines and`,
    'lines that begin with `#` or `//` are comments. Every other line is an event: `time`, `event`, `function`, and what the event',
    'needs. The order of the lines is the order of events. Numbers may be texts (`"0x8000"`), which also keeps all digits of',
    'large ones. Parts of a nanosecond are cut off. Fields without a meaning are kept as columns: `sim_enable.cycle` in SQL.',
    '',
    'A line that cannot be used is told with line, field and what was expected, and passed over; the report counts them.',
    '',
    '## Events',
    '',
    'A software call is told whole in one line (`phase` is `call`), or with its entry and its return in two, so that register',
    'writes can stand between them. `add` with `pf` is a VF, without it a PF or a plain function.',
    '',
    ...groups,
    '## Fields',
    '',
    '| field | what |',
    '|---|---|',
    ...FIELDS.map(({ name, doc }) => `| \`${name}\` | ${doc} |`),
    '',
    '## Other logs: a mapping file',
    '',
    '`atscope analyze run.csv --map bench.map.yaml` reads inputs that no format recognises through the mapping;',
    '`--map run.csv=bench.map.yaml` names the input. `atscope sniff run.csv --map bench.map.yaml` shows the first records as they',
    'are understood, and what is wrong with the others. This log of the same run',
    '([examples/vf-before-pf.csv](examples/vf-before-pf.csv))',
    '',
    '```',
    examples.csv.trimEnd(),
    '```',
    '',
    'gives the same findings through this mapping ([examples/vf-before-pf.map.yaml](examples/vf-before-pf.map.yaml)):',
    '',
    '```yaml',
    examples.mapping.trimEnd(),
    '```',
    '',
    'Text is read with regular expressions; their named groups are fields:',
    '',
    '```yaml',
    examples.text.trimEnd(),
    '```',
    '',
    '| key | what |',
    '|---|---|',
    '| `format` | `csv` or `regex` |',
    '| `time_unit` | unit of times that name none |',
    '| `clock` | name of the clock (`sim`) |',
    '| `fields` | which column (or group) holds which of our fields; others keep their names |',
    '| `values` | what values of a field stand for; an event that is `null` is no record |',
    '| `set` | fields that every record has |',
    '| `separator`, `columns` | of csv: the character between cells (`,`), and their names where the file has no line of them |',
    '| `lines` | of regex: `match` and what it `set`s; the first that matches counts |',
    '| `skip` | patterns of lines that are no records |',
    '| `other` | `report` (the default) or `ignore` lines that no pattern matches |',
    '',
  ].join('\n');
}

import { VERSION } from './json-lines.ts';
import { EVENTS, type EventDef, FIELDS, type FieldType, REGISTER_NAMES, TIME_UNITS } from './vocabulary.ts';

const INTEGER = { type: ['integer', 'string'], pattern: '^[+-]?(0[xX][0-9a-fA-F]+|0[bB][01]+|[0-9]+)$' };

const TYPES: Readonly<Record<FieldType, object>> = {
  time: { type: ['number', 'string'] },
  event: { enum: EVENTS.map((event) => event.name) },
  address: {
    type: ['string', 'integer'],
    pattern: '^(([0-9a-fA-F]{4,8}:)?[0-9a-fA-F]{2}:[01][0-9a-fA-F]\\.[0-7]|0[xX][0-9a-fA-F]{1,4})$',
  },
  integer: INTEGER,
  result: { type: ['integer', 'boolean', 'string'] },
  bool: {
    type: ['boolean', 'integer', 'string'],
    enum: [true, false, 0, 1, 'true', 'false', '0', '1', 'on', 'off', 'yes', 'no'],
  },
  register: { enum: [...REGISTER_NAMES] },
  text: { type: 'string' },
};

/** Values that a text field may have, where only some count. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  phase: ['call', 'enter', 'return'],
  by: ['core', 'user'],
};

function condition(event: EventDef): object {
  const all = event.needs.map((need) =>
    typeof need === 'string' ? { required: [need] } : { anyOf: need.map((name) => ({ required: [name] })) },
  );
  return Object.fromEntries([
    ['if', { properties: { event: { const: event.name } } }],
    ['then', { allOf: all }],
  ]);
}

/** JSON Schema (2020-12) of one line of an ATS event log: a header, or an event. */
export function atsEventsSchema(): object {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'A line of an ATS event log',
    anyOf: [{ $ref: '#/$defs/header' }, { $ref: '#/$defs/event' }],
    $defs: {
      header: {
        type: 'object',
        description: 'The first line.',
        required: ['ats_events'],
        properties: {
          ats_events: { const: VERSION, description: 'Version of the format.' },
          time_unit: { enum: Object.keys(TIME_UNITS), description: 'Unit of times that name none.' },
          clock: {
            type: 'string',
            description: 'Name of the clock; logs of one clock are laid on one timeline.',
          },
          producer: { type: 'string', description: 'Who wrote the log.' },
          ats_capability: {
            ...INTEGER,
            description: 'Offset of the ATS capability of functions that name none.',
          },
        },
      },
      event: {
        type: 'object',
        description: 'Any other line. Fields without a meaning are kept as columns.',
        required: ['time', 'event', 'function'],
        properties: Object.fromEntries(
          FIELDS.map(({ name, type, doc }) => [
            name,
            { ...TYPES[type], ...(WORDS[name] ? { enum: WORDS[name] } : {}), description: doc },
          ]),
        ),
        allOf: EVENTS.map(condition),
      },
    },
  };
}

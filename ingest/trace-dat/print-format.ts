import type { EventFormat } from './event-format.ts';
import { type Expression, parsePrintFormat } from './expression.ts';
import { parsePrintf } from './printf.ts';

/** Names of the fields that the event's print format shows in hexadecimal. */
export function hexFields(format: EventFormat): ReadonlySet<string> {
  const names = new Set<string>();
  const parsed = parsePrintFormat(format.printFormat);
  if (!parsed) return names;
  let at = 0;
  for (const piece of parsePrintf(parsed.format)) {
    if (typeof piece === 'string') continue;
    if (piece.width === '*') at++;
    if (piece.precision === '*') at++;
    const name = fieldOf(parsed.args[at++]);
    if (name && (piece.type === 'x' || piece.type === 'X' || piece.type === 'p')) names.add(name);
  }
  return names;
}

/** The field that an argument is, through casts and indexes. */
function fieldOf(argument: Expression | undefined): string | null {
  if (argument?.kind === 'field') return argument.name;
  return argument?.kind === 'cast' || argument?.kind === 'index' ? fieldOf(argument.of) : null;
}

import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type YAMLMap } from 'yaml';
import type { Suppression } from '../model/gate/suppress.ts';
import { isDate } from './day.ts';
import { UsageError } from './exit-codes.ts';

const FIELDS = ['rule', 'function', 'signature', 'message', 'reason', 'expires'];
const CONDITIONS = ['rule', 'function', 'signature', 'message'];
const VERSION = 1;

/** Where an error stands, for its message. */
interface Place {
  readonly path: string;
  readonly lines: LineCounter;
}

function fail(place: Place, node: { range?: unknown } | null | undefined, message: string): never {
  const start = (node?.range as [number] | undefined)?.[0];
  const line = start === undefined ? '' : `:${place.lines.linePos(start).line}`;
  throw new UsageError(`--suppressions ${place.path}${line}: ${message}`);
}

/**
 * Reads a file of suppressions, YAML or JSON:
 *
 *     version: 1
 *     suppressions:
 *       - rule: ATS017
 *         function: 0000:01:00.*
 *         reason: firmware of board 7, fixed in 2.4
 *         expires: 2027-01-31     # or: never
 *
 * @param rules ids of the rules that exist
 * @throws UsageError with the line for whatever is not understood: nothing is ignored
 */
export function parseSuppressions(path: string, text: string, rules: ReadonlySet<string>): Suppression[] {
  const lines = new LineCounter();
  const place = { path, lines };
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, version: '1.2' });
  const [error] = document.errors;
  if (error) {
    throw new UsageError(
      `--suppressions ${path}:${lines.linePos(error.pos[0]).line}: cannot be read as YAML or JSON: ${error.message}`,
    );
  }
  const root = document.contents as Node | null;
  if (!isMap(root)) fail(place, root, 'expected "version: 1" and a list "suppressions:".');
  checkKeys(place, root, ['version', 'suppressions'], 'at the top of the file');
  const version = root.get('version');
  if (version !== VERSION)
    fail(place, root, `version is ${shown(version)}; this program reads version: ${VERSION}.`);
  const list = root.get('suppressions', true) as Node | undefined;
  if (isScalar(list) && list.value === null) return [];
  if (!isSeq(list)) fail(place, list ?? root, '"suppressions" must be a list.');
  return list.items.map((item) =>
    isMap(item)
      ? suppressionOf(place, item, rules)
      : fail(place, item as Node, `expected an entry with ${FIELDS.join(', ')}.`),
  );
}

function shown(value: unknown): string {
  return value === undefined ? 'missing' : JSON.stringify(value);
}

function checkKeys(place: Place, map: YAMLMap, known: readonly string[], where: string): void {
  for (const { key } of map.items) {
    const name = isScalar(key) ? String(key.value) : '?';
    if (!known.includes(name))
      fail(place, key as Node, `unknown field "${name}" ${where}; there are ${known.join(', ')}.`);
  }
}

function textOf(place: Place, map: YAMLMap, field: string): string | null {
  const node = map.get(field, true) as Node | undefined;
  if (node === undefined) return null;
  const value = isScalar(node) ? node.value : undefined;
  if (typeof value !== 'string' || value.trim() === '')
    fail(place, node, `${field} must be text${field === 'function' ? ', e.g. "0000:01:00.2"' : ''}.`);
  return value;
}

function suppressionOf(place: Place, map: YAMLMap, rules: ReadonlySet<string>): Suppression {
  checkKeys(place, map, FIELDS, 'in a suppression');
  const [rule, address, signature, message, reason, expires] = FIELDS.map((field) =>
    textOf(place, map, field),
  );
  if (rule === null && address === null && signature === null && message === null)
    fail(
      place,
      map,
      `a suppression needs one of ${CONDITIONS.join(', ')}; one without would cover everything.`,
    );
  if (rule !== null && !rules.has(rule))
    fail(
      place,
      map.get('rule', true) as Node,
      `there is no rule ${rule}; "atscope rules" lists them${/^ATS09[56]$/.test(rule) ? ', and rules about suppressions cannot be suppressed' : ''}.`,
    );
  if (reason === null)
    fail(place, map, 'a suppression needs a reason: why is it right to live with this, and who decided it?');
  if (expires === null)
    fail(place, map, 'a suppression needs an end: "expires: YYYY-MM-DD", or "expires: never".');
  if (expires !== 'never' && !isDate(expires))
    fail(
      place,
      map.get('expires', true) as Node,
      `expires is ${shown(expires)}; expected a day as YYYY-MM-DD, or never.`,
    );
  return {
    line: place.lines.linePos((map.range as [number, number, number])[0]).line,
    rule,
    function: address,
    signature,
    message,
    reason,
    expires: expires === 'never' ? null : expires,
  };
}

/** What the first line of a function says besides its address. */
export interface FunctionHeader {
  readonly className: string | null;
  readonly classCode: number | null;
  readonly name: string | null;
  readonly vendorId: number | null;
  readonly deviceId: number | null;
}

/** `lspci -n`: numbers only. */
const NUMERIC = /^([0-9a-f]{4}): ([0-9a-f]{4}):([0-9a-f]{4})(?= |$)/;
const TAIL = / \((?:rev [0-9a-f]{2}|prog-if [0-9a-f]{2}(?: \[[^\]]*\])?)\)$/;
/** `lspci -nn`, behind the name. */
const IDS = / ?\[([0-9a-f]{4}):([0-9a-f]{4})\]$/;
/** A device of which the id database knows not even the vendor. */
const NAMELESS = /^Device ([0-9a-f]{4}):([0-9a-f]{4})$/;
const CLASS_CODE = / ?\[([0-9a-f]{4})\]$/;
/** A class that the id database does not know. */
const NAMELESS_CLASS = /^Class \[?([0-9a-f]{4})\]?$/;

/** Reads `CLASS: NAME (rev ..) (prog-if ..)` as pciutils prints it (lspci.c show_terse). White space may be wrapped. */
export function readHeader(text: string): FunctionHeader {
  let rest = text.replace(/\s+/g, ' ').trim();
  for (let tail = TAIL.exec(rest); tail; tail = TAIL.exec(rest)) rest = rest.slice(0, tail.index);
  const numeric = NUMERIC.exec(rest);
  if (numeric) {
    return {
      className: null,
      classCode: hexOf(numeric[1]),
      name: null,
      vendorId: hexOf(numeric[2]),
      deviceId: hexOf(numeric[3]),
    };
  }
  const colon = rest.indexOf(': ');
  const printedClass = colon < 0 ? rest : rest.slice(0, colon);
  const printedName = colon < 0 ? '' : rest.slice(colon + 2);
  const code = CLASS_CODE.exec(printedClass) ?? NAMELESS_CLASS.exec(printedClass);
  const ids = IDS.exec(printedName) ?? NAMELESS.exec(printedName);
  return {
    className: printedClass.replace(CLASS_CODE, '') || null,
    classCode: code ? hexOf(code[1]) : null,
    name: printedName.replace(IDS, '') || null,
    vendorId: ids ? hexOf(ids[1]) : null,
    deviceId: ids ? hexOf(ids[2]) : null,
  };
}

function hexOf(digits: string): number {
  return Number.parseInt(digits, 16);
}

import { type Column, isNullAt, type Table } from '../../tables/index.ts';

/**
 * What an argument of a probe means, told by its name. Users name arguments as they like; these are the names of the
 * kernel's own parameters and structure members, and the usual short forms.
 */
const ARGUMENT_NAMES = {
  pageShift: ['ps', 'page_shift', 'pageshift', 'shift'],
  result: ['ret', 'retval', 'rc', 'result'],
  enabled: ['en', 'enabled', 'ats_enabled', 'ats_en'],
  cap: ['cap', 'ats_cap'],
  stu: ['stu', 'ats_stu'],
  isVf: ['vf', 'is_virtfn', 'virtfn', 'isvf'],
  isPf: ['pf', 'is_physfn', 'physfn_flag', 'ispf'],
  untrusted: ['untrusted'],
  index: ['id', 'vf_id', 'vfid', 'index', 'alias'],
  where: ['where', 'pos', 'offset', 'reg', 'arg_offset'],
  value: ['val', 'value', 'data'],
  features: ['features'],
  domainType: ['type', 'domain_type'],
  domain: ['did', 'domain_id'],
  users: ['ref', 'users'],
} as const;

export type ArgumentRole = keyof typeof ARGUMENT_NAMES;

const ROLE_BY_NAME: ReadonlyMap<string, ArgumentRole> = new Map(
  Object.entries(ARGUMENT_NAMES).flatMap(([role, names]) =>
    names.map((name) => [name, role as ArgumentRole]),
  ),
);

/** Arguments that hold the device itself, for recordings that print no name. */
const DEVICE_POINTER_NAMES = new Set(['dev', 'pdev', 'device', 'bdf', 'arg1']);

/** Arguments that hold the name of the device. */
const DEVICE_TEXT_NAMES = new Set(['bdf', 'dev', 'device', 'pdev', 'name', 'pci', 'dev_name']);

/** Address of a PCI function in full: segment, bus, device, function. */
const FUNCTION_ADDRESS = /^[0-9a-f]{4,8}:[0-9a-f]{2}:[01][0-9a-f]\.[0-7]$/i;

export function isFunctionAddress(text: string): boolean {
  return FUNCTION_ADDRESS.test(text);
}

/** Reads the two 32-bit words of an integer cell of any width, without allocating. */
export interface WordReader {
  isNull(row: number): boolean;
  lo(row: number): number;
  hi(row: number): number;
}

export function wordReader(column: Column): WordReader {
  const isNull = (row: number) => isNullAt(column, row);
  if (column.def.type === 'i64' || column.def.type === 'u64') {
    const { buffer, byteOffset, length } = column.data;
    const words = new Int32Array(buffer, byteOffset, length * 2);
    return { isNull, lo: (row) => words[row * 2], hi: (row) => words[row * 2 + 1] };
  }
  const data = column.data as Int32Array;
  return { isNull, lo: (row) => data[row] | 0, hi: (row) => (data[row] < 0 ? -1 : 0) };
}

/** Tracers put the arguments of all functions into one table: of two columns with one meaning, each row fills one. */
function eitherReader(first: WordReader, second: WordReader): WordReader {
  const of = (row: number) => (first.isNull(row) ? second : first);
  return {
    isNull: (row) => first.isNull(row) && second.isNull(row),
    lo: (row) => of(row).lo(row),
    hi: (row) => of(row).hi(row),
  };
}

/** The arguments of one kind of event, by their meaning. */
export interface ArgumentReaders {
  readonly numbers: ReadonlyMap<ArgumentRole, WordReader>;
  /** The device at a row: its name as printed, else its pointer, '' for an empty name, null for none. */
  device(row: number): string | null;
  /** The pointer to the device at a row, null for none. */
  pointer(row: number): string | null;
  /** The whole body of a trace event that is no probe, where kept. */
  text(row: number): string | null;
}

const NUMERIC = new Set(['bool', 'u8', 'u16', 'u32', 'i32', 'i64', 'u64']);

/** Binds the columns of an event table to what they mean. `isReturn` decides what a bare `$retval` ("arg1") is. */
export function bindArguments(table: Table, common: ReadonlySet<string>, isReturn: boolean): ArgumentReaders {
  const numbers = new Map<ArgumentRole, WordReader>();
  const names: Column[] = [];
  const pointers: WordReader[] = [];
  let text: Column | null = null;
  for (const column of table.columns) {
    const name = column.def.name;
    if (common.has(name)) continue;
    if (name === 'text') {
      text = column;
      continue;
    }
    if (NUMERIC.has(column.def.type)) {
      const role = ROLE_BY_NAME.get(name.toLowerCase());
      const known = role && numbers.get(role);
      if (role) numbers.set(role, known ? eitherReader(known, wordReader(column)) : wordReader(column));
      else if (isReturn && name === 'arg1' && !numbers.has('result'))
        numbers.set('result', wordReader(column));
      else if (!isReturn && name === 'arg2' && !numbers.has('pageShift'))
        numbers.set('pageShift', wordReader(column));
      if (DEVICE_POINTER_NAMES.has(name) && !(isReturn && name === 'arg1')) pointers.push(wordReader(column));
    } else if (column.def.type === 'dict') names.push(column);
  }
  const named = names.map((column) => ({
    column,
    isAddress: (column.dictionary ?? []).map(isFunctionAddress),
    isDeviceName: DEVICE_TEXT_NAMES.has(column.def.name.toLowerCase()),
  }));

  const pointerAt = (row: number) => {
    const pointer = pointers.find((reader) => !reader.isNull(row));
    if (!pointer) return null;
    const value = (BigInt(pointer.hi(row) >>> 0) << 32n) | BigInt(pointer.lo(row) >>> 0);
    return value > 0xffffn ? `0x${value.toString(16)}` : null;
  };
  return {
    numbers,
    pointer: pointerAt,
    device(row) {
      let unnamed = false;
      for (const { column, isAddress, isDeviceName } of named) {
        if (isNullAt(column, row)) continue;
        const id = column.data[row] as number;
        if (isAddress[id]) return (column.dictionary as readonly string[])[id].toLowerCase();
        if (isDeviceName && isBlank((column.dictionary as readonly string[])[id])) unnamed = true;
      }
      if (unnamed) return '';
      return pointerAt(row);
    },
    text(row) {
      if (!text || isNullAt(text, row)) return null;
      return text.dictionary ? text.dictionary[text.data[row] as number] : null;
    },
  };
}

/** A probe that could not read the name prints nothing, `(fault)` or `(null)`. */
function isBlank(text: string): boolean {
  return text === '' || text === '(fault)' || text === '(null)';
}

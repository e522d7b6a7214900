import { type Column, isNullAt, type Table } from '../../tables/index.ts';
import { FUNCTION_BY_SYMBOL, type KnownFunction } from '../known-functions.ts';

/** Finds the function behind a probe whose place is printed as an address only, as `trace-cmd report` does. */
export interface AddressedProbes {
  /** The function of a row, or null. */
  functionOf(table: Table, row: number): KnownFunction | null;
}

/** What people call the calls that set a translation unit, by a word of the function's name. */
const WITH_PAGE_SHIFT: readonly (readonly [RegExp, string])[] = [
  [/prep(are)?(?![a-z])/i, 'pci_prepare_ats'],
  [/(?<![a-z])(enable|en)(?![a-z])/i, 'pci_enable_ats'],
];
/** The others of the family, told only beside one of the former whose name differs in that word alone. */
const WITHOUT_PAGE_SHIFT: readonly (readonly [RegExp, string])[] = [
  [/(?<![a-z])(disable|dis)(?![a-z])/i, 'pci_disable_ats'],
  [/(?<![a-z])(supported|supp)(?![a-z])/i, 'pci_ats_supported'],
  [/(?<![a-z])restore(?![a-z])/i, 'pci_restore_ats_state'],
];
const PAGE_SHIFT_FIELDS = ['ps', 'page_shift', 'pageshift'];
const DEVICE_FIELDS = ['bdf', 'dev', 'device', 'pdev', 'name', 'dev_name'];

/** Whether a probe at an address may be one on an ATS function, whatever its name: it prints a device or a page shift. */
export function mayBeOnAtsFunction(fields: readonly string[]): boolean {
  return fields.some((field) => PAGE_SHIFT_FIELDS.includes(field) || DEVICE_FIELDS.includes(field));
}

/**
 * Learns which function lies at which address: from probes whose names tell it (two probes at one address are on one
 * function), and from families of names (`f_prepare` and `f_enable` with a page shift, `f_disable` beside them).
 * @param named tells the function by the name of a probe, or null.
 */
export function addressedProbes(
  tables: readonly Table[],
  named: (name: string) => KnownFunction | null,
): AddressedProbes {
  const probes = tables.flatMap((table) => {
    const address = table.columns.find((column) => column.def.name === 'address');
    return address?.dictionary ? [{ table, address, addresses: address.dictionary }] : [];
  });
  const byAddress = new Map<string, KnownFunction | null>();
  const learn = (addresses: readonly string[], known: KnownFunction | null | undefined) => {
    // A name used for several places tells none of them.
    if (!known || addresses.length !== 1) return;
    const before = byAddress.get(addresses[0]);
    byAddress.set(addresses[0], before === undefined || before?.symbol === known.symbol ? known : null);
  };
  for (const { table, addresses } of probes) learn(addresses, named(table.def.name));

  const guesses = familyGuesses(
    probes.filter(({ table }) => !named(table.def.name)).map(({ table }) => table),
  );
  for (const { table, addresses } of probes) {
    if (addresses.length === 1 && byAddress.has(addresses[0])) continue;
    learn(addresses, FUNCTION_BY_SYMBOL.get(guesses.get(table) ?? ''));
  }
  const columns = new Map<Table, Column>(probes.map(({ table, address }) => [table, address]));
  return {
    functionOf(table, row) {
      const column = columns.get(table);
      if (!column || isNullAt(column, row)) return null;
      return byAddress.get((column.dictionary as readonly string[])[column.data[row] as number]) ?? null;
    },
  };
}

function familyGuesses(tables: readonly Table[]): ReadonlyMap<Table, string> {
  const guesses = new Map<Table, string>();
  const stems = new Set<string>();
  for (const table of tables) {
    const fields = fieldsOf(table);
    if (!fields.some((field) => PAGE_SHIFT_FIELDS.includes(field))) continue;
    for (const [word, symbol] of WITH_PAGE_SHIFT) {
      if (!word.test(bareName(table))) continue;
      guesses.set(table, symbol);
      stems.add(bareName(table).replace(word, '*'));
      break;
    }
  }
  for (const table of tables) {
    if (guesses.has(table) || !fieldsOf(table).some((field) => DEVICE_FIELDS.includes(field))) continue;
    for (const [word, symbol] of WITHOUT_PAGE_SHIFT) {
      if (word.test(bareName(table)) && stems.has(bareName(table).replace(word, '*')))
        guesses.set(table, symbol);
    }
  }
  return guesses;
}

/** The name without what tells entry and return apart. */
function bareName(table: Table): string {
  return table.def.name.replace(/__?(ret|return|exit|entry|enter)$/, '');
}

function fieldsOf(table: Table): string[] {
  return table.columns.map((column) => column.def.name.toLowerCase());
}

import { KNOWN_FUNCTIONS, type KnownFunction } from '../model/known-functions.ts';
import {
  ASKS_FIRST,
  DEVICE_PATHS,
  type GroupName,
  KIND_RECIPES,
  type KindRecipe,
  NOT_PROBED,
  ONLY_WITHOUT,
  type RecipeArgument,
  SIGNATURES,
} from './recipes.ts';

/** How much a definition asks of the kernel, the most first. A kernel that refuses one is offered the next. */
export type Level =
  /** Arguments and structure members by name; BTF, kernel 6.6 and later. */
  | 'full'
  /** Arguments by name and the name of the device; BTF. */
  | 'name'
  /** Arguments by position, the name of the device by its offset, which for PCI functions the user has to give. */
  | 'offset'
  /** Arguments by position, the device as an address. */
  | 'pointer'
  /** The result alone. */
  | 'result'
  /** No argument. */
  | 'bare';

export interface Alternative {
  readonly level: Level;
  readonly arguments: string;
}

/** One event to record: an end of the calls of a function. */
export interface ProbeRow {
  readonly group: GroupName;
  readonly known: KnownFunction;
  readonly isReturn: boolean;
  /** Event name: the function's, with `_ret` for returns. The model tells functions by it where addresses are printed. */
  readonly name: string;
  /** Another function that tells the same; this one is probed only on kernels without it. */
  readonly without: string;
  /** An entry that only names the device, where the return does not. */
  readonly onlyForDevice: boolean;
  readonly filter: string;
  readonly alternatives: readonly Alternative[];
}

/** How a result is fetched: of a bool only the low 8 bits are defined, of an int the low 32. */
const RESULT_TYPES = { none: null, int: 's32', bool: 'u8', pointer: 'x64' } as const;

/** Every probe of the kit, in the order of the functions the model knows. */
export const PROBES: readonly ProbeRow[] = KNOWN_FUNCTIONS.flatMap(probesOf);

function probesOf(known: KnownFunction): ProbeRow[] {
  const recipe = KIND_RECIPES[known.kind];
  const signature = SIGNATURES[known.symbol];
  if (known.symbol in NOT_PROBED || !recipe || signature === undefined) return [];
  const asksFirst = signature.split(' ').includes('probe');
  const full: KindRecipe = asksFirst
    ? { ...recipe, arguments: [{ name: 'probe', value: 'probe' }], filter: ASKS_FIRST }
    : recipe;
  // Before 6.9 a return has no arguments: where it is all that is wanted of a call, the entry has to name the device.
  const ends =
    known.kind === 'config.read'
      ? [true]
      : { both: [false, true], entry: [false], return: [true, false] }[full.ends];
  return ends.map((isReturn) => ({
    group: full.group,
    known,
    isReturn,
    name: isReturn ? `${known.symbol}_ret` : known.symbol,
    without: ONLY_WITHOUT[known.symbol] ?? '',
    onlyForDevice: full.ends === 'return' && !isReturn,
    filter: full.filter ?? '',
    alternatives: alternativesOf(known, full, signature, isReturn),
  }));
}

function alternativesOf(
  known: KnownFunction,
  recipe: KindRecipe,
  signature: string,
  isReturn: boolean,
): Alternative[] {
  const result = RESULT_TYPES[known.result];
  const ret = isReturn && result ? [`ret=$retval:${result}`] : [];
  const own = [...(recipe.arguments ?? []), ...configArguments(known)];
  const list: Alternative[] = [];
  const add = (level: Level, parts: readonly string[]) => {
    const text = parts.join(' ');
    if (!list.some((known) => known.arguments === text)) list.push({ level, arguments: text });
  };
  const spellings = spellingsOf(signature);
  for (const parameters of spellings) {
    const device = deviceOf(known, parameters);
    const name = `bdf=${device}${recipe.device === 'pci_dev' ? '->dev.kobj.name' : '->kobj.name'}:string`;
    const state = recipe.state ? stateOf(device) : [];
    // The string stands last: a bitfield argument zeroes the four bytes after its own, which are the name otherwise.
    add('full', [...own.map((one) => byName(one, device)), ...ret, ...state, name]);
  }
  for (const parameters of spellings) {
    const device = deviceOf(known, parameters);
    const name = `bdf=${device}${recipe.device === 'pci_dev' ? '->dev.kobj.name' : '->kobj.name'}:string`;
    const simple = own.filter((one) => isParameter(one, parameters) || one.value.startsWith('+0('));
    add('name', [...simple.map((one) => byName(one, device)), ...ret, name]);
  }
  const at = positionOf(known, spellings[0]);
  const positional = own.flatMap((one) => byPosition(one, spellings[0]));
  if (at > 0) {
    // `struct device` begins with its kobject and that with its name; in `struct pci_dev` the place of `dev` differs.
    const where = recipe.device === 'device' ? `+0($arg${at})` : `+@dev@($arg${at})`;
    const state = recipe.state ? [`cap=+@ats_cap@($arg${at}):x16`, `stu=+@ats_stu@($arg${at}):u8`] : [];
    add('offset', [...positional, ...ret, ...state, `bdf=+0(${where}):string`]);
    if (recipe.device === 'pci_dev') add('offset', [...positional, ...ret, `bdf=+0(${where}):string`]);
    add('pointer', [...positional, ...ret, `dev=$arg${at}:x64`]);
  }
  // Without what its filter tests, a probe would show what misleads or floods.
  if (recipe.filter) {
    const field = `${recipe.filter.split(' ')[0]}=`;
    return list.filter((one) => one.arguments.split(' ').some((text) => text.startsWith(field)));
  }
  if (ret.length > 0) add('result', ret);
  add('bare', []);
  return list;
}

/** Config accesses take the place and the value, whose width is that of the function. */
function configArguments(known: KnownFunction): RecipeArgument[] {
  if (known.width === undefined) return [];
  const type = `x${known.width * 8}`;
  const isUser = known.kind === 'config.write_user';
  return [
    { name: 'where', value: isUser ? 'pos' : 'where', type: 'x32' },
    { name: 'val', value: known.kind === 'config.read' ? '+0(val)' : 'val', type },
    { name: 'cap', value: '%->ats_cap', type: 'x16' },
  ];
}

function stateOf(device: string): string[] {
  return [
    `vf=${device}->is_virtfn`,
    `pf=${device}->is_physfn`,
    `en=${device}->ats_enabled`,
    `cap=${device}->ats_cap:x16`,
    `stu=${device}->ats_stu`,
  ];
}

function byName({ name, value, type }: RecipeArgument, device: string): string {
  return `${name}=${value.replace('%', device)}${type ? `:${type}` : ''}`;
}

/** The same by the number of the parameter; nothing for members, whose place is not known without BTF. */
function byPosition({ name, value, type }: RecipeArgument, parameters: readonly string[]): string[] {
  const through = /^\+0\((\w+)\)$/.exec(value);
  const index = parameters.indexOf(through ? through[1] : value);
  if (index < 0) return [];
  const argument = `$arg${index + 1}`;
  return [`${name}=${through ? `+0(${argument})` : argument}:${type ?? (name === 'domain' ? 'x64' : 's32')}`];
}

function isParameter(one: RecipeArgument, parameters: readonly string[]): boolean {
  return parameters.includes(one.value);
}

function spellingsOf(signature: string): string[][] {
  const parameters = signature.split(' ');
  const first = parameters[0].split('|');
  return first.map((spelling) => [spelling, ...parameters.slice(1)]);
}

function deviceOf(known: KnownFunction, parameters: readonly string[]): string {
  const at = positionOf(known, parameters);
  return at > 0 ? parameters[at - 1] : DEVICE_PATHS[known.symbol];
}

/** Number of the device's parameter from 1, or 0 when it is reached through another one. */
function positionOf(known: KnownFunction, parameters: readonly string[]): number {
  if (known.symbol in DEVICE_PATHS) return 0;
  return parameters.findIndex((name) => name === 'dev' || name === 'pdev') + 1;
}

import { rowsOf, type SPLAT_FRAMES, type SPLATS, type Table } from '../../tables/index.ts';
import type { EventKindName } from '../events.ts';
import { driverOf } from '../known-functions.ts';

/** What a splat that is no WARN says of ATS: the kind of event, and the function that makes it one. */
export interface TellingSplat {
  readonly kind: EventKindName;
  readonly symbol: string;
}

/** A kind of splat that tells something where one of its functions fits. */
interface Telling {
  readonly kind: EventKindName;
  readonly splat: RegExp;
  readonly title?: RegExp;
  fits(symbol: string): boolean;
}

/** Functions in which a CPU waits for the device to answer a device-TLB invalidation. */
const WAITS_FOR_DEVICE =
  /^(qi_flush_dev_iotlb(_pasid)?|qi_flush_dev_iotlb_all|arm_smmu_atc_inv_(master|domain)|device_flush_iotlb|__device_flush_dte|device_flush_dte)(\.|$)/;

const ofDriver = (symbol: string) => driverOf(symbol) !== null;

const TELLING: readonly Telling[] = [
  {
    kind: 'log.timeout',
    splat: /^(hard-lockup|soft-lockup|hung-task|rcu-stall)$/,
    fits: (symbol) => WAITS_FOR_DEVICE.test(symbol),
  },
  { kind: 'log.bad_access', splat: /^(kasan|kfence)$/, title: /use-after-free/, fits: ofDriver },
  { kind: 'log.bad_access', splat: /^gpf$/, fits: ofDriver },
  // What x86 calls a general protection fault, a bad address in a freed object, is this on arm64 (arch/arm64/mm/fault.c).
  {
    kind: 'log.bad_access',
    splat: /^page-fault$/,
    title: /^Unable to handle kernel paging request/,
    fits: ofDriver,
  },
];

/** For each splat that tells something, by `source:splat`: the function it happened in, else the innermost frame that fits. */
export function tellingSplats(
  splats: Table<typeof SPLATS>,
  frames: Table<typeof SPLAT_FRAMES>,
): ReadonlyMap<string, TellingSplat> {
  const found = new Map<string, TellingSplat>();
  const open = new Map<string, Telling>();
  for (const { source, splat, kind, title, symbol } of rowsOf(splats)) {
    const telling = TELLING.find((one) => one.splat.test(kind) && (one.title?.test(title) ?? true));
    if (!telling) continue;
    if (symbol !== null && telling.kind !== 'log.timeout' && telling.fits(symbol))
      found.set(`${source}:${splat}`, { kind: telling.kind, symbol });
    else open.set(`${source}:${splat}`, telling);
  }
  if (open.size === 0) return found;
  for (const { source, splat, symbol, reliable } of rowsOf(frames)) {
    const key = `${source}:${splat}`;
    const telling = open.get(key);
    if (!telling || found.has(key) || symbol === null || !telling.fits(symbol)) continue;
    if (telling.kind === 'log.timeout' || reliable) found.set(key, { kind: telling.kind, symbol });
  }
  return found;
}

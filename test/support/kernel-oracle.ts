import { pairCalls } from '../../model/calls.ts';
import { clearDraft, EventColumns, newDraft } from '../../model/event-columns.ts';
import { ENTER, type EventKindName, KIND, POINT, RETURN, UNKNOWN } from '../../model/events.ts';
import { type FeatureSet, Features, type Profile } from '../../model/features.ts';
import type { Watch } from '../../model/observation.ts';
import { mergeSources } from '../../model/order.ts';
import { Replay, type ReplayResult } from '../../model/replay/replay.ts';

/** A function as the kernel itself keeps it, with what the device holds. */
interface Device {
  readonly address: string;
  readonly pf: Device | null;
  cap: boolean;
  en: boolean;
  stu: number;
  hwEn: boolean;
}

export const PF = '0000:01:00.0';
export const VF1 = '0000:01:00.1';
export const VF2 = '0000:01:00.2';
export const NO_ATS = '0000:02:00.0';

/**
 * The PCI core written down a second time, straight from sections 3.1 to 3.4 of the contract, with every value known.
 * It makes the events that a complete recording of it has, and the findings that a judge who sees everything must give.
 */
export class KernelOracle {
  readonly events = new EventColumns();
  readonly devices = new Map<string, Device>();
  /** `ATS015@0000:01:00.1`, in the order in which they happen. */
  readonly expected: string[] = [];
  private readonly features: FeatureSet;
  private readonly draft = newDraft();
  private readonly prints: boolean;
  private seq = 0;
  private muted = false;

  /** @param prints whether events show `ats_enabled` and `ats_stu`, as probes with those arguments do. */
  constructor(profile: Profile, prints: boolean) {
    this.features = profile.features;
    this.prints = prints;
    const pf = this.appear(PF, null, true);
    this.emit('vf.add', ENTER, PF);
    this.appear(VF1, pf, true);
    this.emit('vf.add', RETURN, PF, { result: 0 });
    this.emit('vf.add', ENTER, PF);
    this.appear(VF2, pf, true);
    this.emit('vf.add', RETURN, PF, { result: 0 });
    this.appear(NO_ATS, null, false);
  }

  private appear(address: string, pf: Device | null, cap: boolean): Device {
    const device = { address, pf, cap, en: false, stu: 0, hwEn: false };
    this.devices.set(address, device);
    this.emit('device.add', ENTER, address);
    this.emit('ats.init', RETURN, address, { cap: cap ? 0x100 : 0, untrusted: 0 });
    return device;
  }

  supported(address: string): boolean {
    const device = this.at(address);
    const answer = this.isSupported(device);
    this.emit('ats.supported', RETURN, address, { result: answer ? 1 : 0 });
    return answer;
  }

  prepare(address: string, ps: number): number {
    const device = this.at(address);
    const { pf } = device;
    const result = !this.isSupported(device)
      ? -22
      : device.en
        ? -16
        : ps < 12
          ? -22
          : pf && this.features.prepare_checks_vf_shift && pf.stu !== ps
            ? -22
            : 0;
    if (pf && pf.stu !== ps) this.expect('ATS003', device);
    if (ps < 12 && result !== -16) this.expect('ATS009', device);
    if (device.en) this.expect('ATS014', device);
    if (result === 0 && !pf) this.expectUnitChange(device, ps);
    this.call('ats.prepare', device, ps, result, () => {
      if (result !== 0 || pf) return;
      device.stu = ps & 0xff;
      device.hwEn = false;
    });
    return result;
  }

  enable(address: string, ps: number): number {
    const device = this.at(address);
    const { pf } = device;
    const wrongShift = pf !== null && pf.stu !== ps;
    const supported = this.isSupported(device);
    const result = !supported ? -22 : device.en ? -16 : ps < 12 ? -22 : wrongShift ? -22 : 0;
    if (supported && !device.en && ps >= 12 && wrongShift) this.expect('ATS004', device);
    if (ps < 12 && result !== -16) this.expect('ATS009', device);
    if (device.en) this.expect('ATS013', device);
    if (result === 0 && !pf) this.expectUnitChange(device, ps);
    this.call('ats.enable', device, ps, result, () => {
      if (result !== 0) return;
      if (!pf) device.stu = ps & 0xff;
      device.en = true;
      device.hwEn = true;
    });
    return result;
  }

  disable(address: string): void {
    const device = this.at(address);
    if (!device.en) this.expect('ATS015', device);
    this.call('ats.disable', device, UNKNOWN, UNKNOWN, () => {
      if (!device.en) return;
      device.en = false;
      // Without a capability the write goes to PCI Status, and the device keeps ATS on.
      if (device.cap) device.hwEn = false;
    });
  }

  /** A reset that saves and restores the function. The reset of a PF takes its VFs with it, and nobody restores them. */
  reset(address: string): void {
    const device = this.at(address);
    this.emit('reset.function', ENTER, address);
    this.emit('reset.flr', ENTER, address);
    device.hwEn = false;
    for (const vf of this.devices.values()) if (vf.pf === device) vf.hwEn = false;
    this.emit('reset.flr', RETURN, address, { result: 0 });
    this.emit('ats.restore', ENTER, address);
    if (device.en && device.cap) device.hwEn = true;
    this.emit('ats.restore', RETURN, address);
    this.emit('reset.function', RETURN, address, { result: 0 });
  }

  /** The function goes away, whatever its state, and comes back as a new one. */
  replace(address: string): void {
    const { pf } = this.at(address);
    this.emit('device.remove', ENTER, address);
    this.emit('device.remove', RETURN, address);
    if (pf) this.emit('vf.add', ENTER, pf.address);
    this.appear(address, pf, true);
    if (pf) this.emit('vf.add', RETURN, pf.address, { result: 0 });
  }

  /** PASID of a PF; VFs share it. */
  pasid(address: string, on: boolean): void {
    this.emit(on ? 'pasid.enable' : 'pasid.disable', ENTER, address);
    this.emit(on ? 'pasid.enable' : 'pasid.disable', RETURN, address, on ? { result: 0 } : {});
  }

  /** A quirk takes the capability away. */
  quirk(address: string): void {
    const device = this.at(address);
    device.cap = false;
    this.emit('state.save', ENTER, address, { cap: 0 });
  }

  /** Lets the kernel act without the recording seeing it. */
  silently(act: () => void): void {
    this.muted = true;
    act();
    this.muted = false;
  }

  /** The recording says that it lost events here. */
  loss(): void {
    this.emit('loss', POINT, null);
  }

  private expectUnitChange(device: Device, ps: number): void {
    const live = [...this.devices.values()].some((vf) => vf.pf === device && vf.en);
    if (live && device.stu !== (ps & 0xff)) this.expect('ATS006', device);
  }

  private isSupported(device: Device): boolean {
    const own = device.cap;
    return device.pf && this.features.supported_is_pf_aware ? own && device.pf.cap : own;
  }

  private expect(rule: string, device: Device): void {
    this.expected.push(`${rule}@${device.address}`);
  }

  private at(address: string): Device {
    const device = this.devices.get(address);
    if (!device) throw new Error(`oracle: no device ${address}`);
    return device;
  }

  private call(kind: EventKindName, device: Device, ps: number, result: number, effect: () => void): void {
    this.emit(kind, ENTER, device.address, { pageShift: ps, ...this.shown(device) });
    effect();
    this.emit(kind, RETURN, device.address, { pageShift: ps, result, ...this.shown(device) });
  }

  private shown(device: Device) {
    return this.prints
      ? { enabled: device.en ? 1 : 0, stu: device.pf ? 0 : device.stu, cap: device.cap ? 0x100 : 0 }
      : {};
  }

  private emit(
    kind: EventKindName,
    phase: number,
    address: string | null,
    values: Partial<Record<'pageShift' | 'result' | 'enabled' | 'stu' | 'cap' | 'untrusted', number>> = {},
  ): void {
    if (this.muted) return;
    const { draft, events } = this;
    clearDraft(draft);
    draft.kind = KIND[kind];
    draft.phase = phase;
    draft.symbol = events.names.internString(kind);
    draft.device = address === null ? -1 : events.names.internString(address);
    draft.isVf = address === null ? UNKNOWN : this.devices.get(address)?.pf ? 1 : 0;
    draft.pid = 100;
    draft.cpu = 0;
    draft.source = 0;
    draft.seq = this.seq++;
    draft.timed = 1;
    draft.timeLo = this.seq * 1000;
    draft.length = 0;
    Object.assign(draft, values);
    events.add(draft);
  }
}

/** Replays the events of an oracle under a profile. */
/** Every call of these is recorded: what is not there did not happen. */
const WATCHED = {
  'ats.supported': 'pci_ats_supported',
  'ats.prepare': 'pci_prepare_ats',
  'ats.enable': 'pci_enable_ats',
  'ats.disable': 'pci_disable_ats',
} as const;

const WATCH: Watch = {
  hasLog: false,
  probes: new Map(
    (Object.entries(WATCHED) as [EventKindName, string][]).map(([kind, symbol]) => [
      kind,
      [
        {
          source: 0,
          fate: 'installed',
          kind: 'entry',
          event: symbol,
          symbol,
          level: 'full',
          text: '',
          left_out: null,
          missed: 0n,
        },
      ],
    ]),
  ),
};

export function replayOracle(events: EventColumns, profile: Profile): ReplayResult {
  const order = mergeSources(events, [
    { source: 0, relation: 'reference', offsetNs: 0n, residualNs: 0n, matches: 0, method: '' },
  ]);
  const features = new Features({ profile, features: profile.features, why: 'test' }, true);
  return new Replay({
    events,
    order,
    features,
    calls: pairCalls(events, order.rows),
    imageAddress: null,
    watch: WATCH,
  }).run();
}

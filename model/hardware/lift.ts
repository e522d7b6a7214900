import {
  type CONFIG_ACCESSES,
  columnOf,
  isNullAt,
  type SIMULATOR_EVENTS,
  type Table,
} from '../../tables/index.ts';
import { clearDraft, type EventColumns, newDraft } from '../event-columns.ts';
import { type EventKindName, KIND, POINT, UNKNOWN } from '../events.ts';
import { Bridge } from './bridge.ts';
import type { KnownOffsets, Offsets } from './offsets.ts';
import {
  ATS_CONTROL,
  atsControl,
  PASID_CONTROL,
  PRI_CONTROL,
  pasidControl,
  priControl,
  type RegisterValue,
  shownWidth,
} from './registers.ts';
import { SriovState, type VfChange } from './vfs.ts';

/** Device Control in the PCI Express capability; its highest bit starts a function-level reset. */
const DEVICE_CONTROL = 8;
const INITIATE_FLR = 0x8000;

/** One function of the log while it is read. */
interface Device {
  readonly name: number;
  readonly address: string;
  readonly bus: number;
  readonly offsets: Offsets | null;
  readonly sriov: SriovState | null;
  readonly bridge: Bridge;
  /** It has an event already. */
  shown: boolean;
}

/** Lifts accesses to config space and other events of the hardware's own log into events of the model. */
export function liftHardware(
  accesses: Table<typeof CONFIG_ACCESSES>,
  simulatorEvents: Table<typeof SIMULATOR_EVENTS>,
  known: KnownOffsets,
  events: EventColumns,
): void {
  new HardwareLifter(accesses, known, events).lift();
  liftInvalidations(simulatorEvents, events);
}

class HardwareLifter {
  private readonly known: KnownOffsets;
  private readonly events: EventColumns;
  private readonly draft = newDraft();
  private readonly devices: (Device | undefined)[] = [];
  private readonly length: number;
  private readonly columns;
  private readonly times: Uint32Array;
  private row = 0;

  constructor(accesses: Table<typeof CONFIG_ACCESSES>, known: KnownOffsets, events: EventColumns) {
    this.known = known;
    this.events = events;
    this.length = accesses.length;
    const of = (name: string) => columnOf(accesses, name);
    this.columns = {
      source: of('source').data,
      seq: of('seq').data,
      time: of('time_ns'),
      isWrite: of('is_write').data,
      functions: of('function'),
      where: of('where').data,
      value: of('value').data,
      width: of('width'),
      offset: of('offset').data,
      length: of('length').data,
      line: of('line'),
    };
    const { buffer, byteOffset, length } = this.columns.time.data;
    this.times = new Uint32Array(buffer, byteOffset, length * 2);
  }

  lift(): void {
    const { columns } = this;
    const { functions, isWrite, where, value, width } = columns;
    for (this.row = 0; this.row < this.length; this.row++) {
      const { row } = this;
      if (isNullAt(functions, row)) continue;
      const device = this.deviceAt(row);
      const at = Number(where[row]);
      const written = isWrite[row] !== 0;
      const bits = Number(value[row]);
      const { offsets, sriov, bridge } = device;
      if (at < 0x1b && bridge.touches(at)) {
        const gone = bridge.take(
          written,
          at,
          isNullAt(width, row) ? shownWidth(at, bits) : Number(width.data[row]),
          bits,
        );
        if (gone) this.renumbered(gone.from, gone.to);
      }
      if (!offsets) continue;
      const bytes = isNullAt(width, row) ? this.widthOf(row, at, bits, written) : Number(width.data[row]);
      if (sriov?.touches(at)) this.vfs(sriov.take(written, at, bytes, bits));
      // Nobody answers: the read says nothing about a register.
      if (!written && (bits === 0xffffffff || (bits === 0xffff && bytes !== 4))) continue;
      this.register(device, atsControl(offsets.ats, at, bytes, bits, written), written);
      this.register(device, pasidControl(offsets.pasid, at, bytes, bits), written);
      this.register(device, priControl(offsets.pri, at, bytes, bits), written);
      if (written && at === offsets.pcie + DEVICE_CONTROL && (bits & INITIATE_FLR) !== 0) {
        if (sriov) this.vfs(sriov.clear());
        this.emit('hw.reset', device);
      }
    }
  }

  private deviceAt(row: number): Device {
    const { functions } = this.columns;
    const id = Number(functions.data[row]);
    let device = this.devices[id];
    if (!device) {
      const address = (functions.dictionary as readonly string[])[id];
      const offsets = this.known.of(address);
      device = {
        name: this.events.names.internString(address),
        address,
        bus: Number.parseInt(address.split(':')[1], 16),
        offsets,
        sriov:
          offsets && offsets.sriov !== UNKNOWN
            ? new SriovState(address, offsets.sriov, this.known.vfPlaces.get(address))
            : null,
        bridge: new Bridge(),
        shown: false,
      };
      this.devices[id] = device;
    }
    return device;
  }

  /**
   * Width of an access that the log does not print. A read between two reads of double words, each 4 bytes from it, is
   * one of a double word, too: somebody dumps config space (lspci).
   */
  private widthOf(row: number, at: number, bits: number, isWrite: boolean): number {
    const shown = shownWidth(at, bits);
    if (shown !== UNKNOWN || isWrite || at % 4 !== 0 || row === 0 || row + 1 >= this.length) return shown;
    return this.isDoubleWord(row - 1, row, at - 4) && this.isDoubleWord(row + 1, row, at + 4) ? 4 : UNKNOWN;
  }

  private isDoubleWord(row: number, of: number, at: number): boolean {
    const { functions, isWrite, where, value } = this.columns;
    return (
      functions.data[row] === functions.data[of] &&
      isWrite[row] === 0 &&
      Number(where[row]) === at &&
      Number(value[row]) > 0xffff
    );
  }

  private register(device: Device, value: RegisterValue | null, written: boolean): void {
    if (!value) return;
    const { draft } = this;
    this.begin(written ? 'hw.write' : 'hw.read', device.name);
    draft.index = value.register;
    draft.enabled = value.enable;
    draft.stu = value.stu;
    const { offsets } = device;
    if (offsets && value.register === ATS_CONTROL) draft.cap = offsets.ats;
    else if (offsets && value.register === PASID_CONTROL) draft.cap = offsets.pasid;
    else if (offsets && value.register === PRI_CONTROL) draft.cap = offsets.pri;
    if (device.sriov) draft.isVf = 0;
    device.shown = true;
    this.events.add(draft);
  }

  private vfs(change: VfChange | null): void {
    if (!change) return;
    const { functions } = this.columns;
    const pf = this.devices[Number(functions.data[this.row])] as Device;
    for (const vf of change.vfs) {
      this.begin(change.appear ? 'hw.vf_on' : 'hw.gone', this.events.names.internString(vf.address));
      this.draft.index = vf.index;
      if (change.appear) this.draft.symbol = pf.name;
      this.events.add(this.draft);
    }
  }

  private renumbered(from: number, to: number): void {
    for (const device of this.devices) {
      if (!device || device.bus < from || device.bus > to) continue;
      if (device.sriov) this.vfs(device.sriov.clear());
      if (device.shown) this.emit('hw.gone', device);
      device.shown = false;
    }
  }

  private emit(kind: EventKindName, device: Device): void {
    this.begin(kind, device.name);
    this.events.add(this.draft);
  }

  private begin(kind: EventKindName, device: number): void {
    const { draft, columns, row, times } = this;
    clearDraft(draft);
    draft.kind = KIND[kind];
    draft.phase = POINT;
    draft.device = device;
    draft.source = Number(columns.source[row]);
    draft.seq = Number(columns.seq[row]);
    draft.offset = Number(columns.offset[row]);
    draft.length = Number(columns.length[row]);
    draft.line = isNullAt(columns.line, row) ? UNKNOWN : Number(columns.line.data[row]);
    draft.where = Number(columns.where[row]);
    draft.value = Number(columns.value[row]) | 0;
    if (isNullAt(columns.time, row)) return;
    draft.timed = 1;
    draft.timeLo = times[row * 2];
    draft.timeHi = times[row * 2 + 1];
  }
}

/** Device translation caches that the model of an IOMMU told to forget. */
function liftInvalidations(simulatorEvents: Table<typeof SIMULATOR_EVENTS>, events: EventColumns): void {
  const kind = columnOf(simulatorEvents, 'kind');
  const wanted = kind.dictionary?.indexOf('atc-invalidation') ?? -1;
  if (wanted < 0) return;
  const of = (name: string) => columnOf(simulatorEvents, name);
  const [source, seq, offset, length] = ['source', 'seq', 'offset', 'length'].map((name) => of(name).data);
  const [functions, time, line] = [of('function'), of('time_ns'), of('line')];
  const times = time.data as BigInt64Array;
  const draft = newDraft();
  for (let row = 0; row < simulatorEvents.length; row++) {
    if (kind.data[row] !== wanted || isNullAt(functions, row)) continue;
    clearDraft(draft);
    draft.kind = KIND.invalidate;
    draft.phase = POINT;
    draft.device = events.names.internString(
      (functions.dictionary as readonly string[])[Number(functions.data[row])],
    );
    draft.source = Number(source[row]);
    draft.seq = Number(seq[row]);
    draft.offset = Number(offset[row]);
    draft.length = Number(length[row]);
    draft.line = isNullAt(line, row) ? UNKNOWN : Number(line.data[row]);
    if (!isNullAt(time, row)) {
      draft.timed = 1;
      draft.timeLo = Number(times[row] & 0xffffffffn);
      draft.timeHi = Number((times[row] >> 32n) & 0xffffffffn);
    }
    events.add(draft);
  }
}

import type { Address } from './address.ts';
import { readCapabilityText } from './capability-text.ts';
import { ATS_CONTROL, ConfigSpace, readConfigSpace } from './config-space.ts';
import { type FactName, type Facts, mergeFacts } from './facts.ts';
import { type FunctionHeader, readHeader } from './header.ts';

/** Where a line stands. */
export interface LinePlace {
  readonly offset: number;
  readonly length: number;
  readonly line: number;
}

/** A function with all its lines. */
export interface ReadFunction {
  readonly address: Address;
  readonly place: LinePlace;
  readonly header: FunctionHeader;
  readonly driver: string | null;
  readonly iommuGroup: number | null;
  readonly capabilities: 'bytes' | 'text' | 'denied' | 'none';
  readonly hasAts: boolean | null;
  readonly facts: Facts;
  /** Facts in which text and hex dump differ; those of the hex dump were taken. */
  readonly differing: readonly FactName[];
  readonly controlPlace: LinePlace | null;
}

/** More text than this under one function is no listing. */
const MAX_TEXT = 1 << 18;
const DRIVER = /^(?:Kernel driver|Driver) in use: (\S+)/;
const GROUP = /^IOMMU group: (\d{1,9})\b/;
const DENIED = /^Capabilities: <access denied>/;
const ROW = 16;

/** Gathers the lines of one function. */
export class FunctionBlock {
  readonly address: Address;
  private readonly place: LinePlace;
  private first: string;
  private text = '';
  private driver: string | null = null;
  private iommuGroup: number | null = null;
  private denied = false;
  private readonly space = new ConfigSpace();
  private readonly rowPlaces = new Map<number, LinePlace>();
  private controlText: LinePlace | null = null;

  constructor(address: Address, first: string, place: LinePlace) {
    this.address = address;
    this.first = first;
    this.place = place;
  }

  /** A line below the function, without its indent. */
  addText(text: string, place: LinePlace): void {
    if (this.text.length > MAX_TEXT) return;
    this.text += `\n${text}`;
    const driver = DRIVER.exec(text);
    if (driver) this.driver = driver[1];
    const group = GROUP.exec(text);
    if (group) this.iommuGroup = Number(group[1]);
    if (DENIED.test(text)) this.denied = true;
    if (text.startsWith('ATSCtl:')) this.controlText ??= place;
  }

  /** A piece that was wrapped off the line before. */
  addWrapped(text: string): void {
    if (this.text === '') this.first += ` ${text}`;
    else if (this.text.length <= MAX_TEXT) this.text += ` ${text}`;
  }

  /** A row of the hex dump. Returns false for one that cannot be. */
  addRow(offset: number, bytes: Uint8Array, place: LinePlace): boolean {
    if (!this.space.setRow(offset, bytes)) return false;
    this.rowPlaces.set(offset, place);
    return true;
  }

  finish(): ReadFunction {
    const text = readCapabilityText(this.text);
    const bytes = readConfigSpace(this.space);
    const { facts, differing } = mergeFacts(text.facts, bytes.facts);
    const fromBytes = bytes.whole || Object.keys(bytes.facts).length > 0;
    const fromText = text.whole || Object.keys(text.facts).length > 0;
    const listed = facts.ats_cap_offset !== undefined;
    return {
      address: this.address,
      place: this.place,
      header: this.header(),
      driver: this.driver,
      iommuGroup: this.iommuGroup,
      capabilities: fromBytes ? 'bytes' : fromText ? 'text' : this.denied ? 'denied' : 'none',
      hasAts: listed ? true : bytes.whole || text.whole ? false : null,
      facts,
      differing,
      controlPlace: this.controlPlace(bytes.facts),
    };
  }

  private header(): FunctionHeader {
    const header = readHeader(Buffer.from(this.first, 'latin1').toString('utf8'));
    const { ids } = this.space;
    return {
      ...header,
      classCode: header.classCode ?? (this.space.isAbsent ? null : this.space.read(10, 2)),
      vendorId: header.vendorId ?? ids?.vendor ?? null,
      deviceId: header.deviceId ?? (header.vendorId === null ? (ids?.device ?? null) : null),
    };
  }

  private controlPlace(facts: Facts): LinePlace | null {
    if (facts.ats_enable === undefined || facts.ats_cap_offset === undefined) return this.controlText;
    const control = facts.ats_cap_offset + ATS_CONTROL;
    return this.rowPlaces.get(control - (control % ROW)) ?? null;
  }
}

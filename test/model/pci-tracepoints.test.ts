import { describe, expect, it } from 'vitest';
import { rowsOf } from '../../tables/index.ts';
import { format, payload } from '../ingest/trace-dat/helpers.ts';
import { type ByteWriter, writeTrace } from '../ingest/trace-dat/writer.ts';
import { analyzeBytes } from '../support/pipeline.ts';
import { TraceWriter } from '../support/trace-writer.ts';

const FN = '0000:02:00.0';
const NAME = '__data_loc char[] NAME;\toffset:8;\tsize:4;\tsigned:0;';

/** Events with fields as the kernel declares them, not as text. */
function dat(
  system: string,
  name: string,
  fields: readonly string[],
  write: (writer: ByteWriter) => unknown,
) {
  return writeTrace({
    systems: [{ name: system, formats: [format(name, 1001, fields, '"-"')] }],
    buffers: [
      {
        name: '',
        cpus: [
          {
            cpu: 0,
            pages: [{ time: 10n, records: [{ payload: payload(1001, 7, (writer) => void write(writer)) }] }],
          },
        ],
      },
    ],
  });
}

function aerDat(status: number, severity: number): Uint8Array {
  const fields = [
    NAME.replace('NAME', 'dev_name'),
    'u32 status;\toffset:12;\tsize:4;\tsigned:0;',
    'u8 severity;\toffset:16;\tsize:1;\tsigned:0;',
    'u8 tlp_header_valid;\toffset:17;\tsize:1;\tsigned:0;',
    'u32 tlp_header[4];\toffset:20;\tsize:16;\tsigned:0;',
  ];
  return dat('ras', 'aer_event', fields, (writer) =>
    writer
      .int(((FN.length + 1) << 16) | 36, 4)
      .int(status, 4)
      .int(severity, 1)
      .int(0, 1)
      .int(0, 2)
      .int(0n, 8)
      .int(0n, 8)
      .string(FN),
  );
}

function linkDat(event: number): Uint8Array {
  const fields = [
    NAME.replace('NAME', 'port_name'),
    '__data_loc char[] slot;\toffset:12;\tsize:4;\tsigned:0;',
    'int event;\toffset:16;\tsize:4;\tsigned:1;',
  ];
  return dat('pci', 'pci_hp_event', fields, (writer) =>
    writer
      .int(((FN.length + 1) << 16) | 20, 4)
      .int((2 << 16) | (20 + FN.length + 1), 4)
      .int(event, 4)
      .string(FN)
      .string('3'),
  );
}

async function lifted(inputs: Record<string, string | Uint8Array>) {
  return rowsOf((await analyzeBytes(inputs)).atsEvents).map((row) => [row.kind, row.function]);
}

const text = (name: string, body: string) => ({ 'trace.txt': new TraceWriter().event(name, body).text() });
const aer = (errors: string) =>
  text('aer_event', `${FN} PCIe Bus Error: severity=${errors}, TLP Header=Not available`);

describe('aer_event is what the messages of the log are', () => {
  it.each([
    ['Uncorrected, non-fatal, Unsupported Request Error', 'log.fault'],
    ['Fatal, Completion Timeout|ACS Violation', 'log.fault'],
    ['Fatal, Completion Timeout', 'log.aer'],
    ['Corrected, Bad TLP', 'log.aer'],
  ])('severity=%s', async (errors, kind) => {
    expect(await lifted(aer(errors))).toEqual([[kind, FN]]);
  });

  it.each([
    [1 << 20, 0, 'log.fault'],
    [1 << 21, 1, 'log.fault'],
    [1 << 14, 0, 'log.aer'],
    // The status of a correctable error has other bits.
    [1 << 20, 2, 'log.aer'],
  ])('status %i, severity %i in a trace.dat', async (status, severity, kind) => {
    expect(await lifted({ 'trace.dat': aerDat(status, severity) })).toEqual([[kind, FN]]);
  });

  it('a text that names no device is none', async () => {
    expect(await lifted(text('aer_event', 'something else'))).toEqual([]);
  });
});

describe('pci_hp_event', () => {
  it.each([
    ['LINK_UP', 0, 'log.link_up'],
    ['LINK_DOWN', 1, 'log.link_down'],
    ['CARD_PRESENT', 2, 'log.link_up'],
    ['CARD_NOT_PRESENT', 3, 'log.link_down'],
  ])('%s', async (name, number, kind) => {
    expect(await lifted(text('pci_hp_event', `${FN} slot:3, event:${name}`))).toEqual([[kind, FN]]);
    expect(await lifted({ 'trace.dat': linkDat(number) })).toEqual([[kind, FN]]);
  });

  it('another event is none', async () => {
    expect(await lifted(text('pci_hp_event', `${FN} slot:3, event:POWER_FAULT`))).toEqual([]);
    expect(await lifted({ 'trace.dat': linkDat(4) })).toEqual([]);
  });
});

describe('an error that both log and trace tell is one fault', () => {
  const story = (errors: string) =>
    new TraceWriter()
      .event('add_device_to_group', `IOMMU: groupID=9 device=${FN}`)
      .enable(FN, 12, 0, { vf: 0, en: [0, 1] })
      .event('aer_event', `${FN} PCIe Bus Error: severity=Fatal, ${errors}, TLP Header=Not available`)
      .text();
  const group = `[    1.000100] pci ${FN}: Adding to iommu group 9\n`;
  const faults = async (trace: string, dmesg: string) =>
    rowsOf((await analyzeBytes({ 'trace.txt': trace, 'dmesg.txt': dmesg })).findings).filter(
      (row) => row.rule === 'ATS037',
    ).length;

  it('when they are near', async () => {
    const message = `[    1.000300] example ${FN}:    [20] UnsupReq               (First)\n`;
    expect(await faults(story('Unsupported Request Error'), group)).toBe(1);
    expect(await faults(story('Unsupported Request Error'), group + message)).toBe(1);
    expect(await faults(story('Completion Timeout'), group + message)).toBe(1);
  });

  it('and two when they are not', async () => {
    const message = `[    1.500300] example ${FN}:    [20] UnsupReq               (First)\n`;
    expect(await faults(story('Unsupported Request Error'), group + message)).toBe(2);
  });
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { rowsOf } from '../../tables/index.ts';
import { analyzeBytes, labelsOf } from '../support/pipeline.ts';

const CAPTURES = join(import.meta.dirname, '..', 'fixtures', 'captures');
const read = (capture: string, file: string) => readFileSync(join(CAPTURES, capture, file), 'utf8');

const added = (at: string, device: string, group: number) =>
  `              sh-100    [000] .....    ${at}: add_device_to_group: IOMMU: groupID=${group} device=${device}\n`;
const said = (at: string, device: string, group: number) =>
  `[${at.padStart(12)}] pci ${device}: Adding to iommu group ${group}\n`;

async function clocksOf(inputs: Record<string, string>) {
  return rowsOf((await analyzeBytes(inputs)).clocks);
}

describe('a log and a trace', () => {
  it('are aligned by devices that are added to groups in both', async () => {
    const [, log] = await clocksOf({
      'trace.txt': added('10.100000', '0000:01:00.1', 7) + added('10.300000', '0000:01:00.2', 8),
      'dmesg.txt': said('9.000020', '0000:01:00.1', 7) + said('9.200025', '0000:01:00.2', 8),
    });
    expect([log.relation, log.matches]).toEqual(['aligned', 2]);
    expect(log.method).toBe('2 devices are added to a group in both');
    // The message comes some 20 us after the event: the true offset is 1.1 s.
    const error = Number((log.offset_ns ?? 0n) - 1_100_000_000n);
    expect(Math.abs(error)).toBeLessThanOrEqual(Number(log.residual_ns));
    expect(log.residual_ns).toBeLessThan(150_000n);
  });

  it('find the right ones of devices that come and go', async () => {
    const story = [1, 5, 9.5, 15];
    const log = story.map((at) => said((at + 0.00002).toFixed(6), '0000:01:00.1', 7)).join('');
    const trace = story
      .slice(1)
      .map((at) => added((at + 100).toFixed(6), '0000:01:00.1', 7))
      .join('');
    const [, aligned] = await clocksOf({ 'trace.txt': trace, 'dmesg.txt': log });
    expect([aligned.relation, aligned.matches]).toEqual(['aligned', 3]);
    expect(Math.abs(Number(aligned.offset_ns) - 100e9)).toBeLessThan(200_000);
  });

  it('are aligned where tasks were preempted and the clocks drift apart, and the residual says how far', async () => {
    const inputs = {
      'trace.txt':
        added('10.000000', '0000:00:01.0', 1) +
        added('10.010000', '0000:00:02.0', 2) +
        added('30.000000', '0000:01:00.1', 7) +
        added('30.100000', '0000:01:00.2', 8) +
        '          insmod-190   [001] .....    31.000000: pci_disable_ats: (pci_disable_ats+0x0/0xa0) vf=0 en=0 cap=0x100 stu=12 bdf="0000:01:00.0"\n',
      'dmesg.txt':
        said('9.000020', '0000:00:01.0', 1) +
        said('9.010400', '0000:00:02.0', 2) +
        said('28.996020', '0000:01:00.1', 7) +
        said('29.095600', '0000:01:00.2', 8) +
        '[   29.997000] WARNING: CPU: 1 PID: 190 at drivers/pci/ats.c:132 pci_disable_ats+0x8a/0xa0\n' +
        '[   29.997001] CPU: 1 UID: 0 PID: 190 Comm: insmod Not tainted 6.12.0 #1\n',
    };
    const [, log] = await clocksOf(inputs);
    expect([log.relation, log.matches]).toEqual(['aligned', 5]);
    expect(log.residual_ns).toBeGreaterThan(1_900_000n);
    expect(log.residual_ns).toBeLessThan(3_000_000n);
    // The WARN is the call's: one error, with a name.
    expect(labelsOf(await analyzeBytes(inputs))).toEqual(['ATS015@0000:01:00.0']);
  });

  it('are not aligned where two offsets fit equally well', async () => {
    const [, log] = await clocksOf({
      'trace.txt': added('10.000000', '0000:01:00.1', 7),
      'dmesg.txt': said('9.500000', '0000:01:00.1', 7) + said('9.900000', '0000:01:00.1', 7),
    });
    expect(log.relation).toBe('concurrent');
  });

  it('are not aligned by one device when the clocks do not both count from the boot', async () => {
    const [, log] = await clocksOf({
      'trace.txt': added('510.000000', '0000:01:00.1', 7),
      'dmesg.txt': said('9.500000', '0000:01:00.1', 7),
    });
    expect(log.relation).toBe('concurrent');
  });

  it('of every capture that has both agree within a fraction of a millisecond', async () => {
    for (const capture of ['6.12-s1', '7.2-s1', '7.2-s5', '7.2-series-s1']) {
      const [, log] = await clocksOf({
        'trace.txt': read(capture, 'trace.txt'),
        'dmesg.txt': read(capture, 'dmesg.txt'),
      });
      expect([capture, log.relation], log.method).toEqual([capture, 'aligned']);
      expect(log.residual_ns).toBeLessThan(150_000n);
    }
  });
});

describe('two traces that name no clock', () => {
  it('are found to have different ones by a log that shares events with both', async () => {
    const [, trace] = await clocksOf({
      'boot-trace.txt': read('6.12-s3', 'boot-trace.txt'),
      'trace.txt': read('6.12-s3', 'trace.txt'),
      'dmesg.txt': read('6.12-s3', 'dmesg.txt'),
    });
    expect(trace.relation).toBe('aligned');
    expect(trace.method).toBe('by dmesg.txt, which shares events with this trace and with boot-trace.txt');
    // The boot trace has the clock `local`, the other `boot`: 143 ms apart on this machine.
    expect(Math.abs(Number(trace.offset_ns) - 143e6)).toBeLessThan(1e6);
  });

  it('stay on one clock where the log confirms it', async () => {
    const relations = await clocksOf({
      'a.txt': added('10.100000', '0000:01:00.1', 7),
      'b.txt': added('10.300000', '0000:01:00.2', 8),
      'dmesg.txt': said('9.900020', '0000:01:00.1', 7) + said('10.100020', '0000:01:00.2', 8),
    });
    expect(relations.map((row) => row.relation)).toEqual(['reference', 'same', 'aligned']);
  });
});

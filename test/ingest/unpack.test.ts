import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { readInputs } from '../../ingest/read.ts';
import { MemorySource, openSource } from '../../ingest/source.ts';
import { packingOf, unpackToFile } from '../../ingest/unpack.ts';
import { rowsOf } from '../../tables/index.ts';
import { tarOf } from './bundle/tar-writer.ts';

const folder = mkdtempSync(join(tmpdir(), 'unpack-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const TRACE = [
  '# tracer: nop',
  '#',
  '              sh-150     [000] .....    25.569509: pci_enable_ats: (pci_enable_ats+0x4/0xb0) ps=12 bdf="0000:01:00.0"',
  '              sh-150     [000] .....    25.569511: pci_enable_ats_ret: (iommu_enable_pci_caps+0x4a/0x60 <- pci_enable_ats) ps=12 ret=0 bdf="0000:01:00.0"',
  '',
].join('\n');

/** The trace above, packed by gzip, zstd -19, xz -9. */
const PACKED: Readonly<Record<string, Buffer>> = {
  'trace.txt.gz': gzipSync(TRACE),
  'trace.txt.zst': Buffer.from(
    'KLUv/WQgAG0EABKIGhlgrw4g3bJXKzvuojVMa32fjPJQiyiDQBAij9lig+kr2Y95Z8UoypKGhtli6Vzw9kN3+P9BhB7aiIvXbeI0+5FkL4aGV57STnRWVkr1Nlz+FuW1h3R3t3b+N/3njOhqQACuVTXEtk6cWwgMAB2jejFv2NqHYHqKWkDnmwDBKw/RA015gA1YzQMsAS8wgtI=',
    'base64',
  ),
  'trace.txt.xz': Buffer.from(
    '/Td6WFoAAATm1rRGAgAhARwAAAAQz1jM4AEfAJFdABGICweBYTlySP4E339KXpntfBphXObnpBk48l0P10PU3kGg66VG0NA/UYnbaBNpKqR4WyVnt3BQH1ioBhuzx0ywVVMALrRrakF67cEFDFGlk31dtEhwJnVZMNOfQPMXTwzEu09y2kyNwKIlxuoE8RxnlRUQAvEfn1TgSfBhaAYbcAXMNPa2QnqXFT0++9ePN0MAAAAAIywHfV2r7MEAAa0BoAIAADYyWBWxxGf7AgAAAAAEWVo=',
    'base64',
  ),
};
const SHA256_XZ = Buffer.from(
  '/Td6WFoAAArh+wyhAgAhARYAAAB0L+Wj4AEfAJFdABGICweBYTlySP4E339KXpntfBphXObnpBk48l0P10PU3kGg66VG0NA/UYnbaBNpKqR4WyVnt3BQH1ioBhuzx0ywVVMALrRrakF67cEFDFGlk31dtEhwJnVZMNOfQPMXTwzEu09y2kyNwKIlxuoE8RxnlRUQAvEfn1TgSfBhaAYbcAXMNPa2QnqXFT0++9ePN0MAAAAA9RpSVXEEdVJnVEwkMKRa0H6hhFxy1kispL0Q5Omp79EAAcUBoAIAAAG///G26d8cAgAAAAAKWVo=',
  'base64',
);

function file(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

async function textOf(path: string): Promise<string> {
  const source = await openSource(path);
  try {
    const bytes = new Uint8Array(source.size);
    source.read(0, bytes);
    return Buffer.from(bytes).toString('latin1');
  } finally {
    source.close();
  }
}

const leftBehind = () => readdirSync(tmpdir()).filter((name) => /^atscope-\w{6}$/.test(name)).length;

describe.each(Object.entries(PACKED))('%s', (name, bytes) => {
  it('is unpacked by what its bytes say, whatever its name, and leaves no file behind', async () => {
    const before = leftBehind();
    expect(await textOf(file(name, bytes))).toBe(TRACE);
    expect(await textOf(file(`plain-${name}.txt`, bytes))).toBe(TRACE);
    expect(leftBehind()).toBeLessThanOrEqual(before);
  });

  it('packed twice in a row is one text', async () => {
    expect(await textOf(file(`twice-${name}`, Buffer.concat([bytes, bytes])))).toBe(TRACE + TRACE);
  });

  it('ends in an error that names the file when it is cut anywhere behind its first bytes', async () => {
    for (let length = 6; length < bytes.length; length += 7) {
      const path = file(`cut-${name}`, bytes.subarray(0, length));
      await expect(textOf(path)).rejects.toThrow(/cut-trace.*damaged or cut/);
    }
  });

  it('with a flipped bit is an error or the same length of text, never a hang', async () => {
    for (let at = 6; at < bytes.length; at += 5) {
      const bad = Buffer.from(bytes);
      bad[at] ^= 0x10;
      const text = await textOf(file(`bad-${name}`, bad)).catch((error: Error) => error.message);
      expect(text).toMatch(/damaged or cut|options that are not supported|# tracer|bomb/);
    }
  });

  it('is unpacked as a member of a tar, and a damaged one leaves the others readable', async () => {
    const tar = tarOf({ [name]: bytes, [`bad.${name}`]: bytes.subarray(0, bytes.length >> 1) });
    const read = await readInputs([file('bundle.tar', tar)], { needs: { wants: () => true } });
    read.close();
    const sources = rowsOf(read.recorded.sources);
    expect(sources.map(({ format }) => format).sort()).toEqual(['ftrace-text', 'not-used']);
    expect(sources.find(({ format }) => format === 'ftrace-text')?.records).toBe(2n);
    expect(rowsOf(read.recorded.importLog).find(({ code }) => code === 'member-damaged')?.message).toMatch(
      /bad\.trace.*damaged or cut/,
    );
  });
});

it('UTF-16 with its mark is read as the text it is', async () => {
  const little = Buffer.from(`\ufeff${TRACE}`, 'utf16le');
  const big = Buffer.from(little).swap16();
  expect(await textOf(file('little.txt', little))).toBe(TRACE);
  expect(await textOf(file('big.txt', big))).toBe(TRACE);
});

it('a byte order mark before UTF-8 is no part of the text', async () => {
  expect(await textOf(file('mark.txt', Buffer.from(`\ufeff${TRACE}`)))).toBe(TRACE);
  expect(await textOf(file('only.txt', Buffer.from('\ufeff')))).toBe('');
});

describe('limits', () => {
  it('xz with a check that is not known says what to do', async () => {
    await expect(textOf(file('sha256.xz', SHA256_XZ))).rejects.toThrow(/xz -d/);
  });

  it('what unpacks to far more than makes sense is taken for a bomb', async () => {
    const bomb = new MemorySource('bomb.gz', gzipSync(Buffer.alloc(4 << 20), { level: 9 }));
    const packing = packingOf(bomb);
    if (!packing) throw new Error('a gzip file is not recognised');
    await expect(unpackToFile(bomb, packing, 1 << 20)).rejects.toThrow(/decompression bomb/);
    (await unpackToFile(bomb, packing, 4 << 20)).remove();
  });
});

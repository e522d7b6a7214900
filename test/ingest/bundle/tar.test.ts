import { describe, expect, it } from 'vitest';
import { isTar, readTar } from '../../../ingest/bundle/tar.ts';
import { MemorySource } from '../../../ingest/source.ts';
import { padded, tarHeader, tarOf, withChecksum } from './tar-writer.ts';

const END = Buffer.alloc(1024);
const sourceOf = (...parts: readonly Uint8Array[]) => new MemorySource('b.tar', Buffer.concat(parts));
const namesOf = (...parts: readonly Uint8Array[]) =>
  readTar(sourceOf(...parts, END)).map((entry) => entry.name);

describe('readTar', () => {
  it('lists files with their places', () => {
    const entries = readTar(sourceOf(tarOf({ 'a.txt': 'hello', './b/c.txt': 'x'.repeat(600), 'd.txt': '' })));
    expect(entries).toEqual([
      { name: 'a.txt', offset: 512, size: 5 },
      { name: 'b/c.txt', offset: 1536, size: 600 },
      { name: 'd.txt', offset: 3072, size: 0 },
    ]);
  });

  it('passes over directories, links and devices', () => {
    expect(
      namesOf(tarHeader('d/', 0, '5'), tarHeader('l', 0, '2'), tarHeader('n', 0, '3'), tarHeader('f', 0)),
    ).toEqual(['f']);
  });

  it('reads prefixes, long names of GNU tar and paths of pax', () => {
    const long = 'x/'.repeat(80);
    const pax = Buffer.from('18 path=p/file.t\n30 mtime=1700000000.123456789\n');
    expect(
      namesOf(
        tarHeader('file', 0, '0', 'some/prefix'),
        tarHeader('././@LongLink', long.length + 5, 'L'),
        padded(Buffer.from(`${long}file\0`)),
        tarHeader(long.slice(0, 100), 0),
        tarHeader('PaxHeaders/x', pax.length, 'x'),
        padded(pax),
        tarHeader('short', 0),
        tarHeader('after', 0),
      ),
    ).toEqual(['some/prefix/file', `${long}file`, 'p/file.t', 'after']);
  });

  it('takes the size from pax and in base 256', () => {
    const pax = Buffer.from('10 size=4\n');
    const big = tarHeader('big', 0);
    Buffer.from([0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3]).copy(big, 124);
    const entries = readTar(
      sourceOf(
        tarHeader('h', pax.length, 'x'),
        padded(pax),
        tarHeader('p', 0),
        padded(Buffer.from('four')),
        withChecksum(big),
        padded(Buffer.from('abc')),
        END,
      ),
    );
    expect(entries.map(({ name, size }) => [name, size])).toEqual([
      ['p', 4],
      ['big', 3],
    ]);
  });

  it('knows archives from before POSIX by their checksum, and nothing else', () => {
    const old = tarHeader('a', 0);
    old.fill(0, 257, 265);
    expect(isTar(sourceOf(withChecksum(old), END))).toBe(true);
    expect(isTar(sourceOf(Buffer.from('# tracer: nop\n'.repeat(100))))).toBe(false);
    expect(isTar(sourceOf(Buffer.alloc(2048)))).toBe(false);
    expect(isTar(sourceOf(Buffer.alloc(10)))).toBe(false);
  });

  it('says where a damaged archive is damaged', () => {
    const whole = tarOf({ 'a.txt': 'x'.repeat(2000), 'b.txt': 'y' });
    expect(() => readTar(sourceOf(whole.subarray(0, 1000)))).toThrow(/goes on beyond the end \(at byte 0\)/);
    const torn = Buffer.from(whole);
    torn[2560 + 3] ^= 1;
    expect(() => readTar(sourceOf(torn))).toThrow(/no header of a file \(at byte 2560\)/);
    const nan = tarHeader('a', 0);
    nan.write('zzzzzzzzzzz\0', 124);
    expect(() => readTar(sourceOf(withChecksum(nan), END))).toThrow(/without a size/);
  });

  it('ends or throws on every cut, and never loops', () => {
    const whole = tarOf({ 'a.txt': 'x'.repeat(700), 'b.txt': 'y' });
    for (let cut = 0; cut < whole.length; cut += 97) {
      try {
        expect(readTar(sourceOf(whole.subarray(0, cut))).length).toBeLessThanOrEqual(2);
      } catch (error) {
        expect((error as Error).name).toBe('InputError');
      }
    }
  });
});

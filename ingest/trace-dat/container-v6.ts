import type { Cursor } from './cursor.ts';
import { Damage } from './damage.ts';
import { cutExtent } from './extent.ts';
import { readEventFormats, readFtraceFormats, readHeaderInfo, readSized32, readSized64 } from './metadata.ts';
import { OPTION, OptionSet } from './options.ts';
import type { Container, Parts } from './parts.ts';
import type { CpuExtent } from './trace-file.ts';

const TAG = 10;
const latin1 = new TextDecoder('latin1');

/**
 * Version 6 is one sequence: header files, formats, symbols, printk formats, command lines, then tagged parts.
 * @throws Damage when the sequence breaks before the data.
 */
export function readSectionsV6(container: Container, cursor: Cursor): Parts {
  const parts: Parts = {
    header: readHeaderInfo(cursor),
    formats: [],
    kallsyms: null,
    printkFormats: null,
    cmdlines: null,
    buffers: [],
    texts: [],
    options: new OptionSet(container.bigEndian),
  };
  readFtraceFormats(cursor, parts.formats);
  readEventFormats(cursor, parts.formats);
  parts.kallsyms = readSized32(cursor, 'the kernel symbols');
  parts.printkFormats = readSized32(cursor, 'the printk formats');
  parts.cmdlines = readSized64(cursor, 'the saved command lines');
  const cpus = cursor.u32();
  readTagged(container, cursor, parts, '', cpus);
  for (const { name, offset } of parts.options.buffers) {
    const instance = cursorAt(cursor, container, offset);
    try {
      readTagged(container, instance, parts, name, parts.options.values.cpuCount ?? cpus);
    } catch (error) {
      if (!(error instanceof Damage)) throw error;
      container.note(
        'error',
        'damaged-buffer',
        error.offset,
        `buffer "${name}" cannot be read: ${error.message}`,
      );
    }
  }
  return parts;
}

function cursorAt(cursor: Cursor, container: Container, offset: number): Cursor {
  const at = cursor.fork(offset);
  if (offset >= container.source.size)
    throw at.damage(`a buffer should begin at byte ${offset}, beyond the end`);
  return at;
}

/** Options, then the place of the data of each CPU, or text. */
function readTagged(
  container: Container,
  cursor: Cursor,
  parts: Parts,
  name: string,
  cpuCount: number,
): void {
  const start = name === '' ? 0 : cursor.position;
  let tag = latin1.decode(cursor.take(TAG, 'a part tag'));
  if (tag.startsWith('options')) {
    readOptions(cursor, parts.options);
    tag = latin1.decode(cursor.take(TAG, 'a part tag'));
  }
  const { source, map } = container;
  if (tag.startsWith('latency')) {
    map.add(start, cursor.position, 'comment');
    map.add(cursor.position, source.size, 'unparsed');
    parts.texts.push({ name, offset: cursor.position, size: cursor.remaining });
    return;
  }
  if (!tag.startsWith('flyrecord'))
    throw cursor.damage(`expected "flyrecord", found ${JSON.stringify(tag)}`, TAG);
  const cpus: CpuExtent[] = [];
  let first = source.size;
  // An option may raise the number of CPUs; then one empty entry of the old count follows.
  const count = name === '' ? (parts.options.values.cpuCount ?? cpuCount) : cpuCount;
  if (count * 16 > cursor.remaining)
    throw cursor.damage(`${count} CPUs need ${count * 16} bytes, ${cursor.remaining} follow`);
  for (let cpu = 0; cpu < count; cpu++) {
    const offset = cursor.size64('the offset of a CPU');
    const size = cursor.size64('the size of a CPU');
    const extent = cutExtent(container, { cpu, offset, size, compressed: false });
    cpus.push(extent);
    if (extent.size > 0) first = Math.min(first, extent.offset);
  }
  // The data begins at the next page; what lies between is padding.
  const padded = Math.min(first, Math.ceil(cursor.position / container.pageSize) * container.pageSize);
  map.add(start, Math.max(cursor.position, padded), 'comment');
  parts.buffers.push({ name, clock: parts.options.values.traceClock, pageSize: container.pageSize, cpus });
}

function readOptions(cursor: Cursor, options: OptionSet): void {
  for (;;) {
    const id = cursor.u16();
    if (id === OPTION.DONE) return;
    const size = cursor.u32();
    const at = cursor.position;
    options.add(id, cursor.take(size, `option ${id}`), at);
  }
}

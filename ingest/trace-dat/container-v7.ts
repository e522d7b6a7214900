import { MemorySource } from '../source.ts';
import { Cursor } from './cursor.ts';
import { Damage } from './damage.ts';
import { cutExtent } from './extent.ts';
import { readEventFormats, readFtraceFormats, readHeaderInfo, readSized32, readSized64 } from './metadata.ts';
import { type BufferOption, OPTION, OptionSet } from './options.ts';
import { type Container, checkPageSize, type Parts } from './parts.ts';
import { ReadAhead } from './read-ahead.ts';

const HEADER = 16;
const COMPRESSED = 1;
/** Highest id of a section that is known to be in use, with room for a few to come. */
const LAST_ID = 64;
/** Sections of metadata unpack to some 20 MiB at most; a larger claim is damage or a bomb. */
const MAX_SECTION = 128 * 1024 * 1024;
const MAX_OPTION = 64 * 1024 * 1024;
const HEADS_WINDOW = 256 * 1024;

interface Section {
  readonly id: number;
  readonly flags: number;
  readonly body: Cursor;
  /** End in the file, for the byte accounts. */
  readonly end: number;
  /** First byte after the header. */
  readonly start: number;
}

/**
 * Version 7 is a web of sections: the options name the offsets of all others. This reads the options and where the
 * pages of events lie; `readMetadataV7` reads the rest.
 * @throws Damage when there are no options; a buffer that cannot be read is noted and left out.
 */
export function readBuffersV7(container: Container, cursor: Cursor): Parts {
  const first = cursor.size64('the offset of the options');
  container.map.add(0, cursor.position, 'comment');
  const options = new OptionSet(container.bigEndian);
  readOptionSections(container, first, options);
  const parts: Parts = {
    header: null,
    formats: [],
    kallsyms: null,
    printkFormats: null,
    cmdlines: null,
    buffers: [],
    texts: [],
    options,
  };
  for (const buffer of options.buffers) {
    guard(container, `buffer "${buffer.name}"`, buffer.offset, () => readBuffer(container, parts, buffer));
  }
  return parts;
}

/** Reads the sections that say what the pages hold into `parts`; one that cannot be read is noted and left out. */
export function readMetadataV7(container: Container, parts: Parts): void {
  const readers: [number, string, (body: Cursor) => void][] = [
    [OPTION.HEADER_INFO, 'header files', (body) => (parts.header = readHeaderInfo(body))],
    [OPTION.FTRACE_EVENTS, 'ftrace event formats', (body) => readFtraceFormats(body, parts.formats)],
    [OPTION.EVENT_FORMATS, 'event formats', (body) => readEventFormats(body, parts.formats)],
    [OPTION.KALLSYMS, 'kernel symbols', (body) => (parts.kallsyms = readSized32(body, 'the kernel symbols'))],
    [
      OPTION.PRINTK,
      'printk formats',
      (body) => (parts.printkFormats = readSized32(body, 'the printk formats')),
    ],
    [
      OPTION.CMDLINES,
      'command lines',
      (body) => (parts.cmdlines = readSized64(body, 'the saved command lines')),
    ],
    [OPTION.STRINGS, 'strings', () => {}],
    [OPTION.BTF_FILE, 'BTF', () => {}],
    [OPTION.MODULES_FILE, 'modules', () => {}],
  ];
  for (const [id, name, read] of readers) {
    const offset = parts.options.sections.get(id);
    if (offset === undefined) continue;
    const unread = id === OPTION.STRINGS || id === OPTION.BTF_FILE || id === OPTION.MODULES_FILE;
    guard(container, name, offset, () => {
      const section = openSection(container, offset, id, unread);
      read(section.body);
      container.map.add(
        offset,
        Math.max(section.end, section.flags & COMPRESSED ? 0 : section.body.position),
        'comment',
      );
    });
  }
}

/** Sections that no option names, such as the strings at the end of the file, stand between the others. */
export function claimLooseSections(container: Container): void {
  for (const gap of container.map.gaps()) {
    let at = gap.start;
    while (at + HEADER <= gap.end) {
      const cursor = new Cursor(container.source, container.bigEndian, at, gap.end);
      const id = cursor.u16();
      const flags = cursor.u16();
      cursor.u32();
      let size = cursor.u32();
      if (cursor.u32() !== 0 || flags > COMPRESSED || id > LAST_ID) break;
      if (flags === COMPRESSED) {
        if (cursor.remaining < 8) break;
        size = 8 + cursor.u32();
      }
      if (at + HEADER + size > gap.end) break;
      container.map.add(at, at + HEADER + size, 'comment');
      at += HEADER + size;
    }
  }
}

function guard(container: Container, name: string, offset: number, read: () => void): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof Damage)) throw error;
    container.note(
      'error',
      'damaged-section',
      error.offset,
      `section of ${name} at byte ${offset}: ${error.message}`,
    );
  }
}

function readOptionSections(container: Container, first: number, options: OptionSet): void {
  const visited = new Set<number>();
  let offset = first;
  while (offset !== 0) {
    if (visited.has(offset)) {
      container.note(
        'warning',
        'option-cycle',
        offset,
        'the option sections point at each other in a circle',
      );
      return;
    }
    visited.add(offset);
    try {
      offset = readOptionSection(container, offset, options);
    } catch (error) {
      if (!(error instanceof Damage) || visited.size === 1) throw error;
      container.note('error', 'damaged-section', error.offset, `options at byte ${offset}: ${error.message}`);
      return;
    }
  }
}

/** Reads the options of one section; returns the offset of the next, 0 at the end. */
function readOptionSection(container: Container, offset: number, options: OptionSet): number {
  const section = openSection(container, offset, OPTION.DONE, false);
  const { body } = section;
  for (;;) {
    const id = body.u16();
    const size = body.u32();
    if (id === OPTION.DONE) {
      const next = size >= 8 ? body.size64('the offset of more options') : 0;
      container.map.add(
        offset,
        Math.max(section.end, section.flags & COMPRESSED ? 0 : body.position),
        'comment',
      );
      return next;
    }
    if (size > MAX_OPTION) throw body.damage(`option ${id} should have ${size} bytes`, 4);
    const at = body.position;
    const data = body.take(size, `option ${id}`);
    try {
      options.add(id, data, section.flags & COMPRESSED ? offset : at);
    } catch (error) {
      if (!(error instanceof Damage)) throw error;
      container.note('error', 'damaged-option', error.offset, `option ${id}: ${error.message}`);
    }
  }
}

/**
 * Opens a section and unpacks it. The size in its header is not trusted: some versions of trace-cmd wrote it 4 short
 * for packed sections (kernel bugzilla 217367).
 */
function openSection(container: Container, offset: number, expected: number, skipBody: boolean): Section {
  const { source, bigEndian } = container;
  const cursor = new Cursor(source, bigEndian, offset);
  if (offset + HEADER > source.size)
    throw cursor.damage(`a section should begin at byte ${offset}, beyond the end of the file`);
  const id = cursor.u16();
  const flags = cursor.u16();
  cursor.u32();
  const size = cursor.size64('the size of a section');
  if (id !== expected) throw cursor.damage(`expected a section of id ${expected}, found id ${id}`, HEADER);
  const start = cursor.position;
  const sized = Math.min(source.size, start + size);
  if ((flags & COMPRESSED) === 0 || skipBody) return { id, flags, body: cursor, end: sized, start };
  const packedSize = cursor.u32();
  const unpackedSize = cursor.u32();
  if (unpackedSize > MAX_SECTION) {
    throw cursor.damage(
      `a section should unpack to ${unpackedSize} bytes, more than the ${MAX_SECTION} that make sense`,
      4,
    );
  }
  const packed = cursor.take(packedSize, 'a packed section');
  const bytes = container.unpack(packed, unpackedSize);
  if (!bytes)
    throw cursor.damage(
      `${packedSize} bytes of ${container.compression} data cannot be unpacked`,
      packedSize,
    );
  const body = new Cursor(new MemorySource(source.path, bytes), bigEndian, 0, bytes.length, offset);
  return { id, flags, body, end: cursor.position, start };
}

/**
 * Bytes of a CPU's packed data. trace-cmd up to 3.1 leaves the word with the number of chunks out of the size that it
 * writes (lib/trace-cmd/trace-compress.c); where the chunks end tells.
 */
function packedSize({ source, bigEndian }: Container, offset: number, size: number): number {
  if (size < 4) return size;
  const end = offset + size + 4;
  if (end > source.size) return size;
  // The heads stand some KiB apart: one read for many of them is faster than one for each.
  const ahead = new ReadAhead(source, end, HEADS_WINDOW);
  const word = new DataView(new ArrayBuffer(4));
  const bytes = new Uint8Array(word.buffer);
  const wordAt = (at: number) => {
    ahead.read(at, bytes);
    return word.getUint32(0, !bigEndian);
  };
  let at = offset + 4;
  for (let left = wordAt(offset); left > 0 && at + 8 <= end; left--) at += 8 + wordAt(at);
  return at === end ? size + 4 : size;
}

function readBuffer(container: Container, parts: Parts, buffer: BufferOption): void {
  const { map } = container;
  const section = openSection(container, buffer.offset, buffer.id, true);
  const { end, start, flags, body } = section;
  if (buffer.id === OPTION.BUFFER_TEXT) {
    map.add(buffer.offset, start, 'comment');
    map.add(start, end, 'unparsed');
    parts.texts.push({ name: buffer.name, offset: start, size: end - start });
    return;
  }
  const pageSize = buffer.pageSize ?? container.pageSize;
  checkPageSize(body, pageSize);
  const compressed = (flags & COMPRESSED) !== 0;
  const cpus = buffer.cpus.map(({ cpu, offset, size }) =>
    cutExtent(container, {
      cpu,
      offset,
      size: compressed ? packedSize(container, offset, size) : size,
      compressed,
    }),
  );
  const clock = buffer.clock ?? parts.options.values.traceClock;
  parts.buffers.push({ name: buffer.name, clock, pageSize, cpus });
  // Padding before the first page and between the data of the CPUs.
  let at = start;
  map.add(buffer.offset, start, 'comment');
  const sorted = cpus.filter(({ size }) => size > 0).sort((a, b) => a.offset - b.offset);
  for (const { offset, size } of sorted) {
    if (offset > at && offset - at <= 2 * pageSize) map.add(at, offset, 'comment');
    at = Math.max(at, offset + size);
  }
  if (end > at && end - at <= 2 * pageSize) map.add(at, end, 'comment');
}

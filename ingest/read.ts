import { applyFacts, expandInput, formatOfMember } from './bundle/index.ts';
import { detectFormat, formatById } from './detect.ts';
import type { EventStream } from './event-stream.ts';
import type { Format } from './format.ts';
import { splitMixed } from './mixed/index.ts';
import { SectionSource, sectionOf } from './mixed/section-source.ts';
import type { EventNeeds } from './needs.ts';
import { refuseSeveralMachines } from './one-machine.ts';
import { type Recorded, Recording } from './recording.ts';
import { type ByteSource, openSource } from './source.ts';

export interface ReadOptions {
  readonly needs: EventNeeds;
  /** Id of a format that overrides detection for all inputs. */
  readonly format?: string;
  /** Reads a source in another way than detection would; null leaves it to detection. */
  readonly formatFor?: (source: ByteSource) => Format | null;
  readonly chunkSize?: number;
  /** When listings of the hardware were taken, by path. */
  readonly taken?: ReadonlyMap<string, 'before' | 'after'>;
  /** Takes rows of frequent events while they are read; used for a recording of one source. */
  readonly stream?: EventStream;
  readonly progress?: (path: string, bytesRead: number, size: number) => void;
}

/** Inputs that were read, with their sources still open so that evidence can be quoted. */
export interface ReadInputs {
  readonly recorded: Recorded;
  readonly sources: readonly ByteSource[];
  readonly formats: readonly Format[];
  close(): void;
}

const CHUNK_SIZE = 1 << 20;

/**
 * Reads inputs in the order given into one recording.
 * @throws InputError for the first input that cannot be opened or recognised, and for traces of several machines.
 */
export async function readInputs(paths: readonly string[], options: ReadOptions): Promise<ReadInputs> {
  const sources: ByteSource[] = [];
  const close = () => {
    for (const source of sources) source.close();
  };
  try {
    for (const path of paths) sources.push(...(await expandInput(await openSource(path))));
    const read = await readSources(sources, options);
    sources.splice(0, sources.length, ...read.sources);
    return { ...read, close };
  } catch (error) {
    close();
    throw error;
  }
}

/** The same for sources that are open already. The sources it gives are those of the recording: a mixed input has two, and what an input embeds is one more. */
export async function readSources(
  inputs: readonly ByteSource[],
  options: ReadOptions,
): Promise<Pick<ReadInputs, 'recorded' | 'formats' | 'sources'>> {
  const sources = options.format ? [...inputs] : inputs.flatMap((input) => splitMixed(input) ?? [input]);
  const count = sources.length;
  const recording = new Recording();
  const formats = sources.map(
    (source) =>
      formatOfMember(source) ??
      formatOfSection(source) ??
      options.formatFor?.(source) ??
      (options.format ? formatById(options.format) : detectFormat(source).format),
  );
  // What a source embeds is read after all inputs.
  for (let i = 0; i < sources.length; i++) {
    const source = sources[i];
    const out = recording.addSource(source.path, formats[i].id, source.size);
    out.taken = options.taken?.get(source.path) ?? null;
    await formats[i].decode(source, out, {
      needs: options.needs,
      chunkSize: options.chunkSize ?? CHUNK_SIZE,
      stream: count === 1 && i === 0 ? options.stream : undefined,
      progress: (bytes) => options.progress?.(source.path, bytes, source.size),
    });
    for (const { format, ranges } of out.embedded) {
      formats.push(formatById(format));
      sources.push(sectionOf(source, formatById(format), ranges));
    }
  }
  applyFacts(sources, recording);
  refuseSeveralMachines(recording.sources);
  return { recorded: recording.finish(), formats, sources };
}

function formatOfSection(source: ByteSource): Format | null {
  return source instanceof SectionSource ? source.format : null;
}

import { readFileSync } from 'node:fs';
import { mappedFormat } from '../ingest/ats-events/mapped-lines.ts';
import { rankFormats } from '../ingest/detect.ts';
import type { Format } from '../ingest/format.ts';
import { InputError } from '../ingest/input-error.ts';
import { decodeQemuTrace, parseTraceEvents, qemuTrace } from '../ingest/qemu-trace/index.ts';
import type { ByteSource } from '../ingest/source.ts';
import type { NamedOffset } from '../model/hardware/offsets.ts';
import { isFunctionAddress } from '../model/lift/arguments.ts';
import { UsageError } from './exit-codes.ts';

/** Options that help to read logs of the hardware. */
export interface ReaderFlags {
  /** `MAPPING` or `INPUT=MAPPING`. */
  readonly map?: readonly string[];
  readonly traceEvents?: string;
  /** `OFFSET` or `FUNCTION=OFFSET`. */
  readonly atsCapability?: readonly string[];
}

/** A format that detects an input this well is not overruled by a mapping without the name of an input. */
const SURE = 60;

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new InputError(
      `${path}: cannot be read: ${(error as NodeJS.ErrnoException).code ?? (error as Error).message}.`,
    );
  }
}

/** The mapping in a file. @throws InputError */
export async function readMapping(path: string) {
  // Imported when needed: it brings all of YAML.
  const { parseMapping } = await import('../ingest/ats-events/mapping.ts');
  return parseMapping(textOf(path), path);
}

/**
 * Says which inputs are read in another way than detection would: through a mapping, or with QEMU's own declarations.
 * @throws InputError for a file that cannot be read or used.
 */
export async function readersFor(
  flags: ReaderFlags,
): Promise<((source: ByteSource) => Format | null) | undefined> {
  const named = new Map<string, Format>();
  let general: Format | null = null;
  for (const option of flags.map ?? []) {
    const at = option.lastIndexOf('=');
    const format = mappedFormat(await readMapping(at < 0 ? option : option.slice(at + 1)));
    if (at < 0) general = format;
    else named.set(option.slice(0, at), format);
  }
  const declared = flags.traceEvents === undefined ? null : parseTraceEvents(textOf(flags.traceEvents));
  if (named.size === 0 && !general && !declared) return undefined;
  const qemu: Format = {
    ...qemuTrace,
    async decode(source, out, options) {
      decodeQemuTrace(source, out, options, declared);
    },
  };
  return (source) => {
    const own = named.get(source.path);
    if (own) return own;
    if (!general && !declared) return null;
    const [best] = rankFormats(source);
    if (general && best.detection.confidence < SURE) return general;
    return declared && best.format.id === qemuTrace.id ? qemu : null;
  };
}

/** Offsets of ATS capabilities that the user named. @throws UsageError */
export function namedOffsets(options: readonly string[] | undefined): NamedOffset[] {
  return (options ?? []).map((option) => {
    const at = option.lastIndexOf('=');
    const fn = at < 0 ? null : option.slice(0, at);
    const offset = Number(option.slice(at + 1));
    if (!Number.isInteger(offset) || offset < 0x100 || offset > 0xff8 || offset % 4 !== 0)
      throw new UsageError(
        `--ats-capability ${option}: expected an offset in extended config space, e.g. 0x100 or 0000:01:00.0=0x100.`,
      );
    if (fn !== null && !isFunctionAddress(fn))
      throw new UsageError(
        `--ats-capability ${option}: expected an address such as 0000:01:00.0 before the offset.`,
      );
    return { function: fn, offset };
  });
}

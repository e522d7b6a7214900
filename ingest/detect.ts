import type { Detection, Format } from './format.ts';
import { FORMATS } from './formats.ts';
import { InputError } from './input-error.ts';
import { explainMistaken } from './mistaken.ts';
import { type ByteSource, headOf } from './source.ts';

export interface Ranked {
  readonly format: Format;
  readonly detection: Detection;
}

/** Below this a format is not considered at all. */
const MINIMUM = 20;

/** All formats with what they say of the source, the most confident first. */
export function rankFormats(source: ByteSource): Ranked[] {
  const head = headOf(source);
  return FORMATS.map((format) => ({
    format,
    detection: format.detect({ path: source.path, head, size: source.size }),
  })).sort((a, b) => b.detection.confidence - a.detection.confidence);
}

/** @throws InputError for an id that no format has. */
export function formatById(id: string): Format {
  const format = FORMATS.find((candidate) => candidate.id === id);
  if (!format) {
    throw new InputError(
      `--input-format ${id}: no such format; there are ${FORMATS.map((known) => known.id).join(', ')}.`,
    );
  }
  return format;
}

/**
 * The format of a source.
 * @throws InputError when no format fits or two fit equally well; the message lists what each looked for.
 */
export function detectFormat(source: ByteSource): Ranked {
  if (source.size === 0) {
    throw new InputError(
      `${source.path}: is empty. If it was copied from /sys/kernel/tracing, read it with cat while the trace still has events.`,
    );
  }
  const ranked = rankFormats(source);
  const [best, second] = ranked;
  const reasons = ranked.map(({ format, detection }) => `  ${format.id}: ${detection.why}`).join('\n');
  if (best.detection.confidence < MINIMUM) {
    const mistaken = explainMistaken({ path: source.path, head: headOf(source), size: source.size });
    if (mistaken) throw new InputError(`${source.path}: no recording. ${mistaken}`);
    throw new InputError(`${source.path}: no format known here. What was looked for:\n${reasons}`);
  }
  if (second && second.detection.confidence === best.detection.confidence) {
    throw new InputError(
      `${source.path}: could be ${best.format.id} or ${second.format.id}. Say which with --input-format:\n${reasons}`,
    );
  }
  return best;
}

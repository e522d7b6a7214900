import { detectFormat, rankFormats } from '../ingest/detect.ts';
import { openSource } from '../ingest/source.ts';
import { paletteFor } from './terminal.ts';

/** Prints what each format says of a file, the most confident first. @throws InputError when none fits. */
export async function runSniff(path: string, flags: { readonly json?: boolean }): Promise<void> {
  const source = await openSource(path);
  try {
    const ranked = rankFormats(source);
    if (flags.json) {
      const rows = ranked.map(({ format, detection }) => ({
        format: format.id,
        title: format.title,
        confidence: detection.confidence,
        why: detection.why,
        detail: detection.detail ?? null,
      }));
      process.stdout.write(`${JSON.stringify({ path, size: source.size, formats: rows }, null, 2)}\n`);
    } else {
      const palette = paletteFor(process.stdout);
      for (const { format, detection } of ranked) {
        const line = `${String(detection.confidence).padStart(3)}  ${format.id.padEnd(12)} ${detection.why}`;
        process.stdout.write(`${detection.confidence > 0 ? palette.bold(line) : palette.dim(line)}\n`);
      }
    }
    detectFormat(source);
  } finally {
    source.close();
  }
}

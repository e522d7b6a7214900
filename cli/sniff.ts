import { previewMapping } from '../ingest/ats-events/mapped-lines.ts';
import { expandInput } from '../ingest/bundle/index.ts';
import { detectFormat, type Ranked, rankFormats } from '../ingest/detect.ts';
import { type ByteSource, headOf, openSource } from '../ingest/source.ts';
import { oneLine } from '../reports/visible.ts';
import { readMapping } from './input-readers.ts';
import { paletteFor } from './terminal.ts';

/** Prints what each format says of a file, the most confident first; of a bundle, of each recording in it. @throws InputError when none fits. */
export async function runSniff(
  path: string,
  flags: { readonly json?: boolean; readonly map?: string },
): Promise<void> {
  if (flags.map !== undefined) return showMapping(path, flags.map, flags.json === true);
  const members = await expandInput(await openSource(path));
  try {
    const answers = members.map((member) => ({ member, ranked: rankFormats(member) }));
    if (flags.json) {
      const data = answers.map(({ member, ranked }) => answerData(member, ranked));
      process.stdout.write(
        `${JSON.stringify(data.length === 1 ? data[0] : { path, members: data }, null, 2)}\n`,
      );
    } else for (const { member, ranked } of answers) printAnswer(member, ranked, members.length > 1);
    for (const member of members) detectFormat(member);
  } finally {
    for (const member of members) member.close();
  }
}

function answerData(member: ByteSource, ranked: readonly Ranked[]) {
  const formats = ranked.map(({ format, detection }) => ({
    format: format.id,
    title: format.title,
    confidence: detection.confidence,
    why: detection.why,
    detail: detection.detail ?? null,
  }));
  return { path: member.path, size: member.size, formats };
}

function printAnswer(member: ByteSource, ranked: readonly Ranked[], named: boolean): void {
  const palette = paletteFor(process.stdout);
  if (named) process.stdout.write(`${palette.bold(oneLine(member.path, 200))}\n`);
  for (const { format, detection } of ranked) {
    const line = `${String(detection.confidence).padStart(3)}  ${format.id.padEnd(12)} ${detection.why}`;
    process.stdout.write(`${detection.confidence > 0 ? palette.bold(line) : palette.dim(line)}\n`);
  }
}

const MAX_PREVIEW = 10;

/** Prints what a mapping file makes of the first records of a file. @throws InputError */
async function showMapping(path: string, mapping: string, asJson: boolean): Promise<void> {
  const source = await openSource(path);
  try {
    const head = headOf(source, 1 << 20);
    const text = Buffer.from(head).toString('utf8');
    // A last line that was cut is not shown.
    const whole = head.length < source.size ? text.slice(0, text.lastIndexOf('\n') + 1) : text;
    const lines = previewMapping(whole, await readMapping(mapping), MAX_PREVIEW);
    if (asJson) {
      const data = lines.map(({ line, record, problem }) => ({
        line,
        record: record ? Object.fromEntries(record) : null,
        problem,
      }));
      process.stdout.write(`${JSON.stringify({ path, mapping, records: data }, null, 2)}\n`);
      return;
    }
    const palette = paletteFor(process.stdout);
    process.stdout.write(`The first records of ${oneLine(path, 200)} through ${oneLine(mapping, 200)}:\n`);
    for (const { line, text: own, record, problem } of lines) {
      const shown = record
        ? [...record].map(
            ([name, value]) => `${palette.dim(oneLine(name, 40))} ${oneLine(String(value), 60)}`,
          )
        : [palette.red(oneLine(`${problem}: ${own}`, 300))];
      process.stdout.write(`${String(line).padStart(6)}  ${shown.join('  ')}\n`);
    }
    if (lines.length === 0) process.stdout.write('  none: every line is skipped by the mapping\n');
  } finally {
    source.close();
  }
}

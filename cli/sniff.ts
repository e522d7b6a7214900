import { expandInput } from '../ingest/bundle/index.ts';
import { detectFormat, type Ranked, rankFormats } from '../ingest/detect.ts';
import { type ByteSource, openSource } from '../ingest/source.ts';
import { oneLine } from '../reports/visible.ts';
import { paletteFor } from './terminal.ts';

/** Prints what each format says of a file, the most confident first; of a bundle, of each recording in it. @throws InputError when none fits. */
export async function runSniff(path: string, flags: { readonly json?: boolean }): Promise<void> {
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

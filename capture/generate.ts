import { BOOT_SETTINGS, bootDefinitions } from './boot.ts';
import { pickAlternative } from './kernel.ts';
import { PROBES, type ProbeRow } from './probes.ts';
import { GROUPS } from './recipes.ts';
import { TRACEPOINTS } from './tracepoints.ts';

/** The parts of the script in their order; `LIST` stands for the generated list of probes. */
export const SCRIPT_PARTS = [
  '10-options.sh',
  'LIST',
  '30-tracefs.sh',
  '40-probes.sh',
  '50-machine.sh',
  '60-commands.sh',
] as const;

/**
 * Puts `atscope-capture` together: one file, because that is what can be copied to a machine with a shell and nothing
 * else.
 * @param part gives the text of a part of the script by its file name.
 */
export function captureScript(part: (name: string) => string, version: string): string {
  return SCRIPT_PARTS.map((name) => (name === 'LIST' ? probeList() : part(name)))
    .join('\n')
    .replaceAll('@VERSION@', version);
}

/** The list of probes as shell functions that print it. */
export function probeList(): string {
  return [
    '# --- what is probed: generated from what the model understands, see capture/generate.ts ----------------------------',
    '',
    `GROUPS_KNOWN='${Object.keys(GROUPS).join(',')}'`,
    '',
    '# GROUP|KIND|EVENT|FUNCTION|ONLY WITHOUT|FILTER|LEVEL:ARGUMENTS;...; the first the kernel accepts is taken.',
    ...listing('probe_rows', PROBES.map(probeLine)),
    '',
    '# GROUP|SYSTEM|EVENT|FILTER',
    ...listing(
      'event_rows',
      TRACEPOINTS.map(({ group, system, name, filter }) => [group, system, name, filter ?? ''].join('|')),
    ),
    '',
    '# For the kernel command line, the most telling first.',
    `BOOT_SETTINGS='${BOOT_SETTINGS}'`,
    '',
    ...listing(
      'boot_rows_by_name',
      bootDefinitions((row) => pickAlternative(row, { byName: true, inReturns: true })),
    ),
    '',
    ...listing(
      'boot_rows_by_name_in_entries',
      bootDefinitions((row) => pickAlternative(row, { byName: true, inReturns: false })),
    ),
    '',
    ...listing(
      'boot_rows_by_position',
      bootDefinitions((row) => pickAlternative(row, { byName: false, inReturns: false })),
    ),
    '',
  ].join('\n');
}

function probeLine(row: ProbeRow): string {
  const alternatives = row.alternatives.map(({ level, arguments: text }) => `${level}:${text}`);
  const { group, isReturn, name, known, filter } = row;
  const without = [row.without, row.onlyForDevice ? `${known.symbol}:device` : ''].filter(Boolean).join(' ');
  return [group, isReturn ? 'r' : 'p', name, known.symbol, without, filter, alternatives.join(';')].join('|');
}

function listing(name: string, lines: readonly string[]): string[] {
  return [`${name}() {`, "  cat <<'EOT'", ...lines, 'EOT', '}'];
}

import type { Command } from 'commander';

/** For commander: an option that may be given more than once. */
export function collect(value: string, before: readonly string[] | undefined): string[] {
  return [...(before ?? []), value];
}

/** The options of every command that reads recordings: which format an input has, and what helps to read logs of the hardware. */
export function addReaderOptions(command: Command): Command {
  return command
    .option('--input-format <id>', 'read all inputs as this format')
    .option(
      '--map <mapping>',
      'read logs of another make through this mapping file (INPUT=MAPPING for one input)',
      collect,
    )
    .option(
      '--ats-capability <offset>',
      'offset of the ATS capability in a log of the hardware (FUNCTION=OFFSET for one)',
      collect,
    )
    .option(
      '--trace-events <file>',
      'trace-events-all of the QEMU that wrote the trace: gives its events names and types',
    );
}

import { describe, expect, test } from 'vitest';
import { atscope } from '../support/atscope.ts';

const { out: overview } = atscope(['--help']);
const COMMANDS = [...overview.matchAll(/^ {2}([a-z]+) \[options\]/gm)].map((match) => match[1]);

describe('help', () => {
  test('names the commands, examples and exit codes', () => {
    expect(COMMANDS.length).toBeGreaterThanOrEqual(12);
    expect(overview).toContain('Examples:');
    for (const code of [0, 1, 2, 3, 4, 70])
      expect(overview.replace(/\s+/g, ' ')).toMatch(new RegExp(`[ :]${code} [a-z]`));
  });

  for (const command of COMMANDS) {
    test(`${command}: has examples, and an answer as JSON`, () => {
      const { code, out } = atscope([command, '--help']);
      expect(code).toBe(0);
      expect(out).toMatch(/^Examples?:$/m);
      expect(out).toContain(`  atscope ${command}`);
      expect(out).toContain('--json');
    });
  }
});

test('model and capture answer as JSON', () => {
  expect(JSON.parse(atscope(['model', '--json', '--kind', 'vf']).out).kind).toBe('vf');
  const capture = JSON.parse(atscope(['capture', '--print', 'probes', '--kernel', '6.12.107', '--json']).out);
  expect([capture.form, capture.kernel]).toEqual(['probes', '6.12.107']);
  expect(capture.text).toContain('pci_enable_ats');
});

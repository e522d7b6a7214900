import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };

const ROOT = join(import.meta.dirname, '..', '..');
const BIN = join(ROOT, 'bin', 'atscope');
const CAPTURES = join(ROOT, 'test', 'fixtures', 'captures');
const FAIL = join(CAPTURES, '6.12-s2', 'trace.txt');
const PASS = join(CAPTURES, '6.12-s1', 'trace.txt');
const LOSSY = join(CAPTURES, '6.12-s11', 'trace.txt');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'atscope-test-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(args: readonly string[], options: { input?: string | Buffer; cwd?: string } = {}) {
  const done = spawnSync(process.execPath, [BIN, ...args], {
    cwd: options.cwd ?? folder,
    input: options.input ?? '',
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '', FORCE_COLOR: '' },
  });
  return { code: done.status, out: done.stdout, err: done.stderr };
}

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

describe('exit codes', () => {
  it('0 on pass, 1 on gating findings', () => {
    expect(run(['analyze', PASS]).code).toBe(0);
    expect(run(['analyze', FAIL]).code).toBe(1);
  });

  it('--fail-on moves the gate, never keeps it open', () => {
    const warning = join(CAPTURES, '7.2-series-s1', 'trace.txt');
    expect(run(['analyze', warning, '--fail-on', 'warning']).code).toBe(0);
    expect(run(['analyze', FAIL, '--fail-on', 'never']).code).toBe(0);
    expect(run(['analyze', FAIL, '--fail-on', 'warning']).code).toBe(1);
  });

  it('4 on inconclusive only under --strict', () => {
    expect(run(['analyze', LOSSY]).code).toBe(0);
    expect(run(['analyze', LOSSY, '--strict']).code).toBe(4);
    expect(run(['analyze', FAIL, '--strict']).code).toBe(1);
  });

  it('2 on usage, with one line that says what was expected', () => {
    for (const args of [
      ['analyze'],
      ['analyze', PASS, '--nonsense'],
      ['analyze', PASS, '--fail-on', 'sometimes'],
      ['analyze', PASS, '--features', '9.9'],
      ['explain', 'ATS999'],
      ['frobnicate'],
    ]) {
      const { code, err } = run(args);
      expect([args, code]).toEqual([args, 2]);
      expect(err).not.toContain('    at ');
    }
    expect(run(['analyze', PASS, '--features', '9.9']).err).toContain('6.12-old');
    expect(run(['analyze', PASS, '--fail-on', 'sometimes']).err).toContain('error, warning, never');
  });

  it('3 on inputs that cannot be used, with one clear message', () => {
    const unreadable = file('secret.txt', 'x');
    chmodSync(unreadable, 0);
    const cases: [string, RegExp][] = [
      [join(folder, 'missing.txt'), /no such file/],
      [folder, /is a directory/],
      [file('empty.txt', ''), /is empty/],
      [
        file(
          'garbage.bin',
          Uint8Array.from({ length: 5000 }, (_, i) => (i * 7919) & 255),
        ),
        /no format known here/,
      ],
      [file('prose.txt', 'Dear maintainer,\nthis is no trace.\n'), /no format known here/],
      [file('damaged.gz', gzipSync('x'.repeat(1000)).subarray(0, 20)), /damaged or cut gzip/],
      ...(process.getuid?.() === 0 ? [] : ([[unreadable, /no permission/]] as [string, RegExp][])),
    ];
    for (const [path, message] of cases) {
      const { code, out, err } = run(['analyze', path]);
      expect([path, code, out]).toEqual([path, 3, '']);
      expect(err).toMatch(message);
      expect(err).not.toContain('    at ');
    }
  });

  it('3 also when only one of two inputs is bad, and nothing is written', () => {
    const out = join(folder, 'nothing-here');
    expect(run(['analyze', PASS, join(folder, 'missing.txt'), '--out', out]).code).toBe(3);
    expect(readdirSync(folder)).not.toContain('nothing-here');
  });
});

describe('analyze', () => {
  it('reads standard input and gzip', () => {
    expect(run(['analyze', '-'], { input: readFileSync(FAIL) }).code).toBe(1);
    expect(run(['analyze', file('trace.txt.gz', gzipSync(readFileSync(FAIL)))]).code).toBe(1);
  });

  it('prints no colour codes into a pipe, and those of the log not at all', () => {
    const hostile = readFileSync(FAIL, 'utf8').replace('LAB: sriov_numvfs=3', 'LAB: \x1b[31mred\x07');
    const { out } = run(['analyze', file('hostile.txt', hostile)]);
    expect(out).not.toContain('\x1b');
  });

  it('--json prints findings.json and nothing else', () => {
    const data = JSON.parse(run(['analyze', FAIL, '--json']).out);
    expect(data.schema).toBe(1);
    expect(data.verdict).toBe('fail');
    expect(data.tool).toContain(packageJson.version);
    expect(data.findings[0]).toMatchObject({
      rule: 'ATS004',
      function: '0000:01:00.2',
      pf: '0000:01:00.0',
      severity: 'error',
    });
  });

  it('--out writes the three reports, whole, before it exits with 1; the same bytes twice', () => {
    const args = (out: string) => ['analyze', FAIL, join(CAPTURES, '6.12-s2', 'dmesg.txt'), '--out', out];
    const [first, second] = [join(folder, 'a', 'b'), join(folder, 'c')];
    expect(run(args(first)).code).toBe(1);
    expect(run(args(second)).code).toBe(1);
    expect(readdirSync(first).sort()).toEqual(['findings.json', 'report.html', 'summary.md']);
    for (const name of readdirSync(first)) {
      expect(readFileSync(join(first, name)).equals(readFileSync(join(second, name))), name).toBe(true);
    }
    expect(readFileSync(join(first, 'report.html'), 'utf8')).toContain('0000:01:00.2');
  });

  it('--format chooses what --out writes', () => {
    const out = join(folder, 'forms');
    expect(run(['analyze', FAIL, '--out', out, '--format', 'junit,sarif,ktap']).code).toBe(1);
    expect(readdirSync(out).sort()).toEqual(['atscope.ktap', 'atscope.sarif', 'junit.xml']);
    expect(run(['analyze', FAIL, '--out', out, '--format', 'pdf']).code).toBe(2);
    expect(run(['analyze', FAIL, '--out', out, '--format', '']).code).toBe(2);
  });

  it('--format without --out prints the one form, and asks for a directory for several', () => {
    const { code, out } = run(['analyze', FAIL, '--format', 'junit']);
    expect(code).toBe(1);
    expect(out).toMatch(/^<\?xml/);
    const several = run(['analyze', FAIL, '--format', 'junit,ktap']);
    expect([several.code, several.out]).toEqual([2, '']);
    expect(several.err).toContain('--out DIR');
  });

  it('--under tells what another kernel would have done', () => {
    const { out } = run(['analyze', join(CAPTURES, '6.12-s7', 'trace.txt'), '--under', 'series']);
    expect(out).toContain('ats.supported of 0000:01:00.1');
    expect(out).toContain('no instead of yes');
    expect(run(['analyze', FAIL, '--under', 'nonsense']).code).toBe(2);
  });

  it('state tells what was known at an instant and after an event', () => {
    const data = JSON.parse(run(['state', FAIL, '--at', '25.591800', '--json']).out);
    const vf = data.functions.find((fn: { function: string }) => fn.function === '0000:01:00.1');
    expect(vf.pf).toBe('0000:01:00.0');
    expect(vf.values).toContainEqual(expect.objectContaining({ layer: 'core', field: 'en', value: 1 }));
    expect(run(['state', FAIL, '--event', '0']).out).toContain('State after event 0');
    for (const args of [[], ['--at', 'noon'], ['--event', '99999'], ['--at', '1', '--event', '1']]) {
      expect(run(['state', FAIL, ...args]).code).toBe(2);
    }
  });

  it('model prints the reference machine in three forms', () => {
    expect(run(['model']).out).toContain('prepared --> enabled: enable_ok');
    expect(run(['model', '--format', 'dot', '--kind', 'vf']).out).toMatch(/^digraph state_automaton \{/);
    expect(JSON.parse(run(['model', '--format', 'json']).out).transitions.length).toBeGreaterThan(10);
    expect(run(['model', '--format', 'svg']).code).toBe(2);
  });

  it('--out on a file is refused with code 2', () => {
    const { code, err } = run(['analyze', PASS, '--out', file('in-the-way', '')]);
    expect(code).toBe(2);
    expect(err).toContain('--out');
  });

  it('signatures hold neither times nor memory addresses: another run of the same story has the same', () => {
    const text = readFileSync(join(CAPTURES, '6.12-s3', 'trace.txt'), 'utf8');
    const shifted = text
      .replace(
        / (\d+)\.(\d{6}):/g,
        (_, seconds: string, fraction: string) => ` ${Number(seconds) + 100}.${fraction}:`,
      )
      .replaceAll('0xffffffffc054b1fe', '0xffffffffc0aa0042')
      .replaceAll('insmod-190', 'insmod-777');
    const signatures = (content: string) =>
      JSON.parse(run(['analyze', '-', '--json'], { input: content }).out).findings.map(
        (finding: { signature: string }) => finding.signature,
      );
    expect(signatures(shifted)).toEqual(signatures(text));
    expect(new Set(signatures(text)).size).toBe(signatures(text).length);
  });
});

describe('rules, explain, sniff, help', () => {
  it('rules lists them, --json tells all', () => {
    const rules = JSON.parse(run(['rules', '--json']).out);
    const ids = rules.map((rule: { id: string }) => rule.id);
    expect(run(['rules']).out.match(/^ATS\d{3} /gm)?.length).toBe(ids.length);
    for (const rule of rules)
      for (const part of ['condition', 'meaning', 'fix', 'versions'])
        expect(rule[part], rule.id).not.toBe('');
  });

  it('explain finds a rule by id and by name, in any case', () => {
    for (const id of ['ATS016', 'ats016', 'driver-believes-enabled'])
      expect(run(['explain', id]).out).toContain('ATS016 driver-believes-enabled');
  });

  it('explain says at its end what its words mean, in the words of docs/rules.md', () => {
    const { out } = run(['explain', 'ATS004']);
    const [, words] = out.split('\nWords\n');
    const text = words.replace(/\s+/g, ' ').trim();
    const page = readFileSync(join(import.meta.dirname, '../../docs/rules.md'), 'utf8').replaceAll('`', '');
    for (const word of ['Layers', 'Page shift and STU', 'First divergence']) {
      const meaning = new RegExp(`\\*\\*${word}\\.\\*\\* (.*)`).exec(page)?.[1];
      expect(meaning).toBeTruthy();
      expect(text).toContain(`${word}: ${meaning}`);
    }
    expect(text.startsWith('Layers: ')).toBe(true);
    expect(Math.max(...words.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
    expect(run(['explain', 'ATS004', '--json']).out).not.toContain('First divergence');
  });

  it('sniff tells the format and why', () => {
    expect(run(['sniff', FAIL]).out).toMatch(/^ *98 +ftrace-text .*tracer: nop/);
    expect(run(['sniff', join(CAPTURES, '6.12-s2', 'dmesg.txt')]).out).toMatch(/^ *\d+ +kernel-log /);
    expect(run(['sniff', file('prose2.txt', 'hello\n')]).code).toBe(3);
  });

  it('help of every command has examples or arguments, and exits with 0', () => {
    for (const command of ['', 'analyze', 'rules', 'explain', 'sniff']) {
      const { code, out } = run([...(command ? [command] : []), '--help']);
      expect([command, code]).toEqual([command, 0]);
      expect(out).toContain('Usage: atscope');
    }
    expect(run(['--version']).out.trim()).toBe(packageJson.version);
  });
});

describe('logs of the hardware', () => {
  const LOG = join(ROOT, 'test', 'fixtures', 'qemu-trace', '7.2-s5.log');
  /** Accesses without the walk of the capability list, so that the offset is not learned. */
  const writes = () =>
    readFileSync(LOG, 'utf8')
      .split('\n')
      .filter((line) => /pci_cfg_write \S+ 0[12]:00\.\d @0x(?:106|104)/.test(line))
      .join('\n');
  const enables = (args: readonly string[]) => {
    const sql = "SELECT count(*) AS n FROM state_intervals WHERE layer = 'hw' AND field = 'en' AND value = 1";
    const done = run(['query', file('writes.log', `${writes()}\n`), sql, '--format', 'json', ...args]);
    expect(done.err).toBe('');
    return JSON.parse(done.out)[0].n;
  };

  it('--ats-capability says where ATS Control is when the log does not show it', () => {
    expect(Number(enables([]))).toBe(0);
    expect(Number(enables(['--ats-capability', '0x100']))).toBeGreaterThan(0);
    const one = Number(enables(['--ats-capability', '0000:02:00.0=0x100']));
    expect(one).toBeGreaterThan(0);
    expect(one).toBeLessThan(Number(enables(['--ats-capability', '0x100'])));
  });

  it.each(['0x10', 'abc', '0x101', 'nobody=0x100'])(
    '--ats-capability %s is refused with the reason',
    (value) => {
      const done = run(['analyze', LOG, '--ats-capability', value]);
      expect(done.code).toBe(2);
      expect(done.err).toContain(`--ats-capability ${value}: expected`);
    },
  );

  it('--map reads a log of another make for SQL, too', () => {
    const docs = join(ROOT, 'docs', 'examples');
    const [log, map] = ['vf-before-pf.csv', 'vf-before-pf.map.yaml'].map((name) => join(docs, name));
    const sql = "SELECT rule FROM findings WHERE severity = 'error' ORDER BY ALL";
    const done = run(['query', log, sql, '--map', map, '--format', 'json']);
    expect(done.err).toBe('');
    expect(JSON.parse(done.out).length).toBeGreaterThan(0);
  });

  it('--trace-events names the arguments of events', () => {
    const events = file(
      'trace-events-all',
      'vtd_inv_desc_wait_irq(const char *what, uint64_t a) "%s gizmo 0x%"PRIx64\n',
    );
    const log = file(
      'irq.log',
      '2026-11-22T22:07:28.601247Z vtd_inv_desc_wait_irq hello gizmo 0x2a\n'.repeat(3),
    );
    const sql = 'SELECT a FROM ftrace.vtd_inv_desc_wait_irq LIMIT 1';
    const done = run(['query', log, sql, '--all', '--format', 'json', '--trace-events', events]);
    expect(done.err).toBe('');
    expect(Number(JSON.parse(done.out)[0].a)).toBe(42);
    const missing = run(['analyze', log, '--trace-events', join(folder, 'nowhere')]);
    expect(missing.code).toBe(3);
    expect(missing.err).toContain('nowhere');
    expect(run(['analyze', log, '--trace-events', file('no-events', 'hello\n')]).err).not.toContain(
      '    at ',
    );
  });
});

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runShell } from '../../cli/shell.ts';
import { historyPath, loadHistory, saveHistory } from '../../cli/shell-history.ts';
import { type Database, openDatabase } from '../../queries/database.ts';
import { sampleAnalysis } from '../reports/sample.ts';

let db: Database;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'atscope-shell-'));
  db = await openDatabase(sampleAnalysis());
});
afterAll(() => {
  db.close();
  rmSync(folder, { recursive: true });
});

interface Session {
  type(text: string): void;
  /** Waits until the output has a text. */
  until(text: string): Promise<void>;
  end(): Promise<string>;
}

function session(terminal = false): Session {
  const input = new PassThrough();
  const output = Object.assign(new PassThrough(), { columns: 100 });
  let shown = '';
  output.on('data', (data) => {
    shown += data;
  });
  const history = join(folder, 'history');
  const done = runShell(db.engine, { timeLimit: 20, allowFiles: false, input, output, terminal, history });
  return {
    type: (text) => void input.write(text),
    until: async (text) => {
      for (let i = 0; i < 500 && !shown.includes(text); i++)
        await new Promise((resolve) => setTimeout(resolve, 10));
      expect(shown).toContain(text);
    },
    end: async () => {
      input.end();
      await done;
      return shown;
    },
  };
}

async function typed(text: string): Promise<string> {
  const shell = session();
  shell.type(text);
  return shell.end();
}

describe('the shell', () => {
  test('a statement may take many lines; several may stand in one', async () => {
    const shown = await typed("SELECT 'a;b'\n  AS x\n;\nSELECT 1 AS y; SELECT 2 AS z;\n");
    expect(shown).toContain('a;b\n1 row');
    expect(shown).toContain('    ...> ');
    expect(shown.match(/1 row/g)).toHaveLength(3);
  });

  test('a mistake is told and does not end it', async () => {
    const shown = await typed(
      "SELEC 1;\nFROM nowhere;\nSELECT $a;\nCOPY findings TO 'x';\nSELECT 7 AS lucky;\n",
    );
    expect(shown).toContain('SELEC begins no statement');
    expect(shown).toContain('nowhere does not exist');
    expect(shown).toContain('COPY is not allowed');
    expect(shown).toContain('lucky');
  });

  test('dot commands', async () => {
    const script = join(folder, 'a.sql');
    writeFileSync(script, "SELECT 'from a file' AS x;\nSELECT 'the second' AS x\n");
    const shown = await typed(
      `.tables\n.describe findings\n.describe near\n.describe ftrace.pci_prepare_ats\n.describe nowhere\n.queries\n.run families\n.run nonsense\n.read ${script}\n.read nowhere.sql\n.help\n.nonsense\n.quit\nSELECT 'zebra';\n`,
    );
    expect(shown).toContain('rule_coverage');
    expect(shown).toContain('since_ns');
    expect(shown).toContain('Common time of the event that showed it.');
    expect(shown).toContain('near(at_ns, within_ns)');
    expect(shown).toMatch(/ps +INTEGER +Page shift/);
    expect(shown).toMatch(/seq +UINTEGER +Number of the event in its source/);
    expect(shown).toContain('.describe nowhere: no such table, view or macro');
    expect(shown).toContain('first-divergence');
    expect(shown).toContain('0000:01:00.0');
    expect(shown).toContain('.run nonsense: no such query');
    expect(shown).toMatch(/from a file[\s\S]*the second/);
    expect(shown).toContain('.read nowhere.sql: cannot be read (ENOENT)');
    expect(shown).toContain('Ctrl-C cancels');
    expect(shown).toContain('.nonsense: no such command');
    expect(shown).not.toContain('zebra');
  });

  test('Ctrl-C cancels the query that runs, then forgets what was typed; Tab completes', async () => {
    const shell = session(true);
    await shell.until('.quit leaves');
    shell.type('SELECT count(*) FROM range(100000000000) a, range(3) b WHERE a.range % 7 = b.range;\r');
    await new Promise((resolve) => setTimeout(resolve, 300));
    shell.type('\x03');
    await shell.until('cancelled.');
    shell.type('SELECT 41\r');
    await shell.until('...>');
    shell.type('\x03');
    shell.type('half a line');
    shell.type('\x03');
    await shell.until('half a line');
    shell.type('SELECT 6 * 7 AS answer;\r');
    await shell.until('42');
    await new Promise((resolve) => setTimeout(resolve, 300));
    shell.type('SELECT * FROM rule_cov');
    await shell.until('rule_cov');
    shell.type('\t');
    await shell.until('rule_coverage');
    shell.type(';\rFROM ftrace.pci_prep\t');
    await shell.until('ftrace.pci_prepare_ats');
    shell.type(';\r.quit\r');
    await shell.end();
    expect(loadHistory(join(folder, 'history'))).toContain('SELECT 6 * 7 AS answer;');
  });
});

test('the history is kept for this user only, the latest thousand lines', () => {
  expect(historyPath({ XDG_STATE_HOME: '/s' })).toBe('/s/atscope/history');
  const path = join(folder, 'deep', 'history');
  saveHistory(
    path,
    Array.from({ length: 1500 }, (_, i) => `line ${i}`),
  );
  expect(loadHistory(path)).toHaveLength(1000);
  expect(loadHistory(path)[0]).toBe('line 0');
  expect(readFileSync(path, 'utf8').endsWith('line 0\n')).toBe(true);
  expect(loadHistory(join(folder, 'none'))).toEqual([]);
});

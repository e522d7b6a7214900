// Which conditions of the model does no test notice? Forces each condition to true and to false, one at a time, and runs the
// stories of the rules, the exploration and the tests of test/support/mutation-tests.ts against it.
//   node scripts/mutate.mjs [--every N] [FILE...]     files under model/; --every N takes one condition in N
// Exits with 1 when a mutant survives that scripts/mutants-accepted.txt does not explain.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { parseAst } from 'vitest/node';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const DEFAULT_FILES = [
  'model/rules/accounting.ts',
  'model/rules/calls.ts',
  'model/rules/discovery.ts',
  'model/rules/invalidation.ts',
  'model/rules/life-cycle.ts',
  'model/rules/pasid-and-pri.ts',
  'model/rules/pf-and-vf.ts',
  'model/rules/probes.ts',
  'model/rules/recording.ts',
  'model/rules/registers.ts',
  'model/rules/resets.ts',
  'model/rules/simulator.ts',
  'model/rules/text.ts',
  'model/rules/timeouts.ts',
  'model/rules/translation-unit.ts',
  'model/replay/beliefs.ts',
  'model/replay/expectations.ts',
  'model/replay/gaps.ts',
  'model/replay/links.ts',
  'model/replay/lives.ts',
  'model/replay/observer.ts',
  'model/replay/point-steps.ts',
  'model/replay/stability.ts',
  'model/replay/windows.ts',
  'model/machine.ts',
  'model/naming-by-call.ts',
  'model/predict.ts',
];

/** Expressions of a file whose truth decides something, with their places. */
function conditionsOf(source) {
  const found = [];
  const add = (node) => {
    if (node.type === 'LogicalExpression' && node.operator !== '??') {
      add(node.left);
      add(node.right);
    } else if (node.type === 'ParenthesizedExpression') add(node.expression);
    else found.push(node);
  };
  const isComparison = (node) =>
    (node.type === 'BinaryExpression' && ['===', '!==', '<', '<=', '>', '>='].includes(node.operator)) ||
    (node.type === 'LogicalExpression' && node.operator !== '??');
  const visit = (node) => {
    if (!node || typeof node !== 'object') return;
    if (Array.isArray(node)) return node.forEach(visit);
    if (
      node.type === 'IfStatement' ||
      node.type === 'ConditionalExpression' ||
      node.type === 'WhileStatement'
    )
      add(node.test);
    else if (node.type === 'ReturnStatement' && node.argument && isComparison(node.argument))
      add(node.argument);
    else if (node.type === 'ArrowFunctionExpression' && isComparison(node.body)) add(node.body);
    else if (node.type === 'VariableDeclarator' && node.init && isComparison(node.init)) add(node.init);
    for (const key of Object.keys(node)) if (key !== 'parent') visit(node[key]);
  };
  visit(parseAst(source, { lang: 'ts' }).body);
  const unique = new Map(found.map((node) => [`${node.start}:${node.end}`, node]));
  return [...unique.values()].sort((a, b) => a.start - b.start);
}

const args = process.argv.slice(2);
const every = args[0] === '--every' ? Number(args.splice(0, 2)[1]) : 1;
const files = args.length > 0 ? args : DEFAULT_FILES;
const mutants = [];

/** Wraps every condition, so that one bundle holds all mutants and a number chooses one. */
const instrument = {
  name: 'instrument',
  setup(builder) {
    // Tests are collected, to be run once for each mutant.
    builder.onResolve({ filter: /^vitest$/ }, () => ({
      path: join(root, 'test/support/collected-tests.ts'),
    }));
    builder.onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const name = relative(root, path);
      const text = readFileSync(path, 'utf8');
      const source = text.replaceAll('import.meta.dirname', JSON.stringify(dirname(path)));
      if (!files.includes(name)) return { contents: source, loader: 'ts' };
      // Offsets of the parser count UTF-16 units, as strings do.
      const edits = [];
      for (const node of conditionsOf(source)) {
        const id = mutants.length;
        const line = source.slice(0, node.start).split('\n').length;
        mutants.push({ id, file: name, line, text: source.slice(node.start, node.end).replace(/\s+/g, ' ') });
        edits.push({ at: node.start, order: 1, text: `__m(${id},` }, { at: node.end, order: 0, text: ')' });
      }
      edits.sort((a, b) => b.at - a.at || b.order - a.order);
      let code = source;
      for (const { at, text } of edits) code = code.slice(0, at) + text + code.slice(at);
      return { contents: code, loader: 'ts' };
    });
  },
};

// Beside the packages that the bundle imports.
const folder = mkdtempSync(join(root, 'node_modules', '.mutate-'));
const outfile = join(folder, 'mutants.mjs');
await build({
  entryPoints: [join(root, 'test/support/mutation-checks.ts')],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
  packages: 'external',
  logLevel: 'error',
  plugins: [instrument],
  banner: {
    js: 'globalThis.__mutant=-1;globalThis.__forced=false;const __m=(id,value)=>id===globalThis.__mutant?globalThis.__forced:value;',
  },
});
writeFileSync(join(folder, 'list.json'), JSON.stringify(mutants.filter((mutant) => mutant.id % every === 0)));
const accepted = join(root, 'scripts/mutants-accepted.txt');
const done = spawnSync(
  process.execPath,
  [
    '--input-type=module',
    '--eval',
    `import { hunt } from ${JSON.stringify(outfile)}; process.exitCode = await hunt(${JSON.stringify(join(folder, 'list.json'))}, ${JSON.stringify(accepted)});`,
  ],
  { cwd: root, stdio: 'inherit' },
);
rmSync(folder, { recursive: true, force: true });
process.exit(done.status ?? 1);

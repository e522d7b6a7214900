import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { defineConfig, type Plugin } from 'vitest/config';

/** Imports of SQL, CSS, Markdown and scripts of the page give the text of the file, as in the bundle (see `scripts/build.mjs`). */
function textModules(): Plugin {
  const suffix = '.text-module';
  return {
    name: 'text-modules',
    enforce: 'pre',
    resolveId(source, importer) {
      if (!importer || !/^\..*\.(sql|css|md|client\.js)$/.test(source)) return null;
      return `\0${resolve(dirname(importer), source)}${suffix}`;
    },
    load(id) {
      if (!id.startsWith('\0') || !id.endsWith(suffix)) return null;
      return `export default ${JSON.stringify(readFileSync(id.slice(1, -suffix.length), 'utf8'))};`;
    },
  };
}

export default defineConfig({
  plugins: [textModules()],
  // A loaded machine must not fail a test that is only slow.
  test: {
    testTimeout: 120_000,
    hookTimeout: 120_000,
    include: ['test/**/*.test.ts'],
    pool: 'threads',
    isolate: false,
    maxWorkers: '100%',
  },
});

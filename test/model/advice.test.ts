import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { adviceFor, reasonText } from '../../model/rules/advice.ts';

/** Every reason that the model gives for not deciding, as it stands in the source. */
function reasonsInSource(): string[] {
  const folders = ['model/rules', 'model/replay'];
  return folders.flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.ts'))
      .flatMap((name) => {
        const source = readFileSync(join(folder, name), 'utf8');
        const calls = source.matchAll(
          /(?:undecided\(|left\(\s*(?:'ATS\d+'|rule),)\s*(?:'((?:[^'\\]|\\.)*)'|([A-Z_]{3,}))/g,
        );
        return [...calls].map(([, text, constant]) =>
          constant ? (new RegExp(`const ${constant} = '([^']*)'`).exec(source)?.[1] ?? constant) : text,
        );
      }),
  );
}

test('every reason for not deciding comes with what to record', () => {
  const reasons = [...new Set(reasonsInSource())];
  expect(reasons.length).toBeGreaterThan(30);
  expect(reasons.filter((reason) => adviceFor(reason) === null)).toEqual([]);
});

test('a reason is a sentence with its advice; what no recording settles stands alone', () => {
  expect(reasonText('the caller is not named')).toBe(
    'The caller is not named. Use return probes: they name the caller.',
  );
  expect(reasonText('the support test was asked once only')).toBe('The support test was asked once only.');
  expect(adviceFor('something new')).toBeNull();
});

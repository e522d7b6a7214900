/** Edits from one word to another, up to a few. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
    row = next;
  }
  return row[b.length];
}

/** ` (did you mean X?)` when one of the names is much like a word; else nothing. */
export function nearest(word: string, names: readonly string[]): string {
  const lower = word.toLowerCase();
  const [best] = names
    .map((name) => ({ name, edits: distance(lower, name.toLowerCase()) }))
    .sort((a, b) => a.edits - b.edits);
  return best &&
    best.edits > 0 &&
    best.edits <= (word.length < 4 ? 1 : Math.max(2, Math.floor(word.length / 3)))
    ? ` (did you mean ${best.name}?)`
    : '';
}

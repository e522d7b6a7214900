/** Breaks a text into lines of at most `width` characters at spaces; a longer word is broken where it must be. */
export function wrap(text: string, width: number): string[] {
  const limit = Math.max(8, width);
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    let rest = word;
    if (line !== '' && line.length + 1 + rest.length > limit) {
      lines.push(line);
      line = '';
    } else if (line !== '') {
      line += ' ';
    }
    while (line.length + rest.length > limit) {
      const room = limit - line.length;
      lines.push(line + rest.slice(0, room));
      rest = rest.slice(room);
      line = '';
    }
    line += rest;
  }
  lines.push(line.trimEnd());
  return lines;
}

/**
 * A label and its text, the text in a column of its own:
 *
 *     expected  STU 12, the unit of its PF
 *     observed  STU 13
 */
export function labelled(
  label: string,
  text: string,
  layout: { readonly indent: number; readonly column: number; readonly width: number },
  paintLabel: (label: string) => string = (same) => same,
): string[] {
  const lead = ' '.repeat(layout.indent);
  const hang = ' '.repeat(layout.indent + layout.column);
  return wrap(text, layout.width - layout.indent - layout.column).map((line, index) =>
    index === 0
      ? `${lead}${paintLabel(label)}${' '.repeat(Math.max(1, layout.column - label.length))}${line}`
      : hang + line,
  );
}

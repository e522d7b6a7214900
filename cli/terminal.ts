import pico from 'picocolors';
import { type Palette, PLAIN } from '../reports/palette.ts';

/** Colours when the output is a terminal (or FORCE_COLOR asks for them), none otherwise or with NO_COLOR. */
export function paletteFor(stream: NodeJS.WriteStream): Palette {
  const wanted = stream.isTTY || !!process.env.FORCE_COLOR;
  const colors = pico.createColors(wanted && !process.env.NO_COLOR && process.env.TERM !== 'dumb');
  return colors.isColorSupported ? colors : PLAIN;
}

/** Width to wrap at: that of the terminal, 100 at most, 100 in a file. */
export function widthOf(stream: NodeJS.WriteStream): number {
  return stream.isTTY ? Math.max(40, Math.min(100, stream.columns || 100)) : 100;
}

/** One line on stderr that tells how far a long job is; nothing where stderr is no terminal. */
export class Progress {
  private shown = false;
  private last = 0;
  private readonly started = Date.now();

  show(text: string): void {
    const now = Date.now();
    // A job that is over in half a second needs no progress, and ten lines a second are enough.
    if (!process.stderr.isTTY || now - this.started < 500 || now - this.last < 100) return;
    this.last = now;
    process.stderr.write(`\r\x1b[K${text.slice(0, (process.stderr.columns || 80) - 1)}`);
    this.shown = true;
  }

  clear(): void {
    if (this.shown) process.stderr.write('\r\x1b[K');
    this.shown = false;
  }
}

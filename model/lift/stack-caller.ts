import { classifyCaller } from '../known-functions.ts';

/** What a probe or tracer leaves in place of a return address that it took over. */
const TRAMPOLINE = /trampoline|kretprobe|return_to_handler|^\[?unknown|^(?:0x)?[0-9a-f]{1,8}$/i;

/** `pci_enable_ats.part.0+0x4/0xa0 (ffffffff99088e79)` is still `pci_enable_ats`. */
function symbolOf(frame: string): string {
  return /^[\w$]+/.exec(frame)?.[0] ?? '';
}

/**
 * The caller that the stack of an event tells: the frame above the function, or where that one says nothing of itself, the
 * innermost one of the IOMMU side. Null where neither is there; a trampoline stands in place of the caller itself, so that
 * frames of others above it tell nothing.
 * @param stack frames, innermost first, separated by semicolons.
 * @param symbol the function; its own frame is missing where it has returned.
 */
export function callerInStack(stack: string, symbol: string): string | null {
  const frames = stack.split(';').map((frame) => frame.replace(/ \(?[0-9a-f]{16}\)?$/, '').trim());
  const own = frames.findIndex((frame) => symbolOf(frame) === symbol);
  const above = frames.slice(own + 1);
  if (own < 0) while (above.length > 0 && TRAMPOLINE.test(above[0])) above.shift();
  const [first] = above;
  if (first === undefined) return null;
  if (!TRAMPOLINE.test(first) && classifyCaller(first, null) !== 'unknown') return first;
  return above.find((frame) => classifyCaller(frame, null) === 'iommu') ?? null;
}

import type { Container } from './parts.ts';
import type { CpuExtent } from './trace-file.ts';

/** Cuts the data of a CPU at the end of the file, and says so. */
export function cutExtent(container: Container, extent: CpuExtent): CpuExtent {
  const { size: total } = container.source;
  const { cpu, offset, size } = extent;
  if (size === 0 || offset + size <= total) return extent;
  container.cut();
  container.note(
    'warning',
    'cut',
    Math.min(offset, total),
    `the data of CPU ${cpu} should end at byte ${offset + size}, but the file ends at byte ${total}`,
  );
  return { ...extent, offset: Math.min(offset, total), size: Math.max(0, total - offset) };
}

import type { Detection, Probe } from '../format.ts';
import { isJournalExport } from './journal-export.ts';
import { isJson } from './json.ts';
import { hasParts } from './pstore.ts';
import { type Sample, sampleOf } from './sniff.ts';
import { bannerIn } from './splat-rules.ts';

interface Other {
  readonly name: string;
  readonly pattern: RegExp;
}

/** Lines of formats that are read elsewhere. */
const OTHERS: readonly Other[] = [
  {
    name: 'ftrace',
    pattern:
      /^(?:# tracer:|cpus=\d|\s{0,20}\S.{0,24}-\d+\s+(?:\(\s*[\d-]+\)\s+)?\[\d{3,4}\]\s+(?:\S{1,8}\s+)?\d+\.\d{6,9}: )/,
  },
  { name: 'function_graph', pattern: /^\s*(?:\d+\.\d{6} \|\s+)?\d{1,4}\)\s.*\|/ },
  { name: 'QEMU trace', pattern: /^(?:\d+@\d+\.\d+:)?(?:pci_cfg_|vtd_|virtio_|sriov_|amdvi_|smmuv3_)\w+ / },
  { name: 'lspci', pattern: /^(?:[0-9a-f]{4,5}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-7] \S/ },
];

/** Texts by which a log without times is known. */
const MESSAGES =
  /^\s*(?:\[\s*[TC]\d+\] )?(?:Linux version \d|Command line: |BIOS-e820: |Call [Tt]race:|RIP: \d{4}:|Modules linked in:|Hardware name: |CPU: \d+ (?:UID: \d+ )?PID: |------------\[ cut here|---\[ end trace|pci(?:_bus|eport)? [0-9a-f]{4}:[0-9a-f]{2}|DMAR: |AMD-Vi: |iommu: |arm-smmu|unexpected global error reported|CMDQ error \(cons|CMD_SYNC timeout at|VT-d detected |Event logged \[|ACPI: |[\w-]+ [0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]: )/;

const PREFIX = /^(?:[>|]+ ?|\d{4}-\d\d-\d\dT[\d:.,]+(?:Z|[+-]\d\d:?\d\d)? )+/;
const TRACE_DAT = '\x17\x08\x44tracing';
const MAX_LINES = 400;
const LOOK = 200;

/** Tells a kernel log by the heads of its lines, or without any by what the kernel says in them. */
export function detect(probe: Probe): Detection {
  const text = Buffer.from(probe.head).toString('latin1');
  if (text.startsWith(TRACE_DAT)) return { confidence: 0, why: 'begins with the magic bytes of trace.dat' };
  if (isJson(text))
    return { confidence: 90, why: 'JSON with the keys of dmesg or journalctl', detail: 'JSON' };
  if (isJournalExport(text)) {
    return { confidence: 95, why: 'begins with fields of a journal export', detail: 'journalctl -o export' };
  }
  const sample = sampleOf(probe.head);
  const lines = text.split('\n', MAX_LINES).map((line) => line.slice(0, LOOK).replace(PREFIX, ''));
  const other = strongest(lines);
  if (sample.headed > 0 && sample.headed >= sample.embedded) return byHeads(sample, other, text);
  return sample.embedded > 0 ? byPrefixed(sample, other) : byMessages(lines, other);
}

function strongest(lines: readonly string[]): { readonly name: string; readonly count: number } {
  const counts = OTHERS.map(({ name, pattern }) => ({
    name,
    count: lines.filter((line) => pattern.test(line)).length,
  }));
  return counts.reduce((best, candidate) => (candidate.count > best.count ? candidate : best));
}

function byHeads(
  sample: Sample,
  other: { readonly name: string; readonly count: number },
  text: string,
): Detection {
  const [detail] = [...sample.renderings].sort((a, b) => b[1] - a[1])[0];
  const what = `${sample.headed} of ${sample.lines} lines begin as records (${detail})`;
  if (sample.kernel === 0) return { confidence: 10, why: `${what}, but none is of the kernel` };
  if (other.count > sample.headed)
    return { confidence: 15, why: `${what}, but ${other.count} are ${other.name} lines` };
  if (hasParts(text))
    return { confidence: 98, why: `${what}, under headers of pstore parts`, detail: 'pstore' };
  const share = sample.headed / sample.lines;
  return { confidence: share > 0.5 ? 95 : share > 0.1 ? 70 : 40, why: what, detail };
}

/** Records behind a prefix of unknown form: of a CI system, a container, a search. */
function byPrefixed(
  { embedded, lines }: Sample,
  other: { readonly name: string; readonly count: number },
): Detection {
  const why = `${embedded} of ${lines} lines have an uptime in brackets behind a prefix`;
  if (other.count > embedded)
    return { confidence: 15, why: `${why}, but ${other.count} are ${other.name} lines` };
  const share = embedded / lines;
  return { confidence: share > 0.5 ? 80 : share > 0.1 ? 50 : 25, why, detail: 'console or dmesg' };
}

function byMessages(
  lines: readonly string[],
  other: { readonly name: string; readonly count: number },
): Detection {
  const known = lines.filter((line) => MESSAGES.test(line) || bannerIn(line.trimStart()) !== null).length;
  const all = lines.filter((line) => line.trim() !== '').length;
  if (known === 0) return { confidence: 0, why: 'no line has a time or the words of a kernel message' };
  const why = `${known} of ${all} lines are kernel messages without times`;
  if (other.count >= known)
    return { confidence: 10, why: `${why}, but ${other.count} are ${other.name} lines` };
  return {
    confidence: Math.min(75, 25 + Math.round((50 * known * 4) / all)),
    why,
    detail: 'text without times',
  };
}

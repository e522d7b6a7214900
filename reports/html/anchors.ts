import type { Finding } from '../story.ts';

/** A name that may stand in an id and in a link: what could need escaping becomes a dash. */
export function anchorName(text: string): string {
  return text.replace(/[^A-Za-z0-9_.:-]+/g, '-').slice(0, 200);
}

/** The id of every finding on the page: `finding-<signature>`, numbered where a signature comes twice. */
export function findingAnchors(findings: readonly Finding[]): Map<number, string> {
  const taken = new Set<string>();
  const anchors = new Map<number, string>();
  for (const finding of findings) {
    const base = `finding-${anchorName(finding.signature)}`;
    let anchor = base;
    for (let number = 2; taken.has(anchor); number++) anchor = `${base}--${number}`;
    taken.add(anchor);
    anchors.set(finding.finding, anchor);
  }
  return anchors;
}

export function familyAnchor(key: string | null): string {
  return `family-${key === null ? 'unnamed' : anchorName(key)}`;
}

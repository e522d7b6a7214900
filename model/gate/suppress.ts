import { createHash } from 'node:crypto';
import type { FINDINGS, RowOf } from '../../tables/index.ts';

/** A decision to live with some findings. Every condition that is given must hold. */
export interface Suppression {
  /** Line of the file where it begins, from 1. */
  readonly line: number;
  readonly rule: string | null;
  /** Address of a function; `*` stands for any characters. */
  readonly function: string | null;
  readonly signature: string | null;
  /** Pattern of the message; `*` stands for any characters. */
  readonly message: string | null;
  readonly reason: string;
  /** Last day it holds, `YYYY-MM-DD`; null for no end. */
  readonly expires: string | null;
}

type Finding = Pick<RowOf<typeof FINDINGS>, 'rule' | 'function' | 'signature' | 'message'>;

/** A pattern as a test: `*` stands for any characters, everything else for itself. */
function matcher(pattern: string): (text: string) => boolean {
  const parts = pattern.split('*');
  return (text) => {
    if (parts.length === 1) return text === pattern;
    const last = parts[parts.length - 1];
    if (!text.startsWith(parts[0]) || !text.endsWith(last)) return false;
    let at = parts[0].length;
    const end = text.length - last.length;
    for (const part of parts.slice(1, -1)) {
      const found = text.indexOf(part, at);
      if (found < 0) return false;
      at = found + part.length;
    }
    return at <= end;
  };
}

/** Whether a suppression is about a finding. */
export function matches(suppression: Suppression): (finding: Finding) => boolean {
  const onFunction = suppression.function === null ? null : matcher(suppression.function);
  const onMessage = suppression.message === null ? null : matcher(suppression.message);
  return (finding) =>
    (suppression.rule === null || suppression.rule === finding.rule) &&
    (suppression.signature === null || suppression.signature === finding.signature) &&
    (onFunction === null || (finding.function !== null && onFunction(finding.function))) &&
    (onMessage === null || onMessage(finding.message));
}

/** `ATS017 on 0000:01:00.*`: what a suppression is about. */
export function subjectOf(suppression: Suppression): string {
  const { rule, function: address, signature, message } = suppression;
  return [
    rule ?? (signature === null ? 'any rule' : `signature ${signature}`),
    ...(rule !== null && signature !== null ? [`signature ${signature}`] : []),
    ...(address === null ? [] : [`on ${address}`]),
    ...(message === null ? [] : [`with the message "${message}"`]),
  ].join(' ');
}

/** True when the day after its last has come. `today` is `YYYY-MM-DD`. */
export function isExpired(suppression: Suppression, today: string): boolean {
  return suppression.expires !== null && suppression.expires < today;
}

/** Signature of a finding about a suppression: what it is about, wherever in the file it stands. */
export function suppressionSignature(rule: string, suppression: Suppression): string {
  return createHash('sha256')
    .update(`${rule}|${subjectOf(suppression)}`)
    .digest('hex')
    .slice(0, 16);
}

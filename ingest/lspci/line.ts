import { type Address, addressAt } from './address.ts';

/** What a line of a listing is, taken by itself. */
export type Line =
  | { readonly kind: 'blank' }
  | { readonly kind: 'function'; readonly address: Address; readonly rest: string }
  | { readonly kind: 'hex'; readonly offset: number; readonly bytes: Uint8Array }
  /** A line that lspci prints below a function; `known` where it begins with a word that lspci uses. */
  | { readonly kind: 'indented'; readonly text: string; readonly known: boolean }
  | { readonly kind: 'tree' }
  /** The command line that made the listing, and messages of lspci itself. */
  | { readonly kind: 'comment' }
  | { readonly kind: 'other'; readonly text: string };

const HEX = /^([0-9a-f]{2,3}):((?: [0-9a-f]{2}){16})\s*$/;
const TREE = /^(?:-\[[0-9a-f:-]+\]-|[\s|]*[+\\]-|[\s|]+$)/;
const COMMAND =
  /^(?:\S+[@:]\S*\s?)?[#$%>]\s*(?:sudo\s+)?(?:\S*\/)?lspci\b|^(?:sudo )?lspci(?: -\S+| \S+:\S+)*\s*$/;
const MESSAGE = /^(?:pcilib|lspci): /;
const WARNING = /^WARNING: Cannot show hex-dump/;
/** Words that lines below a function begin with (lspci.c, ls-caps.c, ls-ecaps.c, ls-kernel.c). */
const KNOWN =
  /^(?:DeviceName|Subsystem|Physical Slot|Device tree node|Flags|Control|Status|Latency|Interrupts?|NUMA node|IOMMU group|Region \d|Expansion ROM|Bus: primary|I\/O behind|Memory behind|Prefetchable memory|Secondary status|BridgeCtl|PriDiscTmr|Capabilities|Kernel (?:driver|modules)|[A-Z][A-Za-z0-9]*(?:Cap|Ctl|Sta)\d?:|Initial VFs|VF offset|VF Migration|Supported Page Size|Page Request|!!!)/;

const HEX_TAIL = 1024;

/**
 * The text of a line as lspci printed it: without quote marks and with plain spaces. Bytes above 127 stay as they are
 * (latin1).
 */
export function cleanLine(latin1: string): string {
  return latin1
    .replace(/^(?:\xef\xbb\xbf)?(?:> ?)+|^\xef\xbb\xbf/, '')
    .replace(/\xc2\xa0|(?<![\xc2-\xf4\x80-\xbf])\xa0/g, ' ');
}

/** Tells what a cleaned line is. */
export function readLine(text: string): Line {
  if (text.trim() === '') return { kind: 'blank' };
  const trimmed = text.trimStart();
  const indented = trimmed.length < text.length;
  const hex = HEX.exec(trimmed.slice(0, HEX_TAIL));
  if (hex) {
    return {
      kind: 'hex',
      offset: Number.parseInt(hex[1], 16),
      bytes: Buffer.from(hex[2].replace(/ /g, ''), 'hex'),
    };
  }
  const found = addressAt(trimmed);
  const rest = found ? trimmed.slice(found.length).trimStart() : '';
  // Whole listings are pasted with an indent; nothing that lspci prints below a function looks like this.
  if (found && rest !== '' && (!indented || rest.includes(': '))) {
    return { kind: 'function', address: found.address, rest };
  }
  if (!indented && (COMMAND.test(text) || MESSAGE.test(text))) return { kind: 'comment' };
  if (TREE.test(text)) return { kind: 'tree' };
  const known = KNOWN.test(trimmed) || WARNING.test(trimmed);
  if (indented || known) return { kind: 'indented', text: trimmed, known };
  return { kind: 'other', text };
}

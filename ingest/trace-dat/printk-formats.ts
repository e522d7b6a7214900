const decoder = new TextDecoder('utf-8');

/** Format strings that lie in the kernel, by address (`printk_formats`: lines of `0xaddress : "text"`). */
export function parsePrintkFormats(text: Uint8Array | null): Map<bigint, string> {
  const formats = new Map<bigint, string>();
  if (!text) return formats;
  for (const line of decoder.decode(text).split('\n')) {
    const match = /^\s*(?:0x)?([0-9a-fA-F]{1,16})\s*:\s?"(.*)"\s*$/.exec(line);
    if (match) formats.set(BigInt(`0x${match[1]}`), withoutEscapes(match[2]));
  }
  return formats;
}

/** The file shows newlines and tabs as `\n` and `\t`. */
function withoutEscapes(text: string): string {
  return text.replace(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char === 't' ? '\t' : char));
}

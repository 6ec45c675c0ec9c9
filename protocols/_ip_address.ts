/**
 * IP addresses as bytes and as text.
 *
 * @module
 */

/** The 4 or 16 bytes of an address; undefined for what is none (a name, say). */
export function ipBytes(text: string): Uint8Array<ArrayBuffer> | undefined {
  return text.includes(":") ? ipv6Bytes(text) : ipv4Bytes(text);
}

function ipv4Bytes(text: string): Uint8Array<ArrayBuffer> | undefined {
  const parts = text.split(".");
  const isAddress = parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256);
  return isAddress ? Uint8Array.from(parts, Number) : undefined;
}

function ipv6Bytes(text: string): Uint8Array<ArrayBuffer> | undefined {
  // An IPv4 address may stand at the end: its four bytes are two groups.
  const lastColon = text.lastIndexOf(":");
  const tail = text.includes(".") ? ipv4Bytes(text.slice(lastColon + 1)) : undefined;
  if (text.includes(".") && tail === undefined) return undefined;
  const [t0 = 0, t1 = 0, t2 = 0, t3 = 0] = tail ?? [];
  const hex = tail === undefined
    ? text
    : `${text.slice(0, lastColon + 1)}${(t0 * 256 + t1).toString(16)}:${(t2 * 256 + t3).toString(16)}`;
  const halves = hex.split("::");
  if (halves.length > 2) return undefined;
  const [head = [], end = []] = halves.map((half) => half === "" ? [] : half.split(":"));
  const missing = 8 - head.length - end.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const groups = [...head, ...new Array<string>(missing).fill("0"), ...end];
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return undefined;
  const bytes = new Uint8Array(16);
  groups.forEach((group, index) => new DataView(bytes.buffer).setUint16(2 * index, parseInt(group, 16)));
  return bytes;
}

/** The text of an address of 4 or 16 bytes; of IPv6 in the form of RFC 5952. */
export function ipText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join(".");
  const groups: string[] = [];
  for (let at = 0; at < 16; at += 2) {
    groups.push(((bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0)).toString(16));
  }
  const zeros = longestZeros(groups);
  if (zeros.length < 2) return groups.join(":");
  const before = groups.slice(0, zeros.start).join(":");
  return `${before}::${groups.slice(zeros.start + zeros.length).join(":")}`;
}

function longestZeros(groups: readonly string[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  for (let start = 0; start < groups.length; start++) {
    let length = 0;
    while (groups[start + length] === "0") length++;
    if (length > best.length) best = { start, length };
  }
  return best;
}

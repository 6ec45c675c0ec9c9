/**
 * Bytes in addresses: percent encoding (RFC 3986) of what is no text, as trackers are sent hashes.
 *
 * @module
 */

/** Encodes bytes, those of unreserved characters as they are. */
export function percentEncode(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) {
    const character = String.fromCharCode(byte);
    text += /[A-Za-z0-9\-._~]/.test(character)
      ? character
      : `%${byte.toString(16).padStart(2, "0").toUpperCase()}`;
  }
  return text;
}

/** Decodes to bytes; undefined for a `%` that no two digits follow, or a character beyond U+00FF. */
export function percentDecode(text: string): Uint8Array<ArrayBuffer> | undefined {
  const bytes = new Uint8Array(text.length);
  let length = 0;
  for (let at = 0; at < text.length; at++) {
    let byte = text.charCodeAt(at);
    if (byte === 0x25) {
      const digits = text.slice(at + 1, at + 3);
      if (!/^[0-9A-Fa-f]{2}$/.test(digits)) return undefined;
      byte = parseInt(digits, 16);
      at += 2;
    }
    if (byte > 0xff) return undefined;
    bytes[length++] = byte;
  }
  return bytes.slice(0, length);
}

/**
 * Bytes as lower-case hexadecimal digits.
 *
 * @example
 * ```ts
 * import { hexBytes, hexText } from "@troupe/actors/protocols/tracker";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(hexText(Uint8Array.of(1, 0xfe)), "01fe");
 * assertEquals(hexBytes("01FE"), Uint8Array.of(1, 0xfe));
 * assertEquals(hexBytes("01f"), undefined);
 * ```
 */
export function hexText(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += byte.toString(16).padStart(2, "0");
  return text;
}

/** The bytes of hexadecimal digits; undefined for what is not that. */
export function hexBytes(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (text.length % 2 !== 0 || !/^[0-9A-Fa-f]*$/.test(text)) return undefined;
  const bytes = new Uint8Array(text.length / 2);
  for (let at = 0; at < bytes.length; at++) bytes[at] = parseInt(text.slice(2 * at, 2 * at + 2), 16);
  return bytes;
}

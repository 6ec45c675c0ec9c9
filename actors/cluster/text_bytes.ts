/**
 * How many bytes a text takes.
 *
 * @module
 */
const encoder = new TextEncoder();

/** Throws `RangeError` when a text takes more bytes of UTF-8 than that. */
export function checkTextBytes(what: string, text: string, maxBytes: number): void {
  // No UTF-16 unit takes more than three bytes.
  if (text.length * 3 <= maxBytes) return;
  const bytes = encoder.encode(text).length;
  if (bytes > maxBytes) {
    throw new RangeError(`Cannot send ${what}: it has ${bytes} bytes, at most ${maxBytes}`);
  }
}

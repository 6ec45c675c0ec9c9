import type { DiskFile } from "../world/world.ts";
import { ByteQueue } from "./_byte_queue.ts";

/** So much of a file is read at a time. */
export const SCAN_BYTES = 1 << 18;

export const LF = 0x0a;

/** The bytes of a file from `start` to `end`; fewer where it ends before. */
export async function readFully(
  file: DiskFile,
  start: number,
  end: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(end - start);
  let length = 0;
  while (length < bytes.length) {
    const count = await file.read(bytes.subarray(length), start + length);
    if (count === null) break;
    length += count;
  }
  return bytes.subarray(0, length);
}

/** Replays the lines of a file, without their ends. */
export async function scanLines(
  file: DiskFile,
  size: number,
  replay: (line: Uint8Array) => void,
): Promise<void> {
  const line = new ByteQueue();
  for (let offset = 0; offset < size;) {
    const chunk = await readFully(file, offset, Math.min(size, offset + SCAN_BYTES));
    if (chunk.length === 0) break;
    offset += chunk.length;
    let start = 0;
    for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, start)) {
      line.push(chunk.subarray(start, end));
      replay(line.take());
      start = end + 1;
    }
    line.push(chunk.subarray(start));
  }
  if (line.length > 0) replay(line.take());
}

import type { DiskFile } from "../world/world.ts";
import type { ByteQueue } from "./_byte_queue.ts";
import { crc32c } from "./_crc32c.ts";
import { readFully, SCAN_BYTES } from "./_scan.ts";

/** Before each record: its length, and the CRC-32C of that and of the record, four bytes each, big-endian. */
const HEADER_BYTES = 8;
/** A search for the next whole record after damage gives up when it has checked so many bytes. */
const MAX_SEARCH_BYTES = 1 << 28;

/** A part of a file, in bytes: `start` is in it, `end` is not. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** What a file of frames was found to hold. */
export interface FrameScan {
  /** Where the last whole record ends. What follows it was cut off, or never was a record. */
  readonly whole: number;
  /** How many whole records there are. */
  readonly records: number;
  /** Parts before `whole` in which no record can be read. */
  readonly damaged: readonly ByteRange[];
}

/** Adds a record with its header. */
export function pushFrame(queue: ByteQueue, record: Uint8Array): void {
  queue.pushUint32(record.length);
  queue.pushUint32(frameChecksum(record));
  queue.push(record);
}

/**
 * Reads the records from `start` to `size`, and replays each that is whole. One that is damaged costs that
 * one: the next is where its length says or, if that is damaged too, where the next header with a right
 * checksum is found.
 */
export async function scanFrames(
  file: DiskFile,
  start: number,
  size: number,
  replay: (record: Uint8Array) => void,
): Promise<FrameScan> {
  const damaged: ByteRange[] = [];
  let whole = start;
  let records = 0;
  let at = start;
  let chunkBytes = SCAN_BYTES;
  while (at < size) {
    const chunk = await readFully(file, at, Math.min(size, at + chunkBytes));
    const { end, count, needed, broken } = takeFrames(chunk, replay);
    records += count;
    at += end;
    if (count > 0) whole = at;
    if (chunk.length === 0) break;
    if (!broken && at + needed <= size) {
      // The next record is whole in the file, and perhaps longer than the usual chunk.
      chunkBytes = Math.max(SCAN_BYTES, needed);
      continue;
    }
    const next = await nextFrame(file, at, at + needed, size);
    if (next === undefined) break;
    damaged.push({ start: at, end: next });
    at = next;
    chunkBytes = SCAN_BYTES;
  }
  return { whole, records, damaged };
}

/**
 * Replays the whole records in `chunk`; says where the last ends, and how long the next is as far as is
 * known.
 */
function takeFrames(
  chunk: Uint8Array,
  replay: (record: Uint8Array) => void,
): { end: number; count: number; needed: number; broken: boolean } {
  let end = 0;
  for (let count = 0;; count++) {
    if (end + HEADER_BYTES > chunk.length) return { end, count, needed: HEADER_BYTES, broken: false };
    const header = headerAt(chunk, end);
    const needed = HEADER_BYTES + header.length;
    if (end + needed > chunk.length) return { end, count, needed, broken: false };
    const record = chunk.subarray(end + HEADER_BYTES, end + needed);
    if (frameChecksum(record) !== header.checksum) return { end, count, needed, broken: true };
    replay(record);
    end += needed;
  }
}

/**
 * Where the next whole record begins after a broken one at `broken`; undefined when there is none.
 *
 * Where the length of the broken one leads to a whole record, nothing within it is looked at: what a stranger
 * had put into a record must not become a record of its own by a flipped bit.
 */
async function nextFrame(
  file: DiskFile,
  broken: number,
  claimedEnd: number,
  size: number,
): Promise<number | undefined> {
  if (claimedEnd === size) return undefined;
  if (claimedEnd < size && await isFrame(file, claimedEnd, size)) return claimedEnd;
  let checked = 0;
  for (let from = broken + 1; from + HEADER_BYTES <= size; from += SCAN_BYTES) {
    const window = await readFully(file, from, Math.min(size, from + SCAN_BYTES + HEADER_BYTES));
    for (let at = 0; at < SCAN_BYTES && at + HEADER_BYTES <= window.length; at++) {
      const header = headerAt(window, at);
      if (from + at + HEADER_BYTES + header.length > size) continue;
      if (header.length === 0 && header.checksum !== EMPTY_CHECKSUM) continue;
      checked += header.length;
      if (checked > MAX_SEARCH_BYTES) return undefined;
      if (await isFrame(file, from + at, size)) return from + at;
    }
  }
  return undefined;
}

/** Whether a whole record begins there. */
async function isFrame(file: DiskFile, at: number, size: number): Promise<boolean> {
  if (at + HEADER_BYTES > size) return false;
  const { length, checksum } = headerAt(await readFully(file, at, at + HEADER_BYTES), 0);
  if (at + HEADER_BYTES + length > size) return false;
  return frameChecksum(await readFully(file, at + HEADER_BYTES, at + HEADER_BYTES + length)) === checksum;
}

function headerAt(bytes: Uint8Array, at: number): { length: number; checksum: number } {
  const header = new DataView(bytes.buffer, bytes.byteOffset + at, HEADER_BYTES);
  return { length: header.getUint32(0), checksum: header.getUint32(4) };
}

/** Where a record's length is put together: the same bytes for all. */
const LENGTH_BYTES = new Uint8Array(4);
const LENGTH = new DataView(LENGTH_BYTES.buffer);

function frameChecksum(record: Uint8Array): number {
  LENGTH.setUint32(0, record.length);
  return crc32c(record, crc32c(LENGTH_BYTES));
}

const EMPTY_CHECKSUM = frameChecksum(new Uint8Array(0));

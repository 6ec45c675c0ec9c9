/**
 * What a bit that turned over may cost a file of frames.
 *
 * @module
 */
import { crc32c } from "../../actors/store/_crc32c.ts";

const HEADER_BYTES = 8;

/** A record as its header has it. */
interface Frame {
  readonly length: number;
  readonly end: number;
  readonly isWhole: boolean;
}

/**
 * How many records of a framed log one bit may have cost: the one that it is in. Where it has made that one's
 * length lead to the end of a later record, all up to there: nothing within the length that a record claims
 * is taken for a record, as a stranger may have put it there.
 */
export function recordsCostByBit(bytes: Uint8Array): number {
  for (let at = 0; at < bytes.length;) {
    const frame = frameAt(bytes, at);
    if (!frame.isWhole) return Math.max(1, recordsWithin(bytes, at, frame));
    at = frame.end;
  }
  return 1;
}

/** The records up to the end that a frame claims, if one bit of its length is what is wrong with it. */
function recordsWithin(bytes: Uint8Array, start: number, { length, end }: Frame): number {
  for (let bit = 0; bit < 32; bit++) {
    let frame = frameAt(bytes, start, (length ^ (1 << bit)) >>> 0);
    let count = 1;
    for (; frame.isWhole && frame.end < end; count++) frame = frameAt(bytes, frame.end);
    if (frame.isWhole && frame.end === end) return count;
  }
  return 0;
}

function frameAt(bytes: Uint8Array, at: number, claimed?: number): Frame {
  const header = new DataView(bytes.buffer, bytes.byteOffset + at);
  if (header.byteLength < HEADER_BYTES) return { length: 0, end: bytes.length, isWhole: false };
  const length = claimed ?? header.getUint32(0);
  const end = at + HEADER_BYTES + length;
  const lengthBytes = new Uint8Array(4);
  new DataView(lengthBytes.buffer).setUint32(0, length);
  const record = bytes.subarray(at + HEADER_BYTES, end);
  const isWhole = end <= bytes.length && crc32c(record, crc32c(lengthBytes)) === header.getUint32(4);
  return { length, end, isWhole };
}

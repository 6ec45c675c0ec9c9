/**
 * Torrents of bytes that a test has in memory.
 *
 * @module
 */
import type { Hash } from "../../actors/world/world.ts";
import {
  encodeInfo,
  HASH_BYTES,
  parseInfo,
  pieceLengthFor,
  type TorrentInfo,
} from "../../protocols/metainfo.ts";

/** A file, and the torrent that it is. */
export interface TestTorrent {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly info: TorrentInfo;
  readonly infoHash: Uint8Array<ArrayBuffer>;
}

/** The torrent of a file; with the usual piece length it is the one that a node of ours makes of it. */
export function torrentOf(
  hash: Hash,
  name: string,
  bytes: Uint8Array<ArrayBuffer>,
  pieceLength: number = pieceLengthFor(bytes.length),
): TestTorrent {
  const { length } = bytes;
  const pieces = new Uint8Array(Math.ceil(length / pieceLength) * HASH_BYTES);
  for (let at = 0, piece = 0; at < length; at += pieceLength, piece++) {
    pieces.set(hash.digest("SHA-1", bytes.subarray(at, at + pieceLength)), piece * HASH_BYTES);
  }
  const info = parseInfo(encodeInfo({ name, pieceLength, pieces, length }));
  return { name, bytes, info, infoHash: hash.digest("SHA-1", info.bytes) };
}

/**
 * Whether these are the same bytes. The whole difference of two files is more than anybody reads. Campaigns
 * look at many megabytes: words of four bytes are compared, where both begin at one.
 */
export function isSameContent(a: Uint8Array | undefined, b: Uint8Array): boolean {
  if (a?.length !== b.length) return false;
  const wordBytes = a.byteOffset % 4 === 0 && b.byteOffset % 4 === 0 ? b.length & ~3 : 0;
  if (wordBytes > 0) {
    const words = new Uint32Array(a.buffer, a.byteOffset, wordBytes / 4);
    const others = new Uint32Array(b.buffer, b.byteOffset, wordBytes / 4);
    for (let at = 0; at < words.length; at++) if (words[at] !== others[at]) return false;
  }
  for (let at = wordBytes; at < b.length; at++) if (a[at] !== b[at]) return false;
  return true;
}

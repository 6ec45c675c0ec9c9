/**
 * Metainfo of torrents: `.torrent` files and the info dictionaries in them (BEP 3, 12, 47).
 *
 * @module
 */
import {
  bencodeCount,
  type BencodeDictionary,
  bencodeText,
  type BencodeValue,
  decodeBencode,
  encodeBencode,
  isBencodeDictionary,
  isBencodeList,
} from "./bencode.ts";
import { isFileName } from "./file_list.ts";
import { foldedName } from "./_folded_name.ts";

/** The largest `.torrent` that is read. */
export const MAX_METAINFO_BYTES: number = 16 * 1024 * 1024;
/** The largest info dictionary that is taken from peers (BEP 9). */
export const MAX_INFO_BYTES: number = 8 * 1024 * 1024;
/** The most files of one torrent. */
export const MAX_FILES = 20_000;
/** The most directories in one torrent. */
export const MAX_DIRECTORIES = 20_000;
/** The largest piece. */
export const MAX_PIECE_BYTES: number = 64 * 1024 * 1024;
/** Bytes of a SHA-1 digest: of a piece's hash, and of an info hash. */
export const HASH_BYTES = 20;

const MAX_DEPTH_OF_PATH = 64;
const MAX_TRACKERS = 200;
const MIN_PIECE_BYTES = 16 * 1024;

/** One file of a torrent. */
export interface TorrentFile {
  /** Directories and name below the torrent's own: each a name that stays in its directory. */
  readonly path: readonly string[];
  /** Bytes. */
  readonly length: number;
  /** Where in the torrent's bytes it begins. */
  readonly offset: number;
  /** Filler between files (BEP 47): zeros that are never written. */
  readonly isPadding: boolean;
}

/** What a torrent holds: the info dictionary. */
export interface TorrentInfo {
  /** The file's name, or the name of the directory of many files. */
  readonly name: string;
  /** Bytes of a piece; the last one may be shorter. */
  readonly pieceLength: number;
  /** How many pieces. */
  readonly pieceCount: number;
  /** The SHA-1 digests of all pieces, one after the other. */
  readonly pieces: Uint8Array;
  /** Bytes of all files together. */
  readonly length: number;
  /** A torrent of one file, which has no directory of its own. */
  readonly isSingleFile: boolean;
  /** The files, in order. */
  readonly files: readonly TorrentFile[];
  /** The dictionary as it is encoded: its SHA-1 is the info hash. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** A `.torrent` file. */
export interface Metainfo {
  /** What it holds. */
  readonly info: TorrentInfo;
  /** Addresses of trackers in tiers (BEP 12): each tier is tried before the next. */
  readonly trackers: readonly (readonly string[])[];
}

/** The bytes are not the metainfo of a torrent, or of one that is not safe to take. */
export class MetainfoError extends Error {
  /** For `error.name`. */
  override readonly name = "MetainfoError";
}

/**
 * Reads a `.torrent` file.
 *
 * @throws {MetainfoError} on what is no metainfo, beyond a limit, or has a name that could leave its
 * directory.
 *
 * @example
 * ```ts
 * import { encodeInfo, encodeMetainfo, parseMetainfo } from "@troupe/actors/protocols/metainfo";
 * import { assertEquals } from "@std/assert";
 *
 * const info = encodeInfo({ name: "a.txt", pieceLength: 16384, pieces: new Uint8Array(20), length: 5 });
 * const file = encodeMetainfo(info, [["http://127.0.0.1:10080/announce"]]);
 * const { info: read, trackers } = parseMetainfo(file);
 * assertEquals([read.name, read.length, read.pieceCount], ["a.txt", 5, 1]);
 * assertEquals(trackers, [["http://127.0.0.1:10080/announce"]]);
 * ```
 */
export function parseMetainfo(bytes: Uint8Array): Metainfo {
  if (bytes.length > MAX_METAINFO_BYTES) fail(`it is longer than ${MAX_METAINFO_BYTES} bytes`);
  const value = decode(bytes, MAX_METAINFO_BYTES);
  if (!isBencodeDictionary(value)) fail("it is no dictionary");
  const info = value.get("info");
  if (!isBencodeDictionary(info)) fail("it has no info dictionary");
  // Decoding takes the canonical form alone, so that encoding again gives the very bytes.
  return { info: readInfo(info, encodeBencode(info)), trackers: readTrackers(value) };
}

/**
 * Reads an info dictionary by itself, as peers send it (BEP 9).
 *
 * @throws {MetainfoError} as {@linkcode parseMetainfo}.
 *
 * @example
 * ```ts
 * import { encodeInfo, parseInfo, pieceBytes, pieceHash } from "@troupe/actors/protocols/metainfo";
 * import { assertEquals } from "@std/assert";
 *
 * const pieces = Uint8Array.from({ length: 40 }, (_, index) => index);
 * const info = parseInfo(encodeInfo({ name: "a.txt", pieceLength: 16384, pieces, length: 16389 }));
 * assertEquals([info.pieceCount, pieceBytes(info, 0), pieceBytes(info, 1)], [2, 16384, 5]);
 * assertEquals(pieceHash(info, 1), pieces.slice(20));
 * ```
 */
export function parseInfo(bytes: Uint8Array): TorrentInfo {
  const value = decode(bytes, MAX_METAINFO_BYTES);
  if (!isBencodeDictionary(value)) fail("it is no dictionary");
  return readInfo(value, bytes.slice());
}

function decode(bytes: Uint8Array, maxBytes: number): BencodeValue {
  try {
    return decodeBencode(bytes, { maxBytes });
  } catch (error) {
    throw new MetainfoError(`Cannot read the torrent: ${error instanceof Error ? error.message : error}`, {
      cause: error,
    });
  }
}

function readInfo(info: BencodeDictionary, bytes: Uint8Array<ArrayBuffer>): TorrentInfo {
  const name = bencodeText(info.get("name"));
  if (name === undefined) fail("it has no name");
  if (!staysInside(name)) fail(`the name ${JSON.stringify(name)} is not one of a file in a folder`);
  const pieceLength = bencodeCount(info, "piece length");
  if (pieceLength === undefined || pieceLength < 1 || pieceLength > MAX_PIECE_BYTES) {
    fail(`its piece length is not from 1 to ${MAX_PIECE_BYTES}`);
  }
  const pieces = info.get("pieces");
  if (!(pieces instanceof Uint8Array) || pieces.length % HASH_BYTES !== 0) fail("it has no hashes of pieces");
  const isSingleFile = info.has("length");
  if (isSingleFile === info.has("files")) fail("it has to have either a length or a list of files");
  const files = isSingleFile ? [singleFile(info, name)] : readFiles(info.get("files"));
  const last = files.at(-1);
  const length = last === undefined ? 0 : last.offset + last.length;
  if (!Number.isSafeInteger(length)) fail("its files are too large together");
  const pieceCount = Math.ceil(length / pieceLength);
  if (pieceCount * HASH_BYTES !== pieces.length) {
    fail(`it has hashes for ${pieces.length / HASH_BYTES} pieces, and ${pieceCount} pieces`);
  }
  return { name, pieceLength, pieceCount, pieces, length, isSingleFile, files, bytes };
}

function singleFile(info: BencodeDictionary, name: string): TorrentFile {
  const length = bencodeCount(info, "length");
  if (length === undefined) fail("its length is no count of bytes");
  if (isSymbolicLink(info)) fail("it is a symbolic link");
  return { path: [name], length, offset: 0, isPadding: false };
}

function readFiles(list: BencodeValue | undefined): TorrentFile[] {
  if (!isBencodeList(list) || list.length === 0) fail("it has an empty list of files");
  if (list.length > MAX_FILES) fail(`it has over ${MAX_FILES} files`);
  const files: TorrentFile[] = [];
  const names = new PathNames();
  let offset = 0;
  for (const entry of list) {
    if (!isBencodeDictionary(entry)) fail("a file of it is no dictionary");
    const length = bencodeCount(entry, "length");
    if (length === undefined) fail("the length of a file is no count of bytes");
    if (isSymbolicLink(entry)) fail("a file of it is a symbolic link");
    const path = readPath(entry.get("path"));
    const isPadding = bencodeText(entry.get("attr"))?.includes("p") === true;
    if (!isPadding) names.add(path);
    files.push({ path, length, offset, isPadding });
    offset += length;
  }
  return files;
}

function isSymbolicLink(entry: BencodeDictionary): boolean {
  return entry.has("symlink path") || bencodeText(entry.get("attr"))?.includes("l") === true;
}

function readPath(list: BencodeValue | undefined): string[] {
  if (!isBencodeList(list) || list.length === 0 || list.length > MAX_DEPTH_OF_PATH) {
    fail("a file of it has no path");
  }
  return list.map((part) => {
    const name = bencodeText(part);
    if (name === undefined || !staysInside(name)) {
      fail(`the path of a file has ${JSON.stringify(name ?? "what is no UTF-8")} in it`);
    }
    return name;
  });
}

/** On Windows, which drops dots and spaces at the end of a name, `...` is a directory itself, too. */
function staysInside(name: string): boolean {
  return isFileName(name) && foldedName(name) !== "";
}

/** A directory: what is in it, by folded names. */
type Names = Map<string, Names | "file">;

/** Sees to it that no path is that of two files, or of a file and a directory, on any file system. */
class PathNames {
  readonly #root: Names = new Map();
  readonly #folded = new Map<string, string>();
  #directories = 0;

  add(path: readonly string[]): void {
    let names = this.#root;
    for (const part of path.slice(0, -1)) {
      const key = this.#fold(part);
      let inner = names.get(key);
      if (inner === "file") fail(`${path.join("/")} is below a file`);
      if (inner === undefined) {
        if (++this.#directories > MAX_DIRECTORIES) fail(`it has over ${MAX_DIRECTORIES} directories`);
        names.set(key, inner = new Map());
      }
      names = inner;
    }
    const last = this.#fold(path.at(-1) ?? "");
    if (names.has(last)) fail(`${path.join("/")} is in it twice`);
    names.set(last, "file");
  }

  #fold(part: string): string {
    let folded = this.#folded.get(part);
    if (folded === undefined) this.#folded.set(part, folded = foldedName(part));
    return folded;
  }
}

function readTrackers(metainfo: BencodeDictionary): string[][] {
  const tiers: string[][] = [];
  let count = 0;
  const add = (urls: readonly BencodeValue[]) => {
    const tier = urls.map(bencodeText).filter((url) => url !== undefined && isTrackerUrl(url));
    const known = tier.filter((url) => url !== undefined).slice(0, MAX_TRACKERS - count);
    count += known.length;
    if (known.length > 0) tiers.push(known);
  };
  const list = metainfo.get("announce-list");
  if (isBencodeList(list)) { for (const tier of list) if (isBencodeList(tier)) add(tier); }
  const announce = metainfo.get("announce");
  // BEP 12: with a list, the single address does not count.
  if (tiers.length === 0 && announce !== undefined) add([announce]);
  return tiers;
}

/**
 * Whether an address is that of a tracker that can be asked: HTTP, HTTPS or UDP.
 *
 * @example
 * ```ts
 * import { isTrackerUrl } from "@troupe/actors/protocols/metainfo";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(["http://a/announce", "udp://a:1", "ftp://a"].map(isTrackerUrl), [true, true, false]);
 * ```
 */
export function isTrackerUrl(url: string): boolean {
  if (url.length > 2048 || !URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  return /^(https?|udp):$/.test(protocol) && hostname !== "";
}

/** What {@linkcode encodeInfo} encodes: a single file by its `length`, many by `files`. */
export interface InfoFields {
  /** Of the file, or of the directory of many. */
  readonly name: string;
  /** Bytes of a piece. */
  readonly pieceLength: number;
  /** SHA-1 digests of all pieces. */
  readonly pieces: Uint8Array;
  /** Bytes of a single file. */
  readonly length?: number;
  /** Many files. */
  readonly files?: readonly { readonly path: readonly string[]; readonly length: number }[];
}

/** Encodes an info dictionary: the SHA-1 of these bytes is the info hash. */
export function encodeInfo(fields: InfoFields): Uint8Array<ArrayBuffer> {
  const { name, pieceLength, pieces, length, files } = fields;
  return encodeBencode({
    name,
    "piece length": pieceLength,
    pieces,
    length,
    files: files?.map((file) => ({ length: file.length, path: file.path })),
  });
}

/**
 * Encodes a `.torrent` file around an info dictionary that is encoded already. Trackers stand in tiers (BEP
 * 12).
 */
export function encodeMetainfo(
  info: Uint8Array,
  trackers: readonly (readonly string[])[] = [],
): Uint8Array<ArrayBuffer> {
  const first = trackers[0]?.[0];
  return encodeBencode({
    announce: first,
    "announce-list": trackers.length > 0 ? trackers : undefined,
    "created by": "Troupe",
    info: decodeBencode(info),
  });
}

/**
 * The piece length for so many bytes: the same everywhere, so that the same bytes are the same torrent.
 * A power of two from 16 KiB to 16 MiB that makes at most about 1,500 pieces, where it can.
 *
 * @example
 * ```ts
 * import { pieceLengthFor } from "@troupe/actors/protocols/metainfo";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([5, 2 ** 30].map(pieceLengthFor), [16384, 2 ** 20]);
 * ```
 */
export function pieceLengthFor(length: number): number {
  let pieceLength = MIN_PIECE_BYTES;
  while (length / pieceLength > 1500 && pieceLength < 16 * 1024 * 1024) pieceLength *= 2;
  return pieceLength;
}

/** Bytes of one piece. */
export function pieceBytes(info: Pick<TorrentInfo, "pieceLength" | "length">, piece: number): number {
  return Math.min(info.pieceLength, info.length - piece * info.pieceLength);
}

/** The SHA-1 that a piece has to have. */
export function pieceHash(info: Pick<TorrentInfo, "pieces">, piece: number): Uint8Array {
  return info.pieces.subarray(piece * HASH_BYTES, (piece + 1) * HASH_BYTES);
}

function fail(why: string): never {
  throw new MetainfoError(`Cannot take the torrent: ${why}`);
}

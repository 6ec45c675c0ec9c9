/**
 * Under which other names, and so by which other torrents, the bytes of a download are to be had.
 *
 * @module
 */
import { equalBytes } from "../../protocols/_equal_bytes.ts";
import { encodeInfo, type TorrentInfo } from "../../protocols/metainfo.ts";
import type { CatalogFile } from "./catalog.ts";

/** What a node lists is not believed to be there once it could not be had so often. */
const MAX_MISSES = 2;
/** Of more nodes nothing is remembered. */
const MAX_NODES = 1000;

/** Chooses among rows of the same bytes, of which some may be lies. */
export class SameBytes {
  /** How often a torrent that a node lists could not be had, or was none of these bytes. */
  readonly #misses = new Map<number, number>();
  readonly #tried: ReadonlySet<string>;

  /** `tried` are info hashes that are known to be of other pieces, or that nobody gave. */
  constructor(tried: ReadonlySet<string>) {
    this.#tried = tried;
  }

  /**
   * The torrent by which to go on with a file; undefined while its own is listed, and where there is none.
   * Those of nodes whose torrents could be had go first: however many one node makes up, it is one miss.
   */
  next(file: CatalogFile, files: readonly CatalogFile[]): CatalogFile | undefined {
    if (isListed(file, files)) {
      this.#misses.clear();
      return undefined;
    }
    return this.#others(file, files).sort((a, b) => this.#missesOf(a) - this.#missesOf(b))[0];
  }

  /** Whether the bytes are to be had, as far as is known. */
  isThere(file: CatalogFile, files: readonly CatalogFile[]): boolean {
    return isListed(file, files) ||
      this.#others(file, files).some((other) => this.#missesOf(other) < MAX_MISSES);
  }

  /** Nothing came of one: who lists it lies, or is away for a moment. */
  missed({ holders }: CatalogFile): void {
    // Made-up nodes are not remembered without end.
    if (this.#misses.size > MAX_NODES) this.#misses.clear();
    for (const node of holders) this.#misses.set(node, (this.#misses.get(node) ?? 0) + 1);
  }

  #others(file: CatalogFile, files: readonly CatalogFile[]): CatalogFile[] {
    return files.filter(({ infoHash, sha256 }) => sha256 === file.sha256 && !this.#tried.has(infoHash));
  }

  #missesOf({ holders }: CatalogFile): number {
    let least = Infinity;
    for (const node of holders) least = Math.min(least, this.#misses.get(node) ?? 0);
    return least;
  }
}

function isListed({ infoHash }: CatalogFile, files: readonly CatalogFile[]): boolean {
  return files.some((file) => file.infoHash === infoHash);
}

/** Whether a torrent is what a node makes of the same pieces under another name, and nothing else. */
export function isOtherName({ length, pieceLength, pieces }: TorrentInfo, other: TorrentInfo): boolean {
  return equalBytes(encodeInfo({ name: other.name, length, pieceLength, pieces }), other.bytes);
}

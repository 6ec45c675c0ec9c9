/**
 * The files that a node gives, by every info hash that somebody may ask for them by.
 *
 * @module
 */
import { equalBytes } from "../../protocols/_equal_bytes.ts";
import { hexText } from "../../protocols/_percent_bytes.ts";
import { encodeInfo, type TorrentInfo } from "../../protocols/metainfo.ts";
import type { Hash } from "../world/world.ts";
import type { ReportedFile } from "./catalog.ts";
import type { SharedFile } from "./library.ts";

/** Another name under which the network knows a content. */
export interface FileAlias {
  /** The name. */
  readonly name: string;
  /** Of the content, hexadecimal digits. */
  readonly sha256: string;
}

/** A file that is given, under one of its names. */
export interface Given {
  /** The file. */
  readonly file: SharedFile;
  /** The info dictionary with that name. */
  readonly infoBytes: Uint8Array<ArrayBuffer>;
}

interface NamedTorrent {
  readonly infoHash: string;
  readonly infoBytes: Uint8Array<ArrayBuffer>;
}

/**
 * The same bytes have another info hash under each name: all that the network has for them are known here.
 */
export class GivenFiles {
  readonly #hash: Hash;
  #files: readonly SharedFile[] = [];
  #aliases: readonly FileAlias[] = [];
  #given = new Map<string, Given>();
  /** The torrents of a file, by name. */
  #derived = new Map<SharedFile, Map<string, NamedTorrent>>();
  /** What is reported of a file's pieces. */
  readonly #piecesHashes = new WeakMap<SharedFile, string>();

  constructor(hash: Hash) {
    this.#hash = hash;
  }

  /** What is given under an info hash, in hexadecimal digits. */
  find(infoHash: string): Given | undefined {
    return this.#given.get(infoHash);
  }

  /** The file with the pieces of a torrent, whatever it is called. */
  holding({ isSingleFile, length, pieceLength, pieces }: TorrentInfo): SharedFile | undefined {
    if (!isSingleFile) return undefined;
    return this.#files.find((file) =>
      file.length === length && file.pieceLength === pieceLength && equalBytes(file.pieces, pieces)
    );
  }

  /** Whether a file is given still. */
  has(file: SharedFile): boolean {
    return this.#files.includes(file);
  }

  /** The file of a name in the directory. */
  named(name: string): SharedFile | undefined {
    return this.#files.find((file) => file.name === name);
  }

  /** The files that are given. */
  setFiles(files: readonly SharedFile[]): void {
    this.#files = files;
    this.#derive();
  }

  /** The names that others have for files. */
  setAliases(aliases: readonly FileAlias[]): void {
    this.#aliases = aliases;
    this.#derive();
  }

  /** The files as they are reported to the leader. */
  report(): ReportedFile[] {
    return this.#files.map((file) => ({
      name: file.name,
      bytes: file.length,
      sha256: hexText(file.sha256),
      infoHash: this.#derived.get(file)?.get(file.name)?.infoHash ?? "",
      pieces: this.#piecesHash(file),
    }));
  }

  #piecesHash(file: SharedFile): string {
    const known = this.#piecesHashes.get(file);
    if (known !== undefined) return known;
    const hash = hexText(this.#hash.digest("SHA-1", file.pieces));
    this.#piecesHashes.set(file, hash);
    return hash;
  }

  #derive(): void {
    const given = new Map<string, Given>();
    const derived = new Map<SharedFile, Map<string, NamedTorrent>>();
    const names = Map.groupBy(this.#aliases, ({ sha256 }) => sha256);
    for (const file of this.#files) {
      const torrents = this.#derived.get(file) ?? new Map<string, NamedTorrent>();
      derived.set(file, torrents);
      const aliases = names.get(hexText(file.sha256)) ?? [];
      for (const name of new Set([file.name, ...aliases.map((alias) => alias.name)])) {
        let torrent = torrents.get(name);
        if (torrent === undefined) {
          const infoBytes = infoOf(file, name);
          torrent = { infoBytes, infoHash: hexText(this.#hash.digest("SHA-1", infoBytes)) };
          torrents.set(name, torrent);
        }
        const { infoHash, infoBytes } = torrent;
        if (!given.has(infoHash)) given.set(infoHash, { file, infoBytes });
      }
    }
    this.#given = given;
    this.#derived = derived;
  }
}

/** The info dictionary of a file under a name. */
export function infoOf({ pieceLength, pieces, length }: SharedFile, name: string): Uint8Array<ArrayBuffer> {
  return encodeInfo({ name, pieceLength, pieces, length });
}

/**
 * What the owner of a torrent's files is told, and tells.
 *
 * @module
 */
import type { BlockPlace } from "../../protocols/peer_wire.ts";
import type { Ref } from "../runtime/mod.ts";
import type { FileInfo } from "../world/world.ts";
import type { Bitfield } from "./bitfield.ts";

/** What became of a block that was to be taken into memory. */
export type BlockRead =
  /** It is where `CacheRegion.find` finds it, if that is looked at soon. */
  | { readonly type: "block-ready" }
  | { readonly type: "block-unreadable"; readonly place: BlockPlace };

/** What became of a piece that was to be written. */
export interface PieceWritten {
  readonly type: "piece-written";
  /** Its index. */
  readonly piece: number;
  /** Its bytes, which are the asker's again. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Why it was not written; absent when it was. */
  readonly failure?: string;
}

/** The pieces that are on the disk and good. */
export interface PiecesFound {
  readonly type: "pieces-found";
  /** Their bytes were read and hashed. */
  readonly pieces: Bitfield;
  /** Why the files cannot be used; absent when they can. */
  readonly failure?: string;
}

/** What became of a torrent that is complete. */
export interface Finished {
  readonly type: "finished";
  /** Why it does not stand under its name; absent when it does. */
  readonly failure?: string;
}

/** What the owner of a torrent's files does. */
export type StorageCommand =
  /** Takes a block into memory. */
  | { readonly type: "read"; readonly place: BlockPlace; readonly replyTo: Ref<BlockRead> }
  /** Takes what lies around a place into memory: it is going to be asked for. */
  | { readonly type: "read-ahead"; readonly offset: number }
  /** Writes a piece that was verified. */
  | {
    readonly type: "write";
    readonly piece: number;
    readonly bytes: Uint8Array<ArrayBuffer>;
    readonly replyTo: Ref<PieceWritten>;
  }
  /** Looks what is there of an earlier attempt. */
  | { readonly type: "scan"; readonly replyTo: Ref<PiecesFound> }
  /** Verifies the whole and has it appear under its name. */
  | { readonly type: "finish"; readonly replyTo: Ref<Finished> };

/** Where the bytes are. */
export type StoragePlace =
  /**
   * Complete below `directory`, which is never written to. `expected` is what the single file was when it was
   * hashed.
   */
  | { readonly type: "shared"; readonly directory: string; readonly expected: FileInfo }
  /**
   * On their way in `partDirectory`, and below `directory` once all are there. `sameAs` is the name of a file
   * of that directory that seems to hold the same.
   */
  | {
    readonly type: "fetched";
    readonly directory: string;
    readonly partDirectory: string;
    readonly sameAs?: string | undefined;
  };

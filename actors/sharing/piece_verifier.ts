/**
 * Whether pieces are what they should be, found out while they come.
 *
 * @module
 */
import { pieceHash, type TorrentInfo } from "../../protocols/metainfo.ts";
import type { Hash, Hasher } from "../world/world.ts";
import type { ActivePiece } from "./active_piece.ts";
import { equalBytes } from "../../protocols/_equal_bytes.ts";

/** Blocks that are hashed in one go: about a millisecond. */
const MAX_BLOCKS = 64;

/** Hashes the blocks of pieces in their order, each as soon as all before it are there. */
export class PieceVerifier {
  readonly #info: Pick<TorrentInfo, "pieces">;
  readonly #hash: Hash;
  /** Of a piece that is given up the hasher goes with it. */
  readonly #hashers = new WeakMap<ActivePiece, Hasher>();

  constructor(info: Pick<TorrentInfo, "pieces">, hash: Hash) {
    this.#info = info;
    this.#hash = hash;
  }

  /**
   * Goes on with a piece: says whether it is good, `unknown` while blocks are missing, `more` when it is to
   * be called again.
   */
  verify(active: ActivePiece): "good" | "bad" | "unknown" | "more" {
    // Its last block may have come, and settled it, before the call that it had asked for.
    if (active.isVerified) return "unknown";
    let hasher = this.#hashers.get(active);
    if (hasher === undefined) this.#hashers.set(active, hasher = this.#hash.start("SHA-1"));
    const end = active.hashedBlocks + MAX_BLOCKS;
    while (active.hashedBlocks < active.blockCount && active.hasBlock(active.hashedBlocks)) {
      if (active.hashedBlocks === end) return "more";
      hasher.update(active.block(active.hashedBlocks++));
    }
    if (!active.isComplete) return "unknown";
    active.isVerified = true;
    return equalBytes(hasher.digest(), pieceHash(this.#info, active.index)) ? "good" : "bad";
  }
}

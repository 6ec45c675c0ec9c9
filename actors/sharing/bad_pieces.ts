/**
 * Who sent the bad block of a bad piece.
 *
 * @module
 */
import { type ActivePiece, NOBODY } from "./active_piece.ts";
import { equalBytes } from "../../protocols/_equal_bytes.ts";

/** Of bad pieces so many are kept until good ones show what was wrong with them; of large ones fewer. */
const MAX_KEPT = 4;
const MAX_KEPT_BYTES = 64 * 1024 * 1024;

/**
 * Finds those who lie, and nobody else: when a piece of several peers was bad, its good form shows which
 * blocks were not what they should have been, and who had sent these.
 */
export class BadPieces {
  readonly #kept = new Map<number, ActivePiece>();

  /**
   * A piece was bad. Says who has lied, where that is certain: {@linkcode NOBODY} until the piece is there.
   */
  bad(piece: ActivePiece): number {
    if (piece.hasOneSender) return piece.senderOf(0);
    this.#kept.delete(piece.index);
    this.#kept.set(piece.index, piece);
    const most = Math.min(MAX_KEPT, Math.max(1, Math.floor(MAX_KEPT_BYTES / piece.bytes.length)));
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > most && oldest !== undefined) this.#kept.delete(oldest);
    return NOBODY;
  }

  /** A piece is good: says who had sent what is not in it. */
  good(piece: ActivePiece): number[] {
    const bad = this.#kept.get(piece.index);
    if (bad === undefined) return [];
    this.#kept.delete(piece.index);
    const liars = new Set<number>();
    for (let block = 0; block < bad.blockCount; block++) {
      if (!equalBytes(bad.block(block), piece.block(block))) liars.add(bad.senderOf(block));
    }
    return [...liars];
  }
}

/**
 * The blocks that one connection has asked for.
 *
 * @module
 */

/** No piece is longer than this, and no torrent has so many pieces that places become equal. */
const MAX_PIECE_BYTES = 2 ** 27;

/** Requests that were sent and not answered: whatever else a peer sends costs no more than reading it. */
export class AwaitedBlocks {
  readonly #keys = new Set<number>();

  /** A block is asked for. */
  add({ piece, begin }: { readonly piece: number; readonly begin: number }): void {
    this.#keys.add(piece * MAX_PIECE_BYTES + begin);
  }

  /** It came, was refused, or is not needed any more; false when it was not asked for. */
  delete({ piece, begin }: { readonly piece: number; readonly begin: number }): boolean {
    return begin < MAX_PIECE_BYTES && this.#keys.delete(piece * MAX_PIECE_BYTES + begin);
  }
}

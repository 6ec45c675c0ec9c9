/**
 * Blocks on their way from a connection to the torrent that asked for them.
 *
 * @module
 */
import { BLOCK_BYTES } from "../../protocols/peer_wire.ts";

/** Free buffers that are kept: what comes at once from a few fast peers. */
const MAX_FREE = 64;

/** Copies of blocks, whose memory is used again and again. */
export class BlockBuffers {
  readonly #free: Uint8Array<ArrayBuffer>[] = [];

  /** A copy of a block. */
  copy(block: Uint8Array): Uint8Array {
    if (block.length > BLOCK_BYTES) return block.slice();
    const buffer = this.#free.pop() ?? new Uint8Array(BLOCK_BYTES);
    buffer.set(block);
    return block.length === BLOCK_BYTES ? buffer : buffer.subarray(0, block.length);
  }

  /** Takes back what {@linkcode BlockBuffers.copy} gave, once nobody reads it any more. */
  give(copy: Uint8Array): void {
    const { buffer } = copy;
    if (!(buffer instanceof ArrayBuffer) || buffer.byteLength !== BLOCK_BYTES) return;
    if (this.#free.length < MAX_FREE) this.#free.push(new Uint8Array(buffer));
  }
}

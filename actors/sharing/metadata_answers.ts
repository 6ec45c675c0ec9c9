/**
 * What one peer is sent of an info dictionary (BEP 9).
 *
 * @module
 */
import { METADATA_PIECE_BYTES, type MetadataMessage } from "../../protocols/peer_extensions.ts";

/** It is sent to one peer twice and a half at most: it has no use for more. */
const MAX_ROUNDS = 2.5;

/** Counts what a peer was sent. */
export class MetadataAnswers {
  #sent = 0;

  /** The answer to a request for a piece of the dictionary, where that is known. */
  to(piece: number, infoBytes: Uint8Array | undefined): MetadataMessage {
    const at = piece * METADATA_PIECE_BYTES;
    if (infoBytes === undefined || at >= infoBytes.length || this.#sent > MAX_ROUNDS * infoBytes.length) {
      return { type: "reject", piece };
    }
    const data = infoBytes.subarray(at, at + METADATA_PIECE_BYTES);
    this.#sent += data.length;
    return { type: "data", piece, totalBytes: infoBytes.length, data };
  }
}

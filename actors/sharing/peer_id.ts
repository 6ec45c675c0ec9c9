/**
 * What this node calls itself among peers.
 *
 * @module
 */
import type { Random } from "../world/world.ts";

/** Client and version, as BEP 20 has them. */
const PREFIX = "-TR0100-";
const ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz";

/** Makes a peer ID of 20 bytes. */
export function makePeerId(random: Random): Uint8Array<ArrayBuffer> {
  let id = PREFIX;
  while (id.length < 20) id += ALPHABET.charAt(Math.floor(random.next() * ALPHABET.length));
  return new TextEncoder().encode(id);
}

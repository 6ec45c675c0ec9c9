/**
 * What this node calls itself among peers.
 *
 * @module
 */
import type { Random } from "../world/world.ts";

/** Client and version, as BEP 20 has them; `TR` would be Transmission's. */
const PREFIX = "-TO0100-";
const ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz";

/** Makes a peer ID of 20 bytes. */
export function makePeerId(random: Random): Uint8Array<ArrayBuffer> {
  let id = PREFIX;
  while (id.length < 20) id += ALPHABET.charAt(Math.floor(random.next() * ALPHABET.length));
  return new TextEncoder().encode(id);
}

/** Whether a peer says that it is of our kind. */
export function isOwnKind(peerId: Uint8Array): boolean {
  // The version may be another.
  return [...PREFIX.slice(0, 3)].every((character, at) => peerId[at] === character.charCodeAt(0));
}

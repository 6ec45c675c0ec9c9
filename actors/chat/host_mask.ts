/**
 * Stand-ins for addresses.
 *
 * @module
 */
import { addressKey } from "../net/mod.ts";
import type { World } from "../world/world.ts";

const encoder = new TextEncoder();

/**
 * A function that gives each address a name of its own, the same while this chat runs, and wherever the same
 * `key` is given, from which the address cannot be found: members can ban an address and never learn it.
 *
 * An IPv6 peer is its /64, since one machine has all of that.
 */
export function hostMasks(
  world: Pick<World, "hash" | "random">,
  key: Uint8Array = world.random.bytes(32),
): (address: string) => string {
  return (address) => {
    const digest = world.hash.hmac("SHA-256", key, encoder.encode(addressKey(address)));
    let text = "";
    for (const byte of digest.subarray(0, 6)) text += byte.toString(16).padStart(2, "0");
    return `${text}.hidden`;
  };
}

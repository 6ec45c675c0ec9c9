/**
 * Stand-ins for addresses.
 *
 * @module
 */
import type { World } from "../world/world.ts";

const encoder = new TextEncoder();

/**
 * A function that gives each address a name of its own, the same while this chat runs, from which the address
 * cannot be found: members can ban an address and never learn it.
 *
 * An IPv6 peer is its /64, since one machine has all of that.
 */
export function hostMasks(world: Pick<World, "hash" | "random">): (address: string) => string {
  const key = world.random.bytes(32);
  return (address) => {
    const digest = world.hash.hmac("SHA-256", key, encoder.encode(network(address)));
    let text = "";
    for (const byte of digest.subarray(0, 6)) text += byte.toString(16).padStart(2, "0");
    return `${text}.hidden`;
  };
}

/** The part of an address that one customer of a network has. */
function network(address: string): string {
  if (!address.includes(":")) return address;
  const [head = "", tail] = address.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length);
  return [...left, ...Array<string>(zeros).fill("0"), ...right].slice(0, 4).join(":");
}

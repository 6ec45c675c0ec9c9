/**
 * Numbers for what is said, unlike any other's.
 *
 * @module
 */
import type { World } from "../world/world.ts";

/** Gives out numbers. */
export interface MessageIds {
  next(): string;
}

/** Numbers that no other source in this world or a later one gives out, but by a chance of one in 2^64. */
export function messageIds(world: Pick<World, "random">): MessageIds {
  let prefix = "";
  for (const byte of world.random.bytes(8)) prefix += byte.toString(16).padStart(2, "0");
  let count = 0;
  return { next: () => `${prefix}-${(count++).toString(36)}` };
}

/**
 * One thing that every engine must do, and what that is tried on.
 *
 * @module
 */
import type { World } from "../../../actors/world/world.ts";
import type { Driver } from "../../../actors/cluster/mod.ts";

/** What one guarantee is tried on. */
export interface Subject {
  /** The world of the hosts. */
  readonly world: World;
  /** Another host's connection to one and the same engine. Closed by who runs the contract. */
  connect(): Promise<Driver>;
  /** Lets time go by. */
  pause(ms: number): Promise<void>;
  /** A word that no other guarantee has in its keys. */
  readonly unique: string;
}

/** One guarantee. */
export interface Guarantee {
  readonly name: string;
  /** Leases run out while it is tried: they are short. Of all others they are long. */
  readonly hasShortLeases?: boolean;
  run(subject: Subject): Promise<void>;
}

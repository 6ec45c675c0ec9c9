import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { denoWorld } from "../../actors/world/deno/mod.ts";
import { nodeWorld } from "../../actors/world/node/mod.ts";
import type { RealWorldOptions } from "../../actors/world/real/mod.ts";
import { simWorld } from "../../actors/world/sim/mod.ts";
import type { World } from "../../actors/world/world.ts";
import { deadline, tempDirectory } from "../_helpers.ts";

/** A kind of world, and how to run something in a fresh one. */
export interface Flavour {
  readonly name: string;
  /** More than the buffers of a connection hold. */
  readonly floodBytes: number;
  /** Runs `use` in a fresh world, with an empty folder of its own. */
  run(use: (world: World, directory: string) => Promise<void>): Promise<void>;
}

/** How many simulated worlds each sentence of the suite must hold in. */
const SEEDS = 25;

function real(name: string, make: (options: RealWorldOptions) => World): Flavour {
  return {
    name,
    floodBytes: 24 * 1024 * 1024,
    async run(use) {
      await using directory = isDeno ? await tempDirectory() : await nodeDirectory();
      await deadline(use(make({ log: { write: () => {} } }), directory.path));
    },
  };
}

/** A folder that is removed with its content. */
async function nodeDirectory(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(`${tmpdir()}/troupe-`);
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

const simulated: Flavour = {
  name: "simWorld",
  floodBytes: 1024 * 1024,
  async run(use) {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const sim = simWorld({ seed });
      const { world } = sim.host("a");
      try {
        await sim.settle(world.disk.makeDirectory("/tests", { recursive: true }));
        await sim.settle(use(world, "/tests"));
      } catch (error) {
        throw new Error(`Cannot pass with seed ${seed}`, { cause: error });
      } finally {
        sim.close();
      }
    }
  },
};

/** On Node and on Bun the suite is run by `_on_node.ts`. */
const isDeno = "Deno" in globalThis && "version" in Deno;

export const FLAVOURS: readonly Flavour[] = isDeno
  ? [real("denoWorld", denoWorld), simulated]
  : [real("nodeWorld", nodeWorld)];

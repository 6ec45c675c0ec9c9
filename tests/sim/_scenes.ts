/**
 * Campaigns that are plays: many scenes, of which each seed plays a few.
 *
 * @module
 */
import { SeededRandom, type SimWorld } from "../../actors/world/sim/mod.ts";

/** One thing that happens from its beginning to its end, and what is asked of it. */
export type Scene = readonly [name: string, play: (sim: SimWorld) => Promise<void>];

/**
 * The scenes of one seed, so many of them, in an order of its own. The first seeds go through all of them
 * before one comes again, and so on: as few as that see each.
 */
export function scenesOf<S>(scenes: readonly S[], count: number, seed: number): readonly S[] {
  const seedsForAll = Math.ceil(scenes.length / count);
  const round = Math.floor((seed - 1) / seedsForAll);
  const first = ((seed - 1) % seedsForAll) * count;
  return new SeededRandom(`scenes ${round}`).shuffle(scenes).slice(first, first + count);
}

/** Plays the scenes of this seed one after another, each on hosts that are there for it alone. */
export async function playScenes(
  sim: SimWorld,
  scenes: readonly Scene[],
  count: number,
  stays: (hostname: string) => boolean = () => false,
): Promise<void> {
  for (const [name, play] of scenesOf(scenes, count, sim.seed)) {
    await play(sim);
    sim.sometimes(name);
    const over = sim.hosts.filter((host) => host.isUp && !stays(host.name));
    for (const host of over) host.resume();
    await sim.settle(Promise.all(over.map((host) => host.shutDown())));
  }
}

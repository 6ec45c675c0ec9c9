/**
 * A process that stands still for long, as that of a laptop that was closed, or of a machine that swaps.
 *
 * @module
 */
import type { Chaos, SimHost, SimWorld } from "../../actors/world/sim/mod.ts";

/** What campaigns with such pauses demand to have happened. */
export const LONG_PAUSE = "fault: paused for more than 10 s";

/** One run of so many has one: it takes longer than all else that befalls a run. */
const ONE_IN = 8;

/** How long somebody is to stand still; 0 in all runs but one of so many. */
export function drawLongPauseMs(sim: SimWorld, oneIn = ONE_IN): number {
  return Number(sim.seed) % oneIn === 0 ? sim.random.between(10_001, 30_000) : 0;
}

/** What goes wrong for a while: see {@linkcode withstand}. */
export interface Trouble {
  readonly forMs: number;
  readonly network: Chaos;
  readonly machines: readonly Chaos[];
  /** Who may stand still for long. */
  readonly hosts: readonly string[];
}

/**
 * Lets it last for so long, and ends it. In some runs somebody then stands still for long, with the network
 * alone in trouble.
 */
export async function withstand(sim: SimWorld, { forMs, network, machines, hosts }: Trouble): Promise<void> {
  await sim.advance(forMs);
  for (const plan of machines) plan.stop();
  await pauseForLong(sim, hosts);
  network.stop();
}

/**
 * Has one of the hosts stand still for so long, while the others go on. Nobody else is to restart or wake it
 * meanwhile.
 *
 * @param advance how time is let go by
 */
export async function pauseForLong(
  sim: SimWorld,
  hosts: readonly string[],
  pauseMs: number = drawLongPauseMs(sim),
  advance: (ms: number) => Promise<void> = (ms) => sim.advance(ms),
): Promise<void> {
  if (pauseMs === 0) return;
  const host = sim.host(sim.random.pick(hosts));
  host.pause();
  await advance(pauseMs);
  host.resume();
}

/** As good as none: a rate of 0 has no timers. */
export const STILL = 1e-9;

/**
 * Has a machine be suspended, as a laptop whose lid is closed: its monotonic clock stands still meanwhile.
 * What it gives wakes it.
 */
export function suspend(sim: SimWorld, host: SimHost): () => void {
  const { clockRate } = host;
  const atMs = sim.now;
  host.pause();
  host.clockRate = STILL;
  return () => {
    host.clockRate = clockRate;
    // The battery's clock went on.
    host.clockSkewMs += (sim.now - atMs) * clockRate;
    host.resume();
  };
}

/**
 * A world in which handlers say how long they take, and what is asked of it: how much work is done without a
 * look at sockets.
 *
 * @module
 */
import { type ActorSystem, denoWorld, type World } from "../../mod.ts";
import { deadline } from "../_helpers.ts";

/** What a test has of such a world. */
export interface SteppedWorld {
  readonly world: World;
  /** A handler begins, after this much work without a look. */
  work(ms: number): void;
  /** The longest work between two looks, in milliseconds. */
  readonly worst: number;
  /** What was the worst so far counts no more. */
  forget(): void;
  readonly now: number;
}

/** A world whose time goes by only where a handler says so, and that notes each look at sockets. */
export function steppedWorld(): SteppedWorld {
  const real = denoWorld();
  let now = 0;
  let sinceLooked = 0;
  let worst = 0;
  const looked = (task: () => void) => () => {
    sinceLooked = 0;
    task();
  };
  const world: World = {
    ...real,
    clock: { ...real.clock, now: () => now, monotonic: () => now, timer: () => ({ cancel() {} }) },
    loop: {
      soon: (task) => queueMicrotask(task),
      nextTurn: (task) => setTimeout(looked(task), 0),
      afterPoll: (task) => setTimeout(looked(task), 0),
    },
  };
  return {
    world,
    work(ms: number) {
      worst = Math.max(worst, sinceLooked);
      now += ms;
      sinceLooked += ms;
    },
    get worst() {
      return worst;
    },
    forget() {
      worst = 0;
    },
    get now() {
      return now;
    },
  };
}

/** Stops a system, and lets the turns of the loop that it has asked for go by. */
export async function stopped(system: ActorSystem): Promise<void> {
  await deadline(system.stop());
  await new Promise((resolve) => setTimeout(resolve, 5));
}

export type Job = { readonly type: "quick" | "slow"; readonly ms: number };
export const QUICK: Job = { type: "quick", ms: 0.0001 };
export const SLOW: Job = { type: "slow", ms: 10 };

export const jobs = (quick: number, slow: number): Job[] => [
  ...Array.from({ length: quick }, () => QUICK),
  ...Array.from({ length: slow }, () => SLOW),
];

/** So many that take so long. */
export const times = (count: number, ms: number): number[] => Array(count).fill(ms);

import { setImmediate } from "node:timers";

// Taken when the module is loaded: during a simulation the names are traps.
const hop = setImmediate;

/** So many hops are taken at once: a turn of the real loop for each would cost more than most events. */
const HOPS = 128;

const tasks: (() => void)[] = [];
let hops = 0;

/** One hop. The microtasks that it causes, and promises rejected in it, are seen to before the next. */
function run(): void {
  hops--;
  tasks.shift()?.();
}

/**
 * Runs `task` once all the microtasks of now, and those that they cause, are done.
 *
 * The one thing that the simulator needs of the real event loop: after each simulated event the promises of
 * the code under test settle, and only then comes the next event.
 */
export function whenSettled(task: () => void): void {
  tasks.push(task);
  if (hops >= tasks.length) return;
  for (let i = 0; i < HOPS; i++) hop(run);
  hops += HOPS;
}

import { setImmediate } from "node:timers";

// Taken when the module is loaded: during a simulation the names are traps.
const hop = setImmediate;

/**
 * Runs `task` once all the microtasks of now, and those that they cause, are done.
 *
 * The one thing that the simulator needs of the real event loop: after each simulated event the promises of
 * the code under test settle, and only then comes the next event.
 */
export function whenSettled(task: () => void): void {
  hop(task);
}

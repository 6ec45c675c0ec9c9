/**
 * The life of a host's process, from a start to its end.
 *
 * @module
 */
import type { Cancellable } from "../world.ts";
import type { Simulation } from "./simulation.ts";

/**
 * From one start of a host to its end. What belongs to a life that is over does nothing any more.
 *
 * All that reaches the process goes through {@linkcode Life.deliver}: while the process is stopped or busy it
 * waits, in order, as it would in the kernel.
 */
export class Life {
  readonly host: string;
  /** The host's place in the seeded order of what is ready at once. */
  readonly lane: number;
  readonly simulation: Simulation;
  alive = true;
  readonly #eventCostMs: () => number;
  #isPaused = false;
  #busyUntilMs = 0;
  #waiting: (() => void)[] = [];
  #isPlanned = false;

  /** @param eventCostMs how much CPU time the next event takes, in milliseconds */
  constructor(host: string, lane: number, simulation: Simulation, eventCostMs: () => number) {
    this.host = host;
    this.lane = lane;
    this.simulation = simulation;
    this.#eventCostMs = eventCostMs;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Stops the process (SIGSTOP): nothing reaches it, and nothing is lost. */
  pause(): void {
    this.#isPaused = true;
  }

  /** Lets the process go on (SIGCONT): all that has waited reaches it. */
  resume(): void {
    this.#isPaused = false;
    this.#plan();
  }

  /** Runs `task` in the process: at once where it can. Its failure is the simulation's. */
  deliver(task: () => void): void {
    if (!this.alive) return;
    if (this.#isPaused || this.#waiting.length > 0 || this.simulation.now < this.#busyUntilMs) {
      this.#waiting.push(task);
      this.#plan();
    } else {
      this.#run(task);
    }
  }

  /** Plans `task`, which only happens when this life is not over by then. */
  schedule(delayMs: number, task: () => void): Cancellable {
    let isCancelled = false;
    const happen = () => {
      if (!isCancelled) task();
    };
    const event = this.simulation.schedule(delayMs, this.lane, () => this.deliver(happen));
    return {
      cancel: () => {
        isCancelled = true;
        event.cancel();
      },
    };
  }

  /** `task`, to be run by the process itself when it has done what it does: never while it is stopped. */
  soon(task: () => void): () => void {
    return () => this.#isPaused ? this.deliver(task) : this.#attempt(task);
  }

  trace(part: string, event: string, contents?: Uint8Array): void {
    this.simulation.trace.add(this.simulation.now, this.host, part, event, contents);
  }

  #run(task: () => void): void {
    const costMs = this.#eventCostMs();
    if (costMs > 0) this.#busyUntilMs = this.simulation.now + costMs;
    this.#attempt(task);
  }

  #attempt(task: () => void): void {
    try {
      if (this.alive) task();
    } catch (error) {
      this.simulation.fail(error);
    }
  }

  /** What waits goes on one by one, each in an event of its own. */
  #plan(): void {
    if (this.#isPlanned || this.#isPaused || this.#waiting.length === 0) return;
    this.#isPlanned = true;
    const delayMs = Math.max(0, this.#busyUntilMs - this.simulation.now);
    this.simulation.schedule(delayMs, this.lane, () => {
      this.#isPlanned = false;
      if (!this.alive || this.#isPaused) return;
      const task = this.simulation.now < this.#busyUntilMs ? undefined : this.#waiting.shift();
      if (task !== undefined) this.#run(task);
      this.#plan();
    });
  }
}

/** What those are given who ask something of a life that is over. */
export function never<T>(): Promise<T> {
  return new Promise<T>(() => {});
}

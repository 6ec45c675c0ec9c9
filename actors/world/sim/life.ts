/**
 * The life of a host's process, from a start to its end.
 *
 * @module
 */
import type { Cancellable } from "../world.ts";
import type { Simulation } from "./simulation.ts";

/** From one start of a host to its end. What belongs to a life that is over does nothing any more. */
export class Life {
  readonly host: string;
  /** The host's place in the seeded order of what is ready at once. */
  readonly lane: number;
  readonly simulation: Simulation;
  alive = true;

  constructor(host: string, lane: number, simulation: Simulation) {
    this.host = host;
    this.lane = lane;
    this.simulation = simulation;
  }

  /** Plans `task`, which only happens when this life is not over by then. */
  schedule(delayMs: number, task: () => void): Cancellable {
    return this.simulation.schedule(delayMs, this.lane, () => {
      if (this.alive) task();
    });
  }

  /** `task`, which does nothing once this life is over, and whose failure is the simulation's. */
  whileAlive(task: () => void): () => void {
    return () => {
      try {
        if (this.alive) task();
      } catch (error) {
        this.simulation.fail(error);
      }
    };
  }

  trace(part: string, event: string, contents?: Uint8Array): void {
    this.simulation.trace.add(this.simulation.now, this.host, part, event, contents);
  }
}

/** What those are given who ask something of a life that is over. */
export function never<T>(): Promise<T> {
  return new Promise<T>(() => {});
}

/**
 * A run that goes on only as far as somebody lets it.
 *
 * @module
 */

/**
 * Holds a simulation between two of its events, until it may go on.
 *
 * @example
 * ```ts
 * import { simWorld, Stepper } from "@troupe/actors/sim";
 * import { assertEquals } from "@std/assert";
 *
 * const stepper = new Stepper();
 * const sim = simWorld({ seed: 1, stepper });
 * const rung: number[] = [];
 * for (const ms of [1, 2]) sim.host("a").world.clock.timer(ms, () => rung.push(ms));
 * const waits = () => new Promise<void>((resolve) => stepper.onWait(resolve));
 * const firstWait = waits();
 * const done = sim.advance(10);
 * await firstWait;
 * assertEquals(rung, []); // it waits before each event
 * stepper.step(100);
 * await done;
 * assertEquals(rung, [1, 2]);
 * ```
 */
export class Stepper {
  /** Events that may still happen. */
  #left = 0;
  #events = 0;
  #goOn: (() => void) | undefined;
  readonly #told = new Set<() => void>();

  /** Events that have happened. */
  get events(): number {
    return this.#events;
  }

  /** It waits to be let go on. */
  get isWaiting(): boolean {
    return this.#goOn !== undefined;
  }

  /** Lets so many events happen. */
  step(events: number): void {
    const goOn = this.#goOn;
    if (events <= 0 || goOn === undefined) return;
    this.#left = events - 1;
    this.#events++;
    this.#goOn = undefined;
    goOn();
  }

  /** Holds it before the next event. */
  hold(): void {
    this.#left = 0;
  }

  /** Calls back whenever it begins to wait. */
  onWait(told: () => void): void {
    this.#told.add(told);
  }

  /** Asked before an event: false holds it, and `goOn` is called once it may happen. */
  mayHappen(goOn: () => void): boolean {
    if (this.#left > 0) {
      this.#left--;
      this.#events++;
      return true;
    }
    this.#goOn = goOn;
    for (const told of this.#told) told();
    return false;
  }
}

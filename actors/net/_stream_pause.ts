/**
 * The pause that makes an unfinished line a message.
 *
 * @module
 */
import type { Cancellable, World } from "../world/world.ts";

/** Notices a pause in the stream of one peer, under one timer that is never set anew for a chunk. */
export class StreamPause {
  readonly #world: World;
  readonly #look: () => void;
  #chunkAt = 0;
  #timer: Cancellable | undefined;

  /** `look` is called when it is time for {@linkcode StreamPause.isOver}. */
  constructor(world: World, look: () => void) {
    this.#world = world;
    this.#look = look;
  }

  /** Something came at `now`, and a pause of `pauseMs` begins. */
  begin(now: number, pauseMs: number): void {
    this.#chunkAt = now;
    if (this.#timer === undefined) this.#arm(pauseMs);
  }

  /** The time to look has come: nothing is looked at until {@linkcode StreamPause.isOver}, or a chunk. */
  came(): void {
    this.#timer = undefined;
  }

  /** Whether the pause is over; if not, there will be a time to look again. */
  isOver(now: number, pauseMs: number): boolean {
    const left = this.#chunkAt + pauseMs - now;
    if (left < 1) return true;
    this.#arm(left);
    return false;
  }

  /** Lets go of the timer. */
  close(): void {
    this.#timer?.cancel();
  }

  #arm(delayMs: number): void {
    const { clock, loop } = this.#world;
    // A late timer comes before what the sockets have: they are looked at first.
    this.#timer = clock.timer(delayMs, () => loop.afterPoll(this.#look));
  }
}

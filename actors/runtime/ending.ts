/**
 * How a life ends: the handler finishes, the children stop, what the life holds is released.
 *
 * @module
 */
import type { Cancellable } from "../world/world.ts";
import type { Children } from "./children.ts";
import type { FailurePhase } from "./events.ts";
import type { ActorSystemCore } from "./system_core.ts";
import { isThenable, whenSettled } from "./thenable.ts";

/** What the end of a life needs of the actor whose life it is. */
export interface EndingHost {
  readonly path: string;
  readonly system: ActorSystemCore;
  readonly children: Children | undefined;
  /** Milliseconds for the handler and the releases together. */
  readonly shutdownMs: number;
  /** The handler is still running. */
  readonly isBusy: boolean;
  /** What is running is its behaviour, which has not returned a handler yet. */
  readonly isStarting: boolean;
  /** Leaves the running handler to itself. */
  forgetHandler(): void;
  /** The next thing to release. */
  nextRelease(): (() => void | Promise<void>) | undefined;
  /** Asks for a call of {@linkcode Ending.goOn} in a turn of the actor's. */
  goOnEnding(): void;
  /** All is done. */
  endLife(): void;
  /** Reports a failure about which nothing is to be decided. */
  reportAlone(error: unknown, phase: FailurePhase, message: unknown): void;
}

// The steps, in order.
const UNTIL_HANDLER_IS_DONE = 0;
const UNTIL_CHILDREN_ARE_GONE = 1;
const UNTIL_RELEASED = 2;

/** The end of one life, step by step. */
export class Ending {
  readonly #actor: EndingHost;
  #step: typeof UNTIL_HANDLER_IS_DONE | typeof UNTIL_CHILDREN_ARE_GONE | typeof UNTIL_RELEASED =
    UNTIL_HANDLER_IS_DONE;
  /** What is being released, under way. */
  #releasing: PromiseLike<unknown> | undefined;
  #timer: Cancellable | undefined;
  /** Time that is left of this actor's own to stop in, when last its clock stood still. */
  #leftMs: number;
  /** Monotonic time at which it is given up; undefined while its clock stands still. */
  #giveUpAt: number | undefined;

  constructor(actor: EndingHost) {
    this.#actor = actor;
    this.#leftMs = actor.shutdownMs;
  }

  /**
   * Something that was to be waited for is done: takes the next steps, up to the end if nothing is in the
   * way.
   */
  goOn(): void {
    const actor = this.#actor;
    if (this.#step === UNTIL_HANDLER_IS_DONE) {
      if (actor.isBusy) return this.#limit();
      this.#stopClock();
      this.#step = UNTIL_CHILDREN_ARE_GONE;
      if (this.#hasChildren) return actor.children?.stopAll();
    }
    if (this.#step === UNTIL_CHILDREN_ARE_GONE) {
      if (this.#hasChildren) return;
      this.#step = UNTIL_RELEASED;
    }
    if (this.#releasing === undefined && this.#releaseAll()) actor.endLife();
  }

  /** Waits for nothing any more, and says so when something is still running. */
  abandon(): void {
    if (this.#actor.isBusy || this.#releasing !== undefined) this.#reportTimeout("in time");
  }

  /** The life is over: lets go of the timer. */
  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#releasing = undefined;
  }

  /** Reports that the actor does not stop as it should. */
  #reportTimeout(within: string): void {
    const running = this.#actor.isStarting ? "its start" : "its handler";
    const what = this.#actor.isBusy ? running : "what it registered with onStop";
    const error = new Error(`Cannot stop ${this.#actor.path} ${within}: ${what} is still running`);
    this.#actor.reportAlone(error, "shutdown-timeout", undefined);
  }

  get #now(): number {
    return this.#actor.system.world.clock.monotonic();
  }

  get #hasChildren(): boolean {
    return (this.#actor.children?.size ?? 0) > 0;
  }

  /** The children have times of their own: this actor's goes on when they are gone. */
  #stopClock(): void {
    if (this.#giveUpAt === undefined) return;
    this.#leftMs = Math.max(0, this.#giveUpAt - this.#now);
    this.#giveUpAt = undefined;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Lets the clock run, as there is something to wait for: who waits for nothing reads none. */
  #limit(): void {
    const { clock } = this.#actor.system.world;
    const giveUpAt = this.#giveUpAt ??= this.#now + this.#leftMs;
    this.#timer ??= clock.timer(Math.max(0, giveUpAt - this.#now), () => this.#giveUp());
  }

  /** The time to stop is over: what still runs is left to itself, and is no longer heard. */
  #giveUp(): void {
    this.#timer = undefined;
    this.#reportTimeout(`in ${this.#actor.shutdownMs} ms`);
    this.#actor.forgetHandler();
    this.#releasing = undefined;
    this.#actor.goOnEnding();
  }

  /** Releases what the life holds, one thing after the other; true when all is done. */
  #releaseAll(): boolean {
    const actor = this.#actor;
    for (let release = actor.nextRelease(); release !== undefined; release = actor.nextRelease()) {
      actor.system.scheduler.beforeStart();
      try {
        const pending: unknown = release();
        if (isThenable(pending)) {
          this.#awaitRelease(pending);
          return false;
        }
      } catch (error) {
        actor.reportAlone(error, "stop", undefined);
      }
      if (!actor.system.scheduler.spendWithin()) continue;
      actor.goOnEnding();
      return false;
    }
    return true;
  }

  #awaitRelease(pending: PromiseLike<unknown>): void {
    this.#releasing = pending;
    this.#limit();
    const goOn = () => {
      // Not when it has been given up.
      if (this.#releasing !== pending) return;
      this.#releasing = undefined;
      this.#actor.goOnEnding();
    };
    whenSettled(pending, goOn, (error) => {
      this.#actor.reportAlone(error, "stop", undefined);
      goOn();
    });
  }
}

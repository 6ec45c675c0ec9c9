/**
 * Log lines that strangers cause.
 *
 * @module
 */
import { TokenBucket, type TokenBucketOptions } from "../../protocols/token_bucket.ts";
import type { Context } from "../runtime/behavior.ts";
import type { Cancellable, LogFields } from "../world/world.ts";

/** How long after the first line that was left out it is said how many were, in milliseconds. */
const SUMMARY_MS = 1000;

/** The actor in whose name is logged: what an actor's context is. */
export type LoggingActor = Pick<Context<never>, "log" | "world" | "onStop">;

/**
 * Writes a line for each of a few events, and says how many more there were: a log that grows with a flood is
 * its second victim.
 *
 * @example
 * ```ts
 * import { ActorSystem } from "@troupe/actors";
 * import { LogThrottle } from "@troupe/actors/net";
 * import { simWorld } from "@troupe/actors/sim";
 * import { assertEquals } from "@std/assert";
 *
 * const sim = simWorld({ seed: 1 });
 * const host = sim.host("gate");
 * const system = new ActorSystem("demo", { world: host.world });
 * const guard = system.spawn<string>("guard", (self) => {
 *   const warnings = new LogThrottle(self);
 *   return (stranger) => warnings.warn(self.coarseNow, `Refused ${stranger}`, { client: stranger });
 * });
 * for (let i = 0; i < 1000; i++) guard.tell("somebody");
 * await sim.advance(1);
 * assertEquals(host.log.lines().length, 50);
 * ```
 */
export class LogThrottle {
  readonly #actor: LoggingActor;
  readonly #rate: TokenBucketOptions;
  #bucket: TokenBucket | undefined;
  #leftOut = 0;
  #timer: Cancellable | undefined;

  /**
   * Logs in the name of an actor, as long as it lives. @param rate lines a second, 5 and at once 50 unless
   * given
   */
  constructor(actor: LoggingActor, rate: TokenBucketOptions = { perSecond: 5, burst: 50 }) {
    this.#actor = actor;
    this.#rate = rate;
    actor.onStop(() => this.#sayLeftOut());
  }

  /** A warning; over the rate it is counted, and it is said soon how many were. `nowMs` is monotonic. */
  warn(nowMs: number, message: string, fields?: LogFields): void {
    if (this.#mayLog(nowMs)) this.#actor.log.warn(message, fields);
  }

  /** The same of a line whose text is promised. */
  plain(nowMs: number, message: string, fields?: LogFields): void {
    if (this.#mayLog(nowMs)) this.#actor.log.plain(message, fields);
  }

  #mayLog(nowMs: number): boolean {
    this.#bucket ??= new TokenBucket(this.#rate, nowMs);
    if (this.#bucket.take(nowMs)) return true;
    this.#leftOut++;
    this.#timer ??= this.#actor.world.clock.timer(SUMMARY_MS, () => this.#sayLeftOut());
    return false;
  }

  #sayLeftOut(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#leftOut === 0) return;
    this.#actor.log.warn(`${this.#leftOut} more such lines were left out`, {
      event: "lines-left-out",
      leftOut: this.#leftOut,
    });
    this.#leftOut = 0;
  }
}

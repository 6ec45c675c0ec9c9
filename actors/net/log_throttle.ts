/**
 * Log lines that strangers cause.
 *
 * @module
 */
import { TokenBucket } from "../../protocols/token_bucket.ts";
import type { ActorLog } from "../runtime/behavior.ts";
import type { LogFields } from "../world/world.ts";

/** Lines a second in the long run, and at once. */
const PER_SECOND = 5;
const BURST = 50;

/**
 * Writes a warning for each of a few events (five a second, fifty at once), and says how many more there were: a log that
 * grows with a flood is its second victim.
 *
 * @example
 * ```ts
 * import { ActorSystem } from "@troupe/actors";
 * import { LogThrottle } from "@troupe/actors/net";
 *
 * await using system = new ActorSystem("demo");
 * system.spawn<string>("guard", (self) => {
 *   const warnings = new LogThrottle(self.log);
 *   return (stranger) => warnings.warn(self.coarseNow, `Refused ${stranger}`, { client: stranger });
 * });
 * ```
 */
export class LogThrottle {
  readonly #log: ActorLog;
  #bucket: TokenBucket | undefined;
  #left = 0;

  /** Warns in the name of the actor whose log it is. */
  constructor(log: ActorLog) {
    this.#log = log;
  }

  /** Says it, unless too much was said lately: then it is counted, and the next line says how often. `nowMs` is monotonic. */
  warn(nowMs: number, message: string, fields?: LogFields): void {
    this.#bucket ??= new TokenBucket({ perSecond: PER_SECOND, burst: BURST }, nowMs);
    if (!this.#bucket.take(nowMs)) {
      this.#left++;
      return;
    }
    if (this.#left > 0) {
      this.#log.warn(`${this.#left} more such lines were left out`, { leftOut: this.#left });
    }
    this.#left = 0;
    this.#log.warn(message, fields);
  }
}

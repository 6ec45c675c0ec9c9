/**
 * Log lines that strangers cause.
 *
 * @module
 */
import { TokenBucket, type TokenBucketOptions } from "../../protocols/token_bucket.ts";
import type { ActorLog } from "../runtime/behavior.ts";
import type { LogFields } from "../world/world.ts";

/**
 * Writes a line for each of a few events, and says how many more there were: a log that grows with a flood is its second
 * victim.
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
  readonly #rate: TokenBucketOptions;
  #bucket: TokenBucket | undefined;
  #leftOut = 0;

  /** Logs in the name of the actor whose log it is. @param rate lines a second, 5 and at once 50 unless given */
  constructor(log: ActorLog, rate: TokenBucketOptions = { perSecond: 5, burst: 50 }) {
    this.#log = log;
    this.#rate = rate;
  }

  /** A warning; over the rate it is counted, and the next line says how many were. `nowMs` is monotonic. */
  warn(nowMs: number, message: string, fields?: LogFields): void {
    if (this.#mayLog(nowMs)) this.#log.warn(message, fields);
  }

  /** The same of a line whose text is promised. */
  plain(nowMs: number, message: string, fields?: LogFields): void {
    if (this.#mayLog(nowMs)) this.#log.plain(message, fields);
  }

  #mayLog(nowMs: number): boolean {
    this.#bucket ??= new TokenBucket(this.#rate, nowMs);
    if (!this.#bucket.take(nowMs)) {
      this.#leftOut++;
      return false;
    }
    if (this.#leftOut > 0) {
      this.#log.info(`${this.#leftOut} more such lines were left out`, { leftOut: this.#leftOut });
    }
    this.#leftOut = 0;
    return true;
  }
}

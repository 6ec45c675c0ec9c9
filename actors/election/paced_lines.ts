/**
 * Lines about changes that another node can bring about as often as it likes: some at once, then one a
 * second, and in the end the latest.
 *
 * @module
 */
import { TokenBucket } from "../../protocols/token_bucket.ts";
import type { Clock } from "../world/world.ts";

/** More than a network that is mended, or a machine that is busy, brings about. */
const PACE = { perSecond: 1, burst: 60 };

/** Says each change while there are not too many; of more, the latest, when there is room again. */
export class PacedLines {
  readonly #clock: Pick<Clock, "monotonic">;
  readonly #bucket: TokenBucket;
  #latest: (() => void) | undefined;

  constructor(clock: Pick<Clock, "monotonic">) {
    this.#clock = clock;
    this.#bucket = new TokenBucket(PACE, clock.monotonic());
  }

  /** Has `line` write now, or later when nothing newer has come by then. */
  say(line: () => void): void {
    this.#latest = line;
    this.flush();
  }

  /** What is left is not true any more. */
  clear(): void {
    this.#latest = undefined;
  }

  /** To be called now and then: writes what is left. */
  flush(): void {
    const line = this.#latest;
    if (line === undefined || !this.#bucket.take(this.#clock.monotonic())) return;
    this.#latest = undefined;
    line();
  }
}

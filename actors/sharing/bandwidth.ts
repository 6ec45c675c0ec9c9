/**
 * So many bytes a second, for all who share them.
 *
 * @module
 */
import { assertNever, type Behavior, type Context, type Ref, withPrivateMessages } from "../runtime/mod.ts";
import type { BandwidthCommand, BandwidthGranted } from "./messages.ts";

type Private =
  | { readonly type: "tick" }
  | { readonly type: "asker-gone"; readonly asker: Ref<BandwidthGranted> };

const TICK_MS = 50;

/**
 * Hands out `perSecond` bytes a second, in the order in which they were asked for. What one asker waits for
 * is one entry, and gone with it: no more wait than there are peers and torrents.
 *
 * @throws {RangeError} on a limit that is not above 0.
 */
export function bandwidth(perSecond: number): Behavior<BandwidthCommand> {
  if (!(perSecond > 0)) {
    throw new RangeError(`Cannot limit to ${perSecond} bytes a second: it takes more than 0`);
  }
  return withPrivateMessages<BandwidthCommand, Private>((self) => {
    const it = new Bandwidth(self, perSecond);
    self.every(TICK_MS, { type: "tick" });
    return (message) => it.receive(message);
  });
}

class Bandwidth {
  readonly #self: Context<BandwidthCommand | Private>;
  readonly #perSecond: number;
  /** Bytes that each waits for, the first first. */
  readonly #waiting = new Map<Ref<BandwidthGranted>, number>();
  /** Those whose end is known of when it comes. */
  readonly #watched = new Set<Ref<BandwidthGranted>>();
  #tokens = 0;
  #atMs: number;

  constructor(self: Context<BandwidthCommand | Private>, perSecond: number) {
    this.#self = self;
    this.#perSecond = perSecond;
    this.#atMs = self.world.clock.monotonic();
  }

  receive(message: BandwidthCommand | Private): void {
    switch (message.type) {
      case "take-bandwidth":
        this.#add(message.replyTo, message.bytes);
        return this.#serve();
      case "tick":
        return this.#serve();
      case "asker-gone":
        this.#waiting.delete(message.asker);
        this.#watched.delete(message.asker);
        return;
      default:
        assertNever(message);
    }
  }

  #add(asker: Ref<BandwidthGranted>, bytes: number): void {
    this.#waiting.set(asker, bytes + (this.#waiting.get(asker) ?? 0));
    if (this.#watched.has(asker)) return;
    this.#watched.add(asker);
    this.#self.watch(asker, () => ({ type: "asker-gone", asker }));
  }

  #serve(): void {
    const nowMs = this.#self.world.clock.monotonic();
    const burst = this.#perSecond * TICK_MS * 2 / 1000;
    // What was not used is not saved up, but for a moment.
    this.#tokens = Math.min(burst, this.#tokens + this.#perSecond * (nowMs - this.#atMs) / 1000);
    this.#atMs = nowMs;
    for (const [asker, bytes] of this.#waiting) {
      // More than there is may be handed out, and is made up for by waiting: a block is never split.
      if (this.#tokens <= 0) return;
      this.#waiting.delete(asker);
      this.#tokens -= bytes;
      asker.tell({ type: "bandwidth-granted", bytes });
    }
  }
}

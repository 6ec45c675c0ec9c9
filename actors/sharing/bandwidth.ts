/**
 * So many bytes a second, for all who share them.
 *
 * @module
 */
import { type Behavior, type Ref, withPrivateMessages } from "../runtime/mod.ts";
import type { BandwidthCommand, BandwidthGranted } from "./messages.ts";

type Private = { readonly type: "tick" };

const TICK_MS = 50;
/** The most that waits: who is not in the queue has to ask again. */
const MAX_WAITING = 10_000;

/**
 * Hands out `perSecond` bytes a second, in the order in which they were asked for.
 *
 * @throws {RangeError} on a limit that is not above 0.
 */
export function bandwidth(perSecond: number): Behavior<BandwidthCommand> {
  if (!(perSecond > 0)) {
    throw new RangeError(`Cannot limit to ${perSecond} bytes a second: it takes more than 0`);
  }
  return withPrivateMessages<BandwidthCommand, Private>((self) => {
    const waiting: { bytes: number; replyTo: Ref<BandwidthGranted> }[] = [];
    let tokens = 0;
    let atMs = self.world.clock.monotonic();
    self.every(TICK_MS, { type: "tick" });
    const serve = (): void => {
      const nowMs = self.world.clock.monotonic();
      // What was not used is not saved up, but for a moment.
      tokens = Math.min(perSecond * TICK_MS * 2 / 1000, tokens + perSecond * (nowMs - atMs) / 1000);
      atMs = nowMs;
      // More than there is may be handed out, and is made up for by waiting: a block is never split.
      while (tokens > 0 && waiting.length > 0) {
        const next = waiting.shift();
        if (next === undefined) return;
        tokens -= next.bytes;
        next.replyTo.tell({ type: "bandwidth-granted", bytes: next.bytes });
      }
    };
    return (message) => {
      if (message.type === "take-bandwidth" && waiting.length < MAX_WAITING) {
        waiting.push({ bytes: message.bytes, replyTo: message.replyTo });
      }
      serve();
    };
  });
}

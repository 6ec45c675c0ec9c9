/**
 * A limit that many share is kept by one actor: it hands out permits, so many a second, first come, first
 * served.
 *
 *     deno run examples/rate_limiter.ts
 *
 * @module
 */
import { ActorSystem, type Behavior, type Ref } from "@troupe/actors";

/** What the limiter can be told. */
export type LimiterCommand = /** Asks for a permit, and waits for it. */
  { type: "acquire"; replyTo: Ref<number> };

/** Gives out one permit each `1000 / perSecond` milliseconds, and `burst` at once after a pause. */
export function rateLimiter(
  { perSecond, burst }: { perSecond: number; burst: number },
): Behavior<LimiterCommand> {
  return (self) => {
    const everyMs = 1000 / perSecond;
    const waiting: Ref<number>[] = [];
    let permits = burst;
    let given = 0;
    const giveOut = () => {
      while (permits > 0) {
        const next = waiting.shift();
        if (next === undefined) return;
        // Who has stopped waiting must not take the place of who still does.
        if (!next.isOpen) continue;
        permits--;
        next.tell(++given);
      }
    };
    self.world.clock.timer(everyMs, function refill() {
      if (self.signal.aborted) return;
      permits = Math.min(burst, permits + 1);
      giveOut();
      self.world.clock.timer(everyMs, refill);
    });
    return ({ replyTo }) => {
      waiting.push(replyTo);
      giveOut();
    };
  };
}

if (import.meta.main) {
  await using system = new ActorSystem("limits");
  const limiter = system.spawn("limiter", rateLimiter({ perSecond: 50, burst: 5 }));
  const start = system.world.clock.monotonic();
  const callers = Array.from({ length: 15 }, () => limiter.ask({ type: "acquire" }, { timeoutMs: 5000 }));
  const permits = await Promise.all(callers);
  const tookMs = system.world.clock.monotonic() - start;
  console.log(`permits ${permits.join(" ")}`);
  console.log(tookMs >= 150 ? "five at once, the other ten 50 a second" : `too fast: ${tookMs} ms`);
}

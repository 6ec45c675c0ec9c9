import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { TokenBucket } from "../../protocols/token_bucket.ts";

Deno.test("token bucket: a burst at once, then the rate", () => {
  const bucket = new TokenBucket({ perSecond: 10, burst: 20 }, 0);
  const taken = (nowMs: number) =>
    Array.from({ length: 50 }, () => bucket.take(nowMs)).filter(Boolean).length;
  assertEquals([taken(0), taken(99), taken(100), taken(1100), taken(60_000)], [20, 0, 1, 10, 20]);
});

Deno.test("token bucket: rate 0 is no limit", () => {
  const bucket = new TokenBucket({ perSecond: 0, burst: 1 }, 0);
  assertEquals(Array.from({ length: 1000 }, () => bucket.take(0)).every(Boolean), true);
});

Deno.test("token bucket: a clock that goes back gives nothing away", () => {
  const bucket = new TokenBucket({ perSecond: 1, burst: 1 }, 10_000);
  assertEquals([bucket.take(10_000), bucket.take(0), bucket.take(10_999), bucket.take(11_000)], [
    true,
    false,
    false,
    true,
  ]);
});

Deno.test("token bucket: over any run it never allows more than the burst and the rate", () => {
  fc.assert(fc.property(
    fc.integer({ min: 1, max: 50 }),
    fc.integer({ min: 1, max: 50 }),
    fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 200 }),
    (perSecond, burst, pauses) => {
      const bucket = new TokenBucket({ perSecond, burst }, 0);
      let nowMs = 0;
      let taken = 0;
      for (const pause of pauses) {
        nowMs += pause;
        if (bucket.take(nowMs)) taken++;
      }
      return taken <= burst + nowMs * perSecond / 1000 + 1e-6;
    },
  ));
});

Deno.test("token bucket: a limit that cannot be is refused", () => {
  assertThrows(() => new TokenBucket({ perSecond: -1, burst: 1 }, 0), RangeError);
  assertThrows(() => new TokenBucket({ perSecond: NaN, burst: 1 }, 0), RangeError);
  assertThrows(() => new TokenBucket({ perSecond: 1, burst: 0 }, 0), RangeError);
});

import { assertEquals } from "@std/assert";
import { paceWithin } from "../../tasks/_pace.ts";
import { TokenBucket, type TokenBucketOptions } from "../../protocols/token_bucket.ts";

/** When each of so many lines is sent that are all there at 0. */
function sentAtMs(lines: number, limits: TokenBucketOptions): number[] {
  const bucket = new TokenBucket(paceWithin(limits), 0);
  const times: number[] = [];
  for (let nowMs = 0; times.length < lines; nowMs++) {
    while (times.length < lines && bucket.take(nowMs)) times.push(nowMs);
  }
  return times;
}

Deno.test("pace: a server takes every line of a paste, though it sees none for a second at any time", () => {
  const limits = { perSecond: 10, burst: 20 };
  const sent = sentAtMs(50, limits);
  for (let stallMs = 0; stallMs < 6000; stallMs += 10) {
    const server = new TokenBucket(limits, 0);
    const arrive = (ms: number) => ms >= stallMs && ms < stallMs + 1000 ? stallMs + 1000 : ms;
    assertEquals(sent.filter((ms) => !server.take(arrive(ms))), [], `a stall at ${stallMs} ms`);
  }
});

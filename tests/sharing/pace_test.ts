/**
 * How long peers who send without end keep others waiting.
 */
import { assertEquals } from "@std/assert";
import { PollPace } from "../../actors/sharing/poll_pace.ts";

Deno.test("pace: after a millisecond of blocks nobody takes another before the sockets were looked at", () => {
  let nowMs = 0;
  const polls: (() => void)[] = [];
  const pace = new PollPace({
    clock: { monotonic: () => nowMs },
    loop: { afterPoll: (task) => polls.push(task) },
  });
  const gone: string[] = [];
  const asks = (who: string) => pace.mustWait(() => gone.push(who));
  assertEquals([asks("a"), asks("b")], [false, false]);
  nowMs = 1;
  assertEquals([asks("a"), asks("b"), polls.length], [true, true, 1]);
  nowMs = 1.5;
  assertEquals([asks("c"), gone], [true, []], "not even who comes after it");
  polls.shift()?.();
  assertEquals(gone, ["a", "b", "c"]);
  assertEquals([asks("a"), polls.length], [false, 0]);
  nowMs = 2.4;
  assertEquals(asks("a"), false);
  nowMs = 2.5;
  assertEquals(asks("a"), true);
});

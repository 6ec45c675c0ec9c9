import { assert, assertEquals } from "@std/assert";
import { allOf, newestOf, NONE, withNewest } from "../../../actors/chat/cluster/newest.ts";

const limits = { count: 100, length: 1000, lengthOf: (text: string) => text.length };

Deno.test("chat rooms: the newest of many are kept in order, a bounded number, and none but the newest", () => {
  let list = newestOf<string>([], limits.lengthOf);
  for (let n = 0; n < 1000; n++) {
    const before = list;
    list = withNewest(list, `${n}`, limits);
    const all = allOf(list);
    assertEquals([list.count, list.length], [all.length, all.join("").length]);
    assertEquals(all, Array.from(all, (_, index) => `${n - all.length + 1 + index}`));
    assert(all.length >= Math.min(n + 1, 100) && all.length < 132, `${all.length} of ${n}`);
    // What was is as it was.
    assertEquals(allOf(before).at(-1), n === 0 ? undefined : `${n - 1}`);
  }
});

Deno.test("chat rooms: the newest of what is long are few, but the last is there", () => {
  let list = withNewest<string>(NONE, "a", limits);
  for (let n = 0; n < 500; n++) {
    list = withNewest(list, "x".repeat(50), limits);
    assert(list.length <= 1000 + 32 * 50);
  }
  list = withNewest(list, "y".repeat(5000), limits);
  assertEquals(allOf(list).at(-1)?.length, 5000);
});

Deno.test("chat rooms: what an earlier version kept as one list goes on", () => {
  const list = withNewest(newestOf(["a", "bc"], limits.lengthOf), "def", limits);
  assertEquals([allOf(list), list.count, list.length], [["a", "bc", "def"], 3, 6]);
  assertEquals(newestOf(list, limits.lengthOf), list);
});

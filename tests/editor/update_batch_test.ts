import { assertEquals } from "@std/assert";
import { joinDeletions } from "../../actors/editor/update_batch.ts";

Deno.test("editor: of deletions that meet, overlap or lie within another all is deleted, and nothing else", () => {
  const deleted = (ranges: readonly { clock: number; length: number }[]) =>
    joinDeletions(ranges.map((range) => ({ client: 1, ...range })));
  const range = (clock: number, length: number) => ({ clock, length });
  const one = (clock: number, length: number) => ({ client: 1, clock, length });
  assertEquals(deleted([range(3, 2), range(0, 10)]), [one(0, 10)]);
  assertEquals(deleted([range(0, 5), range(3, 5)]), [one(0, 8)]);
  assertEquals(deleted([range(5, 1), range(4, 1), range(6, 1)]), [one(4, 3)]);
  assertEquals(deleted([range(0, 2), range(3, 1)]), [one(0, 2), one(3, 1)]);
  const others = [{ client: 2, clock: 0, length: 2 }, { client: 1, clock: 2, length: 1 }];
  assertEquals(joinDeletions(others), [...others].reverse());
});

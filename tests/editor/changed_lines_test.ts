import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { changedLines } from "../../actors/editor/changed_lines.ts";

Deno.test("changed lines: a line that stayed is not told again, whatever empty lines come and go beside it", () => {
  assertEquals(changedLines("stays\n\nlast\n", "\n\nstays\nnew\nlast\n"), ["", "", "new"]);
  assertEquals(changedLines("\nstays\n", "stays\n\n"), [""]);
  assertEquals(changedLines("one\nstays\n\nlast\n", "\ntwo\nstays\nthree\nlast\n"), ["", "two", "three"]);
});

Deno.test("changed lines: an end alone is no change, and a line that is only removed is none", () => {
  assertEquals(changedLines("one\ntwo", "one\ntwo\n"), []);
  assertEquals(changedLines("one\ntwo\n", "two\n"), []);
  assertEquals(changedLines("", "one"), ["one"]);
});

Deno.test("changed lines: what a text that differs everywhere may cost is bounded for all its parts together", () => {
  // Each of the stretches has 300 lines that differ, and one that stayed, which others are like.
  const stretches = (word: string) =>
    Array.from({ length: 40 }, (_, index) => `alike\n${`${word}\n`.repeat(300)}alike\nanchor ${index}\n`);
  const told = changedLines(stretches("old").join(""), stretches("new").join(""));
  assertEquals(told.filter((line) => line === "new").length, 40 * 300);
  // In the first of them it is seen that these have stayed; then there is no time for that.
  const again = told.filter((line) => line === "alike").length;
  assertEquals([again > 0, again < 80], [true, true], `${again}`);
});

Deno.test("changed lines: whoever has the lines before and is told these has all lines after, and none twice", () => {
  const words = fc.array(fc.constantFrom("a", "b", "c", "d", "e", ""), { maxLength: 12 });
  fc.assert(
    fc.property(words, words, (left, right) => {
      const told = changedLines(
        left.map((line) => `${line}\n`).join(""),
        right.map((line) => `${line}\n`).join(""),
      );
      for (const line of new Set(right)) {
        const count = (lines: readonly string[]) => lines.filter((other) => other === line).length;
        // Lines that stayed are a part of both, each counted once.
        const stayed = count(right) - count(told);
        assertEquals(stayed >= 0 && stayed <= count(left), true, line);
        const isAlone = line !== "" && count(left) === 1 && count(right) === 1;
        if (isAlone && isInOrder(left, right)) assertEquals(stayed, 1, line);
      }
    }),
  );
});

/** Whether the lines that stand once in both stand in one order. */
function isInOrder(left: readonly string[], right: readonly string[]): boolean {
  const once = (lines: readonly string[]) =>
    new Set(lines.filter((line) => line !== "" && lines.indexOf(line) === lines.lastIndexOf(line)));
  const common = (lines: readonly string[]) =>
    lines.filter((line) => once(left).has(line) && once(right).has(line));
  return common(left).join() === common(right).join();
}

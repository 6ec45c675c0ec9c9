import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { changedLines } from "../../actors/editor/changed_lines.ts";

Deno.test("changed lines: a line that stayed is not told again, whatever comes and goes beside it", () => {
  assertEquals(changedLines("stays\n\nlast\n", "\n\nstays\nnew\nlast\n"), ["", "new"]);
  assertEquals(changedLines("\nstays\n", "stays\n\n"), []);
  assertEquals(changedLines("one\nstays\n\nlast\n", "\ntwo\nstays\nthree\nlast\n"), ["two", "three"]);
  assertEquals(changedLines("one\ntwo\nthree\n", "three\ntwo, changed\none\n"), ["two, changed"]);
});

Deno.test("changed lines: an end alone is no change, and a line that is only removed is none", () => {
  assertEquals(changedLines("one\ntwo", "one\ntwo\n"), []);
  assertEquals(changedLines("one\ntwo\n", "two\n"), []);
  assertEquals(changedLines("", "one"), ["one"]);
});

Deno.test("changed lines: whoever has the lines before and is told these has all lines after, and none twice", () => {
  const words = fc.array(fc.constantFrom("a", "b", "c", ""), { maxLength: 12 });
  const textOf = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join("");
  fc.assert(
    fc.property(words, words, (left, right) => {
      const told = changedLines(textOf(left), textOf(right));
      for (const line of new Set([...left, ...right, ...told])) {
        const count = (lines: readonly string[]) => lines.filter((other) => other === line).length;
        assertEquals(count(told), Math.max(0, count(right) - count(left)), line);
      }
    }),
  );
});

import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { changedLines } from "../../actors/editor/changed_lines.ts";

function told(before: string, after: string): string[] {
  return changedLines(before, after).split("\n").slice(0, -1);
}

Deno.test("changed lines: a line that stayed is not told again, whatever comes and goes beside it", () => {
  assertEquals(told("stays\n\nlast\n", "\n\nstays\nnew\nlast\n"), ["", "new"]);
  assertEquals(told("\nstays\n", "stays\n\n"), []);
  assertEquals(told("one\nstays\n\nlast\n", "\ntwo\nstays\nthree\nlast\n"), ["two", "three"]);
  assertEquals(told("one\ntwo\nthree\n", "three\ntwo, changed\none\n"), ["two, changed"]);
});

Deno.test("changed lines: an end alone is no change, and a line that is only removed is none", () => {
  assertEquals(told("one\ntwo", "one\ntwo\n"), []);
  assertEquals(told("one\ntwo\n", "two\n"), []);
  assertEquals(told("", "one"), ["one"]);
  assertEquals(told("x\nabc\n", "yabc\n"), ["yabc"]);
  assertEquals(told("\none\n", "two\none\n"), ["two"]);
});

Deno.test("changed lines: whoever has the lines before and is told these has all lines after, and none twice", () => {
  const words = fc.array(fc.constantFrom("a", "b", "c", ""), { maxLength: 12 });
  const textOf = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join("");
  fc.assert(
    fc.property(words, words, (left, right) => {
      const lines = told(textOf(left), textOf(right));
      for (const line of new Set([...left, ...right, ...lines])) {
        const count = (lines: readonly string[]) => lines.filter((other) => other === line).length;
        assertEquals(count(lines), Math.max(0, count(right) - count(left)), line);
      }
    }),
  );
});

Deno.test("changed lines: of very many that differ all are told, without a comparison", () => {
  const [before, after] = ["a\n".repeat(200_000), "b\na\n".repeat(100_000)];
  assertEquals(changedLines(`same\n${before}last\n`, `same\n${after}last\n`), after.slice(0, -2));
});

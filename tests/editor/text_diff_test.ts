import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { applyEdits, diffText, editCost, rebaseEdits, type TextEdit } from "../../actors/editor/text_diff.ts";

/** Texts of a few lines and few letters, so that much of them is alike. */
const text = fc.array(fc.constantFrom("a", "b", "\n", "é", "😀", "ab\n"), { maxLength: 30 }).map((parts) =>
  parts.join("")
);

Deno.test("text diff: the edits make the one text of the other, in order, and tear no character", () => {
  fc.assert(
    fc.property(text, text, (before, after) => {
      const edits = diffText(before, after);
      assertEquals(applyEdits(before, edits), after);
      let last = 0;
      for (const { at, remove, insert } of edits) {
        assert(at >= last && remove + insert.length > 0);
        assert(insert.isWellFormed() && before.slice(at, at + remove).isWellFormed());
        last = at + remove;
      }
    }),
    { numRuns: 3000, seed: 1 },
  );
});

Deno.test("text diff: a change of one line is found in a large text, and large changes are bounded in time", () => {
  const lines = Array.from({ length: 200_000 }, (_, index) => `line ${index}\n`);
  const before = lines.join("");
  const after = lines.toSpliced(77_000, 1, "line 77000, changed\n").toSpliced(150_000, 2).join("");
  assert(editCost(diffText(before, after)) < 40);
  const other = lines.map((line) => `${line.trim()}!\n`).join("");
  assertEquals(applyEdits(before, diffText(before, other)), other);
});

/** What a text has that the other had not, by a mark that only one side makes. */
function marked(source: string, edits: readonly TextEdit[], mark: string): string {
  return applyEdits(
    source,
    edits.map((edit) => ({ ...edit, insert: edit.insert.replaceAll(/[ab]/g, mark) })),
  );
}

Deno.test("three-way merge: all that either side put there is there once, and nothing else comes back", () => {
  const cuts = fc.array(fc.tuple(fc.nat(20), fc.nat(3), fc.constantFrom("", "a", "ab")), { maxLength: 4 });
  const base = "0123456789\nABCDEFGHIJ";
  /** Edits of the base out of numbers: sorted, not touching. */
  const editsOf = (parts: readonly (readonly [number, number, string])[]): TextEdit[] => {
    const edits: TextEdit[] = [];
    for (const [at, remove, insert] of [...parts].sort(([left], [right]) => left - right)) {
      const last = edits.at(-1);
      if (last !== undefined && at <= last.at + last.remove) continue;
      if (remove + insert.length > 0) edits.push({ at, remove: Math.min(remove, base.length - at), insert });
    }
    return edits;
  };
  fc.assert(
    fc.property(cuts, cuts, (left, right) => {
      const [ours, theirs] = [editsOf(left), editsOf(right)];
      const own = marked(base, ours, "x");
      const rebased = rebaseEdits(
        theirs.map((edit) => ({ ...edit, insert: edit.insert.replaceAll(/[ab]/g, "y") })),
        ours.map((edit) => ({ ...edit, insert: edit.insert.replaceAll(/[ab]/g, "x") })),
      );
      const merged = applyEdits(own, rebased);
      const count = (of: string, letter: string) => of.split(letter).length - 1;
      assertEquals(count(merged, "x"), count(own, "x"));
      assertEquals(count(merged, "y"), count(marked(base, theirs, "y"), "y"));
      const kept = [...base].filter((unit) => own.includes(unit) && marked(base, theirs, "y").includes(unit));
      assertEquals([...merged].filter((unit) => unit !== "x" && unit !== "y").join(""), kept.join(""));
    }),
    { numRuns: 5000, seed: 1 },
  );
});

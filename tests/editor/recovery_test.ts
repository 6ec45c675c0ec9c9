import { assert, assertEquals } from "@std/assert";
import { cutOffBases, outsideEdits } from "../../actors/editor/recovery.ts";
import { applyEdits } from "../../actors/editor/text_diff.ts";
import { SeededRandom } from "../../actors/world/sim/mod.ts";

/** What a document becomes when somebody saves a file. */
function saved(file: string, bases: readonly string[], text = bases[0] ?? ""): string {
  return applyEdits(text, outsideEdits(file, bases.map((base) => ({ text: base, lengths: [] })), text));
}

const numbered = (count: number) =>
  Array.from({ length: count }, (_, index) => `the line with the number ${index}\n`).join("");

/** The latest first, down to the empty file that the server has made. */
const typed = (text: string, steps: number) =>
  Array.from(
    { length: steps + 1 },
    (_, step) => text.slice(0, Math.round((text.length * (steps - step)) / steps)),
  );

Deno.test("editor: a file that was rewritten is what the document becomes, whatever the file held before", () => {
  const short = "hello world\nsecond line\n";
  for (const bases of [[short, ""], typed(short, 4), typed(short, short.length)]) {
    for (const file of [short.toUpperCase(), short.replaceAll(/^(?=.)/gm, "  "), "other\n", "x", ""]) {
      assertEquals(saved(file, bases), file);
    }
  }
  const long = numbered(1000);
  for (const bases of [[long, ""], typed(long, 10), typed(long, 100)]) {
    for (const file of [long.toUpperCase(), long.replaceAll(/^(?=.)/gm, "  "), "other\n", ""]) {
      assertEquals(saved(file, bases), file);
    }
  }
});

Deno.test("editor: a text that the file held before is brought back whole, however near another one is", () => {
  const bases = typed(numbered(100), 50);
  for (const file of bases) assertEquals(saved(file, bases), file);
});

Deno.test("editor: what somebody has made of any old text of the file is found among 128 of them", () => {
  // Of each base, a line is put in at a third and one taken away at two thirds.
  const start = numbered(300);
  const bases = Array.from(
    { length: 128 },
    (_, index) => start + numbered(127 - index).replaceAll("the", "a"),
  );
  const edited = (text: string) =>
    text.replace("the line with the number 100\n", "$&put in\n").replace(
      "the line with the number 200\n",
      "",
    );
  const [text = ""] = bases;
  for (const base of bases) assertEquals(saved(edited(base), bases), edited(text));
});

Deno.test("editor: who saves an old text of a file that only lines were put behind takes none of them back", () => {
  const start = "typed by hand\n";
  const line = (index: number) => `${start.length}: line ${index % 7} ${index >> 3}\n`;
  const text = start + Array.from({ length: 60 }, (_, index) => line(index)).join("");
  const lengths = Array.from({ length: 60 }, (_, index) => start.length + index * line(0).length);
  const merged = (file: string) => applyEdits(text, outsideEdits(file, [{ text, lengths }], text));
  for (const read of [...lengths.slice(1), text.length]) {
    const file = text.slice(0, read);
    assertEquals(merged(`at the top\n${file}`), `at the top\n${text}`);
    const inside = file.replace("by hand\n", "by hand\nin between\n");
    assertEquals(merged(inside), text.replace("by hand\n", "by hand\nin between\n"));
    // Brought back on purpose.
    assertEquals(merged(file), file);
  }
});

Deno.test("editor: who puts a line before one whose end a crash has cut off has put in that line alone", () => {
  const first = "typed by hand, long before\n";
  const bases = [{ text: `${first}line 0.\n`, lengths: [first.length] }, { text: first, lengths: [] }];
  const text = "typed by hand, long before, and more\nline 0.\nline 1.\n";
  for (const left of ["line 0.", "line 0"]) {
    const file = `${first}saved 0.\nsaved 1.\n${left}`;
    const known = [...bases, ...cutOffBases(file, bases)];
    const merged = "typed by hand, long before, and more\nsaved 0.\nsaved 1.\nline 0.\nline 1.\n";
    assertEquals(applyEdits(text, outsideEdits(file, known, text)), merged);
  }
});

Deno.test("editor: a line that somebody saves into a text that was rewritten meanwhile stays a line", () => {
  const random = new SeededRandom("lines");
  const word = () => `<w${random.integer(0, 2)}x${random.integer(0, 99)}>`;
  const line = () => `${Array.from({ length: random.integer(0, 5) }, word).join("")}\n`;
  for (let round = 0; round < 300; round++) {
    const base = Array.from({ length: 12 }, line);
    const text = base.flatMap((old) => {
      if (random.chance(0.3)) return [];
      return random.chance(0.5) ? [old.replace(/<[^>]*>/, word()), line()] : [old];
    });
    const file = base.toSpliced(random.integer(0, base.length), 0, "a line\n");
    const merged = saved(file.join(""), [base.join("")], `${text.join("")}end\n`);
    assert(merged.split("\n").includes("a line"), merged);
  }
});

Deno.test("editor: a save that has what came since an old text was not made of that, however near it is", () => {
  const old = "typed by hand\nline 0\n";
  const latest = `saved\n${old}a longer line at the end\n`;
  const bases = [
    { text: latest, lengths: [latest.length - "a longer line at the end\n".length] },
    { text: old, lengths: ["typed by hand\n".length] },
  ];
  for (const file of [`saved\n${old.replace("hand", "HAND")}`, `saved\n${old}X\n`]) {
    assertEquals(
      applyEdits(
        latest,
        outsideEdits(file, bases.slice(1).toSpliced(0, 0, { text: latest, lengths: [] }), latest),
      ),
      file,
    );
  }
});

Deno.test("editor: a save of an old text does not have what came since for a line's end, or a letter, that both begin with", () => {
  const old = "There is a text.\n";
  for (const came of ["\n", "  ", "p", "er"]) {
    const latest = `${came}${old}others have typed all of this\n`;
    const merged = saved(`person\n${old}`, [latest, old]);
    // Which of them is the first nobody can tell.
    const letters = (text: string) => [...text].toSorted().join("");
    assertEquals(letters(merged), letters(`person\n${latest}`), JSON.stringify(merged));
  }
});

Deno.test("editor: a save that has a part of what was just typed was not made of the text before that", () => {
  for (
    const [latest, older, file] of [
      ["I am at home\n", "I am \n", "I am at\n"],
      ["I say nope nope\n", "I say \n", "I say no\n"],
      ["a\nb\nc\n\nz\n", "a\nz\n", "a\n\nz\n"],
    ] as const
  ) assertEquals(saved(file, [latest, older]), file);
});

Deno.test("editor: a save of an old text may end its last line, as many programs do, though others have gone on there", () => {
  const merged = saved("A text, changed\nof two lines\n", [
    "A text\nof two lines\nand a third",
    "A text\nof two lines",
  ]);
  assertEquals(merged.split("\n").filter((line) => line !== ""), [
    "A text, changed",
    "of two lines",
    "and a third",
  ]);
});

Deno.test("editor: who saves the same again, or what they had saved before, takes nothing of others out", () => {
  const start = "a text of some length\n";
  const saves = [`one\n${start}`, `two\none\n${start}`];
  const text = `${saves[1]}others go on\n`;
  const bases = [
    { text, lengths: [] },
    ...saves.toReversed().map((save) => ({ text: save, lengths: [], isSaved: true })),
    { text: start, lengths: [] },
  ];
  const savedNow = (file: string) => applyEdits(text, outsideEdits(file, bases, text));
  assertEquals(savedNow(saves[1] ?? ""), text);
  // The last one is undone.
  assertEquals(savedNow(saves[0] ?? ""), `one\n${start}others go on\n`);
  // It was not saved, but held: it is brought back.
  assertEquals(savedNow(start), start);
  const emptied = [{ text, lengths: [] }, { text: "", lengths: [], isSaved: true }];
  assertEquals(applyEdits(text, outsideEdits("", emptied, text)), "");
});

Deno.test("editor: a hole of zeros between a shorter text and lines that were put behind the one before is no edit", () => {
  const before = "typed by hund, Grüße\nand a second line\n";
  const own = "line 0\nline 1\n";
  for (const saved of ["typed by hand, Grüße\n", "x\n", ""]) {
    const size = (text: string) => new TextEncoder().encode(text).length;
    const file = saved + "\0".repeat(size(before) - size(saved)) + own;
    const merged = saved + own;
    const bases = [{ text: before + own, lengths: [before.length] }, { text: before, lengths: [] }];
    for (const more of ["", "line 2\n"]) {
      const edits = outsideEdits(file, bases, before + own + more);
      assertEquals(applyEdits(before + own + more, edits), merged + more);
    }
    // Those that stood there before are no hole, and others neither.
    const zeros = { text: `a\n\0${own}`, lengths: [3] };
    assertEquals(applyEdits(zeros.text, outsideEdits(`b\n\0${own}`, [zeros], zeros.text)), `b\n\0${own}`);
    const theirs = `${saved}\0${own}`;
    assertEquals(applyEdits(before + own, outsideEdits(theirs, bases, before + own)), theirs);
  }
});

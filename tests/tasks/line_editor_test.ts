import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { columnsOf, LineEditor } from "../../tasks/_line_editor.ts";

const LEFT = "\x1b[D", RIGHT = "\x1b[C", UP = "\x1b[A", DOWN = "\x1b[B", DELETE = "\x1b[3~";

/** The lines that typing makes. */
function lines(...inputs: string[]): string[] {
  const editor = new LineEditor();
  return inputs.flatMap((input) => editor.feed(input)).map((typed) =>
    typed.type === "line" ? typed.text : typed.type.toUpperCase()
  );
}

Deno.test("line editor: each key does what it does in a shell", () => {
  const typed: Record<string, string> = {
    "abc\r": "abc",
    "a\x07b\x9bc\td\r": "abc\td",
    "abc\x7f\x7fx\r": "ax",
    "\x7fabc\b\r": "ab",
    [`abc${LEFT}${LEFT}x\r`]: "axbc",
    [`abc${LEFT}${LEFT}${RIGHT}x\r`]: "abxc",
    [`abc${LEFT.repeat(9)}x${RIGHT.repeat(9)}y\r`]: "xabcy",
    [`abc${LEFT}${DELETE}\r`]: "ab",
    [`abc${LEFT}\x04\r`]: "ab",
    "abc\x01x\x05y\r": "xabcy",
    "abc\x1b[Hx\x1b[Fy\r": "xabcy",
    "abc\x1bOHx\x1bOFy\r": "xabcy",
    "abc\x1b[1~x\x1b[4~y\r": "xabcy",
    [`abc${LEFT}\x15\r`]: "c",
    [`abc${LEFT}\x0b\r`]: "ab",
    "one two  \x17x\r": "one x",
    "äöü€😀\x7f\x7f\r": "äöü",
    "a\tb\r": "a\tb",
    "a\x00\x07b\r": "ab",
    "a\x1b[15~\x1bxb\r": "ab",
    "\r": "",
  };
  assertEquals(Object.keys(typed).map((input) => lines(input)), Object.values(typed).map((line) => [line]));
});

Deno.test("line editor: several lines pasted at once are several lines, whatever ends them", () => {
  assertEquals(lines("one\rtwo\nthree\r\nfour"), ["one", "two", "three"]);
});

Deno.test("line editor: Ctrl-D ends the input on an empty line only", () => {
  assertEquals(lines("\x04"), ["END"]);
  assertEquals(lines("a\x04\x7f\x04"), ["END"]);
});

Deno.test("line editor: the arrow keys call lines back, each once", () => {
  assertEquals(lines("one\rtwo\rtwo\r", `${UP}\r`, `${UP}${UP}\r`), ["one", "two", "two", "two", "one"]);
  assertEquals(lines("one\r", `${UP}${UP}${UP}s\r`), ["one", "ones"]);
  assertEquals(lines("one\r", `x${UP}${DOWN}${DOWN}y\r`), ["one", "y"]);
});

Deno.test("line editor: the same keys make the same lines however they arrive", () => {
  const key = fc.constantFrom(
    "a",
    "ü",
    "😀",
    "\x7f",
    "\r",
    LEFT,
    RIGHT,
    UP,
    DOWN,
    DELETE,
    "\x1bOH",
    "\x01",
    "\x17",
  );
  fc.assert(fc.property(fc.array(key), fc.array(fc.nat(9)), (keys, cuts) => {
    const input = keys.join("");
    const parts: string[] = [];
    // A decoder never splits a character in two.
    const characters = [...input];
    for (const cut of cuts) parts.push(characters.splice(0, cut).join(""));
    parts.push(characters.join(""));
    assertEquals(lines(...parts), lines(input));
  }));
});

Deno.test("line editor: what is shown fits, holds the cursor, and is a part of the line", () => {
  const character = fc.constantFrom("a", "b", "ü", "漢", "😀");
  fc.assert(
    fc.property(fc.array(character), fc.nat(40), fc.integer({ min: 8, max: 30 }), (text, left, columns) => {
      const editor = new LineEditor();
      editor.feed(text.join("") + LEFT.repeat(left));
      const view = editor.view(columns);
      assertEquals(columnsOf(view.text) < columns, true);
      assertEquals(view.cursorColumn < columns, true);
      assertEquals(editor.text.includes(view.text), true);
    }),
  );
});

Deno.test("line editor: wide characters take two columns, marks none", () => {
  assertEquals(["abc", "漢字", "é", "e\u0301", "😀", ""].map(columnsOf), [3, 4, 1, 1, 2, 0]);
});

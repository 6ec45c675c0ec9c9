import { assert, assertEquals } from "@std/assert";
import { columnsOf, cutToColumns } from "../../tasks/_columns.ts";
import { progressLine } from "../../tasks/_progress.ts";
import { KeyInput } from "../../tasks/_key_input.ts";
import { LineEditor } from "../../tasks/_line_editor.ts";

/** What one cannot type: of a mouse (SGR, X10), of function keys, of the terminal's answers. */
const NOISE = [
  "\x1b[<64;50;15M",
  "\x1b[M `!",
  "\x1b[[A",
  "\x1b[15;2~",
  "\x1b[1;5R",
  "\x1b[?64;1;2c",
  "\x1b[>0;276;0c",
  "\x1b]11;rgb:0000/0000/0000\x07",
  "\x1b]10;rgb:ffff/ffff/ffff\x1b\\",
  "\x1bP1$r0m\x1b\\",
  "\x1b_Gi=1;OK\x1b\\",
  "\x1b(B",
  "\x1b[ q",
  "\x1b[I",
  "\x1bO2P",
];

function lineOf(input: string): string | undefined {
  const [typed] = new LineEditor().feed(input);
  return typed?.type === "line" ? typed.text : undefined;
}

Deno.test("keys: no sequence that a terminal may send becomes text, or keeps what is typed after it", () => {
  for (const noise of NOISE) assertEquals(lineOf(`a${noise}b\r`), "ab", JSON.stringify(noise));
  assertEquals(lineOf(`${NOISE.join("")}ab\r`), "ab");
});

Deno.test("keys: a sequence that is broken or without end keeps nothing for longer than it takes to give up", () => {
  assertEquals(lineOf("a\x1b[12\rb"), "a");
  assertEquals(lineOf("a\x1b[<64\x1b[Db\r"), "ba");
  const keys = new KeyInput();
  assertEquals([keys.feed("\x1b[<64;"), keys.isPartial], [[], true]);
  keys.expire();
  assertEquals(keys.feed("x"), [{ type: "text", text: "x" }]);
  // No end of line is in a string.
  assertEquals(lineOf("\x1b]52;c;YWJj\rb"), "");
  assertEquals(lineOf("\x1b]52;c;YWJj\x1b[Db\r"), "b");
  assertEquals(lineOf("a\x1b\rb"), "a");
});

Deno.test("keys: a sequence of any length is passed over, however it arrives, and what follows it is text", () => {
  for (const count of [10, 100, 5000]) {
    const noise = [
      `\x1b[${"1;".repeat(count)}m`,
      `\x1b[?${"4".repeat(2 * count)} q`,
      `\x1b]11;rgb:${"0f".repeat(count)}\x07`,
      `\x1b]52;c;${"ab".repeat(count)}\x1b\\`,
      `\x1bP1$r${"0m".repeat(count)}\x1b\\`,
    ];
    for (const sequence of noise) {
      for (const pieceLength of [1, 2, 63, 4096, Infinity]) {
        const editor = new LineEditor();
        const input = `a${sequence}b\r`;
        const typed = [];
        for (let at = 0; at < input.length; at += pieceLength) {
          typed.push(...editor.feed(input.slice(at, at + pieceLength)));
        }
        const how = `${sequence.slice(0, 12)}… of ${sequence.length} in pieces of ${pieceLength}`;
        assertEquals(typed, [{ type: "line", text: "ab" }], how);
        assertEquals(editor.isPartial, false);
      }
    }
  }
});

Deno.test("keys: only what may be a key that is complete is given up soon", () => {
  const waits = ["\x1b", "\x1b[", "\x1b]", "\x1b[1", "\x1b]11;rgb", "\x1b[200~x", `\x1b]${"x".repeat(5000)}`];
  const isMaybeKey = waits.map((begun) => {
    const keys = new KeyInput();
    keys.feed(begun);
    return keys.isPartial && keys.isMaybeKey;
  });
  assertEquals(isMaybeKey, [true, true, true, false, false, false, false]);
});

Deno.test("keys: what is pasted is text, whatever is in it, and its lines are lines", () => {
  const editor = new LineEditor();
  const typed = editor.feed("\x1b[200~one\x03\x1b[A\r\ntwo\ttabs\nthr").concat(
    editor.feed("ee\x1b[2"),
    editor.feed("01~!\r"),
  );
  assertEquals(typed.map((each) => each.type === "line" ? each.text : each.type), [
    "one[A",
    "two\ttabs",
    "three!",
  ]);
});

Deno.test("line editor: backspace and the arrow keys take what people take for one character", () => {
  for (const character of ["👨‍👩‍👧", "🇩🇪", "é", "1️⃣", "👍🏽", "ｱ", "한", "नि"]) {
    assertEquals(lineOf(`a${character}\x7fb\r`), "ab", character);
    assertEquals(lineOf(`a${character}\x1b[D\x1b[Dx\r`), `xa${character}`, character);
    assertEquals(lineOf(`${character}a\x01\x1b[3~b\r`), "ba", character);
  }
});

Deno.test("line editor: a character is as wide as terminals show it", () => {
  const widths: readonly (readonly [string, number])[] = [
    ...[["abc", 3], ["漢字", 4], ["ｱｲｳ", 3], ["アイウ", 6], ["ﾊﾟ", 2], ["한", 2], ["e\u0301", 1]] as const,
    ...[["😀", 2], ["🇩🇪", 2], ["👨‍👩‍👧", 2], ["👍🏽", 2], ["❤️", 2], ["☎", 1], ["☎\ufe0e", 1], [
      "ｗｉｄｅ",
      8,
    ]] as const,
  ];
  for (const [text, width] of widths) assertEquals(columnsOf(text), width, text);
});

Deno.test("terminal: a text is cut between characters, and never wider than there is room", () => {
  const text = "漢字e\u0301👨‍👩‍👧x";
  const cuts = [8, 7, 6, 5, 4, 3, 2, 1].map((columns) => cutToColumns(text, columns));
  assertEquals(cuts, [text, "漢字e\u0301…", "漢字e\u0301…", "漢字…", "漢…", "漢…", "…", "…"]);
});

Deno.test("progress: a line is as wide as the terminal at most, and a long name is cut before the figures", () => {
  const status = {
    name: `${"漢字".repeat(60)}.bin`,
    infoHash: new Uint8Array(20),
    state: "fetching",
    failure: undefined,
    length: 1000,
    haveBytes: 500,
    pieces: new Uint8Array(1),
    pieceCount: 1,
    downloaded: 500,
    uploaded: 0,
    downloadRate: 250,
    uploadRate: 0,
    peers: [],
  } as const;
  for (let columns = 1; columns <= 300; columns++) {
    const line = progressLine(status, columns);
    assert(columnsOf(line) <= columns, `${columns}: ${line}`);
    if (columns > 70 && columns < 240) assert(line.endsWith("50 %  250 B/s  0 peers  0:02 left"), line);
  }
  assert(progressLine({ ...status, name: "a.bin" }, 80).startsWith("a.bin  500 B of 1000 B"));
});

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  documentLines,
  type DocumentLinesOptions,
  type DocumentText,
  SeenDocument,
  SERVER_IS_FULL,
} from "../../protocols/editor.ts";

const encoder = new TextEncoder();

/** What a client shows of a document that comes in these chunks. */
function lines(...chunks: (string | "idle")[]): string[] {
  return linesWith({}, ...chunks);
}

function linesWith(options: DocumentLinesOptions, ...chunks: (string | "idle")[]): string[] {
  const decoder = documentLines(options);
  const seen = new SeenDocument();
  seen.connected();
  const found: DocumentText[] = [];
  for (const chunk of chunks) {
    if (chunk === "idle") decoder.idle(found);
    else decoder.push(encoder.encode(chunk), found);
  }
  decoder.end(found);
  return found.map((text) => seen.came(text)).filter((text) => text !== undefined);
}

function textsOf(found: readonly DocumentText[]): string[] {
  return found.map(({ text }) => text);
}

Deno.test("editor's lines: a document is its lines, however it is cut", () => {
  fc.assert(fc.property(
    fc.array(fc.string({ unit: "grapheme" }).map((text) => text.replace(/[\r\n]/g, "_"))),
    fc.boolean(),
    fc.array(fc.nat(50)),
    (given, isEnded, cuts) => {
      if (!isEnded && given.at(-1) === "") given.pop();
      const text = given.join("\n") + (isEnded && given.length > 0 ? "\n" : "");
      const bytes = encoder.encode(text);
      const decoder = documentLines();
      const found: DocumentText[] = [];
      let at = 0;
      for (const cut of cuts) decoder.push(bytes.subarray(at, at += cut), found);
      decoder.push(bytes.subarray(at), found);
      decoder.end(found);
      const last = isEnded || text === "" || text.endsWith("\n");
      assertEquals(textsOf(found), last ? text.split("\n").slice(0, -1) : text.split("\n"));
    },
  ));
});

Deno.test("editor's lines: a last line without an end is a line after silence, and its end is none", () => {
  assertEquals(lines("one\ntwo", "idle", "\nthree\n"), ["one", "two", "three"]);
  assertEquals(lines("one\ntwo", "idle", "\n\nthree\n"), ["one", "two", "", "three"]);
  assertEquals(lines("one\ntwo"), ["one", "two"]);
  assertEquals(linesWith({ comesAgain: true }, "one\ntwo"), ["one"]);
  assertEquals(linesWith({ comesAgain: true }, "one"), []);
  assertEquals(linesWith({ comesAgain: true }, SERVER_IS_FULL), [SERVER_IS_FULL]);
  assertEquals(lines("chunk", "idle", "another", "idle"), ["chunk", "another"]);
  assertEquals(lines("one\r\ntwo\n"), ["one", "two"]);
  assertEquals(lines("", "idle"), []);
});

Deno.test("editor's lines: silence means nothing while no line is begun", () => {
  const decoder = documentLines({ idleFlushMs: 70, firstFlushMs: 700 });
  assertEquals(decoder.idleFlushMs, 0);
  decoder.push(encoder.encode("a"), []);
  // The first time it is not known yet that the server ends no line.
  assertEquals(decoder.idleFlushMs, 700);
  decoder.idle([]);
  decoder.push(encoder.encode("b"), []);
  assertEquals(decoder.idleFlushMs, 70);
  decoder.push(encoder.encode("\n"), []);
  assertEquals(decoder.idleFlushMs, 0);
});

Deno.test("editor's lines: of a server that ends its lines, on this connection or before, only a long silence may end one", () => {
  const times = { idleFlushMs: 70, unendedMs: 4000 };
  const decoder = documentLines(times);
  decoder.push(encoder.encode("a\nb"), []);
  assertEquals([decoder.endsLines, decoder.idleFlushMs], [true, 4000]);
  const next = documentLines({ ...times, endsLines: true });
  next.push(encoder.encode("a"), []);
  assertEquals(next.idleFlushMs, 4000);
  // What was given out for a line and was not one is shown again, whole.
  assertEquals(lines("one\ntw", "idle", "o\nthree\n"), ["one", "tw", "two", "three"]);
  // A message of a server that had ended none stays a message.
  assertEquals(lines("one", "idle", "two\nthree\n"), ["one", "two", "three"]);
});

Deno.test("what was seen: a line of which a lost connection had brought a part is no other document", () => {
  for (const whole of ["typed by hand", "typed by"]) {
    const seen = new SeenDocument();
    seen.connected();
    assertEquals(seen.came({ type: "line", text: "one" }), "one");
    assertEquals(seen.came({ type: "part", text: "typed", isMessage: false }), "typed");
    assertEquals(seen.came({ type: "part", text: " by", isMessage: false }), " by");
    // Lost here. The document comes again, and once more.
    for (const shown of [whole === "typed by" ? undefined : whole, undefined]) {
      seen.connected();
      assertEquals(seen.came({ type: "line", text: "one" }), undefined);
      assertEquals(seen.came({ type: "line", text: whole }), shown);
      assertEquals(seen.takeChanged(), undefined);
    }
    assertEquals(seen.came({ type: "line", text: "more" }), "more");
  }
});

Deno.test("what was seen: a line that came in parts is one line when the document comes again", () => {
  for (const isMessage of [true, false]) {
    const seen = new SeenDocument();
    seen.connected();
    assertEquals(seen.came({ type: "part", text: "typed by h", isMessage }), "typed by h");
    assertEquals(seen.came({ type: "ended", text: "and", line: "typed by hand" }), "and");
    seen.sent("mine");
    seen.came({ type: "line", text: "theirs" });
    seen.connected();
    // Half of it, after a silence, while the document comes again: it was seen.
    assertEquals(seen.came({ type: "part", text: "typed by", isMessage: false }), undefined);
    assertEquals(seen.came({ type: "ended", text: "typed by hand", line: "typed by hand" }), undefined);
    assertEquals(["mine", "theirs", "new"].map((line) => seen.received(line)), [false, false, true]);
  }
});

Deno.test("editor's lines: a line that never ends does not fill the memory", () => {
  const decoder = documentLines();
  const found: DocumentText[] = [];
  const chunk = encoder.encode("x".repeat(65_530));
  for (let i = 0; i < 100; i++) decoder.push(chunk, found);
  assert(found.length >= 6);
  // Always cut at the same places, so that it is the same document when it comes again.
  assert(textsOf(found).every((part) => part.length === 1 << 20));
});

/**
 * What a client that has seen `history` (own lines marked with `>`, a reconnection is `|`) shows of
 * `document`.
 */
function shown(history: string[], document: string[]): string[] {
  const seen = new SeenDocument();
  seen.connected();
  for (const event of history) {
    if (event === "|") seen.connected();
    else if (event === ".") seen.settled();
    else if (event.startsWith(">")) seen.sent(event.slice(1));
    else seen.received(event);
  }
  seen.connected();
  return document.filter((line) => seen.received(line));
}

Deno.test("what was seen: a first connection shows everything", () => {
  const seen = new SeenDocument();
  seen.connected();
  assert(["a", "b", "a"].every((line) => seen.received(line)));
});

Deno.test("what was seen: after a reconnection only what was missed is shown", () => {
  assertEquals(shown(["a", "b"], ["a", "b"]), []);
  assertEquals(shown(["a", "b"], ["a", "b", "c", "b"]), ["c", "b"]);
  assertEquals(shown([], ["a"]), ["a"]);
  assertEquals(shown(["a"], ["a", "a"]), ["a"]);
});

Deno.test("what was seen: one's own lines are not shown, wherever they stand, saved or lost", () => {
  assertEquals(shown(["a", ">mine", "b"], ["a", "mine", "b", "c"]), ["c"]);
  assertEquals(shown(["a", ">mine", "b"], ["a", "b", "mine", "c"]), ["c"]);
  assertEquals(shown(["a", ">mine", "b"], ["a", "b", "c", "mine"]), ["c"]);
  assertEquals(shown(["a", ">lost", "b", ">mine"], ["a", "b", "mine", "c"]), ["c"]);
  assertEquals(shown([">x", ">z", "x", "y"], ["x", "z", "x", "y", "n"]), ["n"]);
});

Deno.test("what was seen: a connection that is lost in the middle of the document forgets nothing", () => {
  assertEquals(shown(["a", ">m", "b", "|", "a"], ["a", "m", "b", "c"]), ["c"]);
  assertEquals(shown(["a", "b", ">m", "|", "a", "b"], ["a", "b", "m", "c"]), ["c"]);
  assertEquals(shown(["a", "b", "|", "|", "a", ">n"], ["a", "b", "n", "c"]), ["c"]);
});

Deno.test("what was seen: once the document has come, others may write what one's own lost line said", () => {
  assertEquals(shown(["a", ">lost", "|", "a", ".", "lost"], ["a", "lost", "b"]), ["b"]);
  const seen = new SeenDocument();
  seen.connected();
  seen.sent("same");
  seen.connected();
  seen.settled();
  assert(seen.received("same"));
});

Deno.test("what was seen: a connection on which nothing came, or silence in the document, forgets no own lines", () => {
  assertEquals(shown([">mine", "|", ".", ">mine too", "|"], ["mine", "mine too", "new"]), ["new"]);
  assertEquals(shown(["a", ">mine", "|", "a", ".", "|"], ["a", "mine", "new"]), ["new"]);
});

Deno.test("what was seen: an error is no line of the document, and may be one", () => {
  assertEquals(shown(["a", ">big", "Error: no space", "b"], ["a", "b", "c"]), ["c"]);
  assertEquals(shown(["a", "Error: a quote", "b"], ["a", "Error: a quote", "b", "c"]), ["c"]);
});

Deno.test("what was seen: of another document everything is shown from where it differs", () => {
  assertEquals(shown(["a", "b", "c"], ["a", "x", "c"]), ["x", "c"]);
  assertEquals(shown(["a", "b"], ["new"]), ["new"]);
  // One's own line cannot stand before what had come when it was sent: this is somebody else's.
  assertEquals(shown(["a", "b", ">mine"], ["mine", "a", "b"]), ["mine", "a", "b"]);
});

Deno.test("what was seen: whatever the order and the moment of a cut, nothing missed is hidden, nothing seen repeated", () => {
  fc.assert(fc.property(
    fc.array(fc.record({ own: fc.boolean(), text: fc.constantFrom("a", "b", "c") }), { maxLength: 30 }),
    fc.nat(30),
    (document, cut) => {
      // Own lines are sent when all before them has been seen; the client is cut off after `cut` lines.
      const history = document.slice(0, cut).map(({ own, text }) => own ? `>${text}` : text);
      const missed = document.slice(cut).map(({ text }) => text);
      assertEquals(shown(history, document.map(({ text }) => text)), missed);
    },
  ));
});

Deno.test("what was seen: a document that was changed elsewhere says so once, with what of it was passed over", () => {
  const seen = new SeenDocument();
  seen.connected();
  for (const line of ["a", "b", "c"]) seen.received(line);
  assertEquals(seen.takeChanged(), undefined);
  seen.connected();
  const told = ["a", "B", "c"].map((line) => [seen.received(line), seen.takeChanged()]);
  assertEquals(told, [[false, undefined], [true, ["a"]], [true, undefined]]);
  // What was shown last is what is compared with.
  seen.connected();
  assertEquals(["a", "B", "c", "d"].map((line) => seen.received(line)), [false, false, false, true]);
  assertEquals(seen.takeChanged(), undefined);
});

Deno.test("what was seen: of a long document that was changed far from its beginning not all is kept", () => {
  const seen = new SeenDocument();
  const long = "x".repeat(1 << 20);
  seen.connected();
  for (const line of [long, "b", "c"]) seen.received(line);
  seen.connected();
  for (const line of [long, "b", "C"]) seen.received(line);
  assertEquals(seen.takeChanged(), []);
});

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { formatChatEvent, formatList, formatPrivateMessage, parseChatInput } from "../../protocols/chat.ts";
import { parseChatName } from "../../protocols/chat_names.ts";
import { excerpt, visibleLines, visibleText } from "../../protocols/visible_text.ts";

function same(one: string, other: string): boolean {
  const [a, b] = [parseChatName(one), parseChatName(other)];
  assert("keys" in a && "keys" in b, `${one} and ${other} are allowed`);
  return a.keys.some((key) => b.keys.includes(key));
}

function allowed(name: string): boolean {
  return "keys" in parseChatName(name);
}

Deno.test("chat names: letters, digits, _, - and . of any script, 1 to 32 characters", () => {
  const names = [
    "a",
    "bob",
    "Zoë",
    "o_o",
    "a.b-c",
    "007",
    "Сергей",
    "Αθηνά",
    "田中",
    "नमस्ते",
    "محمد",
    "𝒜".repeat(32),
    "x".repeat(32),
    " bob ",
  ];
  for (const name of names) assert(allowed(name), name);
  const refused = [
    "",
    "   ",
    "x".repeat(33),
    "𝒜".repeat(33),
    "x".repeat(1e6),
    "a b",
    "a:b",
    "a/b",
    "*bob",
    "@bob",
    "☺",
  ];
  const sneaky = [
    "\u001b[31mbob",
    "bob\u0007",
    "b\u200bob",
    "b\u00adob",
    "bob\u202e",
    "\u3164",
    "\u0301a",
    "bob\t",
    "a\u0000",
    "Error",
    "eггoг",
    "ERR0R",
  ];
  for (const name of [...refused, ...sneaky]) assert(!allowed(name), JSON.stringify(name));
});

Deno.test("chat names: names that differ in case or in looks alone are the same name", () => {
  const pairs = [
    ["bob", "BOB"],
    ["Straße", "STRASSE"],
    ["ΟΔΟΣ", "οδος"],
    ["paul", "раul"],
    ["PAUL", "раuІ"],
    ["Ivan", "ivan"],
    ["Ivan", "lvan"],
    ["PAUI", "paul"],
    ["b0b", "bOb"],
    ["bob", "ｂｏｂ"],
    ["bob", "𝐛𝐨𝐛"],
    ["modern", "modem"],
    ["ﬁn", "fin"],
    ["Zoë", "Zoe\u0308"],
    ["ΑΒΕ", "ABE"],
    ["скуре", "ckype"],
  ] as const;
  for (const [one, other] of pairs) assert(same(one, other), `${one} ${other}`);
  for (const [one, other] of [["bob", "rob"], ["Zoë", "Zoe"], ["anna", "hanna"], ["田中", "田口"]] as const) {
    assert(!same(one, other), `${one} ${other}`);
  }
});

Deno.test("chat names: being the same name does not depend on who came first, and no text makes it throw", () => {
  const text = fc.oneof(fc.string({ unit: "grapheme" }), fc.string({ unit: "binary" }), fc.string());
  fc.assert(fc.property(text, (typed) => {
    const name = parseChatName(typed);
    if ("problem" in name) return !/\p{Cc}/u.test(name.problem);
    const again = parseChatName(name.text);
    return "keys" in again && name.keys.length > 0 && again.keys.join() === name.keys.join();
  }));
});

Deno.test("chat: every command is read, and what is not one says why", () => {
  assertEquals(
    [
      ...["", "   ", "hi", " hi ", "//who", "///", "/who", "/rooms", "/help ", "/quit", "quit", "quit "],
      ...[
        "/me waves  hands",
        "/msg bob  hi there",
        "/join tea-room",
        "/history",
        "/history 7",
        "/history 999",
      ],
    ].map(parseChatInput),
    [
      { type: "empty" },
      { type: "empty" },
      { type: "say", text: "hi" },
      { type: "say", text: " hi " },
      { type: "say", text: "/who" },
      { type: "say", text: "//" },
      { type: "who" },
      { type: "rooms" },
      { type: "help" },
      { type: "quit" },
      { type: "quit" },
      { type: "say", text: "quit " },
      { type: "me", text: "waves  hands" },
      { type: "msg", to: "bob", text: "hi there" },
      { type: "join", room: "tea-room" },
      { type: "history", lines: 50 },
      { type: "history", lines: 7 },
      { type: "history", lines: 50 },
    ],
  );
  const bad = [
    "/",
    "/dance",
    "/me",
    "/msg",
    "/msg bob",
    "/join",
    "/history 0",
    "/history -1",
    "/history x",
    "/WHO",
  ];
  for (const line of bad) assertEquals(parseChatInput(line).type, "bad", line);
});

Deno.test("chat: no text of a member passes control characters on, or another kind of line for its own", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    const lines = [
      formatChatEvent({ type: "said", name: "bob", text }),
      formatChatEvent({ type: "did", name: "bob", text }),
      formatPrivateMessage("bob", text),
    ];
    return lines.every((line) => !/[\p{Cc}\u2028\u2029\u202a-\u202e]/u.test(line)) &&
      lines[0]?.startsWith("bob: ") && lines[1]?.startsWith("* bob ") &&
      lines[2]?.startsWith("bob (to you): ");
  }));
});

Deno.test("chat: events read as the room has always said them", () => {
  assertEquals(formatChatEvent({ type: "joined", name: "bob" }), "bob has joined the chat.");
  assertEquals(formatChatEvent({ type: "left", name: "bob" }), "bob has left the chat.");
  assertEquals(
    formatChatEvent({ type: "said", name: "bob", text: "a\tb\u001b[2J\u009b" }),
    "bob: a␉b␛[2J<U+009B>",
  );
});

Deno.test("chat: a long list is wrapped, and nobody on it is left out", () => {
  const names = Array.from({ length: 1000 }, (_, index) => `member-${index}`);
  const lines = formatList("In lobby", names);
  assert(lines.length > 1 && lines.every((line) => line.length < 600));
  assertEquals(lines.flatMap((line) => line.replace(/^[^:]*: /, "").split(/, ?/).filter(Boolean)), names);
  assertEquals(formatList("Rooms", []), ["Rooms:"]);
});

Deno.test("visible text: nothing that a terminal obeys is left, and what people write stays", () => {
  assertEquals(visibleText("a\u0000b\r\n\u007f\u202e"), "a␀b␍␊␡<U+202E>");
  for (const text of ["Zoë 田中 नमस्ते", "👩‍👩‍👧 🇩🇪", "שלום"]) assertEquals(visibleText(text), text);
  assertEquals(excerpt("\n".repeat(200), { maxLength: 2 }), "␊␊… (200 characters)");
  assertEquals(visibleLines("a\tb\r\n\u001b\u009b\u202e"), "a\tb␍\n␛<U+009B><U+202E>");
});

Deno.test("chat: no line takes longer to read than its length", () => {
  const spaces = " ".repeat(65_000);
  // With a pattern that goes back and forth each of these takes seconds, and all of them minutes.
  for (let round = 0; round < 20; round++) {
    for (
      const line of [
        `x${spaces}y`,
        `/me a${spaces}b`,
        `/msg a${spaces}b`,
        `/${spaces}x`,
        `/x${spaces}`,
        spaces,
      ]
    ) {
      parseChatInput(line);
      assert("problem" in parseChatName(line));
      visibleText(line);
    }
  }
});

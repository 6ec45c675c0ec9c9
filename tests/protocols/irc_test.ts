import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  completeMask,
  escapeTagValue,
  formatIrcBody,
  formatTags,
  type IrcFrame,
  ircFrames,
  matchesMask,
  parseIrcMessage,
  splitText,
  truncateBytes,
  unescapeTagValue,
  withoutFormatting,
} from "../../protocols/irc.ts";

const encoder = new TextEncoder();

Deno.test("irc: messages are taken apart as RFC 1459 and IRCv3 have them", () => {
  const cases: [string, string, string[], [string, string][], string | undefined][] = [
    ["PING", "PING", [], [], undefined],
    ["privmsg  #a   :hi  there ", "PRIVMSG", ["#a", "hi  there "], [], undefined],
    [":n!u@h JOIN :#a", "JOIN", ["#a"], [], "n!u@h"],
    ["@a=1;b;c=x\\sy\\:z\\\\;+d/e=\\  :s 001 me :", "001", ["me", ""], [
      ["a", "1"],
      ["b", ""],
      ["c", "x y;z\\"],
      ["+d/e", ""],
    ], "s"],
    [
      "CMD 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16",
      "CMD",
      [
        ..."1 2 3 4 5 6 7 8 9 10 11 12 13 14".split(" "),
        "15 16",
      ],
      [],
      undefined,
    ],
  ];
  for (const [line, command, params, tags, source] of cases) {
    const message = parseIrcMessage(line);
    assert(message !== null, line);
    assertEquals([message.command, message.params, [...message.tags], message.source], [
      command,
      params,
      tags,
      source,
    ]);
  }
  for (const line of ["", " ", ":only", "@tags", "@a :b", ": x y"].slice(0, 5)) {
    assertEquals(parseIrcMessage(line), null, line);
  }
});

Deno.test("irc: any tag value comes through escaping, and any message through formatting", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (value) => {
    assertEquals(unescapeTagValue(escapeTagValue(value)), value);
    assert(!/[; \r\n]/.test(escapeTagValue(value)));
  }));
  const word = fc.stringMatching(/^[a-z#][a-z0-9:#]{0,9}$/);
  const trailing = fc.stringMatching(/^[ :a-zäß]{0,40}$/);
  fc.assert(fc.property(fc.array(word, { maxLength: 10 }), trailing, (middles, last) => {
    const body = formatIrcBody("source", "PRIVMSG", ...middles, last);
    const tags = formatTags([["k", last]]);
    const message = parseIrcMessage(tags + body);
    assertEquals(message?.params, [...middles, last]);
    assertEquals(message?.tags.get("k"), last);
  }));
});

Deno.test("irc: nothing that could be another message, or another parameter, is sent", () => {
  assertThrows(() => formatIrcBody("s", "X", "a\r\nQUIT"), TypeError);
  assertThrows(() => formatIrcBody("s", "X", "a b", "c"), TypeError);
  assertThrows(() => formatIrcBody("s", "X", "", "c"), TypeError);
  assertThrows(() => formatIrcBody("s", "X", ":a", "c"), TypeError);
});

Deno.test("irc: a body never has more than 510 bytes, and is cut at a character", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "grapheme", maxLength: 600 }),
      fc.integer({ min: 4, max: 600 }),
      (text, most) => {
        const cut = truncateBytes(text, most);
        assert(text.startsWith(cut) && encoder.encode(cut).length <= most);
        const pieces = splitText(text, most);
        assertEquals(pieces.join(""), text.toWellFormed() === text ? text : pieces.join(""));
        assert(pieces.every((piece) => encoder.encode(piece).length <= Math.max(4, most)));
        assert(
          encoder.encode(formatIrcBody("s", "PRIVMSG", "#a", text.replace(/[\r\n\0]/g, ""))).length <= 510,
        );
      },
    ),
  );
});

Deno.test("irc: masks match as globs, whatever is in them, and never take long", () => {
  const slow = (mask: string, text: string): boolean => {
    const pattern = [...mask].map((c) =>
      c === "*" ? ".*" : c === "?" ? "." : c.replace(/[\\^$.|+()[\]{}]/g, "\\$&")
    );
    return new RegExp(`^${pattern.join("")}$`, "is").test(text);
  };
  const letters = fc.string({ unit: fc.constantFrom("a", "B", "*", "?", ".", "["), maxLength: 8 });
  fc.assert(fc.property(letters, letters, (mask, text) => {
    assertEquals(matchesMask(mask, text), slow(mask, text), `${mask} ${text}`);
  }));
  assert(!matchesMask("*a".repeat(200) + "b", "a".repeat(500)));
  assertEquals(["bob", "*@h", "a!b", "a!b@c", "a@b"].map(completeMask), [
    ...["bob!*@*", "*!*@h", "a!b@*", "a!b@c", "*!a@b"],
  ]);
});

Deno.test("irc: a stream cut anywhere gives the same frames; long lines and rubbish cost themselves alone", () => {
  const stream = new Uint8Array([
    ...encoder.encode("NICK größe\r\n\r\nUSER a\n"),
    ...new Uint8Array(600).fill(0x61),
    ...encoder.encode("\r\n@" + "t".repeat(4094) + " PING 1\r\n@" + "t".repeat(4095) + " PING 2\r\nJOIN "),
    0xff,
    ...encoder.encode("\r\nQUIT :a\r\0b\r\nhalf"),
  ]);
  const whole: IrcFrame[] = [];
  ircFrames().push(stream, whole);
  assertEquals(whole.map((frame) => frame.type === "line" ? frame.line.slice(-8) : frame.type), [
    ...["CK größe", "USER a", "too-long", "t PING 1", "too-long", "not-utf8", "QUIT :ab"],
  ]);
  fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1 }), (sizes) => {
    const decoder = ircFrames();
    const frames: IrcFrame[] = [];
    for (let start = 0, index = 0; start < stream.length; index++) {
      const size = sizes[index % sizes.length] ?? 1;
      decoder.push(stream.subarray(start, start + size), frames);
      start += size;
    }
    decoder.end(frames);
    assertEquals(frames, whole);
  }));
});

Deno.test("irc: no bytes make the decoder or the parser throw, or grow", () => {
  fc.assert(fc.property(fc.array(fc.uint8Array({ maxLength: 300 })), (chunks) => {
    const decoder = ircFrames();
    const frames: IrcFrame[] = [];
    for (const chunk of chunks) decoder.push(chunk, frames);
    for (const frame of frames) if (frame.type === "line") parseIrcMessage(frame.line);
  }));
  assertEquals(withoutFormatting("\x02b\x0f \x0304,12red\x03 \x04ff00ffx\x1e"), "b red x");
});

import { assert, assertEquals, assertInstanceOf, assertStringIncludes, assertThrows } from "@std/assert";
import fc from "fast-check";
import { type FrameDecoder, FrameError, lineFrames, rawFrames } from "../../protocols/frames.ts";

const utf8 = new TextEncoder();

/**
 * What a decoder makes of a stream that comes in these chunks and then ends: frames, and the error that ended
 * them.
 */
function decode<F>(decoder: FrameDecoder<F>, chunks: readonly Uint8Array[]): { frames: F[]; error?: string } {
  const frames: F[] = [];
  try {
    for (const chunk of chunks) {
      // A copy that is overwritten at once: a decoder that kept a view of it would show.
      const shared = chunk.slice();
      decoder.push(shared, frames);
      shared.fill(0x23);
    }
    decoder.end(frames);
  } catch (error) {
    assertInstanceOf(error, FrameError);
    return { frames, error: error.message };
  }
  return { frames };
}

/** Cuts bytes at the given places (taken modulo the length). */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const at = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...at].map((start, index) => bytes.subarray(start, at[index] ?? bytes.length));
}

function bytesOf(...parts: (string | number[])[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => typeof part === "string" ? [...utf8.encode(part)] : part));
}

Deno.test("lines: several in one packet are several messages, and a \\r before the end is dropped", () => {
  assertEquals(decode(lineFrames(), [bytesOf("a\r\n\nb c\r\r\n\r\n")]).frames, ["a", "", "b c\r", ""]);
});

Deno.test("lines: one split in the middle of a UTF-8 character is one message", () => {
  const bytes = bytesOf("žluťoučký 🐴\n");
  for (let place = 0; place <= bytes.length; place++) {
    assertEquals(decode(lineFrames(), cut(bytes, [place])).frames, ["žluťoučký 🐴"]);
  }
});

Deno.test("lines: a byte order mark that is not at the start, and control characters, are part of the text", () => {
  assertEquals(decode(lineFrames(), [bytesOf("x\ufeffa\0b\tc\n")]).frames, ["x\ufeffa\0b\tc"]);
});

Deno.test("lines: what is left at the end of the stream is a message", () => {
  assertEquals(decode(lineFrames(), [bytesOf("a\nb")]).frames, ["a", "b"]);
  assertEquals(decode(lineFrames(), [bytesOf("a\n")]).frames, ["a"]);
  assertEquals(decode(lineFrames(), []).frames, []);
});

const line = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 40 }),
  fc.string({ unit: "grapheme-ascii", maxLength: 40 }),
  fc.string({ unit: fc.constantFrom("\r", "é", "🐴", "x", "\0"), maxLength: 12 }),
).map((text) => text.replaceAll("\n", ""));

Deno.test("lines: the same messages however the bytes are split", () => {
  fc.assert(fc.property(fc.array(line), line, fc.array(fc.nat()), (lines, rest, places) => {
    const bytes = utf8.encode(lines.map((text) => text + "\n").join("") + rest);
    const expected = lines.map((text) => text.replace(/\r$/, ""));
    if (rest !== "") expected.push(rest);
    assertEquals(decode(lineFrames(), cut(bytes, places)), { frames: expected });
  }));
});

Deno.test("lines: of any bytes at all, the same messages and the same error however they are split", () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc.array(fc.constantFrom(0x0a, 0x0d, 0x41, 0xc3, 0xa9, 0xf0, 0x9f, 0x90, 0xb4), { maxLength: 60 })
      .map((values) => Uint8Array.from(values)),
  );
  fc.assert(fc.property(bytes, fc.array(fc.nat()), fc.integer({ min: 1, max: 20 }), (stream, places, max) => {
    const whole = decode(lineFrames({ maxFrameBytes: max }), [stream]);
    assertEquals(decode(lineFrames({ maxFrameBytes: max }), cut(stream, places)), whole);
    assertEquals(
      decode(lineFrames({ maxFrameBytes: max }), [...stream].map((byte) => Uint8Array.of(byte))),
      whole,
    );
    for (const frame of whole.frames) assert(utf8.encode(frame).length <= max);
  }));
});

Deno.test("lines: one at the limit is taken, with \\n or \\r\\n or nothing; one byte more is an error", () => {
  for (const end of ["\n", "\r\n", ""]) {
    for (const places of [[], [3], [4], [5], [1, 2, 3, 4, 5, 6]]) {
      const limit = { maxFrameBytes: 4 };
      assertEquals(decode(lineFrames(limit), cut(bytesOf("abcd" + end), places)), { frames: ["abcd"] });
      const { frames, error } = decode(lineFrames(limit), cut(bytesOf("ok\nabcde" + end), places));
      assertEquals(frames, ["ok"]);
      assertStringIncludes(error ?? "", "longer than 4 bytes");
    }
  }
});

Deno.test("lines: one that never ends is an error as soon as it is over the limit", () => {
  const decoder = lineFrames({ maxFrameBytes: 1000 });
  const frames: string[] = [];
  assertThrows(
    () => {
      for (let sent = 0; sent <= 1001; sent += 10) decoder.push(new Uint8Array(10).fill(0x61), frames);
    },
    FrameError,
    "longer than 1000 bytes",
  );
  assertThrows(() => decoder.push(bytesOf("\n"), frames), FrameError);
  assertEquals(frames, []);
});

Deno.test("lines: one that is not UTF-8 is an error, and the lines before it are good", () => {
  for (const bad of [[0xff], [0xc3], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf5, 0x80, 0x80, 0x80]]) {
    const { frames, error } = decode(lineFrames(), [bytesOf("one\ntwo\nx", bad, "\nfour\n")]);
    assertEquals(frames, ["one", "two"]);
    assertEquals(error, "message is not UTF-8");
  }
});

Deno.test("lines: until the first \\n an unterminated chunk followed by silence is a message, then only lines are", () => {
  const decoder = lineFrames({ idleFlushMs: 70 });
  const frames: string[] = [];
  assertEquals(decoder.idleFlushMs, 0);
  decoder.push(bytesOf("Knock "), frames);
  decoder.push(bytesOf("Knock.."), frames);
  assertEquals(decoder.idleFlushMs, 70);
  decoder.idle(frames);
  assertEquals(frames, ["Knock Knock.."]);
  assertEquals(decoder.idleFlushMs, 0);
  decoder.push(bytesOf("second\nthi"), frames);
  assertEquals(decoder.idleFlushMs, 0);
  decoder.idle(frames);
  assertEquals(frames, ["Knock Knock..", "second"]);
  decoder.push(bytesOf("rd\n"), frames);
  assertEquals(frames, ["Knock Knock..", "second", "third"]);
});

Deno.test("lines: silence in the middle of a character is no end of a message", () => {
  const decoder = lineFrames();
  const frames: string[] = [];
  const horse = bytesOf("a 🐴");
  decoder.push(horse.subarray(0, 4), frames);
  decoder.idle(frames);
  assertEquals([frames, decoder.idleFlushMs], [[], 0]);
  decoder.push(horse.subarray(4), frames);
  assertEquals(decoder.idleFlushMs, 50);
  decoder.idle(frames);
  assertEquals(frames, ["a 🐴"]);
});

Deno.test("lines: a chunk over the limit or not UTF-8 is an error after silence and at the end too", () => {
  const frames: string[] = [];
  const notText = lineFrames();
  notText.push(Uint8Array.of(0xff, 0x41), frames);
  assertThrows(() => notText.idle(frames), FrameError, "not UTF-8");
  const unfinished = lineFrames();
  unfinished.push(Uint8Array.of(0x41, 0xc3), frames);
  assertThrows(() => unfinished.end(frames), FrameError, "not UTF-8");
  const tooLong = lineFrames({ maxFrameBytes: 2 });
  tooLong.push(bytesOf("ab\r"), frames);
  assertThrows(() => tooLong.end(frames), FrameError, "longer than 2 bytes");
  assertEquals(frames, []);
});

Deno.test("lines: limits that are none are refused", () => {
  assertThrows(() => lineFrames({ maxFrameBytes: 0 }), RangeError);
  assertThrows(() => lineFrames({ maxFrameBytes: NaN }), RangeError);
  assertThrows(() => lineFrames({ idleFlushMs: -1 }), RangeError);
});

Deno.test("raw frames: every byte, as it came", () => {
  const bytes = bytesOf("a\n", [0xff, 0]);
  const frames: Uint8Array[] = [];
  const decoder = rawFrames();
  decoder.push(bytes, frames);
  decoder.idle(frames);
  decoder.end(frames);
  assertEquals([frames, decoder.idleFlushMs], [[bytes], 0]);
});

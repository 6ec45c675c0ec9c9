import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { type JsonFrame, jsonFrames, type JsonFramesOptions } from "../../protocols/json_stream.ts";

const encoder = new TextEncoder();

/** Decodes a stream that comes in the given pieces. */
function decode(pieces: Iterable<Uint8Array>, options?: JsonFramesOptions): JsonFrame[] {
  const decoder = jsonFrames(options);
  const frames: JsonFrame[] = [];
  for (const piece of pieces) decoder.push(piece, frames);
  decoder.end(frames);
  return frames;
}

function decodeText(text: string, options?: JsonFramesOptions): JsonFrame[] {
  return decode([encoder.encode(text)], options);
}

function* split(bytes: Uint8Array, sizes: readonly number[]): Generator<Uint8Array> {
  let at = 0;
  for (let turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    // A copy: a decoder that kept a view of the reader's buffer would be found out.
    const piece = bytes.slice(at, at + size);
    yield piece;
    piece.fill(0);
    at += size;
  }
}

const value = (of: unknown): JsonFrame => ({ type: "value", value: of });
const types = (frames: readonly JsonFrame[]) => frames.map((frame) => frame.type);
const container = fc.oneof(fc.dictionary(fc.string(), fc.jsonValue()), fc.array(fc.jsonValue()));
const between = fc.constantFrom("", " ", "\n", "\r\n", "\t \n\n");

Deno.test("json stream: values back to back are found, with or without white space, however they are split", () => {
  fc.assert(fc.property(
    fc.array(fc.tuple(container, between, fc.constantFrom(0, 2))),
    fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
    (parts, sizes) => {
      const text = parts.map(([part, space, indent]) => JSON.stringify(part, null, indent) + space).join("");
      const expected = parts.map(([part]) => value(JSON.parse(JSON.stringify(part))));
      assertEquals(decode(split(encoder.encode(text), sizes), { maxDepth: 1000 }), expected);
    },
  ));
});

Deno.test("json stream: bad streams give the same frames however they are split", () => {
  const noise = fc.oneof(
    fc.string({ unit: fc.constantFrom(...'{}[]",:\\ \n0-1.eE+truefalsnu\u00e9') }),
    container.map((of) => JSON.stringify(of)),
    fc.uint8Array(),
  );
  fc.assert(fc.property(
    fc.array(noise),
    fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
    fc.integer({ min: 2, max: 60 }),
    (parts, sizes, maxFrameBytes) => {
      const bytes = Uint8Array.from(
        parts.flatMap((part) => [...(typeof part === "string" ? encoder.encode(part) : part)]),
      );
      const options = { maxFrameBytes, maxDepth: 3 };
      assertEquals(decode(split(bytes, sizes), options), decode([bytes], options));
    },
  ));
});

Deno.test("json stream: a line is a value exactly when the platform's own parser says so", () => {
  const line = fc.string({ unit: fc.constantFrom(...'{}[]",:\\ 0-1.eE+truefalsnu/b\t') });
  fc.assert(
    fc.property(line, (text) => {
      const trimmed = `[${text}]`;
      let expected: JsonFrame[] | undefined;
      try {
        expected = [value(JSON.parse(trimmed))];
      } catch {
        expected = undefined;
      }
      const frames = decodeText(trimmed + "\n");
      if (expected !== undefined) assertEquals(frames, expected);
      // What is no value may still be two: `[][]`.
      else assert(frames.length > 1 || frames.some((frame) => frame.type === "bad"), trimmed);
    }),
    { numRuns: 3000 },
  );
});

Deno.test("json stream: every split of one request in two gives the request", () => {
  const request = { client_ID: "150210710", type: "write", data: '{"}\\" \u00e9\u4e2d\u{1f600}\u0000\n]' };
  const bytes = encoder.encode(JSON.stringify(request));
  for (let at = 0; at <= bytes.length; at++) {
    assertEquals(decode([bytes.slice(0, at), bytes.slice(at)]), [value(request)]);
  }
});

Deno.test("json stream: what is not JSON costs its line and nothing after it", () => {
  const bad = [
    "hello",
    "5",
    '"text"',
    "true",
    '{"a"}',
    '{"a":}',
    "{'a':1}",
    '{"a":01}',
    '{"a":1.}',
    '{"a":-}',
    '{"a":1e}',
    '{"a":.5}',
    '{"a":+1}',
    '{"a":tru}',
    '{"a":1,}',
    "[1,]",
    "[1}",
    '{"a":"\\x"}',
    '{"a":"\\u00g0"}',
    '{"a":"\t"}',
    '{"a":"unfinished',
    '{"a":NaN}',
    "}",
    "[1 2]",
  ];
  for (const line of bad) {
    const frames = decodeText(`{"n":1}${line} {"lost":true}\n{"n":2}`);
    assertEquals(types(frames), ["value", "bad", "value"], line);
    assertEquals(frames.at(-1), value({ n: 2 }), line);
  }
});

Deno.test("json stream: a line end inside a string ends the bad line, and the next line is a value", () => {
  const text = '{"a":"b\n{"c":1}\n{"d":2}';
  const expected = ["bad", "value", "value"];
  assertEquals(types(decodeText(text)), expected);
  for (let at = 1; at < text.length; at++) {
    assertEquals(types(decode(split(encoder.encode(text), [at, text.length]))), expected, `split at ${at}`);
  }
});

Deno.test("json stream: the message says what was unexpected and where", () => {
  assertEquals(decodeText("hello\n"), [{ type: "bad", message: 'Not JSON: unexpected "h" at byte 0' }]);
  assertEquals(decodeText('{"a" 1}\n'), [{ type: "bad", message: 'Not JSON: unexpected "1" at byte 5' }]);
  assertEquals(decodeText('{"a\n'), [{ type: "bad", message: "Not JSON: unexpected byte 0x0a at byte 3" }]);
  assertEquals(decodeText('{"a"'), [{ type: "bad", message: "Not JSON: it ends in the middle" }]);
});

Deno.test("json stream: a value that is not UTF-8 is bad, and the next one is found without a line end", () => {
  const bytes = Uint8Array.of(...encoder.encode('{"a":"'), 0xff, ...encoder.encode('"}{"n":2}'));
  assertEquals(decode([bytes]), [{ type: "bad", message: "Not JSON: it is not UTF-8" }, value({ n: 2 })]);
});

Deno.test("json stream: a value over the limit is one bad frame, and the next one is found without a line end", () => {
  const long = JSON.stringify({ data: "x".repeat(100) });
  const frames = decodeText(`${long}{"n":2}`, { maxFrameBytes: 50 });
  assertEquals(frames, [{ type: "bad", message: "Too long: more than 50 bytes" }, value({ n: 2 })]);
  assertEquals(decodeText(long, { maxFrameBytes: long.length }), [value(JSON.parse(long))]);
  assertEquals(types(decodeText(long, { maxFrameBytes: long.length - 1 })), ["bad"]);
});

Deno.test("json stream: 3 MB without an end is refused as soon as it is over the limit, and not kept", () => {
  const decoder = jsonFrames({ maxFrameBytes: 65536 });
  const frames: JsonFrame[] = [];
  decoder.push(encoder.encode('{"data":"'), frames);
  const piece = encoder.encode("x".repeat(10_000));
  let refusedAfter = 0;
  for (let sent = 0; sent < 3_000_000; sent += piece.length) {
    decoder.push(piece, frames);
    if (frames.length > 0 && refusedAfter === 0) refusedAfter = sent + piece.length;
  }
  assertEquals(types(frames), ["bad"]);
  assertEquals(refusedAfter, 70_000);
  decoder.push(encoder.encode('"}{"n":1}'), frames);
  assertEquals(frames[1], value({ n: 1 }));
});

Deno.test("json stream: what has no end costs no memory, be it one value or bytes one by one", () => {
  const external = () => Deno.memoryUsage().external;
  const before = external();
  const decoder = jsonFrames({ maxFrameBytes: 65536 });
  const frames: JsonFrame[] = [];
  decoder.push(encoder.encode('["'), frames);
  for (let at = 0; at < 65_000; at++) decoder.push(Uint8Array.of(0x78), frames);
  assertEquals(frames, []);
  assert(external() - before < 10_000_000);
  const piece = new Uint8Array(1_000_000).fill(0x78);
  for (let at = 0; at < 200; at++) decoder.push(piece, frames);
  assertEquals(types(frames), ["bad"]);
  assert(external() - before < 20_000_000);
});

Deno.test("json stream: depth is limited", () => {
  const deep = (levels: number) => "[".repeat(levels) + "]".repeat(levels);
  assertEquals(types(decodeText(deep(64))), ["value"]);
  assertEquals(decodeText(deep(65)), [{
    type: "bad",
    message: "Not JSON: more than 64 levels deep at byte 64",
  }]);
  assertEquals(types(decodeText("[".repeat(60_000) + '\n{"n":1}')), ["bad", "value"]);
});

Deno.test("json stream: silence ends the bad line of a peer that ends no lines, and of no other", () => {
  const decoder = jsonFrames({ idleFlushMs: 50 });
  const frames: JsonFrame[] = [];
  assertEquals(decoder.idleFlushMs, 0);
  decoder.push(encoder.encode("garbage"), frames);
  assertEquals(decoder.idleFlushMs, 50);
  decoder.idle(frames);
  decoder.push(encoder.encode('{"n":1}{"half":'), frames);
  assertEquals(decoder.idleFlushMs, 0);
  decoder.push(encoder.encode("1}\ngarbage"), frames);
  assertEquals(decoder.idleFlushMs, 0);
  assertEquals(types(frames), ["bad", "value", "value", "bad"]);
});

Deno.test("json stream: a name like __proto__ is a key like any other", () => {
  const [frame] = decodeText('{"__proto__":{"polluted":1}}');
  assert(frame?.type === "value" && typeof frame.value === "object" && frame.value !== null);
  assertEquals(Object.keys(frame.value), ["__proto__"]);
  assertEquals(Object.getPrototypeOf(frame.value), Object.prototype);
});

Deno.test("json stream: limits out of range are refused", () => {
  assertThrows(() => jsonFrames({ maxFrameBytes: 1 }), RangeError, "Cannot limit a value to 1 bytes");
  assertThrows(() => jsonFrames({ maxDepth: 0 }), RangeError, "Cannot limit the depth to 0");
  assertThrows(() => jsonFrames({ idleFlushMs: -1 }), RangeError, "Cannot wait -1 ms");
});

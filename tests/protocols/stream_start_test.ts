import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { ForeignGreeting } from "../../protocols/foreign_greeting.ts";
import { type FrameDecoder, FrameError, lineFrames } from "../../protocols/frames.ts";
import { type JsonFrame, jsonFrames } from "../../protocols/json_stream.ts";

const utf8 = new TextEncoder();
const MARK = "\uFEFF";

/** All ways to cut bytes in two, and byte by byte. */
function* cuts(bytes: Uint8Array): Generator<Uint8Array[]> {
  for (let at = 0; at <= bytes.length; at++) yield [bytes.subarray(0, at), bytes.subarray(at)];
  yield Array.from(bytes, (byte) => Uint8Array.of(byte));
}

function decode<F>(decoder: FrameDecoder<F>, chunks: readonly Uint8Array[]): F[] {
  const frames: F[] = [];
  for (const chunk of chunks) decoder.push(chunk, frames);
  decoder.end(frames);
  return frames;
}

function greet(chunks: readonly Uint8Array[]): string | undefined {
  const greeting = new ForeignGreeting();
  for (const chunk of chunks) {
    const found = greeting.look(chunk);
    if (found !== undefined) return found;
  }
  return undefined;
}

Deno.test("lines: a byte order mark at the start is dropped, however the stream is split; a later one is text", () => {
  for (
    const [text, lines] of [
      [`${MARK}ann\nhello\n`, ["ann", "hello"]],
      [`${MARK}${MARK}ann\n`, [`${MARK}ann`]],
      [`ann\n${MARK}b\n`, ["ann", `${MARK}b`]],
      [`${MARK}`, []],
      [`${MARK}\n`, [""]],
      [`\uFEFEx\n`, ["\uFEFEx"]],
      ["", []],
    ] as const
  ) {
    for (const chunks of cuts(utf8.encode(text))) assertEquals(decode(lineFrames(), chunks), [...lines]);
  }
  assertThrows(() => decode(lineFrames(), [Uint8Array.of(0xef, 0xbb)]), FrameError, "not UTF-8");
});

Deno.test("lines: a mark and silence are no message, and the message after them is whole", () => {
  const decoder = lineFrames();
  const frames: string[] = [];
  decoder.push(utf8.encode(MARK), frames);
  decoder.idle(frames);
  decoder.push(utf8.encode("ann"), frames);
  decoder.idle(frames);
  assertEquals(frames, ["ann"]);
});

Deno.test("json: a byte order mark at the start is dropped, however the stream is split", () => {
  for (const chunks of cuts(utf8.encode(`${MARK}{"a":1}[2]`))) {
    const frames: JsonFrame[] = decode(jsonFrames(), chunks);
    assertEquals(frames, [{ type: "value", value: { a: 1 } }, { type: "value", value: [2] }]);
  }
});

Deno.test("foreign greeting: an HTTP request line is known, however it is split", () => {
  for (
    const line of [
      "POST / HTTP/1.1\r\nHost: localhost:12000\r\n",
      "GET /a%20b?c=d HTTP/1.0\r\n",
      "OPTIONS * HTTP/1.1\r\n",
      "CONNECT example.org:443 HTTP/1.1\r\n",
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
      "M-SEARCH * HTTP/1.1\r\n",
      "patch http://localhost/ HTTP/1.1\r\n",
      `${MARK}PUT /x HTTP/1.1\r\n`,
    ]
  ) {
    for (const chunks of cuts(utf8.encode(line))) assertEquals(greet(chunks), "HTTP", line);
  }
});

Deno.test("foreign greeting: a TLS hello is known from its first two bytes", () => {
  for (const version of [0, 1, 2, 3, 4]) {
    for (const chunks of cuts(Uint8Array.of(0x16, 3, version, 0, 200, 1))) assertEquals(greet(chunks), "TLS");
  }
});

Deno.test("foreign greeting: what people and programs say to our services is not taken for one", () => {
  for (
    const text of [
      "ann\n",
      "GET\n",
      "POST / HTTP\n",
      "GET  HTTP/1.1 is what browsers say\n",
      "12 + 13\n",
      '{"client_ID":"1","type":"read"}\n',
      "/msg ann HTTP/1.1\n",
      "\nGET / HTTP/1.1\n",
      "ID:1\n",
      "\x16\x02\x00",
      "",
    ]
  ) {
    for (const chunks of cuts(utf8.encode(text))) assertEquals(greet(chunks), undefined, text);
  }
});

Deno.test("foreign greeting: it decides within one line, whatever comes, and takes no more than it was given", () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), (bytes) => {
    const greeting = new ForeignGreeting();
    const found = greeting.look(bytes) ?? greeting.look(utf8.encode("\r\n\r\n"));
    assertEquals(found !== undefined || greeting.isDecided, true);
  }));
});

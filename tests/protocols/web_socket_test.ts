import { assert, assertEquals } from "@std/assert";
import {
  encodeClose,
  encodePing,
  encodeWebSocket,
  webSocketFrames,
  type WebSocketInput,
} from "../../protocols/web_socket.ts";

const MASK = Uint8Array.of(0x12, 0x34, 0x56, 0x78);

function decode(
  sent: Uint8Array,
  pieceBytes = Infinity,
  from: "client" | "server" = "client",
): WebSocketInput[] {
  const decoder = webSocketFrames({ from, maxMessageBytes: 100_000 });
  const inputs: WebSocketInput[] = [];
  for (let at = 0; at < sent.length; at += pieceBytes) decoder.push(sent.slice(at, at + pieceBytes), inputs);
  return inputs;
}

function joined(...parts: Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** A client's frame, byte by byte. */
function frame(first: number, payload: Uint8Array, second = 0x80 | payload.length): Uint8Array {
  return joined(Uint8Array.of(first, second), MASK, payload.map((byte, at) => byte ^ (MASK[at & 3] ?? 0)));
}

const TEXT = new TextEncoder();

Deno.test("web socket: messages of every length come as they were sent, however the bytes were cut", () => {
  const messages = [0, 1, 125, 126, 127, 65_535, 65_536, 99_999].map((length) =>
    Uint8Array.from({ length }, (_, at) => at * 7)
  );
  for (const mask of [MASK, undefined]) {
    const options = mask === undefined ? {} : { mask };
    const sent = joined(
      ...messages.map((message) => encodeWebSocket(message, options)),
      encodeWebSocket("é€😀", options),
    );
    const want = [...messages, "é€😀"].map((message) => ({ type: "message" as const, message }));
    for (const size of [Infinity, 1000, 61]) {
      assertEquals(decode(sent, size, mask === undefined ? "server" : "client"), want);
    }
  }
  const small = joined(
    encodeWebSocket("one", { mask: MASK }),
    encodeWebSocket(Uint8Array.of(1), { mask: MASK }),
  );
  assertEquals(decode(small, 1).length, 2);
});

Deno.test("web socket: a message in pieces is one, and what stands between the pieces comes first", () => {
  const sent = joined(
    frame(0x01, TEXT.encode("one ")),
    encodePing("ping", Uint8Array.of(7), { mask: MASK }),
    frame(0x00, Uint8Array.of(0xe2, 0x82)),
    frame(0x80, Uint8Array.of(0xac)),
    encodeClose(1000, "bye", { mask: MASK }),
    encodeWebSocket("never", { mask: MASK }),
  );
  assertEquals(decode(sent, 3), [
    { type: "ping", payload: Uint8Array.of(7) },
    { type: "message", message: "one €" },
    { type: "close", code: 1000, reason: "bye" },
  ]);
});

Deno.test("web socket: what breaks a rule is told with the code to close with, and nothing comes after it", () => {
  const text = TEXT.encode("x");
  const bad: [code: number, sent: Uint8Array][] = [
    [1002, encodeWebSocket("not masked")],
    [1002, frame(0xc1, text)],
    [1002, frame(0x83, text)],
    [1002, frame(0x8b, text)],
    [1002, frame(0x80, text)],
    [1002, joined(frame(0x01, text), frame(0x81, text))],
    [1002, frame(0x09, text)],
    [1002, frame(0x89, new Uint8Array(0), 0xfe)],
    [1002, joined(Uint8Array.of(0x82, 0xfe, 0, 5), MASK)],
    [1002, frame(0x88, Uint8Array.of(3))],
    [1002, frame(0x88, Uint8Array.of(3, 0xed))],
    [1002, frame(0x88, Uint8Array.of(0, 1))],
    [1007, frame(0x81, Uint8Array.of(0xff))],
    [1007, frame(0x88, Uint8Array.of(3, 0xe8, 0xff))],
    [1009, joined(Uint8Array.of(0x82, 0xff, 0, 0, 0, 0, 6, 0, 0, 0), MASK)],
    [1009, joined(Uint8Array.of(0x82, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), MASK)],
  ];
  for (const [code, sent] of bad) {
    const inputs = decode(joined(sent, encodeWebSocket("after", { mask: MASK })));
    assertEquals(
      inputs.map((input) => input.type === "bad" ? input.code : input.type),
      [code],
      sent.join(" "),
    );
  }
});

Deno.test("web socket: the frames are those of RFC 6455, section 5.7", () => {
  assertEquals(encodeWebSocket("Hello"), Uint8Array.of(0x81, 5, 0x48, 0x65, 0x6c, 0x6c, 0x6f));
  const mask = Uint8Array.of(0x37, 0xfa, 0x21, 0x3d);
  assertEquals(
    encodeWebSocket("Hello", { mask }),
    Uint8Array.of(0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58),
  );
  assertEquals(encodeWebSocket(new Uint8Array(256)).subarray(0, 4), Uint8Array.of(0x82, 126, 1, 0));
  assertEquals(
    encodeWebSocket(new Uint8Array(65_536)).subarray(0, 10),
    Uint8Array.of(0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0),
  );
});

Deno.test("web socket: a long reason is cut at a character, and still a valid close", () => {
  const [input] = decode(encodeClose(4000, "é".repeat(200)), Infinity, "server");
  assert(input?.type === "close");
  assertEquals(input.reason, "é".repeat(61));
});

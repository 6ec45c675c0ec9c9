import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { FrameError } from "../../protocols/frames.ts";
import {
  encodeHandshake,
  encodePeerMessage,
  type Handshake,
  peerFrames,
  type PeerMessage,
  PIECE_HEADER_BYTES,
  writePieceHeader,
} from "../../protocols/peer_wire.ts";

const handshake: Handshake = {
  infoHash: Uint8Array.from({ length: 20 }, (_, index) => index),
  peerId: new TextEncoder().encode("-TR0001-abcdefghijkl"),
  fast: true,
  extended: true,
};

/** All messages of some bytes that come in pieces of these sizes, by turns; bytes are copied as they come. */
function decode(bytes: Uint8Array, sizes: readonly number[] = [bytes.length]): PeerMessage[] {
  const decoder = peerFrames();
  const all: PeerMessage[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    const frames: PeerMessage[] = [];
    decoder.push(bytes.slice(at, at + size), frames);
    for (const frame of frames) all.push(structuredClone(frame));
    at += size;
  }
  decoder.end([]);
  return all;
}

function join(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** What follows a handshake, as a decoder that has had it takes it. */
function afterHandshake(bytes: Uint8Array): PeerMessage[] {
  return decode(join(encodeHandshake(handshake), bytes)).slice(1);
}

Deno.test("peer wire: a handshake is 68 bytes, each in its place", () => {
  const bytes = encodeHandshake(handshake);
  const text = new TextDecoder("latin1").decode(bytes);
  assertEquals(bytes.length, 68);
  assertEquals(text.slice(0, 20), "\x13BitTorrent protocol");
  assertEquals([...bytes.subarray(20, 28)], [0, 0, 0, 0, 0, 0x10, 0, 0x04]);
  assertEquals(bytes.subarray(28, 48), handshake.infoHash);
  assertEquals(text.slice(48), "-TR0001-abcdefghijkl");
  assertEquals(decode(bytes), [{ type: "handshake", handshake }]);
  const plain = { ...handshake, fast: false, extended: false };
  assertEquals(decode(encodeHandshake(plain)), [{ type: "handshake", handshake: plain }]);
});

Deno.test("peer wire: each message has the bytes of BEP 3, 6 and 10", () => {
  const cases: [Exclude<PeerMessage, { type: "unknown" }>, number[]][] = [
    [{ type: "keep-alive" }, [0, 0, 0, 0]],
    [{ type: "choke" }, [0, 0, 0, 1, 0]],
    [{ type: "unchoke" }, [0, 0, 0, 1, 1]],
    [{ type: "interested" }, [0, 0, 0, 1, 2]],
    [{ type: "not-interested" }, [0, 0, 0, 1, 3]],
    [{ type: "have", piece: 0x80000000 }, [0, 0, 0, 5, 4, 0x80, 0, 0, 0]],
    [{ type: "bitfield", bits: Uint8Array.of(0xa0, 1) }, [0, 0, 0, 3, 5, 0xa0, 1]],
    [{ type: "request", piece: 1, begin: 2, length: 3 }, [
      0,
      0,
      0,
      13,
      6,
      0,
      0,
      0,
      1,
      0,
      0,
      0,
      2,
      0,
      0,
      0,
      3,
    ]],
    [
      { type: "piece", piece: 1, begin: 2, block: Uint8Array.of(9, 8) },
      [0, 0, 0, 11, 7, 0, 0, 0, 1, 0, 0, 0, 2, 9, 8],
    ],
    [{ type: "cancel", piece: 1, begin: 2, length: 3 }, [0, 0, 0, 13, 8, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3]],
    [{ type: "suggest", piece: 1 }, [0, 0, 0, 5, 13, 0, 0, 0, 1]],
    [{ type: "have-all" }, [0, 0, 0, 1, 14]],
    [{ type: "have-none" }, [0, 0, 0, 1, 15]],
    [{ type: "reject", piece: 1, begin: 2, length: 3 }, [
      0,
      0,
      0,
      13,
      16,
      0,
      0,
      0,
      1,
      0,
      0,
      0,
      2,
      0,
      0,
      0,
      3,
    ]],
    [{ type: "allowed-fast", piece: 1 }, [0, 0, 0, 5, 17, 0, 0, 0, 1]],
    [{ type: "extended", id: 3, payload: Uint8Array.of(0x64, 0x65) }, [0, 0, 0, 4, 20, 3, 0x64, 0x65]],
  ];
  for (const [message, bytes] of cases) {
    assertEquals([...encodePeerMessage(message)], bytes, message.type);
    assertEquals(afterHandshake(Uint8Array.from(bytes)), [message], message.type);
  }
  const header = new Uint8Array(PIECE_HEADER_BYTES);
  writePieceHeader(header, 0x80000001, 2, 2);
  assertEquals([...header], [0, 0, 0, 11, 7, 0x80, 0, 0, 1, 0, 0, 0, 2]);
  assertEquals(afterHandshake(Uint8Array.of(0, 0, 0, 3, 9, 1, 2)), [{ type: "unknown", id: 9 }]);
});

Deno.test("peer wire: what is no handshake is refused at its first wrong byte", () => {
  for (const bytes of [[0x16, 3, 1], [0x13, 0x42, 0x69, 0x75], [0], [0x47, 0x45, 0x54]]) {
    assertThrows(() => peerFrames().push(Uint8Array.from(bytes), []), FrameError, "no BitTorrent handshake");
  }
  peerFrames().push(encodeHandshake(handshake).subarray(0, 67), []);
});

Deno.test("peer wire: a message that is too long, or not as long as its kind, is refused at its head", () => {
  const heads = [
    [0, 0, 0, 2, 0],
    [0, 0, 0, 6, 4],
    [0, 0, 0, 4, 4],
    [0, 0, 0, 12, 6],
    [0, 0, 0, 9, 7],
    [0, 2, 0, 10, 7],
    [0x40, 0, 0, 9, 7],
    [0, 2, 0, 2, 5],
    [0xff, 0xff, 0xff, 0xff, 5],
    [0, 1, 0, 3, 20],
    [0, 0, 0, 1, 20],
    [0, 0, 0x40, 2, 99],
    [0xff, 0xff, 0xff, 0xff],
  ];
  for (const head of heads) {
    assertThrows(() => afterHandshake(Uint8Array.from(head)), FrameError, "a message ");
  }
});

Deno.test("peer wire: a stream that ends within a message is refused, and so is all after a mistake", () => {
  assertThrows(() => afterHandshake(Uint8Array.of(0, 0, 0, 5, 4, 0)), FrameError, "ends within");
  const decoder = peerFrames();
  assertThrows(() => decoder.push(Uint8Array.of(1), []), FrameError);
  assertThrows(() => decoder.push(encodeHandshake(handshake), []), FrameError);
});

const number = fc.nat(2 ** 32 - 1);
const place = fc.record({ piece: number, begin: number, length: number });
const message: fc.Arbitrary<Exclude<PeerMessage, { type: "unknown" | "handshake" }>> = fc.oneof(
  fc.constantFrom("keep-alive", "choke", "unchoke", "interested", "not-interested").map((type) => ({ type })),
  fc.constantFrom("have-all", "have-none").map((type) => ({ type })),
  fc.record({ type: fc.constantFrom("have", "suggest", "allowed-fast"), piece: number }),
  fc.uint8Array({ maxLength: 300 }).map((bits) => ({ type: "bitfield" as const, bits })),
  fc.tuple(fc.constantFrom("request", "cancel", "reject"), place).map(([type, where]) => ({
    type,
    ...where,
  })),
  fc.record({
    type: fc.constant("piece" as const),
    piece: number,
    begin: number,
    block: fc.uint8Array({ minLength: 1, maxLength: 600 }),
  }),
  fc.record({
    type: fc.constant("extended" as const),
    id: fc.nat(255),
    payload: fc.uint8Array({ minLength: 1, maxLength: 100 }),
  }),
);

Deno.test("peer wire: messages come out as they went in, however the stream is cut", () => {
  fc.assert(
    fc.property(
      fc.array(message, { maxLength: 12 }),
      fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1 }),
      (
        messages,
        sizes,
      ) => {
        const bytes = join(encodeHandshake(handshake), ...messages.map(encodePeerMessage));
        assertEquals(decode(bytes, sizes), [{ type: "handshake", handshake }, ...messages]);
      },
    ),
    { numRuns: 300 },
  );
});

Deno.test("peer wire: rubbish is messages or a FrameError, and nothing else", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (rubbish) => {
    try {
      afterHandshake(rubbish);
    } catch (error) {
      assert(error instanceof FrameError, String(error));
    }
  }));
});

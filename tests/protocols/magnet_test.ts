import { hexText } from "../../protocols/tracker.ts";
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { formatMagnet, isMagnet, parseMagnet } from "../../protocols/magnet.ts";
import {
  decodeExtensionHandshake,
  decodeMetadataMessage,
  encodeExtensionHandshake,
  encodeMetadataMessage,
  ExtensionError,
} from "../../protocols/peer_extensions.ts";
import { encodeBencode } from "../../protocols/bencode.ts";

/** What a bencoded dictionary begins with. */
const DICTIONARY = 0x64;

Deno.test("magnet: both spellings of a hash are the same torrent", () => {
  const hex = parseMagnet("magnet:?xt=urn:btih:00112233445566778899AABBCCDDEEFF00112233");
  const base32 = parseMagnet("MAGNET:?dn=x&xt=urn:btih:AAISEM2EKVTHPCEZVK54ZXPO74ABCIRT");
  assertEquals(hex.infoHash, base32.infoHash);
  assertEquals(base32.displayName, "x");
});

Deno.test("magnet: what is none is refused, what cannot be asked is left out", () => {
  for (
    const text of [
      "",
      "http://x",
      "magnet:",
      "magnet:?xt=urn:btih:12",
      "magnet:?xt=urn:sha1:AA",
      `magnet:?${"x".repeat(20_000)}`,
    ]
  ) {
    assertThrows(() => parseMagnet(text), SyntaxError, "Cannot read the magnet link");
  }
  const link = `magnet:?xt=urn:btih:${
    "ab".repeat(20)
  }&tr=file%3A%2F%2F%2Fetc&x.pe=h:0&x.pe=[::1]:5&x.pe=a%20b:1`;
  const { trackers, peers } = parseMagnet(link);
  assertEquals([trackers, peers], [[], [{ hostname: "::1", port: 5 }]]);
  assert(isMagnet(link) && !isMagnet("a magnet:"));
});

Deno.test("magnet: a link is read as it was written", () => {
  const infoHash = fc.uint8Array({ minLength: 20, maxLength: 20 });
  fc.assert(fc.property(infoHash, fc.string({ unit: "grapheme", maxLength: 50 }), (hash, displayName) => {
    const magnet = { infoHash: hash, displayName, trackers: ["udp://[::1]:1/announce"], peers: [] };
    assertEquals(parseMagnet(formatMagnet(magnet)), magnet);
  }));
});

Deno.test("magnet: a link is read as pages and mails give it", () => {
  const hash = "0123456789abcdef0123456789ABCDEF01234567";
  const tracker = "http://127.0.0.1:80/announce";
  const given = [
    `  MAGNET:?xt=urn:btih:${hash}&tr=${tracker}\n`,
    `magnet:?xt.1=urn:btih:${hash}&tr.7=${tracker}`,
    `magnet:?xt=urn:btih:${hash}&amp;tr=${encodeURIComponent(tracker)}`,
    `magnet:?XT=URN%3Abtih%3A${hash}&TR=${tracker}#top`,
    `magnet:?xt=urn:btmh:1220aa&xt=urn:btih:${hash}&tr=javascript:1&tr=file:///etc/passwd&tr=${tracker}%20`,
  ];
  for (const link of given) {
    const { infoHash, trackers } = parseMagnet(link);
    assertEquals(
      [hexText(infoHash), trackers.map((each) => each.trim())],
      [hash.toLowerCase(), [tracker]],
      link,
    );
  }
});

Deno.test("extension protocol: a handshake is read as it was sent, and members of a wrong kind are not there", () => {
  const handshake = { metadataId: 3, metadataSize: 31235, port: 6881, maxRequests: 500, client: "Troupe" };
  assertEquals(decodeExtensionHandshake(encodeExtensionHandshake(handshake)), handshake);
  const odd = encodeBencode({ m: [], metadata_size: -1, p: 70_000, reqq: "many", v: Uint8Array.of(0xff) });
  assertEquals(decodeExtensionHandshake(odd), {});
});

Deno.test("metadata exchange: messages have the bytes of BEP 9, the data after its dictionary", () => {
  const data = { type: "data", piece: 1, totalBytes: 5, data: Uint8Array.of(9, 8) } as const;
  const text = new TextDecoder("latin1");
  assertEquals(text.decode(encodeMetadataMessage(data)), "d8:msg_typei1e5:piecei1e10:total_sizei5ee\t\b");
  assertEquals(
    text.decode(encodeMetadataMessage({ type: "request", piece: 0 })),
    "d8:msg_typei0e5:piecei0ee",
  );
  assertEquals(text.decode(encodeMetadataMessage({ type: "reject", piece: 0 })), "d8:msg_typei2e5:piecei0ee");
  assertEquals(decodeMetadataMessage(encodeMetadataMessage(data)), data);
  assertEquals(decodeMetadataMessage(encodeBencode({ msg_type: 9, piece: 0 })), undefined);
});

Deno.test("extension protocol: rubbish is an ExtensionError, and a handshake of any dictionary says what it can", () => {
  assertThrows(() => decodeMetadataMessage(encodeBencode({ msg_type: 1, piece: 0 })), ExtensionError);
  const bytes = fc.uint8Array({ maxLength: 100 });
  const rubbish = bytes.filter(([first]) => first !== DICTIONARY);
  fc.assert(fc.property(rubbish, (rubbish) => {
    for (const decode of [decodeExtensionHandshake, decodeMetadataMessage]) {
      assertThrows(() => decode(rubbish), ExtensionError);
    }
  }));
  const empty = new TextEncoder().encode("de");
  assertThrows(() => decodeMetadataMessage(empty), ExtensionError);
  // What comes after a dictionary is no part of a handshake.
  fc.assert(fc.property(bytes, (rest) => {
    assertEquals(decodeExtensionHandshake(Uint8Array.of(...empty, ...rest)), {});
  }));
});

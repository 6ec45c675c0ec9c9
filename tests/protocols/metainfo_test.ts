import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { type BencodeInput, encodeBencode } from "../../protocols/bencode.ts";
import {
  encodeInfo,
  encodeMetainfo,
  MAX_DIRECTORIES,
  MetainfoError,
  parseInfo,
  parseMetainfo,
  pieceBytes,
  pieceHash,
  pieceLengthFor,
} from "../../protocols/metainfo.ts";

const hashes = (count: number) => new Uint8Array(20 * count);
const single = { name: "a.txt", "piece length": 16384, pieces: hashes(1), length: 5 };

/** A torrent of two small files, the second with this path. */
function withPath(path: BencodeInput, more: Record<string, BencodeInput> = {}): Uint8Array {
  const files = [{ length: 1, path: ["a"] }, { length: 2, path, ...more }];
  return encodeBencode({ name: "folder", "piece length": 16384, pieces: hashes(1), files });
}

Deno.test("metainfo: a single file and many files are read", () => {
  const info = parseInfo(encodeBencode(single));
  assertEquals([info.name, info.length, info.pieceCount, info.isSingleFile], ["a.txt", 5, 1, true]);
  assertEquals(info.files, [{ path: ["a.txt"], length: 5, offset: 0, isPadding: false }]);

  const many = parseInfo(withPath(["sub", "ü.txt"]));
  assertEquals([many.length, many.isSingleFile], [3, false]);
  assertEquals(many.files[1], { path: ["sub", "ü.txt"], length: 2, offset: 1, isPadding: false });
});

Deno.test("metainfo: the info dictionary keeps its very bytes, members that are not known too", () => {
  const info = encodeBencode({ ...single, private: 1, source: "x" });
  const metainfo = encodeMetainfo(info, [["http://127.0.0.1:1/announce", "udp://127.0.0.1:2"], [
    "http://h/a",
  ]]);
  const read = parseMetainfo(metainfo);
  assertEquals(read.info.bytes, info);
  assertEquals(read.trackers, [["http://127.0.0.1:1/announce", "udp://127.0.0.1:2"], ["http://h/a"]]);
});

Deno.test("metainfo: a name that could leave its folder is refused, in every place", () => {
  const bad = [
    "",
    ".",
    "..",
    "a/b",
    "/etc/passwd",
    "..\\b",
    "a\0b",
    "a\nb",
    "a\x7fb",
    "a\u2028b",
    "...",
    ".. ",
    " ",
    "\u200b..",
    "x".repeat(256),
  ];
  for (const name of bad) {
    assertThrows(() => parseInfo(encodeBencode({ ...single, name })), MetainfoError, undefined, name);
    assertThrows(() => parseInfo(withPath([name])), MetainfoError, undefined, name);
    assertThrows(() => parseInfo(withPath(["sub", name])), MetainfoError, undefined, name);
    assertThrows(() => parseInfo(withPath([name, "b"])), MetainfoError, undefined, name);
  }
  assertThrows(() => parseInfo(withPath(["..", "..", "etc", "passwd"])), MetainfoError);
  assertThrows(() => parseInfo(withPath([Uint8Array.of(0xff)])), MetainfoError, "no UTF-8");
  assertThrows(() => parseInfo(withPath([])), MetainfoError, "no path");
  assertThrows(() => parseInfo(withPath("b")), MetainfoError, "no path");
  assertThrows(() => parseInfo(withPath(new Array(65).fill("d"))), MetainfoError, "no path");
});

Deno.test("metainfo: no two files have one path on any file system, and none is below a file", () => {
  for (const path of [["a"], ["A"], ["a", "b"], ["a."], ["a .. "], ["\u200da\ufeff"]]) {
    assertThrows(() => parseInfo(withPath(path)), MetainfoError, undefined, path.join("/"));
  }
  const twins = [["straße", "STRASSE"], ["ﬁ", "FI"], ["é", "e\u0301"], ["É", "e\u0301"], ["ς", "Σ"], [
    "K",
    "\u212a",
  ]];
  for (const [first = "", second = ""] of twins) {
    const files = [{ length: 1, path: ["d", first] }, { length: 2, path: ["D.", second] }];
    const info = encodeBencode({ name: "folder", "piece length": 16384, pieces: hashes(1), files });
    assertThrows(() => parseInfo(info), MetainfoError, "is in it twice", `${first} and ${second}`);
  }
  for (const path of [["b"], ["a.b"], [".a"], ["²"], ["ä"]]) parseInfo(withPath(path));
});

Deno.test("metainfo: the depth of paths and the number of directories are bounded, the directories of all files together", () => {
  const deep = (depth: number) => Array.from({ length: depth }, (_, level) => `${level}`);
  assertEquals(parseInfo(withPath(deep(64))).files[1]?.path.length, 64);
  assertThrows(() => parseInfo(withPath(deep(65))), MetainfoError, "has no path");
  const below = (count: number) =>
    encodeBencode({
      name: "folder",
      "piece length": 16384,
      pieces: hashes(1),
      files: Array.from({ length: count }, (_, file) => ({ length: 1, path: [`${file}`, ...deep(49), "x"] })),
    });
  assertEquals(parseInfo(below(MAX_DIRECTORIES / 50)).files.length, 400);
  assertThrows(() => parseInfo(below(MAX_DIRECTORIES / 50 + 1)), MetainfoError, "over 20000 directories");
});

Deno.test("metainfo: links are refused, padding is known", () => {
  assertThrows(() => parseInfo(withPath(["b"], { attr: "l", "symlink path": ["a"] })), MetainfoError, "link");
  assertEquals(parseInfo(withPath([".pad", "2"], { attr: "p" })).files[1]?.isPadding, true);
});

Deno.test("metainfo: lengths and hashes that do not fit are refused", () => {
  const cases: Record<string, BencodeInput | undefined>[] = [
    { name: undefined },
    { length: -1 },
    { length: undefined },
    { length: 16385 },
    { files: [{ length: 1, path: ["a"] }] },
    { "piece length": 0 },
    { "piece length": 128 * 1024 * 1024 },
    { pieces: new Uint8Array(19) },
    { pieces: hashes(2) },
    { pieces: 7 },
    { length: Number.MAX_SAFE_INTEGER },
  ];
  for (const change of cases) {
    assertThrows(() => parseInfo(encodeBencode({ ...single, ...change })), MetainfoError);
  }
  assertThrows(() => parseMetainfo(new Uint8Array(100 * 1024 * 1024)), MetainfoError, "longer than");
  assertThrows(() => parseMetainfo(encodeBencode({ info: 3 })), MetainfoError);
  assertThrows(() => parseMetainfo(encodeBencode(["info"])), MetainfoError);
});

Deno.test("metainfo: trackers that cannot be asked are left out, and their number is bounded", () => {
  const tiers = [["javascript:alert(1)", "http://a/"], ["wss://b/"], new Array(500).fill("udp://c:1")];
  const { trackers } = parseMetainfo(
    encodeBencode({ "announce-list": tiers, announce: "http://not-used/", info: single }),
  );
  assertEquals(trackers[0], ["http://a/"]);
  assertEquals(trackers.flat().length, 200);
  assertEquals(parseMetainfo(encodeBencode({ announce: "http://a/", info: single })).trackers, [[
    "http://a/",
  ]]);
});

Deno.test("metainfo: pieces cover the bytes, whatever their number", () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 2 ** 36 }), (length) => {
    const pieceLength = pieceLengthFor(length);
    const count = Math.ceil(length / pieceLength);
    if (count > 100_000) return;
    const info = parseInfo(encodeInfo({ name: "x", pieceLength, pieces: hashes(count), length }));
    assertEquals(info.pieceCount, count);
    let sum = 0;
    for (let piece = 0; piece < count; piece++) sum += pieceBytes(info, piece);
    assertEquals(sum, length);
    assert(count === 0 || pieceHash(info, count - 1).length === 20);
  }));
});

Deno.test("metainfo: a torrent with any one byte changed is read or refused, nothing else", () => {
  const good = encodeMetainfo(encodeBencode(single), [["http://127.0.0.1:1/announce"]]);
  fc.assert(
    fc.property(fc.nat(good.length - 1), fc.integer({ min: 0, max: 255 }), (at, byte) => {
      const bytes = good.slice();
      bytes[at] = byte;
      try {
        parseMetainfo(bytes);
      } catch (error) {
        assert(error instanceof MetainfoError, String(error));
      }
    }),
    { numRuns: 2000 },
  );
});

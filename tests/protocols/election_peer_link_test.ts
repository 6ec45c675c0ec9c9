import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import * as fc from "fast-check";
import {
  decodePeerMessage,
  encodePeerMessage,
  MAX_TERM,
  type PeerMessage,
} from "../../protocols/election_messages.ts";
import {
  decodeFileList,
  encodeFileList,
  fileNames,
  formatFileLog,
  isFileName,
  limitFileList,
  MAX_LIST_BYTES,
  MAX_LIST_NAMES,
} from "../../protocols/file_list.ts";
import { type FrameDecoder, FrameError } from "../../protocols/frames.ts";
import {
  type AcceptedFrame,
  acceptedFrames,
  type DialledFrame,
  dialledFrames,
  greeting,
  greetingAnswer,
  nodeList,
} from "../../protocols/peer_link.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

function pushed<F>(decoder: FrameDecoder<F>, ...chunks: string[]): F[] {
  const frames: F[] = [];
  for (const chunk of chunks) decoder.push(bytes(chunk), frames);
  return frames;
}

const beat: PeerMessage = {
  type: "beat",
  term: 3,
  leader: 1,
  standing: false,
  started: true,
  plain: false,
  old: [2],
  sentMs: 1.5,
};
const messages: PeerMessage[] = [
  beat,
  { type: "ack", term: 3, sentMs: 1.5 },
  { type: "poll", term: 4, replaces: 1 },
  { type: "poll-granted", term: 4 },
  { type: "vote-request", term: 4, replaces: 0 },
  { type: "vote", term: 4, granted: false },
  { type: "bye" },
  { type: "files", version: 1_700_000_000_000, count: 3000, sha256: "0123456789abcdef".repeat(4) },
  { type: "claim", nonce: "0123456789abcdef".repeat(2) },
  { type: "claimed", nonce: "0123456789abcdef".repeat(2), yours: false },
  { type: "welcome" },
  { type: "rejected", why: "another one is there" },
];

Deno.test("election: every message comes out of its line as it went in", () => {
  for (const message of messages) assertEquals(decodePeerMessage(encodePeerMessage(message)), message);
});

Deno.test("election: a line that is no message is refused, whatever it is", () => {
  for (
    const line of [
      "",
      "null",
      "[]",
      "7",
      '"beat"',
      "{",
      "{}",
      '{"type":"poll"}',
      '{"type":"poll","term":-1}',
      '{"type":"poll","term":1.5}',
      '{"type":"poll","term":"1"}',
      `{"type":"poll","term":${MAX_TERM + 1}}`,
      '{"type":"vote","term":1}',
      '{"type":"ack","term":1,"sentMs":null}',
      '{"type":"files","version":1,"count":1}',
      `{"type":"files","version":1,"count":-1,"sha256":"${"0".repeat(64)}"}`,
      '{"type":"claim","nonce":"x"}',
      `{"type":"claimed","nonce":"${"0".repeat(32)}"}`,
      `{"type":"rejected","why":"${"x".repeat(301)}"}`,
      '{"type":"__proto__","term":1}',
      encodePeerMessage(beat).replace("[2]", "[0]"),
      encodePeerMessage(beat).replace("[2]", `[${Array(101).fill(1)}]`),
      encodePeerMessage(beat).replace('"leader":1', '"leader":-1'),
    ]
  ) assertEquals(decodePeerMessage(line), null, line);
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    const decoded = decodePeerMessage(JSON.stringify(value));
    return decoded === null || decodePeerMessage(encodePeerMessage(decoded)) !== null;
  }));
});

Deno.test("peer link: what a dialling node says is understood, old and new, however its bytes are split", () => {
  const cases: { text: string; frames: AcceptedFrame[] }[] = [
    { text: "SEND", frames: [{ type: "send" }] },
    { text: "SEND\r\n", frames: [{ type: "send" }] },
    { text: "ID:2\n", frames: [{ type: "id", id: 2, old: true }] },
    { text: "ID:2 \r\n", frames: [{ type: "id", id: 2, old: true }] },
    { text: greeting(2), frames: [{ type: "id", id: 2, old: false }] },
    {
      text: greeting(12) + messages.map((message) => encodePeerMessage(message) + "\n").join(""),
      frames: [
        { type: "id", id: 12, old: false },
        ...messages.map((message) => ({ type: "line" as const, text: encodePeerMessage(message) })),
      ],
    },
  ];
  for (const { text, frames } of cases) {
    assertEquals(pushed(acceptedFrames(), text), frames, text);
    assertEquals(pushed(acceptedFrames(), ...text), frames, `${text}, byte by byte`);
  }
});

Deno.test("peer link: a bare ID is an old node's once silence follows, and not while the rest of a greeting may come", () => {
  const decoder = acceptedFrames({ plainAfterMs: 700 });
  const frames = pushed(decoder, "ID:3");
  assertEquals([frames, decoder.idleFlushMs], [[], 700]);
  decoder.idle(frames);
  assertEquals(frames, [{ type: "id", id: 3, old: true }]);
  assertEquals(decoder.idleFlushMs, 0);

  const ended = acceptedFrames();
  const atEnd = pushed(ended, "ID:3");
  ended.end(atEnd);
  assertEquals(atEnd, [{ type: "id", id: 3, old: true }]);

  const split = acceptedFrames();
  assertEquals(pushed(split, "ID:3", " ", "\t", "\n"), [{ type: "id", id: 3, old: false }]);
});

Deno.test("peer link: anything else than ID:<n> or SEND is an error, and never much of it is kept", () => {
  for (
    const text of [
      "GET / HTTP/1.1\r\n",
      "SENDX",
      "SEND ME",
      "ID:0\n",
      "ID:x",
      "ID:-1",
      "ID:99999999999",
      "send",
      "\0",
      "ID:1;",
      "\x13BitTorrent protocol",
    ]
  ) {
    const { message } = assertThrows(() => pushed(acceptedFrames(), text), FrameError, "", text);
    // Whoever tells the peer begins with "Error: ".
    assertMatch(message, /^(neither ID:<n> nor SEND|not the ID of a node)/, text);
  }
  assertThrows(() => pushed(acceptedFrames(), "ID:1" + " ".repeat(100)), FrameError);
  assertThrows(() => pushed(acceptedFrames(), "SEND", "SEND"), FrameError);
  assertThrows(() => pushed(acceptedFrames(), greeting(2) + "x".repeat(5000)), FrameError);
  assertThrows(() => pushed(acceptedFrames(), greeting(2) + "x".repeat(70_000)), FrameError);
});

Deno.test("peer link: the answer to a greeting comes first, and messages after it", () => {
  const nonce = "0123456789abcdef".repeat(2);
  const text = greetingAnswer(3, nonce, nodeList([10, 3, 1])) + encodePeerMessage(beat) + "\n";
  const frames: DialledFrame[] = [
    { type: "hello", id: 3, nonce, nodes: "1,3,10" },
    { type: "line", text: encodePeerMessage(beat) },
  ];
  assertEquals(pushed(dialledFrames(), text), frames);
  assertEquals(pushed(dialledFrames(), ...text), frames);
  assertEquals(pushed(dialledFrames(), "HELLO 3 and more\n"), [{
    type: "hello",
    id: 3,
    nonce: "",
    nodes: "",
  }]);
  for (const wrong of ["HELLO\n", "HELLO 0\n", "HI 3\n", "x".repeat(2100)]) {
    assertThrows(() => pushed(dialledFrames(), wrong), FrameError);
  }
});

Deno.test("file list: names stay in their folder and on their line", () => {
  for (
    const name of ["a", "1_1.txt", "naïve file.txt", "日本語", "🎭.txt", ".hidden", "a..b", "x".repeat(255)]
  ) assert(isFileName(name), name);
  for (
    const name of [
      "",
      ".",
      "..",
      "a/b",
      "/etc/passwd",
      "..\\x",
      "a\nb",
      "a\u0000",
      "\u007f",
      "\u0085",
      "\u2028",
      "\ud800",
      "x".repeat(256),
      "é".repeat(128),
    ]
  ) assert(!isFileName(name), JSON.stringify(name));
});

Deno.test("file list: is sorted by code point, each name once, and comes back as it was sent", () => {
  const names = fileNames(["b", "a", "Z", "\u{1f3ad}", "\uffee", "é", "a", "a/b"]);
  assertEquals(names, ["Z", "a", "b", "é", "\uffee", "\u{1f3ad}"]);
  assertEquals(decodeFileList(bytes(encodeFileList(names))), { names, refused: 0 });
  assertEquals(encodeFileList([]), "");
  assertEquals(decodeFileList(bytes("b\r\na")), { names: ["a", "b"], refused: 0 });
  assertEquals(decodeFileList(bytes("../x\na\n\u0007\n")), { names: ["a"], refused: 2 });
  assertThrows(() => decodeFileList(Uint8Array.of(0xff)), TypeError);
  fc.assert(fc.property(fc.array(fc.string({ unit: "binary" })), (given) => {
    const sorted = fileNames(given);
    const utf8 = sorted.map((name) => [...bytes(name)].map((byte) => String.fromCharCode(byte)).join(""));
    assertEquals(utf8, [...utf8].sort());
    assertEquals(decodeFileList(bytes(encodeFileList(sorted))).names, sorted);
  }));
});

Deno.test("file list: a list is bounded in names and bytes, one's own as one that is read", () => {
  const many = Array.from({ length: MAX_LIST_NAMES + 1 }, (_, index) => String(index));
  assertEquals(limitFileList(many).length, MAX_LIST_NAMES);
  const long = Array.from({ length: 9000 }, (_, index) => String(index).padStart(200, "x"));
  assertEquals(encodeFileList(limitFileList(long)).length <= MAX_LIST_BYTES, true);
  assertEquals(limitFileList(long).length, Math.floor(MAX_LIST_BYTES / 201));
  assertThrows(() => decodeFileList(bytes(encodeFileList(many))), RangeError, "over 10000 names");
});

Deno.test("file list: a name that looks like a heading is told from one in the log", () => {
  assertEquals(
    formatFileLog(1, [{ node: 1, names: ["Leader Node 2 files:", "Node 2 files:", "Node 2 files:x"] }]),
    "Leader Node 1 files:\n\\Leader Node 2 files:\n\\Node 2 files:\nNode 2 files:x\n",
  );
  for (
    const name of [
      "Node 2 files: ",
      "  Node 2 files:",
      "Node  2 files:\u200b",
      "node 2 FILES:",
      "Ｎｏｄｅ ２ files：",
      "Node \u0662 files:",
      "Node\u00a02 files:",
      " ",
      "\u3000\u200d",
    ]
  ) {
    const expected = `Leader Node 1 files:\n\\${name}\n`;
    assertEquals(formatFileLog(1, [{ node: 1, names: [name] }]), expected, JSON.stringify(name));
  }
});

Deno.test("file list: the log has the leader first, then the others by ID, to the byte", () => {
  const lists = [
    { node: 10, names: ["x"] },
    { node: 3, names: ["3_1.txt", "3_2.txt", "3_3.txt"] },
    { node: 2, names: [] },
    { node: 1, names: ["1_1.txt", "1_2.txt"] },
  ];
  assertEquals(
    formatFileLog(1, lists),
    "Leader Node 1 files:\n1_1.txt\n1_2.txt\n\nNode 2 files:\n\nNode 3 files:\n3_1.txt\n3_2.txt\n3_3.txt\n\nNode 10 files:\nx\n",
  );
});

import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  type AnnounceRequest,
  announceUrl,
  compactPeers,
  decodeAnnounceResponse,
  decodeScrapeResponse,
  encodeAnnounceResponse,
  encodeScrapeResponse,
  parseAnnounce,
  parseCompactPeers,
  parseScrape,
  TrackerError,
} from "../../protocols/tracker.ts";
import {
  decodeUdpRequest,
  decodeUdpResponse,
  encodeUdpRequest,
  encodeUdpResponse,
  type UdpTrackerRequest,
} from "../../protocols/udp_tracker.ts";
import { encodeBencode } from "../../protocols/bencode.ts";

const id = fc.uint8Array({ minLength: 20, maxLength: 20 });
const bytes = fc.nat(2 ** 31);
const request: fc.Arbitrary<AnnounceRequest> = fc.record({
  infoHash: id,
  peerId: id,
  port: fc.integer({ min: 1, max: 65535 }),
  uploaded: bytes,
  downloaded: bytes,
  left: bytes,
  event: fc.constantFrom("started", "completed", "stopped"),
  numWant: fc.nat(200),
});
const zeros = new Uint8Array(20);
const hash = "%12%34%56x%9A%BC%DE%F1%23Eg%89%AB%CD%EF%124Vx%9A";

Deno.test("tracker: the query of BEP 3's example is read, raw bytes and all", () => {
  const { infoHash, event, numWant, left } = parseAnnounce(
    `?info_hash=${hash}&peer_id=-AB0001-123456789012&port=6881&left=0&event=started&numwant=50&junk&x=%`,
  );
  assertEquals(
    [...infoHash.subarray(0, 5), event, numWant, left],
    [0x12, 0x34, 0x56, 0x78, 0x9a, "started", 50, 0],
  );
});

Deno.test("tracker: what is missing or has no sense is a failure that says so", () => {
  const good = { info_hash: hash, peer_id: "%00".repeat(20), port: "6881" };
  const cases: [Record<string, string>, string][] = [
    [{ info_hash: "" }, "info_hash"],
    [{ info_hash: "%1" }, "info_hash"],
    [{ info_hash: "ы" }, "info_hash"],
    [{ peer_id: "short" }, "peer_id"],
    [{ port: "0" }, "port"],
    [{ port: "65536" }, "port"],
    [{ port: "http" }, "port"],
    [{ left: "1e9" }, "left"],
  ];
  for (const [change, named] of cases) {
    const query = Object.entries({ ...good, ...change }).map(([key, value]) => `${key}=${value}`).join("&");
    assertThrows(() => parseAnnounce(query), TrackerError, named);
  }
  assertThrows(() => parseScrape(""), TrackerError, "missing");
  assertThrows(() => parseScrape(`info_hash=${hash}&`.repeat(65)), TrackerError, "64");
});

Deno.test("tracker: an announce is read as it was sent, after a tracker's own query too", () => {
  fc.assert(fc.property(request, (sent) => {
    for (const tracker of ["http://127.0.0.1:1/announce", "http://h/announce?key=1"]) {
      const { compact, ...read } = parseAnnounce(new URL(announceUrl(tracker, sent)).search);
      assert(compact);
      assertEquals(read, sent);
    }
  }));
});

Deno.test("tracker: peers of both families are 6 and 18 bytes each", () => {
  const peers = [{ hostname: "127.0.0.1", port: 6881 }, { hostname: "::1", port: 258 }, {
    hostname: "name",
    port: 1,
  }];
  assertEquals([...compactPeers(peers, 4)], [127, 0, 0, 1, 0x1a, 0xe1]);
  assertEquals([...compactPeers(peers, 16)], [...new Array(15).fill(0), 1, 1, 2]);
  assertEquals(parseCompactPeers(Uint8Array.of(1, 2, 3, 4, 0, 0, 5), 4), []);
});

Deno.test("tracker: addresses are written as they are read", () => {
  const ipv4 = fc.ipV4();
  const ipv6 = fc.ipV6();
  fc.assert(fc.property(ipv4, ipv6, (a, b) => {
    const read4 = parseCompactPeers(compactPeers([{ hostname: a, port: 1 }], 4), 4);
    assertEquals(read4.length, 1);
    const [first] = parseCompactPeers(compactPeers([{ hostname: b, port: 1 }], 16), 16);
    assert(first !== undefined, b);
    assertEquals(parseCompactPeers(compactPeers([first], 16), 16), [first]);
    assertEquals(new URL(`http://[${b}]/`).hostname, new URL(`http://[${first.hostname}]/`).hostname);
  }));
});

Deno.test("tracker: both forms of an answer are read, a failure too", () => {
  const peers = [{ hostname: "127.0.0.1", port: 6881 }, { hostname: "10.0.0.1", port: 6882 }];
  const response = { type: "peers", intervalSeconds: 30, complete: 1, incomplete: 1, peers } as const;
  assertEquals(decodeAnnounceResponse(encodeAnnounceResponse(response)), response);
  assertEquals(decodeAnnounceResponse(encodeAnnounceResponse(response, { compact: false })), response);
  const failure = { type: "failure", reason: "unknown torrent" } as const;
  assertEquals(decodeAnnounceResponse(encodeAnnounceResponse(failure)), failure);
  const counts = { complete: 1, incomplete: 2, downloaded: 3 };
  assertEquals(decodeScrapeResponse(encodeScrapeResponse([[zeros, counts]])), [[zeros, counts]]);
});

Deno.test("tracker: an answer that is none is refused, and what is senseless in one is left out", () => {
  for (
    const bad of [
      [],
      [1, 2],
      encodeBencode([]),
      encodeBencode({ peers: "" }),
      encodeBencode({ interval: -1 }),
    ]
  ) {
    assertThrows(() => decodeAnnounceResponse(Uint8Array.from(bad)), TrackerError);
  }
  const peers = [{ ip: "a b", port: 1 }, { ip: "h", port: 0 }, { ip: "h" }, 7, { ip: "h", port: 7 }];
  const read = decodeAnnounceResponse(encodeBencode({ interval: 1, peers }));
  assertEquals(read.type === "peers" && read.peers, [{ hostname: "h", port: 7 }]);
  const many = decodeAnnounceResponse(encodeBencode({ interval: 1, peers: new Uint8Array(6000).fill(1) }));
  assertEquals(many.type === "peers" && many.peers.length, 500);
});

Deno.test("UDP tracker: a client's datagrams have the bytes of BEP 15, and are read as they were sent", () => {
  const connect = encodeUdpRequest({ type: "connect", transaction: 0x01020304 });
  assertEquals([...connect], [0, 0, 4, 0x17, 0x27, 0x10, 0x19, 0x80, 0, 0, 0, 0, 1, 2, 3, 4]);
  fc.assert(fc.property(request, fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (sent, connection) => {
    const messages: UdpTrackerRequest[] = [
      { type: "announce", transaction: 7, connection, request: sent, key: 9 },
      { type: "scrape", transaction: 8, connection, infoHashes: [sent.infoHash, zeros] },
    ];
    assertEquals(messages.map((message) => encodeUdpRequest(message).length), [98, 56]);
    for (const message of messages) assertEquals(decodeUdpRequest(encodeUdpRequest(message)), message);
  }));
});

Deno.test("UDP tracker: a tracker's datagrams are read as they were sent, over both families", () => {
  const response = { type: "peers", intervalSeconds: 30, complete: 1, incomplete: 2 } as const;
  const v4 = { ...response, peers: [{ hostname: "127.0.0.1", port: 6881 }] };
  const v6 = { ...response, peers: [{ hostname: "::1", port: 6881 }] };
  const counts = [{ complete: 1, incomplete: 2, downloaded: 3 }];
  for (
    const [message, family] of [
      [{ type: "connect", transaction: 1, connection: 2n ** 63n }, "IPv4"],
      [{ type: "announce", transaction: 1, response: v4 }, "IPv4"],
      [{ type: "announce", transaction: 1, response: v6 }, "IPv6"],
      [{ type: "scrape", transaction: 1, counts }, "IPv4"],
      [{ type: "error", transaction: 1, reason: "no" }, "IPv6"],
    ] as const
  ) assertEquals(decodeUdpResponse(encodeUdpResponse(message, family), family), message);
});

Deno.test("UDP tracker: rubbish is no request, and a TrackerError as an answer", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 120 }), (rubbish) => {
    decodeUdpRequest(rubbish);
    try {
      decodeUdpResponse(rubbish);
    } catch (error) {
      assert(error instanceof TrackerError, String(error));
    }
  }));
  const wrong = encodeUdpRequest({ type: "connect", transaction: 1 });
  wrong[7] = 0;
  assertEquals(decodeUdpRequest(wrong), undefined);
});

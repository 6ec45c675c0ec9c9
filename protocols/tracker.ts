/**
 * HTTP trackers: announce and scrape (BEP 3, 48), compact peers of both families (BEP 23, 7).
 *
 * @module
 */
import { ipBytes, ipText } from "./_ip_address.ts";
import { percentDecode, percentEncode } from "./_percent_bytes.ts";
import {
  bencodeCount,
  type BencodeDictionary,
  bencodeText,
  type BencodeValue,
  binaryBytes,
  binaryText,
  decodeBencode,
  encodeBencode,
  isBencodeDictionary,
  isBencodeList,
} from "./bencode.ts";

export { hexBytes, hexText } from "./_percent_bytes.ts";

/** Where a peer listens: an IP address and a port from 1 to 65535. */
export interface PeerAddress {
  /** An IP address; from trackers that are not compact it may be a name. */
  readonly hostname: string;
  /** 1 to 65535. */
  readonly port: number;
}

/** What happened at a peer since it last announced itself. */
export type AnnounceEvent = "started" | "completed" | "stopped";

/** What a peer tells a tracker. Counts are bytes. */
export interface AnnounceRequest {
  /** 20 bytes. */
  readonly infoHash: Uint8Array;
  /** 20 bytes. */
  readonly peerId: Uint8Array;
  /** Where it listens, at the address that it announces from. */
  readonly port: number;
  /** Sent to peers so far. */
  readonly uploaded: number;
  /** Received so far. */
  readonly downloaded: number;
  /** Still missing; 0 makes it a seed. */
  readonly left: number;
  /** Absent in those that are made at regular intervals. */
  readonly event?: AnnounceEvent;
  /** How many peers it wants. */
  readonly numWant?: number;
  /** False where the long form of peers is asked for. @default true */
  readonly compact?: boolean;
}

/** What a tracker answers. */
export type AnnounceResponse =
  | { readonly type: "failure"; readonly reason: string }
  | {
    readonly type: "peers";
    /** Seconds until the next regular announce. */
    readonly intervalSeconds: number;
    /** Seeds. */
    readonly complete: number;
    /** Peers that lack something. */
    readonly incomplete: number;
    readonly peers: readonly PeerAddress[];
  };

/** How many have a torrent. */
export interface ScrapeCounts {
  /** Seeds. */
  readonly complete: number;
  /** Peers that lack something. */
  readonly incomplete: number;
  /** How many have told that they completed it. */
  readonly downloaded: number;
}

/** The request or the answer is not what BEP 3 has. The message is for the other side. */
export class TrackerError extends Error {
  /** For `error.name`. */
  override readonly name = "TrackerError";
}

const ID_BYTES = 20;
/** The most torrents of one scrape. */
const MAX_SCRAPED = 64;
/** The most peers that are taken from one answer. */
export const MAX_PEERS_OF_ANSWER = 500;
/** The largest answer that is read. */
export const MAX_TRACKER_BYTES: number = 1024 * 1024;

/**
 * Reads the query of an announce.
 *
 * @throws {TrackerError} on what is missing or has no sense; the message is the failure reason to answer
 *   with.
 *
 * @example
 * ```ts
 * import { parseAnnounce } from "@troupe/actors/protocols/tracker";
 * import { assertEquals } from "@std/assert";
 *
 * const id = "%00".repeat(20);
 * const { port, left, compact } = parseAnnounce(`?info_hash=${id}&peer_id=${id}&port=6881&left=5&compact=1`);
 * assertEquals({ port, left, compact }, { port: 6881, left: 5, compact: true });
 * ```
 */
export function parseAnnounce(search: string): AnnounceRequest {
  const query = parseQuery(search);
  const port = count(query, "port");
  if (port === undefined || port < 1 || port > 65535) throw new TrackerError("port is not from 1 to 65535");
  const event = single(query, "event");
  const numWant = count(query, "numwant");
  return {
    infoHash: identifier(query, "info_hash"),
    peerId: identifier(query, "peer_id"),
    port,
    uploaded: count(query, "uploaded") ?? 0,
    downloaded: count(query, "downloaded") ?? 0,
    left: count(query, "left") ?? 0,
    compact: single(query, "compact") !== "0",
    ...(event === "started" || event === "completed" || event === "stopped" ? { event } : {}),
    ...(numWant === undefined ? {} : { numWant }),
  };
}

/**
 * Reads the query of a scrape: the info hashes asked for.
 *
 * @throws {TrackerError} on an invalid hash, on no hash, and on over 64.
 *
 * @example
 * ```ts
 * import { parseScrape } from "@troupe/actors/protocols/tracker";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseScrape(`?info_hash=${"%07".repeat(20)}`), [new Uint8Array(20).fill(7)]);
 * ```
 */
export function parseScrape(search: string): Uint8Array[] {
  const hashes = parseQuery(search).get("info_hash") ?? [];
  if (hashes.length === 0) throw new TrackerError("info_hash is missing");
  if (hashes.length > MAX_SCRAPED) throw new TrackerError(`over ${MAX_SCRAPED} torrents at once`);
  return hashes.map((hash) => asIdentifier("info_hash", hash));
}

function parseQuery(search: string): Map<string, string[]> {
  const query = new Map<string, string[]>();
  for (const part of search.replace(/^\?/, "").split("&")) {
    const equals = part.indexOf("=");
    if (equals < 0) continue;
    const key = part.slice(0, equals);
    const values = query.get(key);
    if (values === undefined) query.set(key, [part.slice(equals + 1)]);
    else values.push(part.slice(equals + 1));
  }
  return query;
}

function single(query: Map<string, string[]>, key: string): string | undefined {
  return query.get(key)?.[0];
}

function identifier(query: Map<string, string[]>, key: string): Uint8Array {
  const value = single(query, key);
  if (value === undefined) throw new TrackerError(`${key} is missing`);
  return asIdentifier(key, value);
}

function asIdentifier(key: string, value: string): Uint8Array {
  const bytes = percentDecode(value);
  if (bytes?.length !== ID_BYTES) throw new TrackerError(`${key} is not of ${ID_BYTES} bytes`);
  return bytes;
}

function count(query: Map<string, string[]>, key: string): number | undefined {
  const value = single(query, key);
  if (value === undefined || value === "") return undefined;
  // Clients write -1 for "as many as you like", and 2^64 - 1 for "not known".
  if (!/^-?\d{1,20}$/.test(value)) throw new TrackerError(`${key} is no number`);
  const number = Number(value);
  return number < 0 ? undefined : Math.min(number, Number.MAX_SAFE_INTEGER);
}

/**
 * The address that an announce is sent to.
 *
 * @example
 * ```ts
 * import { announceUrl, parseAnnounce } from "@troupe/actors/protocols/tracker";
 * import { assertEquals } from "@std/assert";
 *
 * const [infoHash, peerId] = [new Uint8Array(20).fill(1), new Uint8Array(20).fill(2)];
 * const request = { infoHash, peerId, port: 6881, uploaded: 0, downloaded: 0, left: 5, compact: true };
 * const url = new URL(announceUrl("http://127.0.0.1:6969/announce", request));
 * assertEquals(parseAnnounce(url.search), request);
 * ```
 */
export function announceUrl(tracker: string, request: AnnounceRequest): string {
  const { infoHash, peerId, port, uploaded, downloaded, left, event, numWant, compact = true } = request;
  const query = `info_hash=${percentEncode(infoHash)}&peer_id=${percentEncode(peerId)}&port=${port}` +
    `&uploaded=${uploaded}&downloaded=${downloaded}&left=${left}&compact=${compact ? 1 : 0}` +
    (event === undefined ? "" : `&event=${event}`) + (numWant === undefined ? "" : `&numwant=${numWant}`);
  return `${tracker}${tracker.includes("?") ? "&" : "?"}${query}`;
}

/**
 * Encodes an answer. Compact (BEP 23, 7), peers of the two families stand apart and names are left out.
 *
 * @example
 * ```ts
 * import { decodeAnnounceResponse, encodeAnnounceResponse } from "@troupe/actors/protocols/tracker";
 * import { assertEquals } from "@std/assert";
 *
 * const peers = [{ hostname: "127.0.0.1", port: 9080 }, { hostname: "::1", port: 9081 }];
 * const response = { type: "peers", intervalSeconds: 30, complete: 1, incomplete: 1, peers } as const;
 * assertEquals(decodeAnnounceResponse(encodeAnnounceResponse(response)), response);
 * ```
 */
export function encodeAnnounceResponse(
  response: AnnounceResponse,
  options: { readonly compact?: boolean } = {},
): Uint8Array<ArrayBuffer> {
  if (response.type === "failure") return encodeBencode({ "failure reason": response.reason });
  const { intervalSeconds: interval, complete, incomplete, peers } = response;
  if (options.compact === false) {
    return encodeBencode({
      interval,
      complete,
      incomplete,
      peers: peers.map(({ hostname, port }) => ({ ip: hostname, port })),
    });
  }
  const peers6 = compactPeers(peers, 16);
  return encodeBencode({
    interval,
    complete,
    incomplete,
    peers: compactPeers(peers, 4),
    peers6: peers6.length > 0 ? peers6 : undefined,
  });
}

/**
 * Peers of one family, address by address of so many bytes and two of the port.
 *
 * @example
 * ```ts
 * import { compactPeers } from "@troupe/actors/protocols/tracker";
 * import { assertEquals } from "@std/assert";
 *
 * const peers = [{ hostname: "127.0.0.1", port: 258 }];
 * assertEquals(compactPeers(peers, 4), Uint8Array.of(127, 0, 0, 1, 1, 2));
 * ```
 */
export function compactPeers(
  peers: readonly PeerAddress[],
  addressBytes: 4 | 16,
): Uint8Array<ArrayBuffer> {
  const entries = peers.map(({ hostname, port }) => ({ ip: ipBytes(hostname), port }))
    .filter(({ ip }) => ip?.length === addressBytes);
  const bytes = new Uint8Array(entries.length * (addressBytes + 2));
  entries.forEach(({ ip, port }, index) => {
    const at = index * (addressBytes + 2);
    bytes.set(ip ?? [], at);
    new DataView(bytes.buffer).setUint16(at + addressBytes, port);
  });
  return bytes;
}

/**
 * Reads what {@linkcode compactPeers} makes. Those without a port are left out.
 *
 * @example
 * ```ts
 * import { parseCompactPeers } from "@troupe/actors/protocols/tracker";
 * import { assertEquals } from "@std/assert";
 *
 * const peers = parseCompactPeers(Uint8Array.of(127, 0, 0, 1, 1, 2), 4);
 * assertEquals(peers, [{ hostname: "127.0.0.1", port: 258 }]);
 * ```
 */
export function parseCompactPeers(bytes: Uint8Array, addressBytes: 4 | 16): PeerAddress[] {
  const peers: PeerAddress[] = [];
  for (let at = 0; at + addressBytes + 2 <= bytes.length; at += addressBytes + 2) {
    const hostname = ipText(bytes.subarray(at, at + addressBytes));
    const port = ((bytes[at + addressBytes] ?? 0) << 8) | (bytes[at + addressBytes + 1] ?? 0);
    if (port > 0) peers.push({ hostname, port });
  }
  return peers;
}

/**
 * Reads an answer, in the compact form or the long one; at most {@linkcode MAX_PEERS_OF_ANSWER} peers are
 * taken.
 *
 * @throws {TrackerError} on what is no answer of a tracker.
 */
export function decodeAnnounceResponse(bytes: Uint8Array): AnnounceResponse {
  const answer = decodeDictionary(bytes);
  const reason = bencodeText(answer.get("failure reason"));
  if (reason !== undefined) return { type: "failure", reason };
  const intervalSeconds = bencodeCount(answer, "interval");
  if (intervalSeconds === undefined) throw new TrackerError("the answer has no interval");
  const peers6 = answer.get("peers6");
  const peers = [
    ...readPeers(answer.get("peers")),
    ...(peers6 instanceof Uint8Array ? parseCompactPeers(peers6, 16) : []),
  ];
  return {
    type: "peers",
    intervalSeconds,
    complete: bencodeCount(answer, "complete") ?? 0,
    incomplete: bencodeCount(answer, "incomplete") ?? 0,
    peers: peers.slice(0, MAX_PEERS_OF_ANSWER),
  };
}

function readPeers(value: BencodeValue | undefined): PeerAddress[] {
  if (value instanceof Uint8Array) return parseCompactPeers(value, 4);
  if (!isBencodeList(value)) return [];
  return value.flatMap((entry) => {
    if (!isBencodeDictionary(entry)) return [];
    const hostname = bencodeText(entry.get("ip"));
    const port = bencodeCount(entry, "port");
    const isAddress = hostname !== undefined && /^[0-9A-Za-z.:_-]{1,253}$/.test(hostname) &&
      port !== undefined && port >= 1 && port <= 65535;
    return isAddress ? [{ hostname, port }] : [];
  });
}

/**
 * Encodes the answer to a scrape: pairs of info hash and counts.
 *
 * @example
 * ```ts
 * import { decodeScrapeResponse, encodeScrapeResponse } from "@troupe/actors/protocols/tracker";
 * import { assertEquals } from "@std/assert";
 *
 * const files: [Uint8Array, { complete: number; incomplete: number; downloaded: number }][] = [
 *   [new Uint8Array(20).fill(7), { complete: 2, incomplete: 1, downloaded: 9 }],
 * ];
 * assertEquals(decodeScrapeResponse(encodeScrapeResponse(files)), files);
 * ```
 */
export function encodeScrapeResponse(
  files: Iterable<readonly [Uint8Array, ScrapeCounts]>,
): Uint8Array<ArrayBuffer> {
  const entries = [...files].map(([hash, { complete, incomplete, downloaded }]): [
    string,
    { complete: number; incomplete: number; downloaded: number },
  ] => [binaryText(hash), { complete, incomplete, downloaded }]);
  return encodeBencode({ files: new Map(entries) });
}

/**
 * Reads the answer to a scrape: pairs of info hash and counts.
 *
 * @throws {TrackerError} on what is no such answer.
 */
export function decodeScrapeResponse(bytes: Uint8Array): [Uint8Array, ScrapeCounts][] {
  const files = decodeDictionary(bytes).get("files");
  if (!isBencodeDictionary(files)) throw new TrackerError("the answer has no files");
  return [...files].map(([hash, counts]) => {
    if (!isBencodeDictionary(counts)) throw new TrackerError("the answer has no counts");
    return [binaryBytes(hash), {
      complete: bencodeCount(counts, "complete") ?? 0,
      incomplete: bencodeCount(counts, "incomplete") ?? 0,
      downloaded: bencodeCount(counts, "downloaded") ?? 0,
    }];
  });
}

function decodeDictionary(bytes: Uint8Array): BencodeDictionary {
  let value: BencodeValue;
  try {
    value = decodeBencode(bytes, { maxBytes: MAX_TRACKER_BYTES });
  } catch (error) {
    throw new TrackerError("the answer is not bencoded", { cause: error });
  }
  if (!isBencodeDictionary(value)) throw new TrackerError("the answer is no dictionary");
  return value;
}

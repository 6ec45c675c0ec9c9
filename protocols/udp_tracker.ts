/**
 * UDP trackers (BEP 15): both sides' datagrams.
 *
 * @module
 */
import type { AnnounceEvent, AnnounceRequest, AnnounceResponse, ScrapeCounts } from "./tracker.ts";
import { compactPeers, MAX_PEERS_OF_ANSWER, parseCompactPeers, TrackerError } from "./tracker.ts";

/**
 * A datagram that a client sends. Connection and transaction are numbers that the tracker and the client
 * chose.
 */
export type UdpTrackerRequest =
  | { readonly type: "connect"; readonly transaction: number }
  | {
    readonly type: "announce";
    readonly transaction: number;
    readonly connection: bigint;
    readonly request: AnnounceRequest;
    /** Chosen by the client once, so that it is known when its address changes. */
    readonly key: number;
  }
  | {
    readonly type: "scrape";
    readonly transaction: number;
    readonly connection: bigint;
    readonly infoHashes: readonly Uint8Array[];
  };

/** A datagram that a tracker sends. */
export type UdpTrackerResponse =
  | { readonly type: "connect"; readonly transaction: number; readonly connection: bigint }
  | {
    readonly type: "announce";
    readonly transaction: number;
    readonly response: Extract<AnnounceResponse, { type: "peers" }>;
  }
  | { readonly type: "scrape"; readonly transaction: number; readonly counts: readonly ScrapeCounts[] }
  | { readonly type: "error"; readonly transaction: number; readonly reason: string };

const PROTOCOL_ID = 0x41727101980n;
const ACTIONS = ["connect", "announce", "scrape", "error"] as const;
const EVENTS: readonly (AnnounceEvent | undefined)[] = [undefined, "completed", "started", "stopped"];
const ANNOUNCE_BYTES = 98;
/** So many fit into a datagram of 1,500 bytes. */
const MAX_SCRAPED = 74;

/**
 * Encodes a datagram for a tracker.
 *
 * @example
 * ```ts
 * import { decodeUdpRequest, encodeUdpRequest } from "@troupe/actors/protocols/udp-tracker";
 * import { assertEquals } from "@std/assert";
 *
 * const connect = { type: "connect", transaction: 7 } as const;
 * assertEquals(decodeUdpRequest(encodeUdpRequest(connect)), connect);
 * assertEquals(decodeUdpRequest(new Uint8Array(3)), undefined);
 * ```
 */
export function encodeUdpRequest(message: UdpTrackerRequest): Uint8Array<ArrayBuffer> {
  const action = ACTIONS.indexOf(message.type);
  const size = message.type === "connect"
    ? 16
    : message.type === "announce"
    ? ANNOUNCE_BYTES
    : 16 + 20 * message.infoHashes.length;
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, message.type === "connect" ? PROTOCOL_ID : message.connection);
  view.setUint32(8, action);
  view.setUint32(12, message.transaction);
  if (message.type === "announce") {
    const { request } = message;
    bytes.set(request.infoHash, 16);
    bytes.set(request.peerId, 36);
    view.setBigUint64(56, BigInt(request.downloaded));
    view.setBigUint64(64, BigInt(request.left));
    view.setBigUint64(72, BigInt(request.uploaded));
    view.setUint32(80, EVENTS.indexOf(request.event));
    view.setUint32(88, message.key);
    view.setInt32(92, request.numWant ?? -1);
    view.setUint16(96, request.port);
  } else if (message.type === "scrape") {
    message.infoHashes.forEach((hash, index) => bytes.set(hash, 16 + 20 * index));
  }
  return bytes;
}

/** Reads a datagram of a client; undefined for what is none, which is not answered. */
export function decodeUdpRequest(bytes: Uint8Array): UdpTrackerRequest | undefined {
  if (bytes.length < 16) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const connection = view.getBigUint64(0);
  const transaction = view.getUint32(12);
  switch (ACTIONS[view.getUint32(8)]) {
    case "connect":
      return connection === PROTOCOL_ID ? { type: "connect", transaction } : undefined;
    case "announce": {
      const port = bytes.length >= ANNOUNCE_BYTES ? view.getUint16(96) : 0;
      if (port === 0) return undefined;
      const event = EVENTS[view.getUint32(80)];
      const numWant = view.getInt32(92);
      const request: AnnounceRequest = {
        infoHash: bytes.slice(16, 36),
        peerId: bytes.slice(36, 56),
        port,
        downloaded: countOf(view, 56),
        left: countOf(view, 64),
        uploaded: countOf(view, 72),
        ...(event === undefined ? {} : { event }),
        ...(numWant < 0 ? {} : { numWant }),
      };
      return { type: "announce", transaction, connection, request, key: view.getUint32(88) };
    }
    case "scrape": {
      const infoHashes: Uint8Array[] = [];
      for (let at = 16; at + 20 <= bytes.length; at += 20) infoHashes.push(bytes.slice(at, at + 20));
      const fits = infoHashes.length >= 1 && infoHashes.length <= MAX_SCRAPED;
      return fits ? { type: "scrape", transaction, connection, infoHashes } : undefined;
    }
    default:
      return undefined;
  }
}

/** Clients that do not know write 2^64 - 1. */
function countOf(view: DataView, at: number): number {
  return Math.min(Number(view.getBigUint64(at)), Number.MAX_SAFE_INTEGER);
}

/** Encodes a tracker's datagram; the peers of an answer are those of the family that it is sent over. */
export function encodeUdpResponse(
  message: UdpTrackerResponse,
  family: "IPv4" | "IPv6" = "IPv4",
): Uint8Array<ArrayBuffer> {
  const payload = payloadOf(message, family);
  const bytes = new Uint8Array(8 + payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, ACTIONS.indexOf(message.type));
  view.setUint32(4, message.transaction);
  bytes.set(payload, 8);
  return bytes;
}

function payloadOf(message: UdpTrackerResponse, family: "IPv4" | "IPv6"): Uint8Array {
  switch (message.type) {
    case "connect": {
      const bytes = new Uint8Array(8);
      new DataView(bytes.buffer).setBigUint64(0, message.connection);
      return bytes;
    }
    case "announce": {
      const { intervalSeconds, incomplete, complete, peers } = message.response;
      const compact = compactPeers(peers, family === "IPv4" ? 4 : 16);
      return withNumbers([intervalSeconds, incomplete, complete], compact);
    }
    case "scrape":
      return withNumbers(
        message.counts.flatMap(({ complete, downloaded, incomplete }) => [complete, downloaded, incomplete]),
        new Uint8Array(0),
      );
    case "error":
      return new TextEncoder().encode(message.reason);
  }
}

function withNumbers(numbers: readonly number[], rest: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(4 * numbers.length + rest.length);
  const view = new DataView(bytes.buffer);
  numbers.forEach((number, index) => view.setUint32(4 * index, number));
  bytes.set(rest, 4 * numbers.length);
  return bytes;
}

/**
 * Reads a tracker's datagram.
 *
 * @throws {TrackerError} on what is none.
 *
 * @example
 * ```ts
 * import { decodeUdpResponse, encodeUdpResponse } from "@troupe/actors/protocols/udp-tracker";
 * import { assertEquals } from "@std/assert";
 *
 * const response = { type: "connect", transaction: 7, connection: 1n } as const;
 * assertEquals(decodeUdpResponse(encodeUdpResponse(response)), response);
 * ```
 */
export function decodeUdpResponse(
  bytes: Uint8Array,
  family: "IPv4" | "IPv6" = "IPv4",
): UdpTrackerResponse {
  if (bytes.length < 8) throw new TrackerError("the datagram is too short");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const transaction = view.getUint32(4);
  const type = ACTIONS[view.getUint32(0)];
  switch (type) {
    case "connect":
      if (bytes.length < 16) throw new TrackerError("the datagram is too short");
      return { type, transaction, connection: view.getBigUint64(8) };
    case "announce": {
      if (bytes.length < 20) throw new TrackerError("the datagram is too short");
      const peers = parseCompactPeers(bytes.subarray(20), family === "IPv4" ? 4 : 16);
      const response = {
        type: "peers" as const,
        intervalSeconds: view.getUint32(8),
        incomplete: view.getUint32(12),
        complete: view.getUint32(16),
        peers: peers.slice(0, MAX_PEERS_OF_ANSWER),
      };
      return { type, transaction, response };
    }
    case "scrape": {
      const counts: ScrapeCounts[] = [];
      for (let at = 8; at + 12 <= bytes.length; at += 12) {
        const [complete, downloaded] = [view.getUint32(at), view.getUint32(at + 4)];
        counts.push({ complete, downloaded, incomplete: view.getUint32(at + 8) });
      }
      return { type, transaction, counts };
    }
    case "error":
      return { type, transaction, reason: new TextDecoder().decode(bytes.subarray(8)) };
    default:
      throw new TrackerError("the datagram is of no kind that is known");
  }
}

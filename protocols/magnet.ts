/**
 * Magnet links to torrents (BEP 9).
 *
 * @module
 */
import { hexBytes, hexText } from "./_percent_bytes.ts";
import { isTrackerUrl } from "./metainfo.ts";
import type { PeerAddress } from "./tracker.ts";

/** What a magnet link says. */
export interface Magnet {
  /** SHA-1 of the info dictionary: 20 bytes. */
  readonly infoHash: Uint8Array;
  /** A name to show until the true one is known. */
  readonly displayName?: string;
  /** Addresses of trackers. */
  readonly trackers: readonly string[];
  /** Peers to ask at once. */
  readonly peers: readonly PeerAddress[];
}

/** The longest link that is read. */
const MAX_CHARACTERS = 16 * 1024;
const MAX_TRACKERS = 100;
const MAX_PEERS = 100;
const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/**
 * Whether a text looks like a magnet link at all.
 *
 * @example
 * ```ts
 * import { isMagnet } from "@troupe/actors/protocols/magnet";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(["magnet:?xt=urn:btih:00", "notes.txt"].map(isMagnet), [true, false]);
 * ```
 */
export function isMagnet(text: string): boolean {
  return /^\s*magnet:/i.test(text);
}

/**
 * Reads a magnet link. Trackers and peers that cannot be asked are left out.
 *
 * @throws {SyntaxError} on what is no magnet link, or not to a torrent of version 1.
 *
 * @example
 * ```ts
 * import { formatMagnet, parseMagnet } from "@troupe/actors/protocols/magnet";
 * import { assertEquals } from "@std/assert";
 *
 * const infoHash = new Uint8Array(20).fill(0xab);
 * const peers = [{ hostname: "127.0.0.1", port: 9080 }];
 * const magnet = { infoHash, displayName: "a b.txt", trackers: ["http://127.0.0.1:10080/announce"], peers };
 * assertEquals(parseMagnet(formatMagnet(magnet)), magnet);
 * ```
 */
export function parseMagnet(text: string): Magnet {
  if (!isMagnet(text)) throw new SyntaxError("Cannot read the magnet link: it does not begin with magnet:");
  if (text.length > MAX_CHARACTERS) throw new SyntaxError("Cannot read the magnet link: it is too long");
  const query = new Query(text);
  const infoHash = query.all("xt").map(readTopic).find((hash) => hash !== undefined);
  if (infoHash === undefined) {
    throw new SyntaxError("Cannot read the magnet link: it has no xt=urn:btih: with 40 or 32 characters");
  }
  const [displayName] = query.all("dn");
  return {
    infoHash,
    ...(displayName === undefined ? {} : { displayName }),
    trackers: query.all("tr").filter(isTrackerUrl).slice(0, MAX_TRACKERS),
    peers: query.all("x.pe").map(readPeer).filter((peer) => peer !== undefined).slice(0, MAX_PEERS),
  };
}

/**
 * The parameters of a link as pages and mails give it: white space around it, `&amp;` for `&`, a fragment,
 * parameters with numbers (`tr.1`), names in capitals.
 */
class Query {
  readonly #parameters: readonly (readonly [string, string])[];

  constructor(text: string) {
    const [query = ""] = text.trim().slice("magnet:".length).replace(/^\?/, "").split("#");
    this.#parameters = [...new URLSearchParams(query.replaceAll("&amp;", "&"))]
      .map(([name, value]) => [name.toLowerCase().replace(/\.\d+$/, ""), value]);
  }

  /** The values of a parameter, in order. */
  all(name: string): string[] {
    return this.#parameters.filter(([each]) => each === name).map(([, value]) => value);
  }
}

function readTopic(topic: string): Uint8Array | undefined {
  const hash = /^urn:btih:([0-9A-Za-z]+)$/i.exec(topic.trim())?.[1];
  if (hash?.length === 40) return hexBytes(hash);
  return hash?.length === 32 ? base32Bytes(hash.toUpperCase()) : undefined;
}

function base32Bytes(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(20);
  for (let index = 0; index < 32; index++) {
    const value = BASE32.indexOf(text.charAt(index));
    if (value < 0) return undefined;
    for (let bit = 0; bit < 5; bit++) {
      const at = index * 5 + bit;
      if ((value & (16 >> bit)) !== 0) bytes[at >> 3] = (bytes[at >> 3] ?? 0) | (128 >> (at & 7));
    }
  }
  return bytes;
}

function readPeer(text: string): PeerAddress | undefined {
  const parts = /^(?:\[([0-9A-Fa-f:.]+)\]|([0-9A-Za-z._-]{1,253})):(\d{1,5})$/.exec(text);
  const hostname = parts?.[1] ?? parts?.[2];
  const port = Number(parts?.[3]);
  return hostname !== undefined && port >= 1 && port <= 65535 ? { hostname, port } : undefined;
}

/** Writes a magnet link. */
export function formatMagnet(magnet: Magnet): string {
  const { infoHash, displayName, trackers, peers } = magnet;
  const parts = [`xt=urn:btih:${hexText(infoHash)}`];
  if (displayName !== undefined) parts.push(`dn=${encodeURIComponent(displayName)}`);
  for (const tracker of trackers) parts.push(`tr=${encodeURIComponent(tracker)}`);
  for (const { hostname, port } of peers) {
    parts.push(
      `x.pe=${encodeURIComponent(`${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`)}`,
    );
  }
  return `magnet:?${parts.join("&")}`;
}

/**
 * Peers that could be dialled, and when it makes sense to.
 *
 * @module
 */
import { equalBytes } from "../../protocols/_equal_bytes.ts";
import { addressKey } from "../net/mod.ts";
import type { SocketAddress } from "../world/world.ts";

/** A peer to dial. */
export interface DialTarget {
  /** Where it listens. */
  readonly address: SocketAddress;
  /** The info hash under which it was heard of. */
  readonly infoHash: Uint8Array;
  /** The info dictionary of that hash, where it is known and not the torrent's own. */
  readonly infoBytes?: Uint8Array;
}

interface Entry {
  target: DialTarget;
  failures: number;
  endedAtMs: number;
  nextAtMs: number;
  isBusy: boolean;
  isBanned: boolean;
}

/** The most peers that are remembered. */
const MAX_ENTRIES = 500;
/** Of one host (of IPv6, one /64 network): a tracker may name whom it likes, and have all of us dial it. */
const MAX_OF_HOST = 32;
/** Of a host that has so many, one that failed so often gives way to a new one. */
const HOPELESS_FAILURES = 6;
const RETRY_MIN_MS = 1000;
const RETRY_MAX_MS = 60_000;
/** The longest wait while nobody gives what is to be fetched. */
const SERVELESS_RETRY_MS = 10_000;

/** Remembers who was heard of. It is told the time and reads no clock. */
export class AddressBook {
  readonly #entries = new Map<string, Entry>();

  /** A peer was heard of. One that is new, or has the torrent under another hash, may be dialled at once. */
  add(target: DialTarget): void {
    const key = keyOf(target.address);
    const known = this.#entries.get(key);
    if (known !== undefined) return replaceTarget(known, target);
    if (!this.#hasRoom(addressKey(target.address.hostname))) return;
    this.#entries.set(key, {
      target,
      failures: 0,
      endedAtMs: 0,
      nextAtMs: 0,
      isBusy: false,
      isBanned: false,
    });
  }

  /**
   * A peer to dial now, which counts as busy until it has {@linkcode AddressBook.ended}. Unless `isServed`,
   * no address waits for long.
   */
  next(nowMs: number, isServed = true): DialTarget | undefined {
    let best: Entry | undefined;
    for (const entry of this.#entries.values()) {
      if (entry.isBusy || entry.isBanned || dueAtMs(entry, isServed) > nowMs) continue;
      if (best === undefined || entry.failures < best.failures) best = entry;
    }
    if (best === undefined) return undefined;
    best.isBusy = true;
    return best.target;
  }

  /** A connection to it was made, and worked. */
  worked(address: SocketAddress): void {
    const entry = this.#entries.get(keyOf(address));
    if (entry !== undefined) entry.failures = 0;
  }

  /**
   * The connection, or the attempt at one, is over: the next waits longer each time that nothing came of it.
   */
  ended(address: SocketAddress, nowMs: number): void {
    const entry = this.#entries.get(keyOf(address));
    if (entry === undefined) return;
    entry.isBusy = false;
    entry.endedAtMs = nowMs;
    entry.nextAtMs = nowMs + Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** entry.failures++);
  }

  /** It is never dialled again. */
  ban(address: SocketAddress): void {
    const entry = this.#entries.get(keyOf(address));
    if (entry !== undefined) entry.isBanned = true;
  }

  /** A connection that it had made, and that was of use, is over: failures to make another do not count. */
  left(address: SocketAddress, nowMs: number): void {
    const entry = this.#entries.get(keyOf(address));
    if (entry === undefined) return;
    entry.failures = 0;
    entry.nextAtMs = Math.min(entry.nextAtMs, nowMs + RETRY_MIN_MS);
  }

  #hasRoom(host: string): boolean {
    const ofHost = [...this.#entries.values()].filter(({ target: { address } }) =>
      addressKey(address.hostname) === host
    );
    if (ofHost.length >= MAX_OF_HOST) return this.#forgetOne(ofHost, HOPELESS_FAILURES);
    return this.#entries.size < MAX_ENTRIES || this.#forgetOne(this.#entries.values(), 1);
  }

  /** Makes room by forgetting the one that failed most often; false when all are in use, banned or of use. */
  #forgetOne(entries: Iterable<Entry>, leastFailures: number): boolean {
    let worst: Entry | undefined;
    for (const entry of entries) {
      if (entry.isBusy || entry.isBanned || entry.failures < leastFailures) continue;
      if (worst === undefined || entry.failures > worst.failures) worst = entry;
    }
    return worst !== undefined && this.#entries.delete(keyOf(worst.target.address));
  }
}

/** What failed under the hash that was known before says nothing of the other. */
function replaceTarget(known: Entry, target: DialTarget): void {
  if (equalBytes(known.target.infoHash, target.infoHash)) return;
  known.target = target;
  known.failures = known.nextAtMs = 0;
}

function dueAtMs({ nextAtMs, endedAtMs }: Entry, isServed: boolean): number {
  return isServed ? nextAtMs : Math.min(nextAtMs, endedAtMs + SERVELESS_RETRY_MS);
}

function keyOf({ hostname, port }: SocketAddress): string {
  return `${hostname} ${port}`;
}

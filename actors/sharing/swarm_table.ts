/**
 * Who takes part in which swarm, as a tracker knows it.
 *
 * @module
 */
import type { AnnounceRequest, PeerAddress, ScrapeCounts } from "../../protocols/tracker.ts";

interface Entry {
  readonly address: PeerAddress;
  isSeed: boolean;
  atMs: number;
}

interface Swarm {
  readonly peers: Map<string, Entry>;
  downloaded: number;
}

/** The most peers of one swarm. */
const MAX_PEERS = 1000;
/** The most entries of one address, in one swarm. */
const MAX_OF_ADDRESS = 100;
/** How many peers are answered, unless the peer wants fewer. */
const MAX_ANSWERED = 100;
const DEFAULT_ANSWERED = 50;

/** Remembers who announced itself, for so long. It is told the time and reads no clock. */
export class SwarmTable {
  readonly #expireMs: number;
  readonly #swarms = new Map<string, Swarm>();

  /** Who was not heard of for `expireMs` is gone. */
  constructor(expireMs: number) {
    this.#expireMs = expireMs;
  }

  /** A peer announces itself from `hostname` to the swarm `key`. */
  announce(key: string, request: AnnounceRequest, hostname: string, nowMs: number): void {
    const swarm = this.#swarm(key);
    const address = { hostname, port: request.port };
    const peer = `${hostname} ${request.port}`;
    const known = swarm.peers.get(peer);
    swarm.peers.delete(peer);
    if (request.event === "completed") swarm.downloaded++;
    if (request.event === "stopped") return;
    if (known === undefined) this.#makeRoom(swarm, hostname, nowMs);
    // The one that was heard of last stands last.
    swarm.peers.set(peer, { address, isSeed: request.left === 0, atMs: nowMs });
  }

  /**
   * Peers for one who asks: at most `wanted`, never itself, for a seed none that are seeds, from a random
   * place on.
   */
  peers(
    key: string,
    request: AnnounceRequest,
    hostname: string,
    nowMs: number,
    random: () => number,
  ): PeerAddress[] {
    const swarm = this.#swarms.get(key);
    if (swarm === undefined) return [];
    this.#expire(swarm, nowMs);
    const isSelf = ({ address }: Entry) => address.hostname === hostname && address.port === request.port;
    const others = [...swarm.peers.values()].filter((entry) =>
      !isSelf(entry) && !(request.left === 0 && entry.isSeed)
    );
    const count = Math.min(request.numWant ?? DEFAULT_ANSWERED, MAX_ANSWERED);
    const first = Math.floor(random() * others.length);
    return [...others.slice(first), ...others.slice(0, first)].slice(0, count).map(({ address }) => address);
  }

  /** How many have it. */
  counts(key: string, nowMs: number): ScrapeCounts {
    const swarm = this.#swarms.get(key);
    if (swarm === undefined) return { complete: 0, incomplete: 0, downloaded: 0 };
    this.#expire(swarm, nowMs);
    let complete = 0;
    for (const { isSeed } of swarm.peers.values()) if (isSeed) complete++;
    return { complete, incomplete: swarm.peers.size - complete, downloaded: swarm.downloaded };
  }

  /** Those that lack something, of every swarm that has such. */
  leechers(nowMs: number): Map<string, PeerAddress[]> {
    const found = new Map<string, PeerAddress[]>();
    for (const [key, swarm] of this.#swarms) {
      this.#expire(swarm, nowMs);
      const addresses = [...swarm.peers.values()].filter(({ isSeed }) => !isSeed).map(({ address }) =>
        address
      );
      if (addresses.length > 0) found.set(key, addresses.slice(-MAX_ANSWERED));
    }
    return found;
  }

  /** Forgets every swarm but these. */
  keep(isKnown: (key: string) => boolean): void {
    for (const key of this.#swarms.keys()) if (!isKnown(key)) this.#swarms.delete(key);
  }

  #swarm(key: string): Swarm {
    let swarm = this.#swarms.get(key);
    if (swarm === undefined) this.#swarms.set(key, swarm = { peers: new Map(), downloaded: 0 });
    return swarm;
  }

  #makeRoom(swarm: Swarm, hostname: string, nowMs: number): void {
    this.#expire(swarm, nowMs);
    let ofAddress = 0;
    let oldest: string | undefined;
    for (const [peer, { address }] of swarm.peers) {
      if (address.hostname !== hostname) continue;
      oldest ??= peer;
      ofAddress++;
    }
    if (ofAddress >= MAX_OF_ADDRESS && oldest !== undefined) swarm.peers.delete(oldest);
    const [first] = swarm.peers.keys();
    if (swarm.peers.size >= MAX_PEERS && first !== undefined) swarm.peers.delete(first);
  }

  #expire(swarm: Swarm, nowMs: number): void {
    for (const [peer, { atMs }] of swarm.peers) {
      if (nowMs - atMs < this.#expireMs) return;
      swarm.peers.delete(peer);
    }
  }
}

/**
 * Who of a torrent's peers is sent to.
 *
 * @module
 */
import { chooseUnchoked } from "./choker.ts";
import type { TorrentPeer } from "./torrent_peer.ts";

/** BEP 3: who is sent to is thought over every 10 seconds, the one by chance every 30. */
const ROUND_MS = 10_000;
const ROUNDS_OF_OPTIMISTIC = 3;

/** Tells peers that they are choked, and that they are not. It is told the time and reads no clock. */
export class Unchoking {
  readonly #slots: number;
  readonly #random: () => number;
  #optimistic = 0;
  #rounds = 0;
  #roundAtMs: number;

  /** Sends to so many at once. */
  constructor(slots: number, random: () => number, nowMs: number) {
    this.#slots = slots;
    this.#random = random;
    this.#roundAtMs = nowMs;
  }

  /** Thinks it over, when it is time to. */
  tick(peers: Iterable<TorrentPeer>, isSeed: boolean, nowMs: number): void {
    if (nowMs - this.#roundAtMs < ROUND_MS) return;
    this.#roundAtMs = nowMs;
    this.#rounds++;
    const all = [...peers];
    const choices = all.map((peer) => ({
      id: peer.id,
      isInterested: peer.isInterested,
      isSnubbing: !isSeed && peer.isSnubbing,
      rate: (isSeed ? peer.taken : peer.given).rate(nowMs),
      sinceMs: peer.sinceMs,
    }));
    const { ids, optimistic } = chooseUnchoked(choices, {
      slots: this.#slots,
      optimistic: this.#optimistic,
      rotate: this.#rounds % ROUNDS_OF_OPTIMISTIC === 0,
      random: this.#random,
      nowMs,
    });
    this.#optimistic = optimistic;
    for (const peer of all) setChoked(peer, !ids.has(peer.id));
  }

  /**
   * A peer wants something now, or nothing any more: it is given a place that is free, or gives its own back.
   */
  onInterest(peer: TorrentPeer, peers: Iterable<TorrentPeer>): void {
    if (peer.isInterested) this.fill([peer], peers);
    else {
      setChoked(peer, true);
      this.fill(peers, peers);
    }
  }

  /** Gives places that are free to those of `candidates` who want something. */
  fill(candidates: Iterable<TorrentPeer>, peers: Iterable<TorrentPeer>): void {
    let free = this.#slots;
    for (const peer of peers) if (!peer.isChoked) free--;
    for (const peer of candidates) {
      if (free <= 0) return;
      if (!peer.isInterested || !peer.isChoked) continue;
      setChoked(peer, false);
      free--;
    }
  }
}

function setChoked(peer: TorrentPeer, isChoked: boolean): void {
  if (peer.isChoked === isChoked) return;
  peer.isChoked = isChoked;
  peer.ref.tell({ type: "choke", isChoked });
}

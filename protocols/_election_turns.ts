/**
 * Who tries first when there is no leader. Only the order depends on this: whoever holds the others up does
 * so for a bounded time.
 *
 * @module
 */
import type { Peer, Peers } from "./_election_peers.ts";
import type { ElectionTimes } from "./election_times.ts";

/** When one node's turn is. */
export class Turns {
  readonly #peers: Peers;
  readonly #times: ElectionTimes;
  /** Since when there is no leader. */
  #lookingSinceMs: number;
  /** No poll of our own before this. */
  #pollAfterMs: number;
  /** No poll of our own before this, unless all are there and this is the lowest. */
  #startHoldUntilMs = -Infinity;
  /** Until when polls of higher IDs are refused. */
  #precedenceUntilMs: number;
  /** Who was granted a poll first of all that have not had their time. */
  #granted: Peer | undefined;
  #grantedUntilMs = -Infinity;

  constructor(peers: Peers, times: ElectionTimes, nowMs: number) {
    this.#peers = peers;
    this.#times = times;
    this.#lookingSinceMs = nowMs;
    this.#pollAfterMs = nowMs;
    this.#precedenceUntilMs = nowMs + times.waitMs + times.precedenceMs;
  }

  /** There is no leader from now on. `spreadMs` sets candidates apart that hindered each other. */
  look(nowMs: number, spreadMs: number): void {
    for (const peer of this.#peers.list) peer.deferredTo = peer.yieldedTo = peer.wasGranted = false;
    this.#granted = undefined;
    this.begin(nowMs);
    this.#pollAfterMs = nowMs + spreadMs;
  }

  /** The network has begun: the steps of the lower IDs count from now. */
  begin(nowMs: number): void {
    this.#lookingSinceMs = nowMs;
    this.#precedenceUntilMs = nowMs + this.#times.precedenceMs;
  }

  /** For how long there has been no leader. */
  lookedForMs(nowMs: number): number {
    return nowMs - this.#lookingSinceMs;
  }

  /** A lower ID that turns up has time to ask for votes first. */
  deferTo(peer: Peer, nowMs: number): void {
    if (peer.deferredTo) return;
    peer.deferredTo = true;
    this.#holdUntil(nowMs + this.#peers.lowerCount() * this.#times.staggerMs);
  }

  /** A lower ID that asks for votes is not hindered by a poll of this node's own. */
  yieldTo(peer: Peer, nowMs: number): void {
    if (peer.yieldedTo) return;
    peer.yieldedTo = true;
    this.hold(nowMs);
  }

  /** A poll is granted: no higher ID is granted one before the time of a candidacy, once. */
  grant(peer: Peer, nowMs: number): void {
    if (peer.wasGranted) return;
    peer.wasGranted = true;
    this.#granted = peer;
    this.#grantedUntilMs = nowMs + this.#times.candidacyMs;
  }

  /** Whether a lower ID that was granted a poll, and is there, has its time now. */
  isAfterGranted(peer: Peer, nowMs: number): boolean {
    if (this.#granted === undefined || this.#granted.gone || nowMs >= this.#grantedUntilMs) return false;
    return peer.id > this.#granted.id;
  }

  /** Another one has the time of a candidacy before this node tries. */
  hold(nowMs: number): void {
    this.#holdUntil(nowMs + this.#times.candidacyMs);
  }

  /**
   * This node begins to ask at `nowMs`. Its peers have the time of a candidacy to turn up here, or, if all
   * are here, its lower IDs have it to find each other and to ask first: who was linked with all before them
   * is ahead of them by as many ways of messages as a link takes.
   */
  holdAtStart(nowMs: number): void {
    this.#startHoldUntilMs = nowMs + this.#times.candidacyMs;
  }

  /** There is a leader; or all are there, and the lowest is not to be the last that asks. */
  endStartHold(): void {
    this.#startHoldUntilMs = -Infinity;
  }

  #holdUntil(timeMs: number): void {
    this.#pollAfterMs = Math.max(this.#pollAfterMs, timeMs);
  }

  /** Whether this node may ask for votes. */
  mayAsk(nowMs: number): boolean {
    return nowMs >= Math.max(this.#pollAfterMs, this.#startHoldUntilMs);
  }

  /** Whether the lower IDs have had their time. */
  isOurs(nowMs: number): boolean {
    return nowMs >= this.#lookingSinceMs + this.#peers.lowerCount() * this.#times.staggerMs;
  }

  /** Whether this node, which could lead, comes before higher IDs as yet. */
  isFirst(nowMs: number): boolean {
    return nowMs < this.#precedenceUntilMs;
  }
}

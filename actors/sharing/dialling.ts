/**
 * Making connections to peers.
 *
 * @module
 */
import { peerFrames, type PeerMessage } from "../../protocols/peer_wire.ts";
import { equalBytes } from "../../protocols/_equal_bytes.ts";
import { dialer, type DialerCommand } from "../net/mod.ts";
import type { Behavior, Ref } from "../runtime/mod.ts";
import type { SocketAddress } from "../world/world.ts";
import { AddressBook, type DialTarget } from "./address_book.ts";
import type { PeerCommand, PeerEvent } from "./messages.ts";
import { PEER_CONNECTION } from "./peer_connection.ts";
import { PeerSession, type PeerSessionOptions, type PeerTick } from "./peer_session.ts";

/** Options of {@linkcode Dialling}. */
export interface DiallingOptions {
  /** What the connections are given. */
  readonly session: Omit<PeerSessionOptions, "wanted">;
  /** The swarm that the peers are wanted for. */
  readonly swarm: Ref<PeerEvent>;
  /** The info dictionary, where it is known. */
  readonly infoBytes?: Uint8Array;
  /** Starts the actor that dials. */
  readonly spawn: (name: string, behavior: Behavior<DialerCommand>) => void;
  /** Called, from the actor that dialled, when the connection or the attempt is over. */
  readonly ended: (address: SocketAddress) => void;
}

/** Attempts under way at once. */
const MAX_DIALLING = 16;
const CONNECT_MS = 5000;

/** Dials the peers of an address book, a few at a time. */
export class Dialling {
  readonly book = new AddressBook();
  /** Another hash by which the pieces are to be had: one dictionary is kept beside the first. */
  also: { readonly infoHash: Uint8Array; readonly infoBytes: Uint8Array } | undefined;
  readonly #options: DiallingOptions;
  /** Connections and attempts that it has made and that are not over. */
  #open = 0;
  #count = 0;

  constructor(options: DiallingOptions) {
    this.#options = options;
  }

  /** Dials, while fewer than `maxPeers` are there; `peers` are now. See {@linkcode AddressBook.next}. */
  more(peers: number, maxPeers: number, nowMs: number, isServed: boolean): void {
    while (peers < maxPeers && this.#open < Math.min(maxPeers, peers + MAX_DIALLING)) {
      const target = this.book.next(nowMs, isServed);
      if (target === undefined) return;
      this.#dial(target);
    }
  }

  /** To be called when {@linkcode DiallingOptions.ended} was. */
  ended(address: SocketAddress, nowMs: number): void {
    this.#open--;
    this.book.ended(address, nowMs);
  }

  #dial({ address, infoHash, infoBytes }: DialTarget): void {
    this.#open++;
    const { session, swarm, ended, spawn } = this.#options;
    const { also } = this;
    const isAlso = also !== undefined && equalBytes(infoHash, also.infoHash);
    const known = infoBytes ?? (isAlso ? also.infoBytes : this.#options.infoBytes);
    const entry = { swarm, ...(known === undefined ? {} : { infoBytes: known }) };
    const behavior = dialer<PeerMessage, PeerCommand | PeerTick>({
      address,
      frames: peerFrames,
      session: (connection) => new PeerSession(connection, { ...session, wanted: { infoHash, entry } }),
      ...PEER_CONNECTION,
      reconnect: false,
      connectTimeoutMs: CONNECT_MS,
      down: () => ended(address),
    });
    spawn(`dial-${++this.#count}`, behavior);
  }
}

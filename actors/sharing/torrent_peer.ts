/**
 * A peer, as a torrent knows it.
 *
 * @module
 */
import type { Ref } from "../runtime/mod.ts";
import type { SocketAddress } from "../world/world.ts";
import { Bitfield } from "./bitfield.ts";
import type { PeerCommand, PeerEvent, PeerIdentity } from "./messages.ts";
import type { PickingPeer } from "./piece_picker.ts";
import { RateMeter } from "./rate_meter.ts";
import { RequestPipeline } from "./request_pipeline.ts";

/** The most pieces that a peer may allow to be asked for while it chokes (BEP 6). */
const MAX_ALLOWED = 64;

/** One peer of a torrent: what it has, what it wants, what is asked of it. */
export class TorrentPeer implements PickingPeer {
  readonly id: number;
  readonly ref: Ref<PeerCommand>;
  readonly identity: PeerIdentity;
  readonly sinceMs: number;
  pieces: Bitfield;
  /** What it gives, and what it is given. */
  readonly given: RateMeter;
  readonly taken: RateMeter;
  readonly pipeline: RequestPipeline;
  /** Pieces that it gives even while it chokes. */
  readonly allowed = new Set<number>();
  /** How many pieces it has that we lack. */
  wantedCount = 0;
  isChoking = true;
  isInterested = false;
  isChoked = true;
  areWeInterested = false;
  /** Blocks that it has refused since it sent one, and until when it is not asked for that. */
  refusals = 0;
  refusingUntilMs = 0;
  /** It was asked and said nothing for long. */
  isSnubbing = false;
  lastBlockAtMs: number;
  /** When it was last sent a block, or sent one; at first when it came. */
  usedAtMs: number;
  client: string | undefined;
  /** Where it listens, if that is another port than that of the connection. */
  listenPort: number | undefined;

  constructor(id: number, ref: Ref<PeerCommand>, identity: PeerIdentity, pieceCount: number, nowMs: number) {
    this.id = id;
    this.ref = ref;
    this.identity = identity;
    this.pieces = new Bitfield(pieceCount);
    this.sinceMs = this.lastBlockAtMs = this.usedAtMs = nowMs;
    this.given = new RateMeter(nowMs);
    this.taken = new RateMeter(nowMs);
    this.pipeline = new RequestPipeline(nowMs);
  }

  /** Remembers a piece that it gives while it chokes; false when that changes nothing. */
  allow(piece: number): boolean {
    if (this.allowed.size >= MAX_ALLOWED || this.allowed.has(piece)) return false;
    this.allowed.add(piece);
    return true;
  }

  /** It was sent so many bytes of blocks. */
  took(bytes: number, nowMs: number): void {
    this.taken.add(bytes);
    this.usedAtMs = nowMs;
  }

  /** It says what it is. */
  introduce({ maxRequests, client, listenPort }: Extract<PeerEvent, { type: "peer-extensions" }>): void {
    if (maxRequests !== undefined) this.pipeline.limit(maxRequests);
    this.client = client;
    this.listenPort = listenPort;
  }

  /** Where it listens, as far as that is known. */
  get listensAt(): SocketAddress {
    const { isOutgoing, address: { hostname, port } } = this.identity;
    return { hostname, port: isOutgoing ? port : this.listenPort ?? port };
  }

  /** Which pieces it may be asked for now; undefined: all that it has. */
  get askable(): ((piece: number) => boolean) | undefined {
    return this.isChoking ? (piece) => this.allowed.has(piece) : undefined;
  }
}

/**
 * The connection to one peer: handshake, messages, and what it is sent.
 *
 * @module
 */
import { hexText } from "../../protocols/_percent_bytes.ts";
import {
  decodeExtensionHandshake,
  decodeMetadataMessage,
  encodeExtensionHandshake,
  encodeMetadataMessage,
  EXTENSION_HANDSHAKE_ID,
  ExtensionError,
  type MetadataMessage,
} from "../../protocols/peer_extensions.ts";
import {
  type BlockPlace,
  encodePeerMessage,
  type Handshake,
  MAX_BLOCK_BYTES,
  type PeerMessage,
} from "../../protocols/peer_wire.ts";
import type { CloseReason, Connection, Session } from "../net/mod.ts";
import { assertNever, type Ref } from "../runtime/mod.ts";
import { errorText } from "../world/world.ts";
import { Bitfield } from "./bitfield.ts";
import { equalBytes } from "../../protocols/_equal_bytes.ts";
import type { BandwidthCommand, FindSwarm, PeerCommand, SwarmEntry, Welcome } from "./messages.ts";
import { MetadataAnswers } from "./metadata_answers.ts";
import { PeerLimits } from "./peer_limits.ts";
import { PeerStates } from "./peer_states.ts";
import { MAX_WAITING_REQUESTS } from "./upload_queue.ts";
import { type Drained, Uploads } from "./uploads.ts";

/** What every connection to a peer is given. */
export interface PeerSessionOptions {
  /** What we call ourselves: 20 bytes. */
  readonly peerId: Uint8Array;
  /** Where we listen. */
  readonly listenPort: number;
  /** Finds the swarm of an info hash. */
  readonly swarms: Ref<FindSwarm>;
  /** Hands out what may be sent. @default no limit */
  readonly upload?: Ref<BandwidthCommand>;
  /** Name and version, as others are told. */
  readonly client: string;
  /** Of one that we dialled: the swarm that it is wanted for. */
  readonly wanted?: { readonly infoHash: Uint8Array; readonly entry: SwarmEntry };
}

/** A message to the session from itself. */
export type PeerTick = {
  readonly type: "look-at-the-clock" | "swarm-ended" | "tell-states" | "metadata-sent";
} | Drained;

/** Milliseconds in which the handshake must be there. */
const HANDSHAKE_MS = 10_000;
/** How often the clock is looked at. */
const TICK_MS = 5_000;
/** BEP 3: two minutes of silence end a connection; a keep-alive goes out before. */
const SILENCE_MS = 150_000;
const KEEP_ALIVE_MS = 90_000;
/** Our number for the metadata exchange. */
const METADATA_ID = 2;
/** While so much waits for a peer that asks for metadata, it is asked for no more. */
const MAX_QUEUED_METADATA = 512 * 1024;
/** Where a peer has closed the connection, what is sent is answered with a reset. */
const PROBE_MS = 1000;

/** Serves the connection to a peer. */
export class PeerSession implements Session<PeerMessage, PeerCommand | PeerTick> {
  readonly #connection: Connection<PeerCommand | PeerTick>;
  readonly #options: PeerSessionOptions;
  /** Undefined while nothing can be given. */
  #uploads: Uploads | undefined;
  #entry: SwarmEntry | undefined;
  #handshake: Handshake | undefined;
  #welcome: Welcome | undefined;
  #have: Bitfield | undefined;
  #isChoked = true;
  readonly #limits: PeerLimits;
  readonly #states: PeerStates;
  /** The peer's number for the metadata exchange; 0: it has none. */
  #metadataId = 0;
  readonly #metadata = new MetadataAnswers();
  #heardAtMs: number;
  #saidAtMs: number;
  #partReason: string | undefined;

  /** Begins with our handshake, where we dialled. */
  constructor(connection: Connection<PeerCommand | PeerTick>, options: PeerSessionOptions) {
    this.#connection = connection;
    this.#options = options;
    const { coarseNow } = connection.context;
    this.#heardAtMs = this.#saidAtMs = coarseNow;
    this.#limits = new PeerLimits(() => connection.context.coarseNow, (reason) => this.#part(reason));
    const peer = connection.self;
    this.#states = new PeerStates({
      now: () => connection.context.coarseNow,
      later: (delayMs) => connection.context.after(delayMs, { type: "tell-states" }),
      tellChoking: (isChoking) => this.#entry?.swarm.tell({ type: "peer-choked", peer, isChoking }),
      tellInterest: (isInterested) =>
        this.#entry?.swarm.tell({ type: "peer-interested", peer, isInterested }),
    });
    connection.context.every(TICK_MS, { type: "look-at-the-clock" });
    connection.context.after(HANDSHAKE_MS, { type: "look-at-the-clock" });
    if (options.wanted !== undefined) this.#sayHandshake(options.wanted.infoHash);
  }

  // What the peer says.

  frame(message: PeerMessage): void | Promise<void> {
    this.#heardAtMs = this.#connection.context.coarseNow;
    if (message.type === "handshake") return this.#onHandshake(message.handshake);
    const { swarm } = this.#entry ?? {};
    if (swarm === undefined) return;
    const peer = this.#connection.self;
    switch (message.type) {
      case "keep-alive":
      case "suggest":
      case "unknown":
        return void this.#limits.may("messages that say nothing");
      case "choke":
      case "unchoke":
        if (this.#limits.may("state changes")) this.#states.choke(message.type === "choke");
        return;
      case "interested":
      case "not-interested":
        if (this.#limits.may("state changes")) this.#states.interest(message.type === "interested");
        return;
      case "bitfield":
        if (!this.#limits.may("bitfields")) return;
        return swarm.tell({ type: "peer-bits", peer, bits: message.bits.slice() });
      case "have-all":
      case "have-none":
        if (!this.#limits.may("bitfields")) return;
        return swarm.tell({ type: "peer-bits", peer, bits: message.type === "have-all" ? "all" : "none" });
      case "have":
        if (this.#limits.isNews(message.piece, this.#welcome)) {
          swarm.tell({ type: "peer-has", peer, piece: message.piece });
        }
        return;
      case "allowed-fast":
        if (!this.#limits.may("pieces to ask for")) return;
        return swarm.tell({ type: "peer-allowed", peer, piece: message.piece });
      case "request":
        return this.#onRequest(message);
      case "cancel":
        if (this.#limits.may("cancelled requests")) this.#uploads?.cancel(message);
        return;
      case "reject":
        if (this.#limits.isAwaited(message)) swarm.tell({ type: "peer-rejected", peer, place: message });
        return;
      case "piece": {
        const { piece, begin, block } = message;
        const source = this.#limits.isAwaited(message) ? this.#welcome?.source : undefined;
        if (source === undefined) return;
        swarm.tell({ type: "peer-block", peer, piece, begin, bytes: source.received.copy(block) });
        if (source.pace.mustWait(() => this.#connection.resume())) this.#connection.pause();
        return;
      }
      case "extended":
        if (!this.#limits.may("messages of extensions")) return;
        return this.#onExtended(message.id, message.payload);
      default:
        assertNever(message);
    }
  }

  badFrame(message: string): void {
    this.#partReason = message;
  }

  closed(reason: CloseReason): void {
    const why = this.#partReason ?? (reason.type === "failed" ? errorText(reason.error) : reason.type);
    this.#entry?.swarm.tell({ type: "peer-left", peer: this.#connection.self, reason: why });
  }

  #part(reason: string): void {
    this.#partReason ??= reason;
    this.#connection.abort(new Error(reason));
  }

  // What the swarm says.

  message(message: PeerCommand | PeerTick): void {
    switch (message.type) {
      case "welcome":
        return this.#onWelcome(message.welcome);
      case "request":
        for (const place of message.places) {
          this.#limits.asked(place);
          this.#say({ type: "request", ...place });
        }
        return;
      case "cancel":
        this.#limits.cancelled(message.place);
        return this.#say({ type: "cancel", ...message.place });
      case "have":
        this.#have?.add(message.piece);
        return this.#say({ type: "have", piece: message.piece });
      case "choke":
        return this.#choke(message.isChoked);
      case "interest":
        return this.#say({ type: message.isInterested ? "interested" : "not-interested" });
      case "send-metadata":
        return this.#sayMetadata(message.message);
      case "probe":
        return this.#keepAlive(PROBE_MS);
      case "part":
        return this.#part(message.reason);
      case "block-ready":
        return this.#uploads?.onReady();
      case "block-unreadable":
        return this.#uploads?.onUnreadable(message.place);
      case "bandwidth-granted":
        return this.#uploads?.grant(message.bytes);
      case "drained":
        return this.#uploads?.onDrained();
      case "look-at-the-clock":
        return this.#lookAtClock();
      case "tell-states":
        return this.#states.flush();
      case "metadata-sent":
        return this.#connection.resume();
      case "swarm-ended":
        return this.#part("the torrent is no longer here");
      default:
        assertNever(message);
    }
  }

  #say(message: Exclude<PeerMessage, { type: "unknown" }>): void {
    this.#saidAtMs = this.#connection.context.coarseNow;
    this.#connection.send(encodePeerMessage(message));
  }

  #lookAtClock(): void {
    const limitMs = this.#handshake === undefined ? HANDSHAKE_MS : SILENCE_MS;
    const silentMs = this.#connection.context.coarseNow - this.#heardAtMs;
    if (silentMs >= limitMs) this.#part("it said nothing for too long");
    else this.#keepAlive(KEEP_ALIVE_MS);
  }

  #keepAlive(unlessSaidMs: number): void {
    const quietMs = this.#connection.context.coarseNow - this.#saidAtMs;
    if (this.#welcome !== undefined && quietMs >= unlessSaidMs) this.#say({ type: "keep-alive" });
  }

  // The beginning.

  #sayHandshake(infoHash: Uint8Array): void {
    this.#say({
      type: "handshake",
      handshake: { infoHash, peerId: this.#options.peerId, fast: true, extended: true },
    });
  }

  async #onHandshake(handshake: Handshake): Promise<void> {
    const { wanted, peerId } = this.#options;
    if (equalBytes(handshake.peerId, peerId)) return this.#part("it is this node itself");
    if (wanted === undefined) {
      const entry = await this.#find(handshake.infoHash);
      if (entry === undefined) return this.#part("it asked for a torrent that is not here");
      this.#entry = entry;
      this.#sayHandshake(handshake.infoHash);
    } else {
      if (!equalBytes(handshake.infoHash, wanted.infoHash)) {
        return this.#part("it answered with another torrent");
      }
      this.#entry = wanted.entry;
    }
    this.#handshake = handshake;
    const { context, remoteAddress, self } = this.#connection;
    const { swarm } = this.#entry;
    context.watch(swarm, () => ({ type: "swarm-ended" }));
    const identity = { handshake, address: remoteAddress, isOutgoing: wanted !== undefined };
    swarm.tell({ type: "peer-joined", peer: self, identity });
  }

  async #find(infoHash: Uint8Array): Promise<SwarmEntry | undefined> {
    const { signal } = this.#connection.context;
    try {
      return await this.#options.swarms.ask({ type: "find-swarm", infoHash: hexText(infoHash) }, {
        timeoutMs: HANDSHAKE_MS,
        signal,
      });
    } catch {
      return undefined;
    }
  }

  #onWelcome(welcome: Welcome): void {
    this.#welcome = welcome;
    const { bits, pieceCount, haveCount, pieceLength, source } = welcome;
    if (source !== undefined) {
      this.#uploads = new Uploads({
        connection: this.#connection,
        ...{ source, pieceLength },
        upload: this.#options.upload,
        fast: this.#handshake?.fast === true,
        sent: (bytes) => this.#onSent(bytes),
      });
    }
    if (bits !== undefined) this.#have = Bitfield.parse(bits, pieceCount);
    if (this.#handshake?.fast === true && haveCount === pieceCount && bits !== undefined) {
      this.#say({ type: "have-all" });
    } else if (this.#handshake?.fast === true && haveCount === 0) this.#say({ type: "have-none" });
    else if (haveCount > 0 && bits !== undefined) this.#say({ type: "bitfield", bits });
    if (this.#handshake?.extended === true) this.#sayExtensions();
  }

  #sayExtensions(): void {
    const { listenPort, client } = this.#options;
    const metadataSize = this.#entry?.infoBytes?.length;
    const payload = encodeExtensionHandshake({
      metadataId: METADATA_ID,
      ...(metadataSize === undefined ? {} : { metadataSize }),
      ...(listenPort === 0 ? {} : { port: listenPort }),
      maxRequests: MAX_WAITING_REQUESTS,
      client,
    });
    this.#say({ type: "extended", id: EXTENSION_HANDSHAKE_ID, payload });
  }

  // The extension protocol.

  #onExtended(id: number, payload: Uint8Array): void {
    try {
      if (id === EXTENSION_HANDSHAKE_ID) return this.#onExtensions(payload);
      const message = id === METADATA_ID ? decodeMetadataMessage(payload) : undefined;
      if (message !== undefined) this.#onMetadata(message);
    } catch (error) {
      if (!(error instanceof ExtensionError)) throw error;
      this.#part(error.message);
    }
  }

  #onExtensions(payload: Uint8Array): void {
    const { metadataId = 0, metadataSize, port, maxRequests, client } = decodeExtensionHandshake(payload);
    this.#metadataId = metadataId;
    this.#entry?.swarm.tell({
      type: "peer-extensions",
      peer: this.#connection.self,
      ...(metadataId === 0 || metadataSize === undefined ? {} : { metadataBytes: metadataSize }),
      ...(maxRequests === undefined ? {} : { maxRequests }),
      ...(port === undefined ? {} : { listenPort: port }),
      ...(client === undefined ? {} : { client }),
    });
  }

  #onMetadata(message: MetadataMessage): void {
    if (message.type === "request") return this.#answerMetadata(message.piece);
    const copy = message.type === "data" ? { ...message, data: message.data.slice() } : message;
    this.#entry?.swarm.tell({ type: "peer-metadata", peer: this.#connection.self, message: copy });
  }

  #answerMetadata(piece: number): void {
    this.#sayMetadata(this.#metadata.to(piece, this.#entry?.infoBytes));
    if (this.#connection.queuedBytes < MAX_QUEUED_METADATA) return;
    this.#connection.pause();
    const sent = (): PeerTick => ({ type: "metadata-sent" });
    this.#connection.context.pipe(this.#connection.drained(), sent, sent);
  }

  #sayMetadata(message: MetadataMessage): void {
    const id = this.#metadataId;
    if (id !== 0) this.#say({ type: "extended", id, payload: encodeMetadataMessage(message) });
  }

  // What the peer is sent.

  #choke(isChoked: boolean): void {
    this.#isChoked = isChoked;
    this.#say({ type: isChoked ? "choke" : "unchoke" });
    if (isChoked) this.#uploads?.drop();
  }

  #onRequest({ piece, begin, length }: BlockPlace): void {
    const place = { piece, begin, length };
    const welcome = this.#welcome;
    if (welcome === undefined) return;
    const pieceEnd = Math.min(welcome.pieceLength, welcome.length - piece * welcome.pieceLength);
    if (
      piece >= welcome.pieceCount || length === 0 || length > MAX_BLOCK_BYTES || begin + length > pieceEnd
    ) {
      return this.#part("it asked for what cannot be");
    }
    const mayAsk = !this.#isChoked && this.#have?.has(piece) === true;
    if (mayAsk && this.#uploads?.ask(place) !== false) return;
    // Without the fast extension it cannot be told, and would wait.
    if (mayAsk && this.#handshake?.fast !== true) return this.#part("it asked for too much at once");
    if (this.#limits.may("requests that are not served")) this.#uploads?.reject(place);
  }

  #onSent(bytes: number): void {
    this.#saidAtMs = this.#connection.context.coarseNow;
    this.#entry?.swarm.tell({ type: "peer-took", peer: this.#connection.self, bytes });
  }
}

/**
 * Peers that do what a script says: they lie, refuse, leave and are slow.
 *
 * @module
 */
import type { SimHost, SimWorld } from "../../actors/world/sim/mod.ts";
import type { TcpConnection } from "../../actors/world/world.ts";
import {
  type BlockPlace,
  encodePeerMessage,
  peerFrames,
  type PeerMessage,
} from "../../protocols/peer_wire.ts";
import type { PeerAddress } from "../../protocols/tracker.ts";
import {
  decodeExtensionHandshake,
  encodeExtensionHandshake,
  encodeMetadataMessage,
  EXTENSION_HANDSHAKE_ID,
} from "../../protocols/peer_extensions.ts";
import { Bitfield } from "../../actors/sharing/bitfield.ts";
import type { TestTorrent } from "../sharing/_torrent.ts";
import { delay, writeAll } from "./_harness.ts";

/** Where a node of ours, and a scripted peer, listens. */
export const SWARM_PORT = 9080;

/** What a scripted peer does with a request. */
export type Answer = "send" | "lie" | "ignore" | "reject" | "leave";

/** Options of {@linkcode ScriptedPeer}. */
export interface ScriptedPeerOptions {
  /** What becomes of a request. @default "send" */
  readonly answer?: (place: BlockPlace) => Answer;
  /** Milliseconds that each answer takes. @default 1 */
  readonly delayMs?: number;
  /** Speaks the fast extension. @default true */
  readonly fast?: boolean;
  /** What it does when it is asked for metadata. @default it has none */
  readonly metadata?: "true" | "false" | "silent";
}

/** A peer that has all of a torrent, and does with requests what it is told to. */
export class ScriptedPeer {
  readonly host: SimHost;
  /** Connections that came, and the bytes of blocks sent. */
  connections = 0;
  sent = 0;
  /** What it was asked for, in order. */
  readonly asked: BlockPlace[] = [];
  /** Where the rules of the wire were broken. */
  readonly violations: string[] = [];
  /** The other side's number for the metadata exchange. */
  #metadataId = 0;
  readonly #torrent: TestTorrent;
  readonly #options: ScriptedPeerOptions;

  constructor(sim: SimWorld, name: string, torrent: TestTorrent, options: ScriptedPeerOptions = {}) {
    this.host = sim.host(name);
    this.#torrent = torrent;
    this.#options = options;
    this.#listen();
  }

  /** Where it listens. */
  get address(): PeerAddress {
    return { hostname: ipv4Of(this.host), port: SWARM_PORT };
  }

  async #listen(): Promise<void> {
    const listener = this.host.world.net.listenTcp({ hostname: "::", port: SWARM_PORT });
    for (;;) {
      const connection = await listener.accept();
      this.connections++;
      this.#serve(connection).catch(() => {}).finally(() => connection.close());
    }
  }

  async #serve(connection: TcpConnection): Promise<void> {
    const { fast = true } = this.#options;
    /** Asked for and neither answered nor cancelled. */
    const waiting = new Map<string, BlockPlace>();
    let isAnswering = false;
    const pump = async () => {
      if (isAnswering) return;
      isAnswering = true;
      for (const place of waiting.values()) {
        await delay(this.host.world, this.#options.delayMs ?? 1);
        if (waiting.get(keyOf(place)) !== place) continue;
        const answer = this.#options.answer?.(place) ?? "send";
        if (answer === "ignore") continue;
        waiting.delete(keyOf(place));
        if (answer === "leave") return connection.close();
        await this.#answer(connection, place, answer).catch(() => {});
      }
      isAnswering = false;
    };
    for await (const message of messagesOf(connection)) {
      if (message.type === "handshake") await this.#greet(connection, fast);
      if (message.type === "extended") await this.#onExtended(connection, message.id, message.payload);
      if (message.type === "cancel") waiting.delete(keyOf(message));
      if (message.type !== "request") continue;
      const { piece, begin, length } = message;
      const place = { piece, begin, length };
      if (waiting.has(keyOf(place))) this.violations.push(`block ${keyOf(place)} was asked for twice`);
      waiting.set(keyOf(place), place);
      this.asked.push(place);
      pump();
    }
  }

  async #greet(connection: TcpConnection, fast: boolean): Promise<void> {
    const { infoHash, info } = this.#torrent;
    const peerId = this.host.world.random.bytes(20);
    const extended = this.#options.metadata !== undefined;
    const handshake = { infoHash, peerId, fast, extended };
    const bits = Bitfield.full(info.pieceCount).bytes.slice();
    await writeAll(connection, encodePeerMessage({ type: "handshake", handshake }));
    await writeAll(connection, encodePeerMessage({ type: "bitfield", bits }));
    await writeAll(connection, encodePeerMessage({ type: "unchoke" }));
  }

  /** Says that it has metadata, and gives it, or what it says to be it. */
  async #onExtended(connection: TcpConnection, id: number, payload: Uint8Array): Promise<void> {
    const { metadata } = this.#options;
    const { bytes } = this.#torrent.info;
    await delay(this.host.world, this.#options.delayMs ?? 1);
    if (id === EXTENSION_HANDSHAKE_ID) {
      this.#metadataId = decodeExtensionHandshake(payload).metadataId ?? 0;
      const said = encodeExtensionHandshake({ metadataId: 1, metadataSize: bytes.length });
      return await writeAll(connection, encodePeerMessage({ type: "extended", id, payload: said }));
    }
    if (metadata === "silent") return;
    const data = bytes.slice();
    if (metadata === "false") data[data.length >> 1] = (data[data.length >> 1] ?? 0) ^ 1;
    const answer = encodeMetadataMessage({ type: "data", piece: 0, totalBytes: data.length, data });
    await writeAll(
      connection,
      encodePeerMessage({ type: "extended", id: this.#metadataId, payload: answer }),
    );
  }

  async #answer(
    connection: TcpConnection,
    { piece, begin, length }: BlockPlace,
    answer: "send" | "lie" | "reject",
  ): Promise<void> {
    if (answer === "reject") {
      return await writeAll(connection, encodePeerMessage({ type: "reject", piece, begin, length }));
    }
    const at = piece * this.#torrent.info.pieceLength + begin;
    const block = this.#torrent.bytes.slice(at, at + length);
    if (answer === "lie") block[length >> 1] = (block[length >> 1] ?? 0) ^ 1;
    await writeAll(connection, encodePeerMessage({ type: "piece", piece, begin, block }));
    this.sent += length;
  }
}

export function keyOf({ piece, begin }: Pick<BlockPlace, "piece" | "begin">): string {
  return `${piece}/${begin}`;
}

/** Buffers that no connection reads into now. */
const freeBuffers: Uint8Array[] = [];

/** What a peer says, until the connection ends. */
export async function* messagesOf(connection: TcpConnection): AsyncGenerator<PeerMessage> {
  const decoder = peerFrames();
  const buffer = freeBuffers.pop() ?? new Uint8Array(65536);
  try {
    for (;;) {
      const count = await connection.read(buffer);
      if (count === null) return;
      const frames: PeerMessage[] = [];
      decoder.push(buffer.subarray(0, count), frames);
      yield* frames;
    }
  } finally {
    freeBuffers.push(buffer);
  }
}

/** An address that a tracker may name. */
export function ipv4Of(host: SimHost): string {
  return host.addresses.find((address) => !address.includes(":")) ?? host.name;
}

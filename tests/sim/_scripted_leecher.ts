/**
 * A peer that lacks everything, and looks whether it is treated by the rules.
 *
 * @module
 */
import type { SimHost } from "../../actors/world/sim/mod.ts";
import type { World } from "../../actors/world/world.ts";
import { BLOCK_BYTES, encodePeerMessage, type PeerMessage } from "../../protocols/peer_wire.ts";
import { isSameContent, type TestTorrent } from "../sharing/_torrent.ts";
import { delay, writeAll } from "./_harness.ts";
import { keyOf, messagesOf, SWARM_PORT } from "./_scripted_peer.ts";

/** What a {@linkcode Leecher} does beside asking for block after block. */
export interface LeecherOptions {
  /** How often it asks for a block. */
  readonly everyMs: number;
  /** Asks also while it is choked. */
  readonly isDeaf?: boolean;
  /** Cancels every second request at once. */
  readonly cancels?: boolean;
  /** Says so often at the beginning, by a bitfield, what it has. */
  readonly bitfields?: number;
}

/** A connection to a node, as a peer that lacks everything and wants it. */
export class Leecher {
  received = 0;
  isChoked = true;
  /** How often it was choked after it was let in. */
  chokes = 0;
  isOver = false;
  /** Where the rules of the wire were broken. */
  readonly violations: string[] = [];
  readonly #world: World;
  readonly #torrent: TestTorrent;
  readonly #options: LeecherOptions;
  readonly #cancelled = new Set<string>();

  constructor(world: World, node: SimHost, torrent: TestTorrent, options: LeecherOptions) {
    this.#world = world;
    this.#torrent = torrent;
    this.#options = options;
    this.#run(node).catch(() => {}).finally(() => this.isOver = true);
  }

  async #run(node: SimHost): Promise<void> {
    const connection = await this.#world.net.connectTcp({ hostname: node.name, port: SWARM_PORT });
    const { infoHash, info } = this.#torrent;
    const peerId = this.#world.random.bytes(20);
    const say = (message: Parameters<typeof encodePeerMessage>[0]) =>
      writeAll(connection, encodePeerMessage(message));
    await say({ type: "handshake", handshake: { infoHash, peerId, fast: false, extended: false } });
    await say({ type: "interested" });
    const bits = new Uint8Array(Math.ceil(info.pieceCount / 8));
    for (let count = this.#options.bitfields ?? 0; count > 0; count--) await say({ type: "bitfield", bits });
    this.#ask(say).catch(() => {});
    for await (const message of messagesOf(connection)) {
      if (message.type === "unchoke") this.isChoked = false;
      if (message.type === "choke") {
        this.isChoked = true;
        this.chokes++;
      }
      if (message.type === "piece") this.#onBlock(message);
    }
  }

  #onBlock({ piece, begin, block }: Extract<PeerMessage, { type: "piece" }>): void {
    this.received += block.length;
    const at = piece * this.#torrent.info.pieceLength + begin;
    const key = keyOf({ piece, begin });
    if (this.isChoked) this.violations.push(`block ${key} was sent to one who is choked`);
    if (this.#cancelled.has(key)) this.violations.push(`block ${key} was cancelled and sent`);
    if (!isSameContent(block, this.#torrent.bytes.subarray(at, at + block.length))) {
      this.violations.push(`block ${key} is not that of the torrent`);
    }
  }

  async #ask(say: (message: Parameters<typeof encodePeerMessage>[0]) => Promise<void>): Promise<void> {
    const { everyMs, isDeaf = false, cancels = false } = this.#options;
    // The last block is shorter.
    const { pieceLength, length } = this.#torrent.info;
    const blocks = Math.floor(length / BLOCK_BYTES);
    for (let block = 0; !this.isOver; block = (block + 1) % blocks) {
      await delay(this.#world, everyMs);
      if (this.isChoked && !isDeaf) continue;
      const at = block * BLOCK_BYTES;
      const place = { piece: Math.floor(at / pieceLength), begin: at % pieceLength, length: BLOCK_BYTES };
      if (this.#cancelled.has(keyOf(place))) continue;
      await say({ type: "request", ...place });
      if (!cancels || block % 2 === 0) continue;
      await say({ type: "cancel", ...place });
      this.#cancelled.add(keyOf(place));
    }
  }
}

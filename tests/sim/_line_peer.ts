/**
 * A client of a server of lines that reads when a scene has it read.
 *
 * @module
 */
import type { SimHost, SimWorld } from "../../actors/world/sim/mod.ts";
import type { TcpConnection, World } from "../../actors/world/world.ts";
import { writeAll } from "./_harness.ts";

/** Longer than any scene waits for something that must come. */
export const SOON_MS = 20_000;
/** How much of what is there is read at once. */
const READ_BYTES = 1 << 14;

/** The hosts of a world are numbered: each scene has its own. */
const hosts = new WeakMap<SimWorld, number>();

/** A host that was not used yet. */
export function freshHost(sim: SimWorld, role: string): SimHost {
  const count = (hosts.get(sim) ?? 0) + 1;
  hosts.set(sim, count);
  return sim.host(`${role}${count}`);
}

/** One connection of a client. */
export class LinePeer {
  /** All that was received. */
  text = "";
  /** What was received whenever nothing more had come for a while, though it was read. */
  readonly pauses: string[] = [];
  /** When the connection was seen to have ended, and whether it was reset. */
  endedAtMs = Infinity;
  wasReset = false;
  /** Told of the bytes as they come. */
  heard: (bytes: Uint8Array) => void = () => {};
  readonly #sim: SimWorld;
  readonly #world: World;
  readonly #connection: TcpConnection;
  #lastReadMs = 0;
  readonly #lines: string[] = [];
  /** Where what is not yet in `#lines` begins. */
  #linesEnd = 0;

  constructor(sim: SimWorld, world: World, connection: TcpConnection) {
    this.#sim = sim;
    this.#world = world;
    this.#connection = connection;
  }

  /** Connects; where nobody listens yet, again and again. */
  static async connect(sim: SimWorld, world: World, hostname: string, port: number): Promise<LinePeer> {
    for (let tries = 0; tries < 100; tries++) {
      const connecting = world.net.connectTcp({ hostname, port });
      const connection = await sim.settle(connecting).catch(() => undefined);
      if (connection !== undefined) return new LinePeer(sim, world, connection);
      await sim.advance(20);
    }
    throw new Error(`Cannot go on: nobody listens at ${hostname}`);
  }

  get hasEnded(): boolean {
    return this.endedAtMs < Infinity;
  }

  get lines(): readonly string[] {
    // Asked after each event, and long: only what is new is split.
    const end = this.text.lastIndexOf("\n") + 1;
    if (end > this.#linesEnd) {
      for (const line of this.text.slice(this.#linesEnd, end - 1).split("\n")) this.#lines.push(line);
      this.#linesEnd = end;
    }
    return this.#lines;
  }

  /** Sends text; resolves when it is on its way, which may be never. */
  async send(text: string): Promise<void> {
    await this.sendBytes(new TextEncoder().encode(text));
  }

  /** As {@linkcode LinePeer.send}. */
  async sendBytes(bytes: Uint8Array): Promise<void> {
    await writeAll(this.#connection, bytes);
  }

  async closeWrite(): Promise<void> {
    await this.#connection.closeWrite();
  }

  /** Reads from now on, up to the end; notes where nothing came for so long. */
  async read(pauseMs = Infinity): Promise<void> {
    this.#lastReadMs = this.#sim.now;
    await this.#read(READ_BYTES, () => {
      if (this.#sim.now - this.#lastReadMs > pauseMs) this.pauses.push(this.text);
      this.#lastReadMs = this.#sim.now;
    });
  }

  /** Reads so much from now on, then rests for so long, and so on. */
  async trickle(bytes: number, restMs: number | (() => number)): Promise<void> {
    const { clock } = this.#world;
    let left = bytes;
    await this.#read(bytes, (count) => {
      left -= count;
      if (left > 0) return;
      left = bytes;
      const delayMs = typeof restMs === "number" ? restMs : restMs();
      return new Promise((resolve) => void clock.timer(delayMs, resolve));
    });
  }

  async #read(bytes: number, came: (count: number) => void | Promise<void>): Promise<void> {
    const buffer = new Uint8Array(bytes);
    const decoder = new TextDecoder();
    try {
      for (;;) {
        const count = await this.#connection.read(buffer);
        if (count === null) break;
        await came(count);
        this.heard(buffer.slice(0, count));
        this.text += decoder.decode(buffer.subarray(0, count), { stream: true });
      }
    } catch {
      this.wasReset = true;
    }
    this.endedAtMs = this.#sim.now;
  }

  close(): void {
    this.#connection.close();
  }
}

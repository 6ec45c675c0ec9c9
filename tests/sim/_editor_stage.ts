/**
 * What the scenes of the editor by its rules have in common: a server of their own, and clients that do what
 * a scene says.
 *
 * @module
 */
import { editorServer, type EditorServerOptions } from "../../actors/editor/mod.ts";
import { yjsReplica } from "../../actors/editor/yjs_replica.ts";
import * as Y from "yjs";
import { type WebSocketConnection, webSocketDialer } from "../../actors/net/mod.ts";
import type { SimDisk, SimHost, SimWorld } from "../../actors/world/sim/mod.ts";
import type { TcpConnection, World } from "../../actors/world/world.ts";
import { ActorSystem } from "../../mod.ts";
import { decodeYMessage, encodeYMessage, type YMessage } from "../../protocols/y_sync.ts";
import { service, writeAll } from "./_harness.ts";

/** The document's file. */
export const FILE = "/data/document.txt";
const LINE_PORT = 8080;
const WEB_PORT = 8088;
/** Longer than any scene waits for something that must come. */
export const SOON_MS = 20_000;

/** The hosts of a world are numbered: each scene has its own. */
const hosts = new WeakMap<SimWorld, number>();

/** A host that was not used yet. */
export function freshHost(sim: SimWorld, role: string): SimHost {
  const count = (hosts.get(sim) ?? 0) + 1;
  hosts.set(sim, count);
  return sim.host(`${role}${count}`);
}

/** A server of the editor. */
export class EditorStage {
  readonly sim: SimWorld;
  readonly server: SimHost;

  /**
   * @param text what the document holds at first
   * @param web options of the web door
   */
  constructor(
    sim: SimWorld,
    text: string,
    options: Partial<EditorServerOptions> = {},
    web: Partial<NonNullable<EditorServerOptions["web"]>> = {},
  ) {
    this.sim = sim;
    this.server = freshHost(sim, "editor");
    this.disk.write(FILE, text);
    this.server.start(service("editor", () =>
      editorServer({
        address: { hostname: "::", port: LINE_PORT },
        file: FILE,
        idleFlushMs: 0,
        ...options,
        web: {
          address: { hostname: "::", port: WEB_PORT },
          hosts: [this.server.name],
          replica: () => Promise.resolve(yjsReplica),
          desertedMs: 300,
          ...web,
        },
      })));
  }

  get disk(): SimDisk {
    return this.server.disk;
  }

  get file(): string {
    return this.disk.readText(FILE) ?? "";
  }

  /** A line client that is connected, and reads nothing yet. */
  async line(): Promise<LinePeer> {
    const { world } = freshHost(this.sim, "line");
    const { name: hostname } = this.server;
    for (let tries = 0; tries < 100; tries++) {
      const connecting = world.net.connectTcp({ hostname, port: LINE_PORT });
      const connection = await this.sim.settle(connecting).catch(() => undefined);
      if (connection !== undefined) return new LinePeer(this.sim, world, connection);
      await this.sim.advance(20);
    }
    throw new Error("Cannot go on: the editor does not listen");
  }

  /** A client of the web door that has the document. */
  async page(path = "/sync?acks"): Promise<PagePeer> {
    const host = freshHost(this.sim, "page");
    const page = new PagePeer(host, `ws://${this.server.name}:${WEB_PORT}${path}`);
    await this.sim.until(() => page.isSynced, SOON_MS, "the page to have the document");
    return page;
  }

  /** Lets time go by until the file holds something. */
  async untilFile(what: string, holds: (text: string) => boolean): Promise<void> {
    await this.sim.until(() => holds(this.file), SOON_MS, what);
  }
}

/** How much of what is there is read at once. */
const READ_BYTES = 1 << 14;
const TRICKLE_BYTES = 1 << 13;
const TRICKLE_MS = 500;

/** A line client that reads when it is told to. */
export class LinePeer {
  /** All that was received. */
  text = "";
  /** What was received whenever nothing more had come for a while, though it was read. */
  readonly pauses: string[] = [];
  hasEnded = false;
  readonly #sim: SimWorld;
  readonly #world: World;
  readonly #connection: TcpConnection;
  #lastReadMs = 0;

  constructor(sim: SimWorld, world: World, connection: TcpConnection) {
    this.#sim = sim;
    this.#world = world;
    this.#connection = connection;
  }

  get lines(): string[] {
    return this.text.split("\n").slice(0, -1);
  }

  /** Sends text; resolves when it is on its way, which may be never. */
  async send(text: string): Promise<void> {
    await writeAll(this.#connection, new TextEncoder().encode(text));
  }

  async closeWrite(): Promise<void> {
    await this.#connection.closeWrite();
  }

  /** Reads from now on, up to the end; notes where nothing came for so long. */
  async read(pauseMs = Infinity): Promise<void> {
    const buffer = new Uint8Array(READ_BYTES);
    const decoder = new TextDecoder();
    this.#lastReadMs = this.#sim.now;
    try {
      for (;;) {
        const count = await this.#connection.read(buffer);
        if (count === null) break;
        if (this.#sim.now - this.#lastReadMs > pauseMs) this.pauses.push(this.text);
        this.#lastReadMs = this.#sim.now;
        this.text += decoder.decode(buffer.subarray(0, count), { stream: true });
      }
    } catch {
      // It was reset.
    }
    this.hasEnded = true;
  }

  close(): void {
    this.#connection.close();
  }

  /** Reads so little from now on that it never comes to an end. */
  trickle(): void {
    const read = () => {
      this.#connection.read(new Uint8Array(TRICKLE_BYTES)).then(
        (count) => count === null ? undefined : this.#world.clock.timer(TRICKLE_MS, read),
        () => {},
      );
    };
    read();
  }
}

/** A client of the web door that says what a scene has it say. */
export class PagePeer {
  readonly doc = new Y.Doc();
  /** All texts that it has had. */
  readonly texts: string[] = [];
  /** What it was told of the presence of others. */
  readonly present = new Map<number, string>();
  isSynced = false;
  isDenied = false;
  connections = 0;
  /** So many of its updates are acknowledged. */
  saved = 0;
  readonly #host: SimHost;
  #socket: WebSocketConnection | undefined;

  constructor(host: SimHost, url: string) {
    this.#host = host;
    this.doc.clientID = Math.floor(host.world.random.next() * 2 ** 32);
    const system = new ActorSystem("page", { world: host.world });
    system.spawn(
      "dialer",
      webSocketDialer({
        url,
        reconnect: { minMs: 50, maxMs: 100, jitter: 0 },
        session: (socket) => {
          this.#socket = socket;
          this.connections++;
          this.send({ type: "sync-step-1", stateVector: Y.encodeStateVector(this.doc) });
          return {
            frame: (frame) => {
              if (typeof frame !== "string") this.#heard(decodeYMessage(frame));
            },
          };
        },
      }),
    );
  }

  get value(): string {
    return this.doc.getText("content").toString();
  }

  send(message: YMessage): void {
    this.#socket?.send(encodeYMessage(message));
  }

  /** Types something, and gives the update, which is not sent yet. */
  typed(text: string, at = 0): Uint8Array {
    const before = Y.encodeStateVector(this.doc);
    this.doc.getText("content").insert(at, text);
    return Y.encodeStateAsUpdate(this.doc, before);
  }

  /** Types something. */
  type(text: string, at = 0): void {
    this.send({ type: "update", update: this.typed(text, at) });
  }

  /** Says of a client that it is there. */
  sayPresent(clientId: number, clock: number, state: string): void {
    this.send({ type: "awareness", entries: [{ clientId, clock, state: JSON.stringify(state) }] });
  }

  leave(): void {
    this.#host.kill();
  }

  #heard(message: YMessage): void {
    switch (message.type) {
      case "sync-step-2":
      case "update":
        Y.applyUpdate(this.doc, message.update);
        this.texts.push(this.value);
        this.isSynced ||= message.type === "sync-step-2";
        return;
      case "saved":
        this.saved = message.updates;
        return;
      case "denied":
        this.isDenied = true;
        return;
      case "awareness":
        for (const { clientId, state } of message.entries) this.present.set(clientId, state);
        return;
      default:
        return;
    }
  }
}

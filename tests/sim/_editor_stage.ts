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
import { ActorSystem } from "../../mod.ts";
import { decodeYMessage, encodeYMessage, type YMessage } from "../../protocols/y_sync.ts";
import { service } from "./_harness.ts";
import { freshHost, LinePeer, SOON_MS } from "./_line_peer.ts";

/** The document's file. */
export const FILE = "/data/document.txt";
const LINE_PORT = 8080;
const WEB_PORT = 8088;
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
  line(): Promise<LinePeer> {
    return LinePeer.connect(this.sim, freshHost(this.sim, "line").world, this.server.name, LINE_PORT);
  }

  webUrl(path: string): string {
    return `ws://${this.server.name}:${WEB_PORT}${path}`;
  }

  /** A client of the web door. */
  visit(path = "/sync?acks"): PagePeer {
    return new PagePeer(freshHost(this.sim, "page"), this.webUrl(path));
  }

  /** A client of the web door that has the document. */
  async page(path?: string): Promise<PagePeer> {
    const page = this.visit(path);
    await this.sim.until(() => page.isSynced, SOON_MS, "the page to have the document");
    return page;
  }

  /** Asks the web door. */
  async http(
    path: string,
    { method = "GET", body = "" } = {},
  ): Promise<{ readonly status: number; readonly body: string }> {
    const { world } = freshHost(this.sim, "asker");
    const peer = await LinePeer.connect(this.sim, world, this.server.name, WEB_PORT);
    peer.read();
    const fields = ["connection: close", `content-length: ${body.length}`].join("\r\n");
    await peer.send(`${method} ${path} HTTP/1.1\r\nhost: ${this.server.name}\r\n${fields}\r\n\r\n${body}`);
    await this.sim.until(() => peer.hasEnded, SOON_MS, `${method} ${path} to be answered`);
    const [head = "", ...rest] = peer.text.split("\r\n\r\n");
    const text = rest.join("\r\n\r\n");
    // Small ones come in one piece.
    const isChunked = /transfer-encoding: chunked/i.test(head);
    const chunk = isChunked ? text.slice(text.indexOf("\r\n") + 2, -"\r\n0\r\n\r\n".length) : text;
    return { status: Number(head.split(" ")[1]), body: chunk };
  }

  /** Lets time go by until the file holds something. */
  async untilFile(what: string, holds: (text: string) => boolean): Promise<void> {
    await this.sim.until(() => holds(this.file), SOON_MS, what);
  }
}

/** A client of the web door that says what a scene has it say. */
export class PagePeer {
  readonly doc = new Y.Doc();
  /** All texts that it has had. */
  readonly texts: string[] = [];
  /** What it was told of the presence of others. */
  readonly present = new Map<number, string>();
  readonly #clocks = new Map<number, number>();
  isSynced = false;
  isDenied = false;
  connections = 0;
  /** So many of its updates are acknowledged, of those that it has sent on this connection. */
  saved = 0;
  #sent = 0;
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
        pingIntervalMs: 1000,
        limits: { maxOutboundBytes: 1 << 24, slowClientMs: 60_000 },
        session: (socket) => {
          this.#socket = socket;
          this.connections++;
          this.saved = this.#sent = 0;
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

  /** Bytes that it has said, and that its connection has not taken yet. */
  get queuedBytes(): number {
    return this.#socket?.queuedBytes ?? 0;
  }

  get value(): string {
    return this.doc.getText("content").toString();
  }

  /** Whether all its updates are acknowledged. */
  get isSaved(): boolean {
    return this.saved === this.#sent;
  }

  send(message: YMessage): void {
    if (message.type === "update") this.#sent++;
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

  /** Takes something out again. */
  remove(length: number, at = 0): void {
    const before = Y.encodeStateVector(this.doc);
    this.doc.getText("content").delete(at, length);
    this.send({ type: "update", update: Y.encodeStateAsUpdate(this.doc, before) });
  }

  /** Says of a client that it is there; of null, that it is gone. */
  sayPresent(clientId: number, clock: number, state: unknown): void {
    this.send({ type: "awareness", entries: [{ clientId, clock, state: JSON.stringify(state) }] });
  }

  leave(): void {
    this.#host.kill();
  }

  /** As clients have it: what is not newer is old. */
  #heardOf(clientId: number, clock: number, state: string): void {
    if (clock <= (this.#clocks.get(clientId) ?? -1)) return;
    this.#clocks.set(clientId, clock);
    this.present.set(clientId, state);
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
        for (const { clientId, clock, state } of message.entries) this.#heardOf(clientId, clock, state);
        return;
      default:
        return;
    }
  }
}

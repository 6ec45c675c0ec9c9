/**
 * A browser that edits a document: its tabs, one after the other, and what became of each of their words.
 *
 * @module
 */
import { assert } from "@std/assert";
import * as Y from "yjs";
import { type WebSocketConnection, webSocketDialer, type WebSocketMessage } from "../../actors/net/mod.ts";
import type { SimHost } from "../../actors/world/sim/mod.ts";
import type { World } from "../../actors/world/world.ts";
import { ActorSystem } from "../../mod.ts";
import { decodeYMessage, encodeYMessage } from "../../protocols/y_sync.ts";
import { countTokens, tokensOf, type Told, type Witness } from "./_document_oracle.ts";

/** One edit of a browser's own. */
interface Edit {
  readonly token: string;
  readonly type: "insert" | "remove";
  isSaved: boolean;
  /** Its tab was closed before it was saved: nobody knows what became of it. */
  isForgotten: boolean;
}

/** Somebody who types words that nobody else types, anywhere in the text, and takes some of them back. */
export class Browser implements Witness {
  /** All edits, of all tabs. */
  readonly edits: Edit[] = [];
  readonly connections: BrowserConnection[] = [];
  isWriting = true;
  readonly host: SimHost;
  readonly #name: string;
  readonly #url: string;
  #count = 0;
  #tab: Tab;

  constructor(host: SimHost, name: string, url: string) {
    this.host = host;
    this.#name = name;
    this.#url = url;
    this.#tab = this.#open(host.world);
  }

  /** Closes the tab, and opens another one. */
  reload(): void {
    this.close();
    this.open();
  }

  /** Closes the tab. What was not saved of it may be lost. */
  close(): void {
    this.host.kill();
    for (const edit of this.edits) edit.isForgotten ||= !edit.isSaved;
  }

  open(): void {
    this.host.restart((world) => {
      this.#tab = this.#open(world);
    });
  }

  #open(world: World): Tab {
    return new Tab(world, this.#url, this);
  }

  get value(): string {
    return this.#tab.value;
  }

  /** All that its tab has is saved, and it has all that the server has told it of. */
  get isSaved(): boolean {
    return this.#tab.isSaved;
  }

  /** What it says of itself, as others should see it. */
  get presence(): Presence {
    return this.#tab.presence;
  }

  /** Whom it sees beside itself. */
  get others(): readonly Presence[] {
    return this.#tab.others;
  }

  nextToken(): string {
    return `<${this.#name}x${this.#count++}>`;
  }

  write(): void {
    this.#tab.write();
  }

  /** Every word is in the text, but for those that were taken back; of what was not saved nobody knows. */
  check(text: string): void {
    const counts = countTokens(text);
    for (const { token, type, isForgotten } of this.edits) {
      const count = counts.get(token) ?? 0;
      assert(count <= 1, `${token} is there ${count} times`);
      if (isForgotten) continue;
      if (type === "remove") assert(count === 0, `${token} was taken out, and is there`);
      else assert(count === 1 || this.#isRemoving(token), `${token} is not there`);
    }
  }

  #isRemoving(token: string): boolean {
    return this.edits.some((edit) => edit.type === "remove" && edit.token === token);
  }

  /** Words that nobody takes back again, and that are saved. */
  takeableWords(): string[] {
    const removing = new Set(this.edits.filter(({ type }) => type === "remove").map(({ token }) => token));
    return this.edits.filter(({ type, token, isSaved }) =>
      type === "insert" && isSaved && !removing.has(token)
    ).map(({ token }) => token);
  }
}

/** What a tab says of itself. */
interface Presence {
  readonly clientId: number;
  readonly state: string;
}

/** One connection of a tab. */
class BrowserConnection implements Told {
  /** For each update sent over it, how many edits of the tab it brings the server to. */
  readonly sent: number[] = [];
  readonly #seen: string[] = [];
  readonly #edits: readonly Edit[];
  /** So many of the tab's edits are acknowledged over it. */
  acknowledged = 0;

  constructor(edits: readonly Edit[]) {
    this.#edits = edits;
  }

  /** The server has sent an update. */
  saw(update: Uint8Array): void {
    for (const struct of Y.decodeUpdate(update).structs) {
      if (!(struct instanceof Y.Item) || !(struct.content instanceof Y.ContentString)) continue;
      for (const token of tokensOf(struct.content.str)) this.#seen.push(token);
    }
  }

  *tokens(): Iterable<string> {
    yield* this.#seen;
    yield* this.#saved("insert");
  }

  removed(): Iterable<string> {
    return this.#saved("remove");
  }

  #saved(wanted: Edit["type"]): string[] {
    const saved = this.#edits.slice(0, this.acknowledged);
    return saved.filter(({ type }) => type === wanted).map(({ token }) => token);
  }
}

/** One tab: it lives until it is closed, and comes back to the server by itself. */
class Tab {
  readonly #doc = new Y.Doc();
  readonly #text = this.#doc.getText("content");
  readonly #world: World;
  readonly #browser: Browser;
  readonly #edits: Edit[] = [];
  #connection = new BrowserConnection(this.#edits);
  #socket: WebSocketConnection | undefined;
  #isSynced = false;
  #acknowledged = 0;
  #clock = 0;
  /** What was last heard of others, also that they are gone, with its clock. */
  readonly #heard = new Map<number, { readonly clock: number; state: string }>();

  constructor(world: World, url: string, browser: Browser) {
    this.#world = world;
    this.#browser = browser;
    this.#doc.clientID = Math.floor(world.random.next() * 2 ** 32);
    this.#doc.on("update", (update: Uint8Array, origin: unknown) => {
      if (origin !== this && this.#isSynced) this.#send("update", update);
    });
    const system = new ActorSystem("tab", { world });
    system.spawn(
      "dialer",
      webSocketDialer({
        url,
        reconnect: { minMs: 50, maxMs: 500, jitter: 0.3 },
        handshakeTimeoutMs: 500,
        pingIntervalMs: 700,
        session: (socket) => this.#session(socket),
      }),
    );
    const write = () => {
      if (browser.isWriting) this.write();
      world.clock.timer(20 + world.random.next() * 200, write);
    };
    write();
  }

  get value(): string {
    return this.#text.toString();
  }

  get isSaved(): boolean {
    return this.#isSynced && this.#acknowledged === this.#edits.length;
  }

  get presence(): Presence {
    return { clientId: this.#doc.clientID, state: JSON.stringify({ edits: this.#edits.length }) };
  }

  get others(): readonly Presence[] {
    return [...this.#heard].filter(([, { state }]) => state !== "null").map(([clientId, { state }]) => ({
      clientId,
      state,
    }));
  }

  write(): void {
    this.#edit();
    this.#sayPresence();
  }

  #edit(): void {
    const { random } = this.#world;
    if (random.next() < 0.1) {
      const words = this.#browser.takeableWords();
      const token = words[Math.floor(random.next() * words.length)];
      const at = token === undefined ? -1 : this.value.indexOf(token);
      if (token !== undefined && at >= 0) {
        this.#did(token, "remove");
        return this.#text.delete(at, token.length);
      }
    }
    const token = this.#browser.nextToken();
    this.#did(token, "insert");
    const at = Math.floor(random.next() * (this.#text.length + 1));
    // Between words, not in one.
    const place = this.value.indexOf(">", at) + 1;
    this.#text.insert(place, random.next() < 0.2 ? `${token}\n` : token);
  }

  #did(token: string, type: Edit["type"]): void {
    const edit: Edit = { token, type, isSaved: false, isForgotten: false };
    this.#edits.push(edit);
    this.#browser.edits.push(edit);
  }

  #session(socket: WebSocketConnection): { frame(message: WebSocketMessage): void; closed(): void } {
    const connection = new BrowserConnection(this.#edits);
    this.#socket = socket;
    this.#connection = connection;
    this.#isSynced = false;
    this.#browser.connections.push(connection);
    socket.send(encodeYMessage({ type: "sync-step-1", stateVector: Y.encodeStateVector(this.#doc) }));
    // As clients of Yjs have it: who was there is seen again when the server says so.
    for (const heard of this.#heard.values()) heard.state = "null";
    this.#sayPresence();
    return {
      frame: (message) => {
        if (typeof message !== "string") this.#onMessage(message, connection);
      },
      closed: () => {
        if (this.#socket === socket) this.#isSynced = false;
      },
    };
  }

  #onMessage(frame: Uint8Array, connection: BrowserConnection): void {
    const message = decodeYMessage(frame);
    if (message.type === "sync-step-1") {
      this.#isSynced = true;
      this.#send("sync-step-2", Y.encodeStateAsUpdate(this.#doc, message.stateVector));
    } else if (message.type === "sync-step-2" || message.type === "update") {
      connection.saw(message.update);
      Y.applyUpdate(this.#doc, message.update, this);
    } else if (message.type === "awareness") {
      for (const { clientId, clock, state } of message.entries) {
        if (clock > (this.#heard.get(clientId)?.clock ?? -1)) this.#heard.set(clientId, { clock, state });
      }
    } else if (message.type === "saved") {
      connection.acknowledged = connection.sent[message.updates - 1] ?? 0;
      this.#acknowledged = Math.max(this.#acknowledged, connection.acknowledged);
      for (const edit of this.#edits.slice(0, this.#acknowledged)) edit.isSaved = true;
    }
  }

  #sayPresence(): void {
    const entries = [{ ...this.presence, clock: ++this.#clock }];
    this.#socket?.send(encodeYMessage({ type: "awareness", entries }));
  }

  #send(type: "sync-step-2" | "update", update: Uint8Array): void {
    this.#connection.sent.push(this.#edits.length);
    this.#socket?.send(encodeYMessage({ type, update }));
  }
}

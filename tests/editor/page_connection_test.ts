import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Awareness } from "y-protocols/awareness";
import * as Y from "yjs";
import { httpServer, type WebSocketConnection } from "../../actors/net/mod.ts";
import { ActorSystem } from "../../mod.ts";
import { Connection, type ConnectionState } from "../../pages/editor/connection.ts";
import { splitUpdate } from "../../pages/editor/split_update.ts";
import { decodeYMessage, encodeYMessage, type YMessage } from "../../protocols/y_sync.ts";
import { deadline, until } from "../_helpers.ts";

const NOTHING = Uint8Array.of(0, 0);
const MAX_MESSAGE_BYTES = (1 << 20) + 16;

/** The page's connection, at a server that says what the test says. */
class Stage implements AsyncDisposable {
  readonly got: YMessage[] = [];
  readonly sockets: WebSocketConnection[] = [];
  readonly states: ConnectionState[] = [];
  /** What the page does when it hears nothing. */
  readonly timers = new Set<{ readonly task: () => void; readonly delayMs: number }>();
  readonly doc = new Y.Doc();
  readonly text = this.doc.getText("content");
  readonly awareness = new Awareness(this.doc);
  readonly connection: Connection;
  readonly #system: ActorSystem;

  private constructor(system: ActorSystem, url: string) {
    this.#system = system;
    this.connection = new Connection({
      url,
      doc: this.doc,
      awareness: this.awareness,
      changed: (state) => void this.states.push(state),
      durable: () => {},
      later: (task, delayMs) => {
        const timer = { task, delayMs };
        this.timers.add(timer);
        return () => this.timers.delete(timer);
      },
    });
  }

  static async open(): Promise<Stage> {
    const system = new ActorSystem("test");
    const { promise: listening, resolve } = Promise.withResolvers<number>();
    system.spawn(
      "server",
      httpServer({
        address: { hostname: "127.0.0.1", port: 0 },
        onListening: ({ port }) => resolve(port),
        routes: [{
          path: "/sync",
          maxMessageBytes: MAX_MESSAGE_BYTES,
          webSocket: (connection) => {
            stage.sockets.push(connection);
            return {
              frame: (frame) => {
                if (typeof frame !== "string") stage.got.push(decodeYMessage(frame));
              },
            };
          },
        }],
      }),
    );
    const stage: Stage = new Stage(system, `ws://127.0.0.1:${await deadline(listening)}/sync`);
    stage.connection.start();
    await stage.hears("sync-step-1");
    return stage;
  }

  /** Waits for a message of the page. */
  async hears(type: YMessage["type"]): Promise<void> {
    await until(() => this.got.some((message) => message.type === type), type);
  }

  /** Waits for what the page shows. */
  async shows(type: ConnectionState["type"]): Promise<void> {
    await until(() => this.states.at(-1)?.type === type, type);
  }

  say(message: YMessage): void {
    this.sockets.at(-1)?.send(encodeYMessage(message));
  }

  /** The first exchange. */
  async sync(): Promise<void> {
    this.say({ type: "sync-step-1", stateVector: Uint8Array.of(0) });
    this.say({ type: "sync-step-2", update: NOTHING });
    await this.hears("sync-step-2");
  }

  /** Lets the time pass that the page waits, and gives how much that is. */
  pass(): number {
    assertEquals(this.timers.size, 1);
    const [timer] = this.timers;
    assert(timer !== undefined);
    this.timers.delete(timer);
    timer.task();
    return timer.delayMs;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // So that it does not come back.
    this.sockets.at(-1)?.close(4413, "enough");
    await this.shows("refused");
    assertEquals(this.timers.size, 0);
    this.awareness.destroy();
    this.doc.destroy();
    await this.#system[Symbol.asyncDispose]();
  }
}

Deno.test("editor page: what is typed between the two halves of the first exchange reaches the server", async () => {
  await using stage = await Stage.open();
  stage.say({ type: "sync-step-1", stateVector: Uint8Array.of(0) });
  await stage.hears("sync-step-2");
  // The server's answer to the page is still on its way.
  stage.text.insert(0, "x");
  await stage.hears("update");
  stage.say({ type: "sync-step-2", update: NOTHING });
  await stage.shows("saving");
  stage.say({ type: "saved", updates: 2 });
  await stage.shows("saved");
  assertEquals(stage.connection.hasUnsaved, false);
});

Deno.test("editor page: a server that is silent is asked, and given up and dialled again where it stays so", async () => {
  await using stage = await Stage.open();
  await stage.sync();
  await stage.shows("saved");
  assertEquals(stage.pass(), 10_000);
  await stage.hears("query-awareness");
  stage.say({ type: "awareness", entries: [] });
  await until(() => [...stage.timers].some(({ delayMs }) => delayMs === 10_000), "the answer to count");
  assertEquals(stage.sockets.length, 1);
  // It still takes what it is sent, and says nothing any more.
  stage.text.insert(0, "x");
  await stage.shows("saving");
  assertEquals([stage.pass(), stage.pass()], [10_000, 5000]);
  assertEquals(stage.states.at(-1)?.type, "offline");
  await until(() => stage.sockets.length === 2, "the page to come again");
  stage.got.length = 0;
  await stage.sync();
  await stage.shows("saving");
  // Perhaps the line is only slow: the next time it waits for longer, until all is well.
  assertEquals([stage.pass(), stage.pass()], [10_000, 10_000]);
  await until(() => stage.sockets.length === 3, "the page to come once more");
  stage.got.length = 0;
  await stage.sync();
  stage.say({ type: "saved", updates: 1 });
  await stage.shows("saved");
  assertEquals([stage.pass(), stage.pass()], [10_000, 5000]);
  await until(() => stage.sockets.length === 4, "the page to come at last");
  stage.got.length = 0;
  await stage.sync();
  await stage.shows("saved");
});

Deno.test("editor page: where the document is full, it says why and that it is not saved, and does not dial again", async () => {
  await using stage = await Stage.open();
  await stage.sync();
  stage.text.insert(0, "too much");
  await stage.hears("update");
  stage.sockets.at(-1)?.close(1009, "the document would be longer than 7 bytes");
  await stage.shows("refused");
  const state = stage.states.at(-1);
  assert(state?.type === "refused");
  assertStringIncludes(state.reason, "Not saved: the document would be longer than 7 bytes.");
  dispatchEvent(new Event("online"));
  assertEquals(stage.states.at(-1)?.type, "refused");
  assertEquals(stage.sockets.length, 1);
  assert(stage.connection.hasUnsaved);
});

Deno.test("editor page: a paste longer than a message is sent in pieces, and saved with the last of them", async () => {
  await using stage = await Stage.open();
  await stage.sync();
  const pasted = "ab😀é\n".repeat(300_000);
  stage.text.insert(0, "what is replaced");
  stage.doc.transact(() => {
    stage.text.delete(0, 8);
    stage.text.insert(0, pasted);
  });
  const server = new Y.Doc();
  const updates = () => stage.got.filter((message) => message.type === "update");
  await until(() => {
    const last = updates().at(-1);
    return last !== undefined && Y.decodeUpdate(last.update).ds.clients.size > 0;
  }, "all of it");
  for (const { update } of updates()) Y.applyUpdate(server, update);
  assertEquals(server.getText("content").toString() === `${pasted}replaced`, true);
  assert(updates().length > 3, `${updates().length}`);
  // The first exchange and what was typed before, then all but the last piece.
  stage.say({ type: "saved", updates: updates().length });
  const vector = Y.encodeStateVector(server);
  server.getText("content").insert(0, "!");
  stage.say({ type: "update", update: Y.encodeStateAsUpdate(server, vector) });
  await until(() => stage.text.toString().startsWith("!"), "what follows the acknowledgement");
  assert(stage.connection.hasUnsaved);
  stage.say({ type: "saved", updates: updates().length + 1 });
  await stage.shows("saved");
  server.destroy();
});

Deno.test("editor page: an update is split into updates that fit, in any order of strings and places", () => {
  const doc = new Y.Doc();
  const text = doc.getText("other");
  text.insert(0, "0123456789");
  const before = Y.encodeStateAsUpdate(doc);
  const vector = Y.encodeStateVector(doc);
  // With surrogates on every boundary that there may be.
  text.insert(5, "😀".repeat(400));
  text.insert(2, `x${"😀".repeat(400)}`);
  text.insert(text.length, "end".repeat(500));
  text.delete(0, 1);
  const update = Y.encodeStateAsUpdate(doc, vector);
  for (const maxBytes of [200, 201, 202, 203, 1000, 1 << 20]) {
    const pieces = splitUpdate(update, maxBytes);
    assert(pieces !== undefined && pieces.every(({ length }) => length <= maxBytes), `${maxBytes}`);
    const copy = new Y.Doc();
    for (const piece of [before, ...pieces]) Y.applyUpdate(copy, piece);
    assertEquals(copy.getText("other").toString(), text.toString(), `${maxBytes}`);
    copy.destroy();
  }
  assertEquals(splitUpdate(update, update.length), [update]);
  doc.destroy();
});

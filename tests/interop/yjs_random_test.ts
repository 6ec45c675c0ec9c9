/**
 * The random tests of Yjs, out of `yjs/testHelper`, with our server in the place of its connector.
 */
import { assertEquals } from "@std/assert";
import * as prng from "lib0/prng";
import type { Doc, Text } from "yjs";
import * as Y from "yjs/testHelper";
import { decodeYMessage, encodeYMessage, type YMessage } from "../../protocols/y_sync.ts";
import { tempDirectory, until } from "../_helpers.ts";
import { FOREIGN, open } from "../editor/_web_clients.ts";

/** What the test helper makes, which has no types. */
interface Setup {
  readonly users: (Doc & { connect: () => void })[];
  readonly testConnector: { readonly onlineConns: Set<unknown>; flushRandomMessage: () => boolean };
}

/** A user of Yjs's test helper, whose messages go through our server. */
class User {
  readonly doc: Doc;
  /** How a connection has ended that it did not end itself: it makes no other. */
  lost: string | undefined;
  readonly #url: string;
  #socket: WebSocket | undefined;

  constructor(doc: Doc, url: string) {
    this.doc = doc;
    this.#url = url;
    doc.on("update", (update: Uint8Array, origin: unknown) => {
      if (origin !== this) this.#send({ type: "update", update });
    });
  }

  get isOnline(): boolean {
    return this.#socket !== undefined;
  }

  /** What it has, for others to compare. */
  get state(): string {
    return [...Y.encodeSnapshot(Y.snapshot(this.doc))].join();
  }

  connect(): void {
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.#send({ type: "sync-step-1", stateVector: Y.encodeStateVector(this.doc) });
    socket.onmessage = ({ data }) => {
      if (this.#socket === socket) this.#receive(decodeYMessage(new Uint8Array(data)));
    };
    socket.onclose = ({ code, reason }) => {
      if (this.#socket === socket) this.lost = `${code} ${reason}`;
    };
  }

  /** With what is on its way. */
  disconnect(): void {
    this.#socket?.close();
    this.#socket = undefined;
  }

  #receive(message: YMessage): void {
    if (message.type === "sync-step-1") {
      this.#send({ type: "sync-step-2", update: Y.encodeStateAsUpdate(this.doc, message.stateVector) });
    } else if (message.type === "sync-step-2" || message.type === "update") {
      Y.applyUpdate(this.doc, message.update, this);
    }
  }

  #send(message: YMessage): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(encodeYMessage(message));
  }
}

/** What the tests of a text in Yjs do at random. */
function change(gen: prng.PRNG, text: Text): void {
  const at = prng.int32(gen, 0, text.length);
  const some = Math.min(text.length - at, prng.int32(gen, 1, 5));
  switch (prng.int32(gen, 0, 4)) {
    case 0:
      return text.delete(at, some);
    case 1:
      return text.format(at, some, { bold: prng.bool(gen) ? true : null });
    case 2:
      return text.insert(at, prng.word(gen), { italic: true });
    default:
      return text.insert(at, prng.oneOf(gen, [prng.word(gen), prng.utf16String(gen), "\n"]));
  }
}

for (const seed of [1, 2, 3]) {
  Deno.test(
    `editor: the random test of Yjs itself converges through our server (seed ${seed})`,
    FOREIGN,
    async () => {
      await using directory = await tempDirectory();
      await using door = await open(directory, "--text-name", "text");
      const gen = prng.create(seed);
      const { users: docs, testConnector }: Setup = Y.init({ prng: gen }, { users: 5 });
      // Nothing goes from one to the other but through the server.
      testConnector.onlineConns.clear();
      testConnector.flushRandomMessage = () => false;
      const users = docs.map((doc) => {
        doc.connect = () => {};
        return new User(doc, door.url);
      });
      for (const user of users) user.connect();
      for (let step = 0; step < 300; step++) {
        const user = prng.oneOf(gen, users);
        if (prng.int32(gen, 0, 100) <= 2) user.isOnline ? user.disconnect() : user.connect();
        else change(gen, user.doc.getText("text"));
        if (step % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
      }
      for (const user of users) if (!user.isOnline) user.connect();
      await until(() => {
        assertEquals(users.flatMap(({ lost = [] }) => lost), [], "the server has closed a connection");
        return new Set(users.map(({ state }) => state)).size === 1;
      }, "all to have the same").catch((cause) => {
        throw new Error(`They do not converge; the server said: ${door.server.stdout}`, { cause });
      });
      const text = docs[0]?.getText("text").toString() ?? "";
      await until(
        async () => await (await fetch(`http://127.0.0.1:${door.web}/document`)).text() === text,
        "the server to have it",
      );
      for (const user of users) user.disconnect();
      // Contents, formats, the structure below them, and what is left of what was deleted.
      Y.compare(docs);
      assertEquals(testConnector.onlineConns.size, 0);
    },
  );
}

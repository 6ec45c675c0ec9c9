/** The real `@hocuspocus/provider` beside the other clients of a document. */
import { assert, assertEquals } from "@std/assert";
import { HocuspocusProvider, HocuspocusProviderWebsocket } from "@hocuspocus/provider";
import * as Y from "yjs";
import { decodeHocuspocus, wrapHocuspocus } from "../../protocols/hocuspocus.ts";
import { encodeYMessage } from "../../protocols/y_sync.ts";
import { deadline, tempDirectory, until } from "../_helpers.ts";
import { type Door, FOREIGN, open, Provider } from "./_web_clients.ts";

function urlOf({ web }: Door, query = ""): string {
  return `ws://127.0.0.1:${web}/hocuspocus${query}`;
}

/** A client of Hocuspocus. */
class Hocus implements Disposable {
  readonly doc = new Y.Doc();
  readonly text = this.doc.getText("content");
  readonly provider: HocuspocusProvider;
  readonly #socket: HocuspocusProviderWebsocket;

  constructor(url: string, name = "document") {
    this.#socket = new HocuspocusProviderWebsocket({ url, delay: 100, minDelay: 100, maxDelay: 300 });
    this.provider = new HocuspocusProvider({ websocketProvider: this.#socket, name, document: this.doc });
    this.provider.attach();
  }

  static async open(url: string, name?: string): Promise<Hocus> {
    const client = new Hocus(url, name);
    await until(() => client.provider.synced && client.provider.isAuthenticated, "the provider to be synced");
    return client;
  }

  get value(): string {
    return this.text.toString();
  }

  [Symbol.dispose](): void {
    this.provider.destroy();
    this.#socket.destroy();
    this.doc.destroy();
  }
}

Deno.test(
  "editor: Hocuspocus providers edit with y-websocket's, know when all is saved, and see who is there",
  FOREIGN,
  async () => {
    await using directory = await tempDirectory();
    await using door = await open(directory);
    using ann = await Hocus.open(urlOf(door));
    using bob = await Hocus.open(urlOf(door));
    using other = await Provider.open(door.url);
    for (let i = 0; i < 50; i++) {
      ann.text.insert(0, "a");
      bob.text.insert(bob.text.length, "b");
      other.text.insert(other.text.length, "c");
    }
    const all = [ann, bob, other];
    await until(
      () => ann.value.length === 150 && all.every(({ value }) => value === ann.value),
      "all to have one text",
    );
    await until(
      () => !ann.provider.hasUnsyncedChanges && !bob.provider.hasUnsyncedChanges,
      "all to be saved",
    );
    await until(
      async () => await Deno.readTextFile(directory.file("temp.txt")) === ann.value,
      "the file to hold the text",
    );
    bob.provider.setAwarenessField("user", { name: "Bob" });
    const names = ({ provider: { awareness } }: Hocus | Provider) =>
      [...awareness?.getStates().values() ?? []].map((state) => state["user"]?.name);
    await until(() => names(ann).includes("Bob") && names(other).includes("Bob"), "Bob to be seen");
    assertEquals(ann.provider.authorizedScope, "read-write");
  },
);

Deno.test(
  "editor: what a Hocuspocus provider typed while the server was killed is merged when it is back",
  FOREIGN,
  async () => {
    await using directory = await tempDirectory();
    const door = await open(directory);
    using ann = await Hocus.open(urlOf(door));
    using bob = await Hocus.open(urlOf(door));
    ann.text.insert(0, "before ");
    await until(() => bob.value === "before ", "the edit");
    door.server.kill("SIGKILL");
    await door.server.ended();
    ann.text.insert(ann.text.length, "during");
    await using _again = await open(directory, "--at", String(door.web));
    await until(() => bob.value === "before during", "what was typed meanwhile");
    await until(() => !ann.provider.hasUnsyncedChanges, "all to be saved");
  },
);

Deno.test(
  "editor: a Hocuspocus provider with a token for reading is told so, and changes nothing",
  FOREIGN,
  async () => {
    await using directory = await tempDirectory();
    await Deno.mkdir(directory.file("docs"));
    await Deno.writeTextFile(directory.file("docs/one.txt"), "mine\n");
    await using door = await open(directory, "--folder", "docs", "--token", "write", "--read-token", "read");
    using reader = await Hocus.open(urlOf(door, "?token=read"), "one");
    using writer = await Hocus.open(urlOf(door, "?token=write"), "one");
    assertEquals(reader.provider.authorizedScope, "readonly");
    await until(() => !reader.provider.hasUnsyncedChanges, "the reader to hear that it has nothing new");
    reader.text.insert(0, "not ");
    writer.text.insert(5, "yours\n");
    await until(() => reader.value.includes("yours"), "the writer's edit");
    assert(reader.provider.hasUnsyncedChanges);
    assertEquals(writer.value, "mine\nyours\n");
  },
);

Deno.test(
  "editor: a connection of Hocuspocus is for one document, and what is no message or of a long name closes it",
  FOREIGN,
  async () => {
    await using directory = await tempDirectory();
    await using door = await open(directory);
    const query = encodeYMessage({ type: "sync-step-1", stateVector: Uint8Array.of(0) });
    const socket = new WebSocket(urlOf(door));
    socket.binaryType = "arraybuffer";
    const got: string[] = [];
    socket.onmessage = ({ data }) => {
      const bytes = new Uint8Array(data);
      const { key, content } = decodeHocuspocus(bytes);
      got.push(`${key}: ${content.type}`);
    };
    const closed = new Promise<CloseEvent>((resolve) => socket.onclose = resolve);
    socket.onopen = () => {
      // All at once: what comes before its document is found waits for it.
      for (const name of ["one", "two"]) socket.send(wrapHocuspocus(name, query));
    };
    await until(() => got.length >= 3, "three answers");
    // Of the second, that it is denied: no message of the y-protocols.
    assertEquals(got.toSorted(), ["one: sync-step-1", "one: sync-step-2", "two: unknown"]);
    socket.send(Uint8Array.of(1, 97));
    const { code, reason } = await deadline(closed);
    assertEquals([code, reason], [1008, "a message ends in the middle of a number"]);
    const long = new WebSocket(urlOf(door));
    const refused = new Promise<CloseEvent>((resolve) => long.onclose = resolve);
    long.onopen = () => long.send(wrapHocuspocus("é".repeat(257), query));
    assertEquals((await deadline(refused)).reason, "the name of a document is longer than 512 bytes");
  },
);

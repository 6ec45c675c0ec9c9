/**
 * A document that is edited through all its doors, under chaos: everybody ends with one text, what was
 * acknowledged is in it,
 * and nothing is in it twice.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import * as Y from "yjs";
import { editorServer } from "../../actors/editor/mod.ts";
import { yjsReplica } from "../../actors/editor/yjs_replica.ts";
import { type WebSocketConnection, webSocketDialer, type WebSocketMessage } from "../../actors/net/mod.ts";
import type { SimWorld } from "../../actors/world/sim/mod.ts";
import type { World } from "../../actors/world/world.ts";
import { ActorSystem } from "../../mod.ts";
import { decodeYMessage, encodeYMessage } from "../../protocols/y_sync.ts";
import { ANY_DISK_OPERATION, type Campaign, LineClient, service } from "./_harness.ts";

const LINE_PORT = 8080;
const WEB_PORT = 8088;
const FILE = "/data/document.txt";
const CHAOS_MS = 5000;
const WRITERS = ["w0", "w1", "w2"];

/** The campaign, with a server as given. */
export function togetherCampaign(name: string, makeServer: typeof editorServer): Campaign {
  const sometimes = [
    ...["power cut", "killed", "asked to stop", "way cut", "connection reset", "slow disk", "write fails"],
    ...["power cut leaves length before data", "crash during sync", "crash after write"],
  ].map((fault) => `fault: ${fault}`);
  return {
    name,
    sometimes: [...sometimes, "an acknowledged word outlived a crash"],
    run: (sim) => run(sim, makeServer),
  };
}

/** The editor as it is. */
export const together: Campaign = togetherCampaign("editor through all doors under chaos", editorServer);

/** A pause in typing, and the file holds what was typed: nobody has to type on for that. */
export const fileFollows: Campaign = {
  name: "editor's file follows its text",
  async run(sim) {
    const server = sim.host("server");
    server.disk.write(FILE, "");
    startServer(sim, editorServer);
    const writer = new Writer(sim, "w0");
    writer.isWriting = false;
    await sim.until(() => writer.isSaved, 10_000, "the writer to be there");
    // A neighbour in the folder: whenever something changes there, the file is looked at.
    sim.chaos({ hosts: ["server"], cpuMs: [0, 1] });
    const neighbour = sim.host("neighbour").world;
    const write = () => {
      server.disk.write("/data/neighbour.txt", `${neighbour.random.next()}`);
      neighbour.clock.timer(neighbour.random.next() * 4, write);
    };
    write();
    for (let pause = 0; pause < 20; pause++) {
      for (let keys = 1 + sim.random.next() * 5; keys > 0; keys--) {
        writer.write();
        await sim.advance(1 + sim.random.next() * 150);
      }
      await sim.until(() => writer.isSaved, 10_000, "the edits to be saved");
      const text = writer.value;
      await sim.until(() => server.disk.readText(FILE) === text, 5000, "the file to hold it");
      await sim.advance(sim.random.next() * 2000);
    }
  },
};

/**
 * Somebody reads the file, thinks, and saves it, while others type: they lose nothing, however often the file
 * was written meanwhile.
 */
export const slowPerson: Campaign = {
  name: "editor's file saved by a person who thinks",
  async run(sim) {
    const { disk } = sim.host("server");
    // Not empty: who saves a line of their own over nothing has replaced the text.
    disk.write(FILE, "There is a text already when the person opens it.\n");
    startServer(sim, editorServer);
    const writer = new Writer(sim, "w0");
    await sim.until(() => writer.isSaved, 10_000, "the writer to be there");
    for (let edit = 0; edit < 5; edit++) {
      const read = disk.readText(FILE) ?? "";
      await sim.advance(500 + sim.random.next() * 4500);
      disk.write(FILE, `person.${edit}\n${read}`);
      await sim.until(() => writer.value.includes(`person.${edit}\n`), 5000, "the person's edit");
    }
    writer.isWriting = false;
    await sim.until(() => writer.isSaved, 10_000, "the edits to be saved");
    for (const token of writer.written) assertEquals(writer.value.split(`<${token}>`).length, 2, token);
    for (let edit = 0; edit < 5; edit++) {
      assertEquals(writer.value.split(`person.${edit}\n`).length, 2, `person.${edit}`);
    }
  },
};

function startServer(sim: SimWorld, makeServer: typeof editorServer): void {
  sim.host("server").start(service("editor", () =>
    makeServer({
      address: { hostname: "::", port: LINE_PORT },
      file: FILE,
      idleFlushMs: 0,
      limits: { maxClients: 1000 },
      web: {
        address: { hostname: "::", port: WEB_PORT },
        hosts: ["server"],
        limits: { pingIntervalMs: 1000 },
        desertedMs: 300,
        replica: () => Promise.resolve(yjsReplica),
      },
    })));
}

async function run(sim: SimWorld, makeServer: typeof editorServer): Promise<void> {
  const server = sim.host("server");
  server.disk.write(FILE, "typed by hand, with no line end");
  startServer(sim, makeServer);
  const writers = WRITERS.map((name) => new Writer(sim, name));
  const line = new LineWriter(sim, "line");
  const reader = new LineClient(sim.host("reader").world, { hostname: "server", port: LINE_PORT });
  const person = new Person(sim);
  const hasDiskErrors = sim.random.chance(0.5);
  const network = sim.chaos({
    hosts: ["server", "line", "reader", ...WRITERS],
    partitionsPerMinute: 15,
    resetsPerMinute: 40,
  });
  const machine = sim.chaos({
    hosts: ["server"],
    crashesPerMinute: 15,
    killsPerMinute: 15,
    aimedCrashesPerMinute: 15,
    gracefulRestartsPerMinute: 5,
    downMs: [10, 500],
    // Not garbage: see the campaign of the line door.
    tearing: { sectorsOutOfOrder: 0.4, lengthBeforeData: 0.4 },
    slowDisksPerMinute: 10,
    diskErrorsPerMinute: hasDiskErrors ? 20 : 0,
    diskErrorOperations: ANY_DISK_OPERATION,
    droppedPages: 0.5,
  });
  await sim.advance(CHAOS_MS);
  network.stop();
  machine.stop();
  for (const writer of writers) writer.isWriting = false;
  line.isWriting = person.isWriting = false;
  const settled = () => writers.every((writer) => writer.isSaved) && line.client.isConnected;
  await sim.until(settled, 30_000, "everything to be saved");
  await sim.advance(1500);
  person.save("the last edit of the file");
  for (const writer of writers) writer.write();
  await sim.advance(1500);
  await sim.until(settled, 30_000, "the last edits to be saved");
  const same = () => new Set(writers.map(({ value }) => value)).size === 1;
  await sim.until(same, 20_000, "all to have one text");
  const text = writers[0]?.value ?? "";
  await sim.until(() => server.disk.readText(FILE) === text, 5000, "the file to hold it");
  check(text, writers, line);
  checkLines(line, [reader, line.client]);
  assertEquals(text.split("the last edit of the file").length, 2, "the file's edit is there once");
  assert(text.includes("typed by hand"), "what was there at first is still there");
  // And after a power cut exactly.
  server.crash();
  server.restart();
  await sim.advance(1000);
  assertEquals(server.disk.readText(FILE), text);
  await checkAcknowledged(sim, writers);
}

/** What is acknowledged is on the disk at that moment: here no browser is left that could bring it back. */
async function checkAcknowledged(sim: SimWorld, writers: readonly Writer[]): Promise<void> {
  const server = sim.host("server");
  const [writer] = writers;
  assert(writer !== undefined);
  await sim.until(() => writers.every(({ isSaved }) => isSaved), 30_000, "all to be back");
  writer.write();
  await sim.until(() => writer.isSaved, 30_000, "the edit to be acknowledged");
  server.crash();
  for (const name of WRITERS) sim.host(name).crash();
  server.restart();
  await sim.advance(1000);
  const token = writer.written.at(-1) ?? "";
  assert(server.disk.readText(FILE)?.includes(`<${token}>`), `${token} was acknowledged, and is lost`);
  sim.sometimes("an acknowledged word outlived a crash");
}

function check(text: string, writers: readonly Writer[], line: LineWriter): void {
  for (const { written, durable } of writers) {
    for (const [index, token] of written.entries()) {
      const count = text.match(new RegExp(`\\b${token}\\b`, "g"))?.length ?? 0;
      assert(count <= 1, `${token} is there ${count} times`);
      assert(count === 1 || index >= durable, `${token} was acknowledged, and is not there`);
    }
  }
  for (const token of line.sent) {
    const count = text.split(`${token}\n`).length - 1;
    assert(count <= 1, `${token} is there ${count} times`);
  }
}

/** In one session a line client is sent each appended line once, whatever else was edited meanwhile. */
function checkLines(line: LineWriter, clients: readonly LineClient[]): void {
  for (const [client, { sessions }] of clients.entries()) {
    for (const [session, { received }] of sessions.entries()) {
      for (const token of line.sent) {
        const count = received.filter((text) => text === token).length;
        assert(count <= 1, `client ${client} got ${token} ${count} times in its session ${session}`);
      }
    }
  }
}

/** A browser: types words that nobody else types, anywhere in the text. */
class Writer {
  readonly doc = new Y.Doc();
  readonly text = this.doc.getText("content");
  readonly written: string[] = [];
  /** So many of them are acknowledged. */
  durable = 0;
  isWriting = true;
  readonly #name: string;
  readonly #world: World;
  #socket: WebSocketConnection | undefined;
  #isSynced = false;
  /** For each update sent over this connection, how many words it brings the server to. */
  #sent: number[] = [];

  constructor(sim: SimWorld, name: string) {
    this.#name = name;
    this.#world = sim.host(name).world;
    this.doc.clientID = Math.floor(this.#world.random.next() * 2 ** 32);
    this.doc.on("update", (update: Uint8Array, origin: unknown) => {
      if (origin !== this && this.#isSynced) this.#send("update", update);
    });
    const system = new ActorSystem(name, { world: this.#world });
    system.spawn(
      "dialer",
      webSocketDialer({
        url: `ws://server:${WEB_PORT}/sync?acks`,
        reconnect: { minMs: 50, maxMs: 500, jitter: 0.3 },
        handshakeTimeoutMs: 500,
        pingIntervalMs: 700,
        session: (socket) => this.#session(socket),
      }),
    );
    const write = () => {
      if (this.isWriting) this.write();
      this.#world.clock.timer(20 + this.#world.random.next() * 200, write);
    };
    write();
  }

  get value(): string {
    return this.text.toString();
  }

  get isSaved(): boolean {
    return this.#isSynced && this.durable === this.written.length;
  }

  write(): void {
    const token = `${this.#name}x${this.written.length}`;
    this.written.push(token);
    const at = Math.floor(this.#world.random.next() * (this.text.length + 1));
    // Between words, not in one.
    const place = this.value.indexOf(">", at) + 1;
    this.text.insert(place, this.#world.random.next() < 0.2 ? `<${token}>\n` : `<${token}>`);
  }

  #session(socket: WebSocketConnection): { frame(message: WebSocketMessage): void; closed(): void } {
    this.#socket = socket;
    this.#isSynced = false;
    this.#sent = [];
    socket.send(encodeYMessage({ type: "sync-step-1", stateVector: Y.encodeStateVector(this.doc) }));
    return {
      frame: (message) => {
        if (typeof message !== "string") this.#onMessage(message);
      },
      closed: () => {
        if (this.#socket === socket) this.#isSynced = false;
      },
    };
  }

  #onMessage(frame: Uint8Array): void {
    const message = decodeYMessage(frame);
    if (message.type === "sync-step-1") {
      this.#isSynced = true;
      this.#send("sync-step-2", Y.encodeStateAsUpdate(this.doc, message.stateVector));
    } else if (message.type === "sync-step-2" || message.type === "update") {
      Y.applyUpdate(this.doc, message.update, this);
    } else if (message.type === "saved") {
      this.durable = Math.max(this.durable, this.#sent[message.updates - 1] ?? 0);
    }
  }

  #send(type: "sync-step-2" | "update", update: Uint8Array): void {
    this.#sent.push(this.written.length);
    this.#socket?.send(encodeYMessage({ type, update }));
  }
}

/** A line client that writes. */
class LineWriter {
  readonly client: LineClient;
  readonly sent: string[] = [];
  isWriting = true;

  constructor(sim: SimWorld, name: string) {
    const { world } = sim.host(name);
    this.client = new LineClient(world, { hostname: "server", port: LINE_PORT });
    const write = () => {
      if (this.isWriting && this.client.isConnected) {
        // Of no other the beginning: a crash may cut a line short, and the person may save it so.
        const line = `${name}.${this.sent.length}.`;
        this.sent.push(line);
        void this.client.send(line);
      }
      world.clock.timer(20 + world.random.next() * 300, write);
    };
    write();
  }
}

/** Somebody who has the file open in an editor: reads it, thinks, and saves it. */
class Person {
  readonly #sim: SimWorld;
  isWriting = true;
  #count = 0;

  constructor(sim: SimWorld) {
    this.#sim = sim;
    const { world } = sim.host("person");
    const edit = () => {
      if (this.isWriting) this.save(`person.${this.#count++}`);
      world.clock.timer(400 + world.random.next() * 800, edit);
    };
    world.clock.timer(500, edit);
  }

  /** Adds a line at the top. */
  save(line: string): void {
    const { disk } = this.#sim.host("server");
    disk.write(FILE, `${line}\n${disk.readText(FILE) ?? ""}`);
  }
}

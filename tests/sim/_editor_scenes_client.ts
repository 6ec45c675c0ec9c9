/**
 * Scenes of the editor by its rules: what the client shows of a server that a script plays.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { editorClient, type EditorClientCommand, type EditorClientEvent } from "../../actors/editor/mod.ts";
import type { SimWorld } from "../../actors/world/sim/mod.ts";
import type { TcpConnection, World } from "../../actors/world/world.ts";
import { ActorSystem, type Ref } from "../../mod.ts";
import { SERVER_IS_FULL } from "../../protocols/editor.ts";
import { readLines, writeAll } from "./_harness.ts";
import { freshHost, SOON_MS } from "./_line_peer.ts";

const PORT = 8080;
const DRAIN_MS = 3000;
/** After silence of this length, twice, the document has come. */
const SETTLED_MS = 30_000;

/** A server that sends its lines to whoever comes, and does with what it is sent as a scene has it. */
class Script {
  readonly lines: string[];
  readonly got: string[] = [];
  readonly happened: EditorClientEvent[] = [];
  readonly client: Ref<EditorClientCommand>;
  /** So many more are told that there is no room. */
  refusals = 0;
  /** Whether it reads what it is sent. */
  isReading = true;
  connections = 0;
  readonly #sim: SimWorld;
  #connection: TcpConnection | undefined;

  constructor(sim: SimWorld, lines: readonly string[], endsLines = true) {
    this.#sim = sim;
    this.lines = [...lines];
    const server = freshHost(sim, "script");
    this.#serve(server.world).catch(() => {});
    const system = new ActorSystem("client", { world: freshHost(sim, "client").world });
    this.client = system.spawn(
      "client",
      editorClient({
        address: { hostname: server.name, port: PORT },
        endsLines,
        reconnect: { minMs: 20, maxMs: 300, jitter: 0.2 },
        drainMs: DRAIN_MS,
        happened: (event) => void this.happened.push(event),
      }),
    );
  }

  async #serve({ net }: World): Promise<void> {
    const listener = net.listenTcp({ hostname: "::", port: PORT });
    for (;;) {
      const connection = this.#connection = await listener.accept();
      this.connections++;
      if (this.refusals-- > 0) {
        await this.send(`${SERVER_IS_FULL}\n`);
        await connection.closeWrite();
        // Closed over unread bytes, it would take back what it has said.
        readLines(connection, () => {}).catch(() => {}).finally(() => connection.close());
        continue;
      }
      await this.send(this.lines.map((line) => `${line}\n`).join(""));
      if (this.isReading) readLines(connection, (line) => void this.got.push(line)).catch(() => {});
    }
  }

  /** What the client shows. */
  get shown(): string[] {
    return this.happened.flatMap((event) => event.type === "updated" ? [event.text] : []);
  }

  get isOver(): boolean {
    return this.happened.some(({ type }) => type === "over");
  }

  async send(text: string): Promise<void> {
    if (this.#connection !== undefined) await writeAll(this.#connection, new TextEncoder().encode(text));
  }

  /** Sends a line of another. */
  async append(line: string): Promise<void> {
    this.lines.push(line);
    await this.send(`${line}\n`);
  }

  /** The connection is lost, and the client comes back. */
  async cut(): Promise<void> {
    const before = this.connections;
    this.#connection?.close();
    await this.#sim.until(() => this.connections > before, SOON_MS, "the client to come back");
  }

  write(text: string): void {
    this.client.tell({ type: "write", text });
  }

  async untilShown(line: string): Promise<void> {
    await this.#sim.until(() => this.shown.includes(line), SOON_MS, `${line} to be shown`);
  }

  async untilGot(count: number): Promise<void> {
    await this.#sim.until(() => this.got.length === count, 10 * SOON_MS, `${count} lines to come`);
  }
}

/** Of two lines that are alike, each is whose it is by its place. */
export async function alike(sim: SimWorld): Promise<void> {
  const script = new Script(sim, ["first", "alike", "third"]);
  await script.untilShown("third");
  script.write("alike");
  await script.untilGot(1);
  const more = sim.random.chance(0.5) ? ["alike", "last"] : ["last"];
  script.lines.push("alike", ...more);
  await script.cut();
  await script.untilShown("last");
  assertEquals(script.shown, ["first", "alike", "third", ...more]);
}

/** What is written to a server that is full is sent once it has room, in its order, once. */
export async function fullServer(sim: SimWorld): Promise<void> {
  const script = new Script(sim, ["first"]);
  await script.untilShown("first");
  for (let round = 0; round < 2; round++) {
    script.refusals = 2;
    await script.cut();
    const before = script.got.length;
    for (let count = 0; count < 3; count++) {
      script.write(`line ${round}.${count}`);
      await sim.advance(sim.random.integer(0, 30));
    }
    await script.untilGot(before + 3);
    await sim.advance(1000);
    assertEquals(script.got.slice(before), [0, 1, 2].map((count) => `line ${round}.${count}`));
    script.lines.push(...script.got.slice(before));
  }
  const told = script.happened.map(({ type }) => type).filter((type) => type !== "updated");
  const again = ["lost", "refused", "connected"];
  assertEquals(told, ["connected", ...again, ...again], "each thing is told once");
  assertEquals(script.shown, ["first"]);
}

/** Who waits for its turn to write has it, also when the server is slow, or lost. */
export async function writesMuch(sim: SimWorld): Promise<void> {
  const script = new Script(sim, ["first"]);
  await script.untilShown("first");
  const text = "x".repeat(10_000);
  let written = 0;
  const write = async (count: number) => {
    for (; count > 0; count--) {
      await script.client.ask<void>((replyTo) => ({ type: "write", text, replyTo }), { timeoutMs: 60_000 });
      written++;
    }
  };
  await sim.settle(write(60), SOON_MS);
  await script.untilGot(60);
  // Nobody reads: it has to wait, until the connection is lost.
  script.isReading = false;
  await script.cut();
  const waiting = write(200);
  await sim.advance(2000);
  assert(written < 160, "who does not read was written to all the same");
  script.isReading = true;
  await script.cut();
  await sim.settle(waiting, SOON_MS);
}

/** Who leaves has sent all; a server that says nothing to that is not waited for for ever. */
export async function leaves(sim: SimWorld): Promise<void> {
  const script = new Script(sim, ["first"]);
  await script.untilShown("first");
  script.write("last words");
  script.client.tell({ type: "leave" });
  const askedMs = sim.now;
  await sim.until(() => script.isOver, SOON_MS, "the client to have left");
  assertEquals(script.got, ["last words"]);
  assert(sim.now - askedMs < DRAIN_MS + 1000, `it took ${sim.now - askedMs} ms to leave`);
}

/** Once the document has come, what comes is others', however much it looks like what was lost. */
export async function settled(sim: SimWorld): Promise<void> {
  const script = new Script(sim, ["first"]);
  await script.untilShown("first");
  script.write("mine");
  await script.untilGot(1);
  // It was lost on the way to the disk.
  await script.cut();
  await sim.advance(SETTLED_MS * sim.random.between(2.1, 3));
  await script.append("mine");
  await script.untilShown("mine");
  assertEquals(script.shown, ["first", "mine"]);
}

/** Silence in the middle of a line ends none, of a server that has ended lines on a connection before. */
export async function rememberedEnds(sim: SimWorld): Promise<void> {
  const script = new Script(sim, ["first"], false);
  await script.untilShown("first");
  script.lines.length = 0;
  await script.cut();
  await script.send("fir");
  await sim.advance(sim.random.integer(1500, 4000));
  await script.send("st\nsecond\n");
  await script.untilShown("second");
  assertEquals(script.shown, ["first", "second"]);
}

/**
 * The editor's client with a server whose document comes in pieces, with silence between, and whose
 * connections end anywhere: it shows every line of others once, whole and in order, and never its own.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { editorClient, type EditorClientCommand, type EditorClientEvent } from "../../actors/editor/mod.ts";
import type { SimWorld, World } from "../../actors/world/sim/mod.ts";
import type { TcpConnection } from "../../actors/world/world.ts";
import { ActorSystem, type Ref } from "../../mod.ts";
import { type Campaign, delay, readLines, writeAll } from "./_harness.ts";

const PORT = 8080;
const PHASES = 6;
/** Shorter than this, silence ends nothing; so long, an unended line is shown as it is. */
const UNENDED_MS = 5000;
/** After silence of this length, twice, the document has come. */
const SETTLED_MS = 30_000;
/** A line of others, and no part of one. */
const WHOLE_LINE = /^(old \d|other \d+ über|the last line)$/;
/** Gaps of {@linkcode UNENDED_MS} on one connection: many in a row would be taken for the end of it all. */
const MAX_LONG_GAPS = 3;

/** The client as it is. */
export const editorClientAlone: Campaign = {
  name: "editor's client, and a document that comes in pieces",
  sometimes: [
    ...["a connection ended in the middle of a line", "an unended line was shown", "a line was refused"],
    ...["the document came slowly", "the document had come, and came again", "an own line was in it"],
  ],
  run,
};

async function run(sim: SimWorld): Promise<void> {
  const host = sim.host("server");
  let shownLines = () => 0;
  const server = new PiecesServer(sim, host.world, () => shownLines());
  const client = new Client(sim);
  shownLines = () => client.linesShown;
  for (let phase = 0; phase < PHASES; phase++) {
    const isQuiet = sim.random.chance(0.3);
    for (let turn = sim.random.integer(0, 12); turn > 0; turn--) {
      if (sim.random.chance(0.5)) server.append(`other ${server.lines.length} über`, false);
      else client.write();
      await sim.advance(sim.random.between(0, 200));
    }
    // The document has come, and it is long until anything happens.
    if (isQuiet) await sim.advance(2.5 * SETTLED_MS);
    sim.sometimes("the document had come, and came again", isQuiet);
    server.cutSoon();
    await sim.advance(sim.random.between(0, 4000));
  }
  server.isCalm = true;
  server.append("the last line", false);
  await sim.until(() => server.isAllSent && client.isUp, 20 * SETTLED_MS, "all to be sent");
  // An unended line may be shown late.
  await sim.advance(2 * UNENDED_MS);
  client.check(server.lines);
}

/** A line of the document. */
interface Line {
  readonly text: string;
  readonly isOwn: boolean;
  /** The last line may have no end yet. */
  hasEnd: boolean;
}

/** A server as ours, but that its bytes come as the network pleases. */
class PiecesServer {
  readonly lines: Line[] = [];
  /** Connections end no more, and silence is short. */
  isCalm = false;
  /** The connection there is has brought all. */
  isAllSent = false;
  readonly #sim: SimWorld;
  readonly #world: World;
  readonly #shown: () => number;
  #cutAtMs = Infinity;

  constructor(sim: SimWorld, world: World, shown: () => number) {
    this.#sim = sim;
    this.#world = world;
    this.#shown = shown;
    for (let i = sim.random.integer(0, 5); i > 0; i--) this.append(`old ${i}`, false);
    const last = this.lines.at(-1);
    if (last !== undefined && sim.random.chance(0.5)) last.hasEnd = false;
    void this.#accept();
  }

  append(text: string, isOwn: boolean): Line {
    const last = this.lines.at(-1);
    if (last !== undefined) last.hasEnd = true;
    const line = { text, isOwn, hasEnd: true };
    this.lines.push(line);
    this.isAllSent = false;
    return line;
  }

  /** The connection there is ends within the next seconds. */
  cutSoon(): void {
    this.#cutAtMs = this.#sim.now + this.#sim.random.between(0, 3000);
  }

  async #accept(): Promise<void> {
    const listener = this.#world.net.listenTcp({ hostname: "::", port: PORT });
    for (;;) void new Service(await listener.accept(), this).run();
  }

  get sim(): SimWorld {
    return this.#sim;
  }

  get world(): World {
    return this.#world;
  }

  /** Whether the connection is to end now. */
  takeCut(): boolean {
    if (this.isCalm || this.#sim.now < this.#cutAtMs) return false;
    this.#cutAtMs = Infinity;
    return true;
  }

  /** How many lines of others the client has shown. */
  get shownLines(): number {
    return this.#shown();
  }
}

/** One connection of it. */
class Service {
  readonly #connection: TcpConnection;
  readonly #server: PiecesServer;
  /** The client is not sent what it has sent on this connection. */
  readonly #own = new Set<Line>();
  #errors: string[] = [];
  /** Lines that were sent. */
  #sent = 0;
  #longGaps = 0;
  #isOver = false;

  constructor(connection: TcpConnection, server: PiecesServer) {
    this.#connection = connection;
    this.#server = server;
  }

  async run(): Promise<void> {
    const { lines, world, sim } = this.#server;
    let taken = Promise.resolve();
    const take = (line: string) => void (taken = taken.then(() => this.#take(line)));
    readLines(this.#connection, take).catch(() => {}).finally(() => this.#end());
    try {
      for (let next = 0; !this.#isOver;) {
        const line = lines[next];
        if (line !== undefined) {
          next++;
          if (this.#own.has(line)) continue;
          // Half of an own line cannot be told from another's.
          await this.#send(line.text, !line.isOwn);
          while (!line.hasEnd && !this.#isOver) await this.#wait(world);
          await this.#send("\n");
          this.#sent++;
          sim.sometimes("an own line was in it", line.isOwn);
          continue;
        }
        for (const error of this.#errors.splice(0)) await this.#send(error, false);
        this.#server.isAllSent = true;
        await this.#wait(world);
      }
    } catch {
      // The client has gone.
    }
    this.#end();
  }

  async #wait(world: World): Promise<void> {
    await delay(world, 10 + world.random.next() * 20);
    if (this.#server.takeCut()) this.#end();
  }

  /** A line of the client: it is put at the end, or refused. */
  async #take(text: string): Promise<void> {
    const { world, sim } = this.#server;
    const isRefused = world.random.next() < 0.1;
    await delay(world, world.random.next() * 5);
    if (!isRefused) return void this.#own.add(this.#server.append(text, true));
    sim.sometimes("a line was refused");
    this.#errors.push("Error: Cannot save the update: no space left\n");
  }

  /** Sends it in pieces, with silence between: long silence where `mayBeLong`. */
  async #send(text: string, mayBeLong = true): Promise<void> {
    const { world, sim } = this.#server;
    const bytes = new TextEncoder().encode(text);
    for (let at = 0; at < bytes.length && !this.#isOver;) {
      const end = Math.min(bytes.length, at + 1 + Math.floor(world.random.next() ** 2 * 30));
      await writeAll(this.#connection, bytes.subarray(at, end));
      at = end;
      await delay(world, this.#gapMs(mayBeLong));
      if (!this.#server.takeCut()) continue;
      sim.sometimes("a connection ended in the middle of a line", at < bytes.length);
      this.#end();
    }
  }

  #gapMs(mayBeLong: boolean): number {
    const { random } = this.#server.world;
    const chance = random.next();
    if (this.#server.isCalm || chance < 0.9) return random.next() * 3;
    if (chance < 0.97 || !mayBeLong) return 60 + random.next() * 900;
    const isComingAgain = this.#sent + 1 < this.#server.shownLines;
    if (chance < 0.985 && isComingAgain && this.#longGaps++ === 0) {
      this.#server.sim.sometimes("the document came slowly");
      return 2.2 * SETTLED_MS;
    }
    return this.#longGaps++ < MAX_LONG_GAPS ? UNENDED_MS + random.next() * 3000 : 0;
  }

  #end(): void {
    this.#isOver = true;
    this.#connection.close();
  }
}

/** The client, with what it shows. */
class Client {
  readonly #sim: SimWorld;
  readonly #shown: string[] = [];
  #client: Ref<EditorClientCommand> | undefined;
  #written = 0;
  /** Events that must not come. */
  readonly #wrong: string[] = [];
  isUp = false;

  constructor(sim: SimWorld) {
    this.#sim = sim;
    this.#start();
  }

  /** Lines that were shown in parts do not count. */
  get linesShown(): number {
    return this.#shown.filter((text) => WHOLE_LINE.test(text)).length;
  }

  write(): void {
    this.#client?.tell({ type: "write", text: `own ${this.#written++}` });
  }

  #start(): void {
    const { world } = this.#sim.host("client");
    const system = new ActorSystem("client", { world });
    this.#client = system.spawn(
      "client",
      editorClient({
        address: { hostname: "server", port: PORT },
        endsLines: true,
        reconnect: { minMs: 20, maxMs: 300, jitter: 0.2 },
        happened: (event) => this.#happened(event),
      }),
    );
  }

  #happened(event: EditorClientEvent): void {
    if (event.type === "changed-elsewhere" || event.type === "over") this.#wrong.push(event.type);
    if (event.type === "updated" && !event.text.startsWith("Error: ")) this.#shown.push(event.text);
    if (event.type === "connected") this.isUp = true;
    if (event.type === "lost") this.isUp = false;
  }

  /** Every line of others once, whole and in order; of an unended one perhaps parts before. */
  check(lines: readonly Line[]): void {
    assertEquals(this.#wrong, [], "the client was told what is not so");
    const expected = lines.filter(({ isOwn }) => !isOwn).map(({ text }) => text);
    let at = 0;
    let parts = "";
    for (const text of this.#shown) {
      const line = expected[at] ?? "nothing more";
      if (text === line) {
        at++;
        parts = "";
        continue;
      }
      parts += text;
      this.#sim.sometimes("an unended line was shown");
      if (parts === line) [at, parts] = [at + 1, ""];
      else assert(line.startsWith(parts), `it shows ${parts} where ${line} stands`);
    }
    assert(at === expected.length, `${expected[at]} was never shown`);
  }
}

/**
 * The editor under chaos: what anybody has seen stays, in its place; nothing that was sent is lost without a
 * word; and its own client shows every line of others once, whole and in order.
 *
 * @module
 */
import { assert } from "@std/assert";
import {
  editorClient,
  type EditorClientCommand,
  type EditorClientEvent,
  editorServer,
  type SyncPolicy,
} from "../../actors/editor/mod.ts";
import type { SimHost, SimWorld } from "../../actors/world/sim/mod.ts";
import { ActorSystem, type Ref } from "../../mod.ts";
import { typeByHand, writeToBadDisk } from "./_editor_trials.ts";
import {
  ANY_DISK_OPERATION,
  type Campaign,
  type ClientSession,
  firstDifference,
  LineClient,
  MACHINE_FAULTS,
  NETWORK_FAULTS,
  RESTART_MS,
  service,
  USUAL_FAULTS,
} from "./_harness.ts";
import { LONG_PAUSE, withstand } from "./_long_pause.ts";

const PORT = 8080;
const FILE = "/data/document.txt";
const BY_HAND = "typed by hand, with no line end";
const MEMBERS = ["m0", "m1", "m2"];
const CLIENTS = ["c0", "c1"];
const CHAOS_MS = 8000;

/** The campaign, with the editor as given: another sync policy than `always` breaks what it promises. */
export function editorCampaign(sync: SyncPolicy): Campaign {
  const sometimes = [
    ...USUAL_FAULTS,
    LONG_PAUSE,
    ...["an update was refused", "a connection brought updates and was lost", "a client came back"],
    "a save was refused",
    ...[
      "fault: write fails",
      "fault: sync fails, pages dropped",
      "fault: power cut leaves length before data",
      "fault: crash during sync",
      "fault: crash after write",
    ],
  ];
  return { name: `editor under chaos, sync ${sync}`, sometimes, run: (sim) => run(sim, sync) };
}

/** The editor as it is. */
export const editor: Campaign = editorCampaign("always");

async function run(sim: SimWorld, sync: SyncPolicy): Promise<void> {
  const server = sim.host("server");
  server.disk.write(FILE, BY_HAND);
  server.start(service("editor", () =>
    editorServer({
      address: { hostname: "::", port: PORT },
      file: FILE,
      sync,
      // The rule for old clients: a slow network would make two messages of one of their lines.
      idleFlushMs: 0,
      limits: { maxClients: 1000 },
    })));
  const members = MEMBERS.map((name) => new Member(sim, name));
  const clients = CLIENTS.map((name) => new ShownDocument(sim, sim.host(name)));
  const hasDiskErrors = sim.random.chance(0.5);
  const network = sim.chaos({ hosts: ["server", ...MEMBERS, ...CLIENTS], ...NETWORK_FAULTS });
  const machines = [
    sim.chaos({
      hosts: ["server"],
      ...MACHINE_FAULTS,
      // Not garbage: a text file has no checksums that could tell it from text.
      tearing: { sectorsOutOfOrder: 0.4, lengthBeforeData: 0.4 },
      diskErrorsPerMinute: hasDiskErrors ? 40 : 0,
      diskErrorOperations: ANY_DISK_OPERATION,
      droppedPages: 0.7,
    }),
    sim.chaos({
      hosts: [...MEMBERS, ...CLIENTS],
      pausesPerMinute: 10,
      pauseMs: [100, 4000],
      cpuMs: [0, 0.3],
    }),
  ];
  const hosts = ["server", ...MEMBERS, ...CLIENTS];
  await withstand(sim, { forMs: CHAOS_MS, network, machines, hosts });
  sim.net.configure({ latencyMs: [0.2, 2], bytesPerSecond: 100_000_000 });
  const calm = () =>
    sim.until(
      () => server.isUp && members.every((member) => member.client.isConnected),
      20_000,
      "everybody to be connected",
    );
  await calm();
  for (const member of members) member.isWriting = false;
  // Who was sent nothing and sends nothing does not know that its connection is dead: what it sends first is
  // lost.
  for (const client of clients) client.write("knocks");
  await sim.advance(8000);
  await calm();
  await writeLastLines(sim, members, clients);
  if (hasDiskErrors) await writeToBadDisk(sim, server, FILE, members);
  const typed = await typeByHand(sim, server, FILE, members);
  await writeWhileAway(sim, server, clients);
  server.crash();
  server.restart();
  await sim.advance(500);
  const lines = linesOf(server.disk.readText(FILE) ?? "");
  checkDocument(lines, [...members.map(({ client }) => client.sessions).flat(), ...clients, { sent: typed }]);
  for (const { client } of members) {
    for (const session of client.sessions) {
      checkSession(sim, session, lines, hasDiskErrors, session === client.sessions.at(-1));
    }
  }
  for (const client of clients) client.check(lines);
}

/** Now that all is well, what anybody sends reaches everybody. */
async function writeLastLines(
  sim: SimWorld,
  members: readonly Member[],
  clients: readonly ShownDocument[],
): Promise<void> {
  const last: string[] = [];
  for (const { client, name } of members) {
    for (let i = 0; i < 5; i++) {
      client.send(`${name} says goodbye ${i}`);
      last.push(`${name} says goodbye ${i}`);
    }
  }
  for (const client of clients) last.push(client.write("goodbye"));
  const hasAll = (received: readonly string[], own: readonly string[]) => {
    const known = new Set([...received, ...own]);
    return last.every((line) => known.has(line));
  };
  await sim.until(
    () =>
      members.every(({ client }) =>
        hasAll(client.sessions.at(-1)?.received ?? [], client.sessions.at(-1)?.sent ?? [])
      ),
    20_000,
    "the last lines to reach everybody",
  );
  await sim.until(
    () => clients.every((client) => hasAll(client.shown, client.sent)),
    30_000,
    "the last lines to be shown by every client",
  );
}

/** What a client is told to write while it knows that its server is gone is sent when that is there again. */
async function writeWhileAway(
  sim: SimWorld,
  server: SimHost,
  clients: readonly ShownDocument[],
): Promise<void> {
  server.kill();
  await sim.until(() => clients.every((client) => client.isAway), 10_000, "the clients to notice");
  const last = clients.map((client) => client.write("wrote while away"));
  server.restart();
  await sim.until(
    () => last.every((line) => server.disk.readText(FILE)?.includes(`${line}\n`) ?? false),
    20_000,
    "what was written meanwhile to be in the document",
  );
  await sim.until(
    () =>
      clients.every(({ shown, sent }) => last.every((line) => sent.includes(line) || shown.includes(line))),
    30_000,
    "what was written meanwhile to be shown by the others",
  );
  for (const client of clients) client.leave();
  await sim.until(() => clients.every((client) => client.hasLeft), 10_000, "the clients to have left");
  await sim.advance(1000);
  assert(clients.every((client) => client.hasLeft), "a client that has left came back");
}

/** One who writes, and sees what others write. */
class Member {
  readonly name: string;
  readonly client: LineClient;
  isWriting = true;
  #count = 0;

  constructor(sim: SimWorld, name: string) {
    this.name = name;
    const { world } = sim.host(name);
    this.client = new LineClient(world, { hostname: "server", port: PORT });
    const write = () => {
      if (this.isWriting && this.client.isConnected) this.client.send(`${name}.${this.#count++}`);
      world.clock.timer(1 + world.random.next() * 60, write);
    };
    write();
  }
}

/** The editor's own client, which comes back by itself, with what it shows. */
class ShownDocument {
  readonly sent: string[] = [];
  readonly shown: string[] = [];
  /** It knows that it has no connection. */
  isAway = true;
  hasLeft = false;
  #isLeaving = false;
  readonly #sim: SimWorld;
  readonly #name: string;
  #client: Ref<EditorClientCommand> | undefined;

  constructor(sim: SimWorld, host: SimHost) {
    this.#sim = sim;
    this.#name = host.name;
    const { world } = host;
    this.#start(host);
    const write = () => {
      if (this.sent.length < 40) this.write("writes");
      world.clock.timer(50 + world.random.next() * 400, write);
    };
    world.clock.timer(500, write);
  }

  write(text: string): string {
    const line = `${this.#name} ${text} ${this.sent.length}`;
    this.sent.push(line);
    this.#client?.tell({ type: "write", text: line });
    return line;
  }

  /** Leaves for good, with all that was written sent. */
  leave(): void {
    this.#isLeaving = true;
    this.#client?.tell({ type: "leave" });
  }

  /** A client that cannot reach its server at first ends: then it is started again. */
  #start(host: SimHost): void {
    const system = new ActorSystem("client", { world: host.world });
    this.#client = system.spawn(
      "client",
      editorClient({
        address: { hostname: "server", port: PORT },
        endsLines: true,
        reconnect: { minMs: 20, maxMs: 300, jitter: 0.2 },
        happened: (event) => this.#happened(event, host, system),
      }),
    );
  }

  #happened(event: EditorClientEvent, host: SimHost, system: ActorSystem): void {
    if (event.type === "updated") this.shown.push(event.text);
    if (event.type === "connected") this.isAway = this.hasLeft = false;
    if (event.type === "lost" || event.type === "over") this.isAway = true;
    if (event.type === "connected") this.#sim.sometimes("a client came back", event.again);
    if (event.type === "over" && this.#isLeaving) {
      this.hasLeft = event.by === "client";
    } else if (event.type === "over") {
      // Not at once: where a name is not found that takes no time, and so would never end.
      host.world.clock.timer(RESTART_MS, () => system.stop().then(() => this.#start(host)));
    }
  }

  /**
   * It shows every line of others, once, whole and in order. What the server says of its own is not in the
   * document.
   */
  check(lines: readonly string[]): void {
    const own = new Set(this.sent);
    const known = new Set(lines);
    const late = new Set(this.#outOfTurn(lines));
    const shown = this.shown.filter((line) =>
      !late.has(line) && (known.has(line) || !line.startsWith("Error: "))
    );
    const expected = lines.filter((line) => !own.has(line));
    const difference = firstDifference(shown, expected) ??
      (shown.length < expected.length ? `${expected[shown.length]} was never shown` : undefined);
    assert(difference === undefined, `${this.#name} does not show the document: ${difference}`);
  }

  /**
   * Its own lines that stand behind later ones: a server that stood still reads the connections that it has
   * had meanwhile in any order. Then its client cannot tell that they are its own.
   */
  #outOfTurn(lines: readonly string[]): string[] {
    const numbers = new Map(this.sent.map((line, number) => [line, number]));
    let latest = -1;
    return lines.filter((line) => {
      const number = numbers.get(line) ?? Infinity;
      if (number === Infinity) return false;
      latest = Math.max(latest, number);
      return number < latest;
    });
  }
}

function linesOf(text: string): string[] {
  assert(text.endsWith("\n"), "the document ends in the middle of a line");
  const lines = text.slice(0, -1).split("\n");
  assert(lines[0] === BY_HAND, `what was typed by hand has become ${lines[0]}`);
  return lines;
}

/** Every line was written by somebody, and is there once. */
function checkDocument(
  lines: readonly string[],
  writers: readonly { readonly sent: readonly string[] }[],
): void {
  const sent = new Set(writers.flatMap((writer) => writer.sent));
  const seen = new Set<string>();
  for (const line of lines.slice(1)) {
    assert(sent.has(line), `nobody has written ${JSON.stringify(line)}`);
    assert(!seen.has(line), `${line} is in the document twice`);
    seen.add(line);
  }
}

function checkSession(
  sim: SimWorld,
  session: ClientSession,
  lines: readonly string[],
  hasDiskErrors: boolean,
  isLast: boolean,
): void {
  const own = new Set(session.sent);
  const errors = session.received.filter((line) => line.startsWith("Error: "));
  const received = session.received.filter((line) => !line.startsWith("Error: "));
  const difference = firstDifference(received, lines.filter((line) => !own.has(line)));
  assert(difference === undefined, `a client has not seen the document: ${difference}`);

  // What was sent on one connection is there in its order, and without a gap: of what is missing before
  // something that came later the sender was told, or its connection was lost before it could be.
  const places = new Map(lines.map((line, place) => [line, place]));
  const saved = session.sent.map((line) => places.get(line));
  const lastSaved = saved.findLastIndex((place) => place !== undefined);
  const present = saved.filter((place) => place !== undefined);
  const isOrdered = present.every((place, index) => index === 0 || place > (present[index - 1] ?? 0));
  assert(isOrdered, "what one client has sent is in the document in another order");
  const missing = session.sent.filter((_, index) => index < lastSaved && saved[index] === undefined);
  sim.sometimes("an update was refused", errors.length > 0);
  sim.sometimes("a connection brought updates and was lost", !isLast && present.length > 0);
  if (!hasDiskErrors) assert(missing.length === 0, `${missing[0]} is lost, with a disk that never failed`);
  if (isLast) {
    const told = errors.length;
    assert(missing.length <= told, `${missing[0]} is lost: ${missing.length} are missing, ${told} were told`);
    assert(
      lastSaved === session.sent.length - 1 || told > 0,
      `${session.sent.at(-1)} is lost, and nobody was told`,
    );
  }
}

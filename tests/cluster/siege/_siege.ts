/**
 * A chat of three servers on NATS, as processes that are killed and frozen one after the other while people
 * talk; and the judgement.
 *
 * @module
 */
import { composeEngine, joinCluster } from "../../../actors/cluster/mod.ts";
import { natsDriver } from "../../../actors/cluster/engines/nats.ts";
import { ActorSystem, denoWorld } from "../../../mod.ts";
import { freePort, root, startProcess, type TestProcess, until } from "../../_helpers.ts";
import { NatsServers } from "../nats/_servers.ts";
import { IRC, LINE, WEB } from "../../sim/_chat_dialects.ts";
import { judge } from "../../chat/cluster/_oracle.ts";
import { byTcp, byWebSocket, pause, Person } from "./_people.ts";
import { RoomTruth } from "./_truth.ts";

/** How it is run. */
export interface SiegeOptions {
  /** Servers of NATS. */
  readonly natsServers: 1 | 3;
  readonly people: number;
  /** How often each chat server meets with each of the faults. */
  readonly rounds: number;
  readonly faults: readonly Fault[];
  /** How often one of the NATS servers does, in between: after a round, at most. @default 0 */
  readonly natsFaults?: number;
  /** Milliseconds that it is left alone after a fault, about. */
  readonly calmMs: number;
}

/** `SIGKILL`, or `SIGSTOP` for longer than the lease. */
export type Fault = "kill" | "freeze";

/** What came of it. */
export interface SiegeResult {
  readonly kills: number;
  readonly freezes: number;
  readonly natsFaults: number;
  readonly lines: number;
  /**
   * Milliseconds from a fault until somebody connected elsewhere heard something that was said after it, each
   * person and fault; the longest last.
   */
  readonly gapsMs: readonly number[];
  /** The same of the faults of NATS servers. */
  readonly natsGapsMs: readonly number[];
  /** What cannot be: each a sentence. */
  readonly wrong: readonly string[];
}

const SERVERS = 3;
/** The chat servers' own. */
const LEASE_TTL_MS = 1500;
/** Beyond its lease a server is frozen for at most so long: the others have given it up by then, or not. */
const FROZEN_MS = 4000;
/** Who has heard nothing for so long, and is connected still, has waited for ever. */
const NEVER_MS = 10_000;
const DIALECTS = [LINE, IRC, WEB] as const;
const world = denoWorld({ log: { level: "error", write: () => {} } });

/** Runs it. `tell` is told how it goes. */
export async function siege(
  options: SiegeOptions,
  tell: (text: string) => void = () => {},
): Promise<SiegeResult> {
  await using nats = await NatsServers.start(options.natsServers);
  await using servers = new ChatServers(nats.addresses);
  for (let index = 0; index < SERVERS; index++) await servers.restart(index);
  // As the servers have it.
  const driver = await natsDriver({
    world,
    servers: nats.addresses,
    replicas: options.natsServers,
    leaseTtlMs: LEASE_TTL_MS,
  });
  await using engine = composeEngine(driver, world);
  await using system = new ActorSystem("observer", { world });
  await using cluster = await joinCluster(system, { engine });
  const truth = new RoomTruth(cluster, "lobby");
  await using _listening = await truth.listen();
  const people = makePeople(servers, options.people);
  const rivals = makeRivals(servers);
  let [isOver, isQuiet] = [false, false];
  const living = [...people, ...rivals].map((person) => person.live(() => isOver, () => isQuiet));
  const reading = (async () => {
    while (!isOver) {
      await truth.catchUp();
      await pause(500);
    }
  })();
  const areIn = () => until(() => people.every(({ isIn }) => isIn), "everybody to be in");
  await areIn();
  const troubles: Trouble[] = [];
  const befall = async (server: number, fault: Fault) => {
    const trouble: Trouble = { server, fault, atMs: performance.now(), toMs: Infinity };
    troubles.push(trouble);
    await strike(servers, server, fault);
    trouble.toMs = performance.now();
    await areIn();
    tell(
      `server ${server}: ${fault}, ${troubles.length} of ${SERVERS * options.rounds * options.faults.length}`,
    );
  };
  const natsTroubles: Trouble[] = [];
  const befallNats = async (round: number) => {
    const index = round % options.natsServers;
    const fault = options.faults[(round >> 1) % options.faults.length] ?? "kill";
    await pause(options.calmMs);
    natsTroubles.push({ server: undefined, fault, atMs: performance.now(), toMs: Infinity });
    await strike(nats, index, fault);
    await pause(8000);
    tell(`NATS server ${index}: ${fault}`);
  };
  for (let round = 0; round < options.rounds; round++) {
    for (const fault of options.faults) {
      for (const index of shuffled([...Array(SERVERS).keys()])) {
        await pause(options.calmMs * (0.5 + Math.random()));
        await befall(index, fault);
      }
    }
    if (round < (options.natsFaults ?? 0)) await befallNats(round);
  }
  await pause(options.calmMs);
  isQuiet = true;
  // What was said is heard.
  await pause(3000);
  isOver = true;
  await Promise.all([...living, reading]);
  await truth.catchUp();
  await truth.catchUp();
  const listeners = [...people, ...rivals].map(({ name, visits }) => ({
    name,
    visits: visits.map(({ heard }) => heard.map(({ text }) => text)),
  }));
  const missing = truth.isWhole ? [] : ["the room's own records are not all there"];
  const wrong = [...missing, ...judge(truth.records, listeners), ...judgeRivals(rivals, troubles)];
  const lines = truth.records.filter(({ fact }) => fact.type === "said").length;
  return {
    kills: troubles.filter(({ fault }) => fault === "kill").length,
    freezes: troubles.filter(({ fault }) => fault === "freeze").length,
    natsFaults: natsTroubles.length,
    lines,
    gapsMs: gaps(people, troubles),
    natsGapsMs: gaps(people, natsTroubles),
    wrong,
  };
}

interface Trouble {
  /** Of the chat. */
  readonly server: number | undefined;
  readonly fault: Fault;
  readonly atMs: number;
  /** When it goes on, or another one runs in its place. */
  toMs: number;
}

/** What can be killed, started again, and stopped for a while. */
interface Victims {
  kill(index: number): Promise<void>;
  restart(index: number): Promise<void>;
  process(index: number): TestProcess | undefined;
}

async function strike(victims: Victims, index: number, fault: Fault): Promise<void> {
  if (fault === "kill") {
    await victims.kill(index);
    await pause(1000 * Math.random());
    return await victims.restart(index);
  }
  victims.process(index)?.kill("SIGSTOP");
  await pause(LEASE_TTL_MS + 500 + FROZEN_MS * Math.random());
  victims.process(index)?.kill("SIGCONT");
}

const homes = new WeakMap<Person, number>();

function makePeople(servers: ChatServers, count: number): Person[] {
  return Array.from({ length: count }, (_, number) => {
    const server = number % SERVERS;
    const door = Math.floor(number / SERVERS) % DIALECTS.length;
    const dialect = DIALECTS[door] ?? LINE;
    const port = () => servers.port(server, door);
    const connect = dialect === WEB ? byWebSocket(port) : byTcp(port);
    const person = new Person({ name: `p${number}`, dialect, connect, sayEveryMs: 500 });
    homes.set(person, server);
    return person;
  });
}

const RIVAL_NAME = "throne";

/** Two at two servers who want the same name, and keep it for a while. */
function makeRivals(servers: ChatServers): Person[] {
  return [0, 1].map((server) => {
    const connect = byTcp(() => servers.port(server, 0));
    const rival = new Person({
      name: RIVAL_NAME,
      dialect: LINE,
      connect,
      sayEveryMs: Infinity,
      stayMs: 1500,
    });
    homes.set(rival, server);
    return rival;
  });
}

/** Nobody knows that the name is its own while the other does. */
function judgeRivals(rivals: readonly Person[], troubles: readonly Trouble[]): string[] {
  const [one = [], other = []] = rivals.map((rival) =>
    rival.stays.map(({ from, to }) => {
      // Who is connected to a server that stands still has no way to know what became of its name.
      const frozen = troubles.find(({ server, fault, atMs, toMs }) =>
        fault === "freeze" && server === homes.get(rival) && atMs < to && from < toMs
      );
      return { from, to: Math.min(to, frozen?.atMs ?? to) };
    })
  );
  const both = one.some(({ from, to }) => other.some((stay) => stay.from < to && from < stay.to));
  return both ? [`${RIVAL_NAME} was two people's name at once`] : [];
}

function gaps(people: readonly Person[], troubles: readonly Trouble[]): number[] {
  const saidAt = new Map<string, number>(
    people.flatMap(({ name, said }) => [...said].map(([text, atMs]) => [`${name}: ${text}`, atMs] as const)),
  );
  return troubles.flatMap(({ server, atMs }) =>
    people.flatMap((person) => {
      const visit = person.visits.find(({ from, to }) => from < atMs && atMs < to);
      if (visit === undefined || homes.get(person) === server) return [];
      const first = visit.heard.find(({ text }) => (saidAt.get(text) ?? 0) > atMs);
      if (first !== undefined) return [first.atMs - atMs];
      return visit.to - atMs > NEVER_MS ? [Infinity] : [];
    })
  ).sort((one, other) => one - other);
}

function shuffled<T>(list: readonly T[]): T[] {
  return list.map((item) => [Math.random(), item] as const).sort(([one], [other]) => one - other)
    .map(([, item]) => item);
}

/** The processes of the chat's servers, each on ports of its own. */
class ChatServers implements AsyncDisposable {
  readonly #engine: string;
  readonly #ports = Array.from({ length: SERVERS }, () => DIALECTS.map(() => freePort()));
  readonly #running: (TestProcess | undefined)[] = [];

  constructor(addresses: readonly string[]) {
    this.#engine = `nats://${addresses.join(",")}`;
  }

  /** The port of a door of a server. */
  port(server: number, door: number): number {
    return this.#ports[server]?.[door] ?? 0;
  }

  /** The process of one; undefined while it is down. */
  process(server: number): TestProcess | undefined {
    return this.#running[server];
  }

  async restart(server: number): Promise<void> {
    const [line, irc, web] = (this.#ports[server] ?? []).map(String);
    const process = startProcess(Deno.execPath(), [
      ...["run", "-q", "--no-prompt", "-P=chat", `${root}tasks/chat_server.ts`, "--host", "127.0.0.1"],
      ...["--port", `${line}`, "--irc-port", `${irc}`, "--web-port", `${web}`, "--rate", "0"],
      ...["--engine", this.#engine],
    ], { env: { LOG_LEVEL: "warn" } });
    this.#running[server] = process;
    await until(() => {
      process.assertRuns();
      return isOpen(Number(line));
    }, "a server to listen");
  }

  async kill(server: number): Promise<void> {
    await this.#running[server]?.[Symbol.asyncDispose]();
    this.#running[server] = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#running.map((_, server) => this.kill(server)));
  }
}

async function isOpen(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return true;
  } catch {
    return false;
  }
}

/** A run in one line. */
export function resultText(
  { kills, freezes, natsFaults, lines, gapsMs, natsGapsMs, wrong }: SiegeResult,
): string {
  const at = (list: readonly number[], share: number) =>
    list.length === 0
      ? "none"
      : `${(list[Math.min(list.length - 1, Math.floor(list.length * share))] ?? 0).toFixed(0)} ms`;
  const text = (list: readonly number[]) =>
    `p50 ${at(list, 0.5)}, p99 ${at(list, 0.99)}, most ${at(list, 1)}`;
  const nats = natsFaults === 0 ? "" : `; after ${natsFaults} faults of NATS servers, ${text(natsGapsMs)}`;
  return `${kills} servers killed, ${freezes} frozen, ${lines} lines said; the room went on after ` +
    `${text(gapsMs)}${nats}: ${wrong.length} wrong`;
}

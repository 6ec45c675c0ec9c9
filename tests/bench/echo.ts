/**
 * The echo server beside a bare loop over `Deno.listen`.
 *
 * @module
 */
import { type Aim, aimAt, type Bench, type BenchOptions, type Row, rowOf } from "./_bench.ts";
import { CpuClock } from "./_cpu_clock.ts";
import { ECHO_PEERS, type EchoPeer, startEchoPeer, UDP_PEERS } from "./_echo_peers.ts";
import { Process } from "./_process.ts";
import { ECHO_LINE, type Passed, startLoad } from "./_load.ts";

const ROUNDS = 7;
const PEER_ROUNDS = 3;
const RUN_MS = 1000;
const QUICK_RUN_MS = 50;

/** What echoes: see `_echo_subject.ts`; the others are in `peers/`. */
export type Kind = "floor" | "echo" | "flooded" | "metered" | "traced" | "udp" | "udp floor" | EchoPeer;

/** What one run of the load took. */
export interface Run extends Passed {
  readonly perSecond: number;
  /** CPU time of the server for one message, in microseconds. */
  readonly cpu: number;
}

/** A server under load, each in a process of its own. */
export class Measured implements AsyncDisposable {
  readonly #subject: Process;
  readonly #load: Process;

  constructor(subject: Process, load: Process) {
    this.#subject = subject;
    this.#load = load;
  }

  /** Starts a server and its load; undefined where the server is not on this machine. */
  static async startPeer(kind: EchoPeer, connections: number, window: number): Promise<Measured | undefined> {
    const subject = await startEchoPeer(kind);
    return subject && await withLoad(subject, kind, connections, window);
  }

  static async start(
    kind: Exclude<Kind, EchoPeer>,
    connections: number,
    window: number,
    env: Readonly<Record<string, string>> = {},
  ): Promise<Measured> {
    const rights = ["--allow-net=127.0.0.1", "--unstable-net"];
    const subject = Process.script("./_echo_subject.ts", rights, [kind], { env });
    return await withLoad(subject, kind, connections, window);
  }

  async run(runMs: number): Promise<Run> {
    const before = Number(await this.#subject.ask("usage"));
    const passed: Passed = JSON.parse(await this.#load.ask(String(runMs)));
    const cpuSeconds = Number(await this.#subject.ask("usage")) - before;
    const { messages, seconds } = passed;
    return { ...passed, perSecond: messages / seconds, cpu: cpuSeconds * 1e6 / messages };
  }

  /** CPU time of the server for each of so many connections at once, and how many there are in a second. */
  async burst(connections: number): Promise<Pick<Run, "perSecond" | "cpu">> {
    const before = Number(await this.#subject.ask("usage"));
    const { seconds }: Passed = JSON.parse(await this.#load.ask(`burst ${connections}`));
    // What it does about those that are closed is its work, too.
    await new Promise((resolve) => setTimeout(resolve, 300));
    const cpuSeconds = Number(await this.#subject.ask("usage")) - before;
    return { perSecond: connections / seconds, cpu: cpuSeconds * 1e6 / connections };
  }

  /** Bytes of memory that each of so many silent connections takes. */
  async idleBytes(connections: number, memory: (pid: number) => Promise<number>): Promise<number> {
    const before = await memory(this.#subject.pid);
    await this.#load.ask(`open ${connections}`);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const bytes = await memory(this.#subject.pid) - before;
    await this.#load.ask("close");
    return bytes / connections;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#load[Symbol.asyncDispose]();
    await this.#subject[Symbol.asyncDispose]();
  }
}

async function withLoad(
  subject: Process,
  kind: Kind,
  connections: number,
  window: number,
): Promise<Measured> {
  const port = Number(await subject.next());
  const request = ECHO_LINE;
  const transport = UDP.has(kind) ? "udp" : "tcp";
  const load = await startLoad({
    port,
    transport,
    connections,
    window,
    request,
    answerBytes: request.length,
  });
  return new Measured(subject, load);
}

const UDP: ReadonlySet<Kind> = new Set<Kind>(["udp", "udp floor", ...UDP_PEERS]);

/** What is measured in turns. */
interface Subjects {
  readonly ours: "echo" | "udp";
  readonly floor: "floor" | "udp floor";
  readonly peers: readonly EchoPeer[];
}

const TCP_SUBJECTS: Subjects = { ours: "echo", floor: "floor", peers: ECHO_PEERS };
const UDP_SUBJECTS: Subjects = { ours: "udp", floor: "udp floor", peers: UDP_PEERS };

interface Shape {
  /** @default "echo" */
  readonly name?: string;
  readonly subjects?: Subjects;
  readonly connections: number;
  readonly window: number;
  readonly aims: Partial<Record<Figure, Aim>>;
}

type Figure = "perSecond" | "cpu" | "p50Ms" | "p99Ms";

const FIGURES: readonly (readonly [Figure, name: string, unit: string])[] = [
  ["perSecond", "throughput", "messages/s"],
  ["cpu", "server CPU a message", "µs"],
  ["p50Ms", "round trip p50", "ms"],
  ["p99Ms", "round trip p99", "ms"],
];

/** Rounds of `measure` of all servers in turns: ours and the floor first. */
async function inTurns<T>(
  connections: number,
  window: number,
  { quick, peers }: BenchOptions,
  measure: (server: Measured) => Promise<T>,
  subjects: Subjects = TCP_SUBJECTS,
): Promise<Map<string, T[]>> {
  await using started = new AsyncDisposableStack();
  const servers = new Map<string, Measured>([
    ["echo", started.use(await Measured.start(subjects.ours, connections, window))],
    ["floor", started.use(await Measured.start(subjects.floor, connections, window))],
  ]);
  for (const kind of peers ? subjects.peers : []) {
    const peer = await Measured.startPeer(kind, connections, window);
    if (peer !== undefined) servers.set(kind, started.use(peer));
  }
  // The compiler has its turn first.
  for (const server of servers.values()) await server.run(quick ? QUICK_RUN_MS : RUN_MS);
  const runs = new Map<string, T[]>([...servers.keys()].map((name) => [name, []]));
  for (let round = 0; round < (quick ? 1 : ROUNDS); round++) {
    for (const [name, server] of servers) {
      if (round < PEER_ROUNDS || name === "echo" || name === "floor") {
        runs.get(name)?.push(await measure(server));
      }
    }
  }
  return runs;
}

/** Throughput, round trips, and the CPU time of the server. */
async function compare(
  { name: service = "echo", subjects, connections, window, aims }: Shape,
  options: BenchOptions,
): Promise<Row[]> {
  const runMs = options.quick ? QUICK_RUN_MS : RUN_MS;
  const { quick } = options;
  // That others run at all is seen at one shape.
  const peers = options.peers && (!quick || connections === 16);
  const runs = await inTurns(
    connections,
    window,
    { quick, peers },
    (server) => server.run(runMs),
    subjects,
  );
  const all = (name: string, figure: Figure) => runs.get(name)?.map((run) => run[figure]) ?? [];
  const others = [...runs.keys()].slice(2);
  return FIGURES.slice(0, window === 1 ? FIGURES.length : 2).map(([figure, name, unit]) =>
    rowOf({
      name: `${service}, ${connections} × ${window} under way: ${name}`,
      unit,
      values: all("echo", figure),
      floors: all("floor", figure),
      peers: new Map(others.map((other) => [other, all(other, figure)])),
      aim: aims[figure],
    })
  );
}

/** One message after the other, beside an actor that never stops sending to itself, and beside none. */
async function flooded(quick: boolean): Promise<Row[]> {
  await using echo = await Measured.start("echo", 1, 1);
  await using flooded = await Measured.start("flooded", 1, 1);
  const runMs = quick ? QUICK_RUN_MS : RUN_MS;
  for (const server of [echo, flooded]) await server.run(runMs);
  const runs: { readonly echo: Run; readonly flooded: Run }[] = [];
  for (let round = 0; round < (quick ? 1 : ROUNDS); round++) {
    runs.push({ echo: await echo.run(runMs), flooded: await flooded.run(runMs) });
  }
  const row = (name: string, figure: Figure, aim?: Aim): Row =>
    rowOf({
      name: `echo beside a flooded actor: round trip ${name}`,
      unit: "ms",
      values: runs.map(({ flooded }) => flooded[figure]),
      floors: runs.map(({ echo }) => echo[figure]),
      aim,
    });
  return [row("p50", "p50Ms", aimAt("value", "<=", 2)), row("p99", "p99Ms")];
}

/** Connections that come at once, and go after a message. */
async function bursts({ quick, peers }: BenchOptions): Promise<Row[]> {
  const connections = quick ? 100 : 4000;
  const runs = await inTurns(1, 1, { quick, peers: peers && !quick }, (server) => server.burst(connections));
  const all = (name: string, figure: "perSecond" | "cpu") => (runs.get(name) ?? []).map((run) => run[figure]);
  const row = (name: string, unit: string, figure: "perSecond" | "cpu", aim?: Aim) =>
    rowOf({
      name: `echo, 4,000 connects at once: ${name}`,
      unit,
      values: all("echo", figure),
      floors: all("floor", figure),
      peers: new Map([...runs.keys()].slice(2).map((other) => [other, all(other, figure)])),
      aim,
    });
  return [
    row("connections", "connections/s", "perSecond"),
    row("server CPU a connection", "µs", "cpu", aimAt("ratio", "<=", 1.3)),
  ];
}

/** What a silent connection takes: a new server for each figure, as memory is not given back. */
async function idle(connections: number, { quick, peers }: BenchOptions): Promise<Row[]> {
  await using clock = new CpuClock();
  const figures = new Map<string, number[]>();
  for (let round = 0; round < (quick ? 1 : 3); round++) {
    const all = { quick: true, peers: peers && !quick && round === 0 };
    const of = await inTurns(
      1,
      1,
      all,
      (server) => server.idleBytes(connections, (pid) => clock.memory(pid)),
    );
    for (const [name, found] of of) figures.set(name, [...figures.get(name) ?? [], ...found]);
  }
  const values = figures.get("echo") ?? [];
  const floors = figures.get("floor") ?? [];
  const name = `echo, memory an idle connection of ${connections.toLocaleString("en-US")}`;
  return [
    rowOf({
      name,
      unit: "bytes",
      values,
      floors,
      peers: new Map([...figures].slice(2)),
    }),
    rowOf({
      name: `${name}: above the bare loop's`,
      unit: "bytes",
      values: values.map((value, round) => value - (floors[round] ?? NaN)),
      aim: aimAt("value", "<=", 8192),
    }),
  ];
}

const CPU_AIM = aimAt("ratio", "<=", 1.1);

/** The echo server's benchmarks. */
export const benches: Bench[] = [
  ...[
    { connections: 16, window: 1, aims: { cpu: CPU_AIM } },
    { connections: 64, window: 16, aims: { cpu: CPU_AIM } },
    { connections: 500, window: 1, aims: { cpu: CPU_AIM, p99Ms: aimAt("value", "<=", 10) } },
    // So many that none comes near the datagrams that ours answers one peer in a second.
    { name: "echo by UDP", subjects: UDP_SUBJECTS, connections: 64, window: 1, aims: {} },
  ].map((shape: Shape): Bench => ({
    name: `${shape.name ?? "echo"}, ${shape.connections} × ${shape.window} under way`,
    run: (options) => compare(shape, options),
  })),
  { name: "echo, connects at once", run: bursts },
  ...[1000, 10_000].map((connections): Bench => ({
    name: `echo, memory of ${connections.toLocaleString("en-US")} idle connections`,
    run: (options) => idle(options.quick ? connections / 50 : connections, options),
  })),
  { name: "echo beside a flooded actor", run: ({ quick }) => flooded(quick) },
];

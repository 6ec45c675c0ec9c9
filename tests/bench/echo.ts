/**
 * The echo server beside a bare loop over `Deno.listen`.
 *
 * @module
 */
import { makeCertificate, tempDirectory } from "../_helpers.ts";
import { type Aim, aimAt, type Bench, type BenchOptions, roundsOf, type Row, rowOf } from "./_bench.ts";
import { CpuClock } from "./_cpu_clock.ts";
import { type EchoTransport, Measured, type OurKind, type Run } from "./_measured_echo.ts";
import { ECHO_PEERS, type PeerServer, TLS_PEERS, UDP_PEERS } from "./_server_peers.ts";

const ROUNDS = 7;
const PEER_ROUNDS = 3;
const RUN_MS = 1000;
const QUICK_RUN_MS = 50;

/** What is measured in turns. */
interface Subjects {
  readonly transport: EchoTransport;
  readonly ours: OurKind;
  readonly floor: OurKind;
  readonly peers: readonly PeerServer[];
}

const TCP: Subjects = { transport: "tcp", ours: "echo", floor: "floor", peers: ECHO_PEERS };
/** A bare loop whose buffers are no larger than ours. */
const IDLE: Subjects = { ...TCP, floor: "idle floor" };
const UDP: Subjects = { transport: "udp", ours: "udp", floor: "udp floor", peers: UDP_PEERS };
const TLS: Subjects = { transport: "tls", ours: "tls", floor: "tls floor", peers: TLS_PEERS };

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
  options: BenchOptions,
  measure: (server: Measured) => Promise<T>,
  { transport, ours, floor, peers }: Subjects = TCP,
): Promise<Map<string, T[]>> {
  const { quick, peers: hasPeers } = options;
  await using directory = await tempDirectory();
  const { certFile, keyFile } = await makeCertificate(directory);
  const load = { transport, connections, window, files: [certFile, keyFile] };
  await using started = new AsyncDisposableStack();
  const servers = new Map<string, Measured>([
    ["echo", started.use(await Measured.start(ours, load))],
    ["floor", started.use(await Measured.start(floor, load))],
  ]);
  for (const kind of hasPeers ? peers : []) {
    const peer = await Measured.startPeer(kind, load);
    if (peer !== undefined) servers.set(peer.name, started.use(peer.server));
  }
  // The compiler has its turn first.
  for (const server of servers.values()) await server.run(quick ? QUICK_RUN_MS : RUN_MS);
  const runs = new Map<string, T[]>([...servers.keys()].map((name) => [name, []]));
  for (let round = 0; round < roundsOf(options, ROUNDS); round++) {
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
  { name: service = "echo", subjects = TCP, connections, window, aims }: Shape,
  options: BenchOptions,
): Promise<Row[]> {
  const runMs = options.quick ? QUICK_RUN_MS : RUN_MS;
  const { quick } = options;
  // That others run at all is seen at one shape.
  const peers = options.peers && (!quick || subjects !== TCP || connections === 16);
  const runs = await inTurns(
    connections,
    window,
    { ...options, peers },
    (server) => server.run(runMs),
    subjects,
  );
  const all = (name: string, figure: Figure) => runs.get(name)?.map((run) => run[figure]) ?? [];
  const others = [...runs.keys()].slice(2);
  const hasRoundTrips = window === 1 && subjects !== TLS;
  return FIGURES.slice(0, hasRoundTrips ? FIGURES.length : 2).map(([figure, name, unit]) =>
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
async function flooded(options: BenchOptions): Promise<Row[]> {
  const { quick } = options;
  await using echo = await Measured.start("echo", { connections: 1, window: 1 });
  await using flooded = await Measured.start("flooded", { connections: 1, window: 1 });
  const runMs = quick ? QUICK_RUN_MS : RUN_MS;
  for (const server of [echo, flooded]) await server.run(runMs);
  const runs: { readonly echo: Run; readonly flooded: Run }[] = [];
  for (let round = 0; round < roundsOf(options, ROUNDS); round++) {
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
async function bursts(options: BenchOptions): Promise<Row[]> {
  const { quick } = options;
  const connections = quick ? 100 : 4000;
  const runs = await inTurns(
    1,
    1,
    { ...options, peers: options.peers && !quick },
    (server) => server.burst(connections),
  );
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

/**
 * What a silent connection takes: a new server for each figure, as memory is not given back.
 *
 * What a process grows by with the first of them is not theirs alone: the compiler takes its share while the
 * code that accepts them becomes hot, once for all. So it is told, too, what each further one takes.
 */
async function idle({ quick, peers }: BenchOptions): Promise<Row[]> {
  await using clock = new CpuClock();
  const [some, many] = quick ? [20, 200] : [1000, 10_000];
  const grown = new Map<string, number[][]>();
  for (let round = 0; round < (quick ? 1 : 3); round++) {
    const all = { quick: true, full: false, peers: peers && !quick && round === 0 };
    const of = await inTurns(
      1,
      1,
      all,
      (server) => server.idleBytes([some, many], (pid) => clock.memory(pid)),
      IDLE,
    );
    for (const [name, found] of of) grown.set(name, [...grown.get(name) ?? [], ...found]);
  }
  const name = "echo, memory an idle connection";
  return [
    ...memoryRows(`${name} of 1,000`, grown, ([first = NaN]) => first / some),
    ...memoryRows(`${name} of 10,000`, grown, ([, all = NaN]) => all / many),
    ...memoryRows(
      `${name} more than 1,000`,
      grown,
      ([first = NaN, all = NaN]) => (all - first) / (many - some),
    ),
  ];
}

/** A figure of the memory that all of them have grown by, and how far ours is above the bare loop's. */
function memoryRows(
  name: string,
  grown: ReadonlyMap<string, readonly number[][]>,
  figure: (grown: readonly number[]) => number,
): Row[] {
  const all = new Map([...grown].map(([server, rounds]) => [server, rounds.map(figure)]));
  const values = all.get("echo") ?? [];
  const floors = all.get("floor") ?? [];
  return [
    rowOf({ name, unit: "bytes", values, floors, peers: new Map([...all].slice(2)) }),
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
    { name: "echo by UDP", subjects: UDP, connections: 64, window: 1, aims: {} },
    { name: "echo over TLS", subjects: TLS, connections: 64, window: 1, aims: {} },
  ].map((shape: Shape): Bench => ({
    name: `${shape.name ?? "echo"}, ${shape.connections} × ${shape.window} under way`,
    run: (options) => compare(shape, options),
  })),
  { name: "echo, connects at once", run: bursts },
  { name: "echo, memory of idle connections", run: idle },
  { name: "echo beside a flooded actor", run: flooded },
];

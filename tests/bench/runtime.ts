/**
 * Messages, questions, spawns and memory of the runtime, each beside a hand-written loop and beside what
 * others have made.
 *
 * @module
 */
import { type Aim, aimAt, type Bench, type BenchOptions, roundsOf, type Row, rowOf } from "./_bench.ts";
import { Process } from "./_process.ts";
import { actorPeers, type ActorShape } from "./_actor_peers.ts";

interface Shape {
  readonly shape: ActorShape;
  readonly row: string;
  readonly unit: string;
  /** How many messages, questions or actors a round has. */
  readonly size: number;
  readonly aim: Aim;
}

const SHAPES: readonly Shape[] = [
  told("ping-pong", "tell, one to one", 3_000_000),
  told("many to one", "tell, many to one", 5_000_000),
  told("ring", "tell, ring of 1,000", 3_000_000),
  told("random", "tell, random of 100,000", 1_000_000),
  asked("ask", "ask, 100 at once", aimAt("value", ">=", 4_000_000)),
  asked("ask in turn", "ask, one by one", aimAt("ratio", ">=", 0.6)),
  {
    shape: "spawn",
    row: "spawn, all started",
    unit: "actors/CPU s",
    size: 200_000,
    aim: aimAt("value", ">=", 1_000_000),
  },
  { shape: "bytes", row: "an idle actor", unit: "bytes", size: 200_000, aim: aimAt("value", "<=", 500) },
];

function told(shape: ActorShape, row: string, size: number): Shape {
  return { shape, row, unit: "messages/CPU s", size, aim: aimAt("ratio", ">=", 0.7) };
}

function asked(shape: ActorShape, row: string, aim: Aim): Shape {
  return { shape, row, unit: "questions/CPU s", size: 500_000, aim };
}

/** What few others have. */
const FAULTS: readonly Shape[] = [
  {
    shape: "restart",
    row: "a failure and the restart after it",
    unit: "restarts/CPU s",
    size: 100_000,
    aim: aimAt("ratio", ">=", 0.1),
  },
  {
    shape: "priority",
    row: "an urgent message before a flood of 1,000,000 (floor: one behind it)",
    unit: "ms",
    size: 1_000_000,
    aim: aimAt("ratio", "<=", 0.1),
  },
];

/** What a process prints of a round. */
interface Round {
  readonly value: number;
  readonly floor: number;
  readonly yielding?: number;
}

const YIELDING = "a floor that yields to sockets";
const ROUNDS = 7;
const PEER_ROUNDS = 3;

/** A shape has processes of its own; a round is the toolkit, then the floor, then each of the peers. */
async function runShape(
  { shape, row, unit, size, aim }: Shape,
  options: BenchOptions,
): Promise<Row[]> {
  const { quick, peers } = options;
  const rights = ["--no-prompt", "--v8-flags=--expose-gc"];
  const much = quick ? size / 100 : size;
  const isFault = shape === "restart" || shape === "priority";
  const script = isFault ? "./_runtime_faults.ts" : "./_runtime_shapes.ts";
  await using ours = Process.script(script, rights, [shape, much]);
  await ours.next();
  await using others = new AsyncDisposableStack();
  // That they run at all is seen at one shape.
  const hasPeers = peers && (!quick || shape === "ping-pong");
  const started = hasPeers ? await actorPeers(shape, much) : [];
  for (const { process } of started) others.use(process);
  const [values, floors]: [number[], number[]] = [[], []];
  const theirs = new Map<string, number[]>(started.map(({ name }) => [name, []]));
  for (let round = 0; round < roundsOf(options, ROUNDS); round++) {
    const { value, floor, yielding }: Round = JSON.parse(await ours.ask("round"));
    values.push(value);
    floors.push(floor);
    if (yielding !== undefined) theirs.set(YIELDING, [...theirs.get(YIELDING) ?? [], yielding]);
    if (round >= roundsOf(options, PEER_ROUNDS)) continue;
    for (const { name, process } of started) theirs.get(name)?.push(Number(await process.ask("round")));
  }
  const rows = [rowOf({ name: row, unit, values, floors, aim, peers: theirs })];
  const erlang = [...theirs].find(([name]) => name.startsWith("Erlang"))?.[1];
  if (row.startsWith("tell") && erlang !== undefined) {
    rows.push(rowOf({
      name: `${row}: as many times Erlang's`,
      unit: "times",
      values: erlang.map((their, round) => (values[round] ?? NaN) / their),
      aim: aimAt("value", ">=", 5),
    }));
  }
  return rows;
}

/** The runtime's benchmarks. */
export const benches: Bench[] = [...SHAPES, ...FAULTS].map((shape) => ({
  name: `runtime: ${shape.row}`,
  run: (options: BenchOptions) => runShape(shape, options),
}));

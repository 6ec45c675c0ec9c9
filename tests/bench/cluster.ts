/**
 * Persistent entities beside the client of their engine with no actor.
 *
 * @module
 */
import { hasNats, NatsServers } from "../cluster/nats/_servers.ts";
import { aimAt, type Bench, type Row, rowOf } from "./_bench.ts";

const ROUNDS = 3;
/** Entities, and commands under way at once. */
const SHAPES = [[1, 1], [1, 100], [100, 100], [10_000, 100]] as const;

async function subject(args: readonly (string | number)[]): Promise<Record<string, number>> {
  const script = new URL("_cluster_subject.ts", import.meta.url).pathname;
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--v8-flags=--expose-gc", script, ...args.map(String)],
    stdin: "null",
    stderr: "inherit",
  }).output();
  if (!success) throw new Error(`Cannot measure: ${args.join(" ")} failed`);
  const result: unknown = JSON.parse(new TextDecoder().decode(stdout));
  const figures = typeof result === "object" && result !== null ? Object.entries(result) : [];
  return Object.fromEntries(figures.map(([name, figure]) => [name, Number(figure)]));
}

/** Ours and the bare client in turns, for each shape. */
async function rows(
  name: string,
  quick: boolean,
  ours: (actors: number, underWay: number, seconds: number) => (string | number)[],
  bare: (actors: number, underWay: number, seconds: number) => (string | number)[],
  aim: (actors: number, underWay: number) => number | undefined,
): Promise<Row[]> {
  const result: Row[] = [];
  for (const [most, underWay] of SHAPES) {
    // Each has to be brought to life first, at the speed of the engine.
    const actors = quick ? Math.min(most, 1000) : most;
    const own: Record<string, number>[] = [];
    const floor: Record<string, number>[] = [];
    for (let round = 0; round < (quick ? 1 : ROUNDS); round++) {
      const seconds = quick ? 0.2 : 1.5;
      own.push(await subject(ours(actors, underWay, seconds)));
      floor.push(await subject(bare(actors, underWay, seconds)));
    }
    const what = `${name}, ${actors} entities, ${underWay} under way`;
    const aimed = aim(actors, underWay);
    const both = (figure: string) => ({ values: figures(own, figure), floors: figures(floor, figure) });
    result.push(rowOf({
      ...{ name: what, unit: "commands/s", ...both("perSecond") },
      aim: aimed === undefined ? undefined : aimAt("value", ">=", aimed),
    }));
    result.push(rowOf({ name: `${what}, p99`, unit: "ms", ...both("p99Ms") }));
    result.push(rowOf({ name: `${what}, CPU of a command`, unit: "µs", ...both("cpuUs") }));
  }
  return result;
}

function figures(runs: readonly Readonly<Record<string, number>>[], name: string): number[] {
  return runs.map((run) => run[name] ?? NaN);
}

async function onSqlite(quick: boolean): Promise<Row[]> {
  const directory = await Deno.makeTempDir({ dir: ".tmp", prefix: "bench-cluster-" });
  let files = 0;
  const file = () => `${directory}/${++files}.sqlite`;
  try {
    return await rows(
      "cluster: sqlite",
      quick,
      (...shape) => ["sqlite", ...shape, file()],
      (...shape) => ["bare-sqlite", ...shape, file()],
      (actors, underWay) => actors === 100 && underWay === 100 ? 70_000 : undefined,
    );
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function onNats(replicas: 1 | 3, quick: boolean): Promise<Row[]> {
  if (!await hasNats()) {
    console.error(`cluster: nats R${replicas}: skipped, no nats-server is here (.ci/nats-server gets one)`);
    return [];
  }
  await using servers = await NatsServers.start(replicas);
  return await rows(
    `cluster: nats R${replicas}, durable`,
    quick,
    (...shape) => ["nats", ...shape, replicas, ...servers.addresses],
    (...shape) => ["bare-nats", ...shape, replicas, ...servers.addresses],
    (actors, underWay) => replicas === 3 && actors === 100 && underWay === 100 ? 13_000 : undefined,
  );
}

/** What `deno task bench` runs. */
export const benches: Bench[] = [
  { name: "cluster: sqlite", run: ({ quick }) => onSqlite(quick) },
  { name: "cluster: nats R1", run: ({ quick }) => onNats(1, quick) },
  { name: "cluster: nats R3", run: ({ quick }) => onNats(3, quick) },
  {
    name: "cluster: idle entities",
    run: async ({ quick }) => {
      const { bytesEach = NaN } = await subject(["idle", quick ? 1000 : 100_000, 0, 0]);
      return [rowOf({ name: "cluster: an idle persistent entity", unit: "bytes", values: [bytesEach] })];
    },
  },
  {
    name: "cluster: move",
    run: async ({ quick }) => {
      const { allMs = NaN, medianMs = NaN } = await subject(["move", quick ? 10 : 1000, 0, 0]);
      const name = "cluster: 1,000 entities of a dead host answer elsewhere, lease 2 s";
      return [
        rowOf({ name: `${name}, all`, unit: "ms", values: [allMs] }),
        rowOf({ name: `${name}, median`, unit: "ms", values: [medianMs] }),
      ];
    },
  },
];

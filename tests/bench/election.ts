/**
 * How long peers are without a leader, on real processes with the default heartbeat and timeout.
 *
 * @module
 */
import { PeerNetwork } from "../election/_peers.ts";
import { parseTrace } from "../election/_trace.ts";
import type { TestProcess } from "../_helpers.ts";
import { aimAt, type Bench, quantile, type Row, rowOf } from "./_bench.ts";

/**
 * The leader is to be back soon after each round, however often it dies: the window in which it stays out
 * doubles each time.
 */
const FLAGS = ["--damping-ms", "50"];
/** A node that changes its mind for ever says so once a second: a new network before that. */
const ROUNDS_A_NETWORK = 20;
const PAUSE_MS = 500;

/** Rows for the median and the 99th percentile of some times. */
function quantiles(name: string, timesMs: readonly number[]): Row[] {
  // etcd: 1,100 to 1,500 ms.
  const aim = aimAt("value", "<=", 1000);
  return [["p50", 0.5] as const, ["p99", 0.99] as const].map(([called, share]) =>
    rowOf({
      name: `${name}, ${called} of ${timesMs.length}`,
      unit: "ms",
      values: [quantile(timesMs, share)],
      aim,
    })
  );
}

async function started(): Promise<PeerNetwork> {
  const network = await PeerNetwork.create({ flags: FLAGS });
  await Promise.all(network.ids.map((id) => network.start(id)));
  await network.elected(1, [1, 2, 3]);
  return network;
}

/** From the moment that node 1 is struck until both of the others name another leader. */
async function timeToNext(network: PeerNetwork, strike: () => void): Promise<number> {
  const before = performance.now();
  strike();
  await network.elected(2, [2, 3]);
  return performance.now() - before;
}

/** Strikes the leader again and again, and brings it back each time. */
async function strikes(
  rounds: number,
  strike: (leader: TestProcess) => void,
  bringBack: (network: PeerNetwork, leader: TestProcess) => Promise<void>,
): Promise<number[]> {
  const timesMs: number[] = [];
  while (timesMs.length < rounds) {
    await using network = await started();
    for (let round = 0; round < ROUNDS_A_NETWORK && timesMs.length < rounds; round++) {
      const leader = network.node(1);
      timesMs.push(await timeToNext(network, () => strike(leader)));
      await bringBack(network, leader);
      await network.elected(1, [1, 2, 3]);
    }
  }
  return timesMs;
}

async function afterKill(rounds: number): Promise<Row[]> {
  const timesMs = await strikes(rounds, (leader) => leader.kill("SIGKILL"), async (network, leader) => {
    await leader.ended();
    await network.start(1);
  });
  return quantiles("peers: kill -9 of the leader to the next", timesMs);
}

async function afterFreeze(rounds: number): Promise<Row[]> {
  const timesMs = await strikes(rounds, (leader) => leader.kill("SIGSTOP"), (_, leader) => {
    leader.kill("SIGCONT");
    return Promise.resolve();
  });
  return quantiles("peers: freeze of the leader to the next", timesMs);
}

async function pauses(rounds: number): Promise<Row[]> {
  await using network = await started();
  const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  for (let round = 0; round < rounds; round++) {
    network.node(1).kill("SIGSTOP");
    await sleep(PAUSE_MS);
    network.node(1).kill("SIGCONT");
    // Long enough for an election to follow, and never in step with the heartbeat.
    await sleep(1000 + 37 * round % 200);
  }
  const trace = parseTrace(await Deno.readTextFile(network.directory.file("trace1.jsonl")));
  const deposed = trace.filter(({ from }) => from === "leader").length;
  return [rowOf({
    name: `peers: deposed in ${rounds} pauses of ${PAUSE_MS} ms`,
    unit: "times",
    values: [deposed],
    aim: aimAt("value", "<=", 0),
  })];
}

/** Leader election. */
export const benches: Bench[] = [
  { name: "peers: kill -9", run: ({ quick }) => afterKill(quick ? 2 : 50) },
  { name: "peers: freeze", run: ({ quick }) => afterFreeze(quick ? 1 : 50) },
  { name: "peers: pause", run: ({ quick }) => pauses(quick ? 1 : 50) },
];

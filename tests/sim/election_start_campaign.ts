/**
 * Networks that start, with latencies that make dials cross, and then have nothing to do: no link breaks.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { peer, type PeerNode } from "../../actors/election/mod.ts";
import type { SimHost, SimWorld } from "../../actors/world/sim/mod.ts";
import { type Campaign, service } from "./_harness.ts";

const IDS = [1, 2, 3];
/** How long they are left alone. */
const IDLE_MS = 10_000;

const STARTS = [
  ...["all nodes were in one process", "each node was on a machine of its own", "all started at once"],
  "the lowest started last",
];

/** Three nodes, in one process or three, in any order or together. */
export const electionStart: Campaign = {
  name: "election starts, and its links hold",
  sometimes: STARTS,
  run: (sim) => run(sim, false),
};

/** The same after a stop of all: they remember their votes, and abstain until promises are over. */
export const electionStartAgain: Campaign = {
  name: "election starts again, and its links hold",
  sometimes: STARTS,
  run: (sim) => run(sim, true),
};

async function run(sim: SimWorld, remember: boolean): Promise<void> {
  const { random } = sim;
  sim.net.configure({ latencyMs: random.pick([[0.01, 0.05], [0.2, 2], [5, 40], [20, 25], [1, 60]]) });
  const isOneProcess = random.chance(0.3);
  const nodes: PeerNode[] = IDS.map((id) => ({
    id,
    address: { hostname: isOneProcess ? "n1" : `n${id}`, port: 8080 + id },
  }));
  const hosts = new Map<string, SimHost>();
  const gapMs = random.pick([0, 0, 1, 10, 100, 1000]);
  const memory = remember ? JSON.stringify({ term: random.integer(1, 100), votedFor: 1 }) : undefined;
  const order = random.shuffle(nodes);
  sim.sometimes("all nodes were in one process", isOneProcess);
  sim.sometimes("each node was on a machine of its own", !isOneProcess);
  sim.sometimes("all started at once", gapMs === 0);
  sim.sometimes("the lowest started last", order.at(-1)?.id === 1);
  for (const { id, address } of order) {
    const host = hosts.get(address.hostname) ?? sim.host(address.hostname);
    hosts.set(address.hostname, host);
    host.disk.makeDirectory(`/data/Node${id}`);
    host.disk.write(`/data/Node${id}/${id}.txt`, "");
    if (memory !== undefined) host.disk.write(`/data/Node${id}.election`, `${memory}\n`);
    const start = service(`peer-${id}`, () =>
      peer({
        id,
        nodes,
        listen: { hostname: "::", port: address.port },
        directory: `/data/Node${id}`,
        logPath: "/data/Peer_files.log",
        // All are there in time: nobody is elected before.
        times: { waitMs: 20_000 },
      }));
    start(host.world);
    await sim.advance(random.next() * gapMs);
  }
  const records = () => [...hosts.values()].flatMap((host) => host.log.records);
  const said = (pattern: RegExp) => records().filter(({ message }) => pattern.test(message));
  await sim.until(
    () => said(/^Leader elected: Node 1$/).length === IDS.length,
    15_000,
    "all to follow Node 1",
  );
  await sim.until(
    () => said(/^Node [23] disconnected from Node [23]\.$/).length === 2,
    5000,
    "the followers to part",
  );
  await sim.until(() => said(/^Wrote /).length === 1, 5000, "the log to be written");
  const idleFromMs = sim.now;
  await sim.advance(IDLE_MS);
  const later = records().filter(({ level, timeMs }) => level !== "debug" && timeMs > idleFromMs);
  assertEquals(later.map(({ message }) => message), [], "an idle network does something");
  const breaks = said(/disconnected from Node 1|Node 1 disconnected|away|steps down/);
  assertEquals(breaks.map(({ message }) => message), []);
  assertEquals(said(/^Leader elected/).length, IDS.length);
  assertEquals(said(/^Wrote /).length, 1);
  if (!remember) assertEquals(said(/^Wrote .* in term 1$/).length, 1);
  assertEquals(said(/^Files received from /).map(({ message }) => message).sort(), [
    "Files received from Node 2.",
    "Files received from Node 3.",
  ]);
  for (const id of IDS) {
    for (const other of IDS) {
      const connected = said(new RegExp(`^Node ${id} connected (to|with) Node ${other}\\.$`));
      assert(
        connected.length === (id === other ? 0 : 1),
        `Node ${id} connected ${connected.length} times to ${other}`,
      );
    }
  }
  const expected = `Leader Node 1 files:\n1.txt\n\nNode 2 files:\n2.txt\n\nNode 3 files:\n3.txt\n`;
  assertEquals(hosts.get("n1")?.disk.readText("/data/Peer_files.log"), expected);
}

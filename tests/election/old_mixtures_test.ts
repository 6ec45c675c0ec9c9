import { assert, assertEquals } from "@std/assert";
import { peer } from "../../actors/election/mod.ts";
import { type SimHost, simulate, type SimWorld } from "../../actors/world/sim/mod.ts";
import { OLD_LEADER_BYTES, type OldNode, oldNode } from "./_old_node.ts";
import { service } from "../sim/_harness.ts";

const IDS = [1, 2, 3];
const PORT = 8080;
const nodes = IDS.map((id) => ({ id, address: { hostname: `n${id}`, port: PORT } }));

/** Every way to mix old nodes and ours. */
const mixtures = [[1], [2], [3], [1, 2], [1, 3], [2, 3]];
const orders = [[1, 2, 3], [1, 3, 2], [2, 1, 3], [2, 3, 1], [3, 1, 2], [3, 2, 1]];

/** How many files the nodes have: a few; none; and more than an old leader reads. */
const folders: Record<string, (id: number) => string[]> = {
  "a few files": (id) => Array.from({ length: id }, (_, index) => `${id}_${index + 1}.txt`),
  "empty folders": () => [],
  "long lists": (id) =>
    Array.from({ length: 100 }, (_, index) => `${id}_${String(index).padStart(3, "0")}_a_long_name.txt`),
};

interface Mixture {
  readonly old: readonly number[];
  readonly order: readonly number[];
  readonly names: (id: number) => string[];
  /** Milliseconds between two starts. */
  readonly gapMs: number;
}

/** Runs a mixture; a failure tells what each node said. */
async function run(sim: SimWorld, mixture: Mixture): Promise<void> {
  const hosts = new Map<number, SimHost>(nodes.map(({ id, address }) => [id, sim.host(address.hostname)]));
  const olds = new Map<number, OldNode>();
  try {
    await play(sim, mixture, hosts, olds);
  } catch (error) {
    const story = IDS.map((id) => {
      const ours = hosts.get(id)?.log.records.map(({ timeMs, message }) => `${timeMs.toFixed(0)} ${message}`);
      return [`Node ${id}:`, ...(olds.get(id)?.lines ?? ours ?? [])].join("\n  ");
    });
    throw new Error(`${error instanceof Error ? error.message : error}\n${story.join("\n")}`);
  }
}

async function play(
  sim: SimWorld,
  { old, order, names, gapMs }: Mixture,
  hosts: ReadonlyMap<number, SimHost>,
  olds: Map<number, OldNode>,
): Promise<void> {
  // An old node takes what it reads first for the whole message, as it is on a loopback.
  sim.net.configure({ splits: 0, shortWrites: 0 });
  for (const id of order) {
    const host = hosts.get(id);
    assert(host !== undefined);
    if (old.includes(id)) {
      olds.set(
        id,
        host.start((world) => oldNode(world, { id, nodes, names: names(id), random: sim.random })),
      );
    } else startOurs(host, id, names(id));
    await sim.advance(gapMs);
  }
  const said = (id: number) =>
    olds.get(id)?.lines ?? hosts.get(id)?.log.records.map(({ message }) => message) ?? [];
  const elected = (id: number) => said(id).findLast((line) => line.startsWith("Leader elected: "));
  await sim.until(
    () => IDS.every((id) => elected(id) === "Leader elected: Node 1"),
    30_000,
    `all to elect Node 1 (${IDS.map(elected)})`,
  );
  const log = () => olds.has(1) ? olds.get(1)?.log : hosts.get(1)?.disk.readText("/data/Peer_files.log");
  const expected = IDS.map((id) => {
    const list = names(id).map((name) => name + "\n").join("");
    return `${id === 1 ? "Leader " : ""}Node ${id} files:\n${olds.has(1) && id !== 1 ? cut(list) : list}`;
  }).join("\n");
  await sim.until(() => log() === expected, 30_000, `the log to be right, and not ${log()}`);
  // And so it stays, once the links that nobody needs are gone.
  await sim.advance(10_000);
  const doings = () => IDS.map((id) => said(id).filter((line) => /^Leader elected|connected/.test(line)));
  const before = doings();
  await sim.advance(20_000);
  assertEquals(log(), expected);
  assertEquals(doings(), before);
  for (const { lines } of olds.values()) assertEquals(lines.filter((line) => line.startsWith("strange")), []);
}

function startOurs(host: SimHost, id: number, names: readonly string[]): void {
  host.disk.makeFolder(`/data/Node${id}`);
  for (const name of names) host.disk.write(`/data/Node${id}/${name}`, "");
  host.start(service("peer", () =>
    peer({
      id,
      nodes,
      listen: { hostname: "::", port: PORT },
      folder: `/data/Node${id}`,
      logPath: "/data/Peer_files.log",
    })));
}

/** What an old leader makes of a list: it reads only so much, and a name may be cut in two. */
function cut(list: string): string {
  const bytes = new TextEncoder().encode(list).subarray(0, OLD_LEADER_BYTES);
  const lines = new TextDecoder().decode(bytes).split("\n").filter((name) => name !== "");
  return lines.map((name) => name + "\n").join("");
}

for (const [what, names] of Object.entries(folders)) {
  for (const old of mixtures) {
    Deno.test(`peer: old nodes ${old} and ours with ${what}, in every order, elect Node 1 and write the log`, async () => {
      for (const [index, order] of orders.entries()) {
        const gapMs = [0, 20, 1500, 5000][index % 4] ?? 0;
        await simulate(
          `mixture of old ${old} in order ${order}`,
          { seeds: [index + 1, index + 11] },
          (sim) => run(sim, { old, order, names, gapMs }),
        );
      }
    });
  }
}

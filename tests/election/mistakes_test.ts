import { assert, assertEquals, assertMatch } from "@std/assert";
import { type DirectoryList, directoryWatcher } from "../../actors/election/directory_watcher.ts";
import { peer, type PeerNode, type PeerOptions } from "../../actors/election/mod.ts";
import { type SimHost, simulate, type SimWorld } from "../../actors/world/sim/mod.ts";
import { ActorSystem, denoWorld, type Ref, type World } from "../../mod.ts";
import { service } from "../sim/_harness.ts";
import { tempDirectory, until } from "../_helpers.ts";

const PORT = 8080;
const NODES: readonly PeerNode[] = [1, 2, 3].map((id) => ({
  id,
  address: { hostname: `n${id}`, port: PORT },
}));

/** Starts a node on a host of its own, or on another one. */
function start(sim: SimWorld, id: number, options: Partial<PeerOptions> = {}, name = `n${id}`): SimHost {
  return startOn(sim.host(name), id, options);
}

/** Starts a node on a host. */
function startOn(host: SimHost, id: number, options: Partial<PeerOptions> = {}): SimHost {
  host.disk.write(`/data/Node${id}/${host.name}.txt`, "");
  host.start(service("peer", () =>
    peer({
      id,
      nodes: NODES,
      listen: { hostname: "::", port: PORT },
      directory: `/data/Node${id}`,
      logPath: "/data/Peer_files.log",
      ...options,
    })));
  return host;
}

function said(host: SimHost, pattern: RegExp): string[] {
  return host.log.records.map(({ message }) => message).filter((message) => pattern.test(message));
}

/** Whom a node named last, unless it has lost that one since. */
function leaderOf(host: SimHost): number {
  const change = host.log.records.findLast(({ fields }) => fields?.to !== undefined);
  return Number(change?.fields?.leader ?? 0);
}

function logOf(leader: number, members: readonly number[]): string {
  return members.map((id) => `${id === leader ? "Leader " : ""}Node ${id} files:\nn${id}.txt\n`).join("\n");
}

const POISONED = [2 ** 20 + 9, 2 ** 48, 2 ** 50, 2 ** 50 + 1, Number.MAX_SAFE_INTEGER, 1e300];

for (const down of [0, 3]) {
  const who = down === 0 ? "with all nodes" : "with one of three down";
  Deno.test(`peer: whatever number a memory or the log's token holds, there is a leader, ${who}`, async () => {
    for (const [index, term] of POISONED.entries()) {
      await simulate(`poison ${term}`, { seeds: [index + 1] }, async (sim) => {
        const hosts = NODES.filter(({ id }) => id !== down).map(({ id }) => {
          const host = sim.host(`n${id}`);
          if (index % 2 === 0 || id === 2) {
            host.disk.write(`/data/Node${id}.election`, JSON.stringify({ term, votedFor: id }));
          }
          host.disk.write("/data/Peer_files.log.term", `${term}\n`);
          return host;
        });
        for (const host of hosts) startOn(host, Number(host.name.slice(1)));
        await sim.until(() => hosts.every((host) => leaderOf(host) === 1), 20_000, "a leader");
        const members = NODES.map(({ id }) => id).filter((id) => id !== down);
        const log = () => hosts[0]?.disk.readText("/data/Peer_files.log");
        await sim.until(() => log() === logOf(1, members), 10_000, "the log");
        // It goes on: the leader dies, and another follows.
        await sim.advance(3000);
        if (down === 0) {
          hosts[0]?.kill();
          await sim.until(
            () => hosts.slice(1).every((host) => leaderOf(host) === 2),
            2000,
            "the next leader",
          );
        }
      });
    }
  });
}

Deno.test("peer: a second process with a node's ID is told from it, by name and once, and nothing wrong is written", async () => {
  await simulate("two nodes of one ID", { seeds: [1, 2] }, async (sim) => {
    const hosts = NODES.map(({ id }) => start(sim, id));
    await sim.until(() => hosts.every((host) => leaderOf(host) === 1), 20_000, "a leader");
    const second = start(sim, 2, {}, "elsewhere");
    await sim.advance(30_000);
    const [first, , third] = hosts;
    assert(first !== undefined && third !== undefined);
    const warned = said(first, /away/);
    assertEquals(warned.length, 1, warned.join("\n"));
    assertMatch(warned[0] ?? "", /it says that it is Node 2, and the one at n2:8080 says that it is not/);
    assertMatch(said(second, /does not take this node/)[0] ?? "", /Node [13] does not take this node/);
    assertEquals(said(second, /connected/), []);
    assertEquals(first.disk.readText("/data/Peer_files.log"), logOf(1, [1, 2, 3]));
    assertEquals(hosts.map((host) => said(host, /disconnected from Node 1|steps down/)), [[], [], []]);
  });
});

Deno.test("peer: nodes that were given other nodes are told so, by name and once, and elect nobody together", async () => {
  await simulate("lists that differ", { seeds: [1] }, async (sim) => {
    const five = [...NODES, ...[4, 5].map((id) => ({ id, address: { hostname: `n${id}`, port: PORT } }))];
    const hosts = five.map(({ id }) => start(sim, id, id > 2 ? { nodes: five } : {}));
    const few = hosts.slice(0, 2);
    const many = hosts.slice(2);
    await sim.until(() => few.every((host) => leaderOf(host) === 1), 20_000, "1 and 2 to elect");
    await sim.until(() => many.every((host) => leaderOf(host) === 3), 20_000, "3, 4 and 5 to elect");
    await sim.advance(10_000);
    const [first, , third] = hosts;
    assert(first !== undefined && third !== undefined);
    const differ = "the lists of nodes differ";
    assertEquals(said(first, /given/), [
      `Node 3 was given the nodes 1,2,3,4,5, and this one 1,2,3: ${differ}`,
    ]);
    assertEquals(
      said(third, /given/).sort(),
      [1, 2].map((id) => `Node ${id} was given the nodes 1,2,3, and this one 1,2,3,4,5: ${differ}`),
    );
    assertEquals(hosts.flatMap((host) => said(host, /steps down|old node/)), []);
    assertEquals(few.flatMap((host) => said(host, /connected (to|with) Node [345]/)), []);
  });
});

Deno.test("peer: crossed addresses are said by name and once, and nobody's files are logged as another's", async () => {
  await simulate("crossed addresses", { seeds: [1, 2] }, async (sim) => {
    const [one, two, three] = NODES;
    assert(one !== undefined && two !== undefined && three !== undefined);
    const crossed = [one, { id: 2, address: three.address }, { id: 3, address: two.address }];
    const hosts = NODES.map(({ id }) => start(sim, id, id === 1 ? { nodes: crossed } : {}));
    const [first, second] = hosts;
    assert(first !== undefined && second !== undefined);
    await sim.until(
      () => hosts.slice(1).every((host) => leaderOf(host) === 2),
      20_000,
      "the others to elect",
    );
    await sim.advance(30_000);
    const warned = said(first, /should be/);
    assertEquals(warned.sort(), [
      "Node 2 answers at n2:8080, where Node 3 should be: the lists of nodes differ",
      "Node 3 answers at n3:8080, where Node 2 should be: the lists of nodes differ",
    ]);
    assertEquals(first.disk.readText("/data/Peer_files.log"), undefined);
    assertEquals(second.disk.readText("/data/Peer_files.log"), logOf(2, [2, 3]));
    assertEquals(hosts.flatMap((host) => said(host, /old node/)), []);
  });
});

Deno.test("peer: a node that is given its own address for another's says so, by name and once", async () => {
  await simulate("its own address", { seeds: [1, 2] }, async (sim) => {
    const [one, , three] = NODES;
    assert(one !== undefined && three !== undefined);
    sim.net.setName("other-name", sim.host("n1").addresses);
    const other = { id: 2, address: { hostname: "other-name", port: PORT } };
    const first = start(sim, 1, { nodes: [one, other, three] });
    await sim.advance(30_000);
    assertEquals(said(first, /should be/), [
      "other-name:8080, where Node 2 should be, is an address of this node",
    ]);
    assertEquals([leaderOf(first), first.disk.readText("/data/Peer_files.log")], [0, undefined]);
  });
});

Deno.test("peer: a node whose disk is full says so, leads nobody, and comes back when there is room", async () => {
  await simulate("no room for the memory", { seeds: [1, 2] }, async (sim) => {
    const hosts = NODES.map(({ id }) => start(sim, id));
    const [first, second, third] = hosts;
    assert(first !== undefined && second !== undefined && third !== undefined);
    await sim.until(() => hosts.every((host) => leaderOf(host) === 1), 20_000, "a leader");
    await sim.advance(3000);
    second.disk.capacityBytes = second.disk.usedBytes;
    first.kill();
    const failed = /Cannot write .*Node2\.election.* Node 2 takes no part in elections until it can/;
    await sim.until(() => said(second, failed).length === 1, 5000, "the error");
    await sim.advance(5000);
    assertEquals(said(second, failed).length, 1);
    assert([second, third].every((host) => leaderOf(host) !== 2), "it leads");
    second.disk.capacityBytes = Infinity;
    await sim.until(() => [second, third].every((host) => leaderOf(host) === 2), 5000, "it to lead");
    assertEquals(said(second, /can be written again: Node 2 takes part/).length, 1);
  });
});

Deno.test("peer: one look at the folder answers all who wait for the list, and who is gone gets none", async () => {
  await using directory = await tempDirectory();
  for (let index = 0; index < 200; index++) await Deno.writeTextFile(directory.file(`${index}.txt`), "");
  const real = denoWorld({ log: { level: "error" } });
  let looks = 0;
  const { disk } = real;
  const counting = new Proxy(disk, {
    get(target, name) {
      if (name === "list") looks++;
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const world: World = { ...real, disk: counting };
  await using system = new ActorSystem("folders", { world });
  const watcher = system.spawn("folder", directoryWatcher({ path: directory.path, observers: [] }));
  const lists: DirectoryList[] = [];
  const asker = (name: string): Ref<DirectoryList> =>
    system.spawn(name, () => (list) => {
      lists.push(list);
    });
  await watcher.ask((replyTo: Ref<DirectoryList>) => ({ type: "list", replyTo }), { timeoutMs: 10_000 });
  const before = looks;
  for (let index = 0; index < 900; index++) {
    const replyTo = asker(`asker-${index}`);
    watcher.tell({ type: "list", replyTo });
    if (index % 3 === 0) watcher.tell({ type: "forget", replyTo });
  }
  await until(() => lists.length >= 600, "the answers");
  assertEquals(lists.length, 600);
  assert(looks - before <= 3, `${looks - before} looks`);
  assertEquals(new Set(lists.map(({ bytes }) => bytes)).size <= 2, true);
});

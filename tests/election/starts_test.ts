import { START_ORDERS, startAndIdle } from "./_starts.ts";
import { PeerNetwork } from "./_peers.ts";
import { assert } from "@std/assert";
import { parseTrace } from "./_trace.ts";

/** `tests/election/starts.ts` does so two hundred times, and for ten seconds each. */
Deno.test("peer: nodes that start together, in one process or three, keep their links, and write the log once", async () => {
  // Longer than the silence after which a link is given up; the machine may stand still for a second.
  await Promise.all(START_ORDERS.slice(0, 2).map((order) => startAndIdle(order, 8000, 3000)));
});

Deno.test("peer: after one of three nodes has lost its memory no term has a second leader", async () => {
  await using network = await PeerNetwork.create({ flags: ["--wait-ms", "300"] });
  await network.start(2);
  await network.kill(2);
  for (const id of [1, 3]) await network.start(id);
  await network.agreed(1, [1, 3]);
  for (const id of [1, 3]) await network.kill(id);
  await Deno.remove(network.directory.file("Node3.election"));
  for (const id of [2, 3]) await network.start(id);
  await network.agreed(2, [2, 3]);
  const leaders = new Map<number, number>();
  for (const id of network.ids) {
    const trace = parseTrace(await Deno.readTextFile(network.directory.file(`trace${id}.jsonl`)));
    for (const { term, leader, to } of trace) {
      if (to !== "leader") continue;
      assert((leaders.get(term) ?? leader) === leader, `two leaders in term ${term}`);
      leaders.set(term, leader);
    }
  }
  assert(leaders.size >= 2);
});

import { assertEquals } from "@std/assert";
import { collector } from "../../actors/sharing/collector.ts";
import type { TrackerCommand } from "../../actors/sharing/tracker.ts";
import { simWorld } from "../../actors/world/sim/mod.ts";
import { ActorSystem } from "../../mod.ts";
import { serveHttp } from "../_http.ts";

Deno.test("sharing: a node whose address changes is found at the new one, though its files are the same", async () => {
  const sim = simWorld({ seed: 1 });
  const [old, moved] = ["old", "moved"].map((name) => sim.host(name));
  let conditional = 0;
  for (const host of [old, moved]) {
    host?.start((world) =>
      serveHttp(world, { hostname: "::", port: 80 }, ({ headers }) => {
        if (headers.get("if-none-match") === '"1"') {
          conditional++;
          return { status: 304, headers: { etag: '"1"' } };
        }
        return { status: 200, headers: { etag: '"1"' }, body: '{"swarmPort":9000,"files":[]}' };
      }, ["node"])
    );
  }
  await sim.advance(10);
  sim.net.setName("node", old?.addresses);
  const told: (readonly string[])[] = [];
  const { world } = sim.host("leader");
  const system = new ActorSystem("leader", { world });
  const tracker = system.spawn<TrackerCommand>("tracker", () => (message) => {
    if (message.type !== "set-inventories") return;
    for (const { addresses } of message.inventories) told.push(addresses);
  });
  const nodes = [{ id: 2, http: { hostname: "node", port: 80 } }];
  const ref = system.spawn("collector", collector({ nodes, tracker, intervalMs: 100 }));
  ref.tell({ type: "members-changed", members: [1, 2] });
  ref.tell({
    type: "leader-known",
    leader: 1,
    address: { hostname: "leader", port: 1 },
    term: 1,
    isSelf: true,
  });
  await sim.until(() => conditional > 1, 5000, "its files to be asked for again");
  sim.net.setName("node", moved?.addresses);
  const count = conditional;
  await sim.until(() => conditional > count + 1, 5000, "the other host to be asked");
  assertEquals(new Set(told.at(-1)), new Set(moved?.addresses));
  assertEquals(told.length, 2, "what has not changed is not told again");
  sim.close();
});

Deno.test("sharing: who is no member, and what was answered to an earlier leadership, is listed no longer", async () => {
  const sim = simWorld({ seed: 1 });
  /** Answers that are held back. */
  const held: (() => void)[] = [];
  let isHolding = false;
  sim.host("node").start((world) =>
    serveHttp(world, { hostname: "::", port: 80 }, async () => {
      if (isHolding) await new Promise<void>((resolve) => held.push(resolve));
      return { status: 200, headers: {}, body: '{"swarmPort":9000,"files":[]}' };
    }, ["node"])
  );
  let listed: readonly number[] = [];
  const system = new ActorSystem("leader", { world: sim.host("leader").world });
  const tracker = system.spawn<TrackerCommand>("tracker", () => (message) => {
    if (message.type === "set-inventories") listed = message.inventories.map(({ node }) => node);
  });
  const nodes = [{ id: 2, http: { hostname: "node", port: 80 } }];
  const ref = system.spawn("collector", collector({ nodes, tracker, intervalMs: 100 }));
  const address = { hostname: "leader", port: 1 };
  const lead = () => ref.tell({ type: "leader-known", leader: 1, address, term: 1, isSelf: true });
  ref.tell({ type: "members-changed", members: [1, 2] });
  lead();
  await sim.until(() => listed.includes(2), 5000, "its list");
  ref.tell({ type: "members-changed", members: [1] });
  await sim.advance(1000);
  assertEquals(listed, [], "who is no member is listed");
  ref.tell({ type: "members-changed", members: [1, 2] });
  await sim.until(() => listed.includes(2), 5000, "its list, once it is a member again");

  isHolding = true;
  await sim.until(() => held.length === 1, 5000, "a question of this leadership");
  ref.tell({ type: "leader-lost" });
  lead();
  await sim.until(() => held.length === 2, 5000, "a question of the next");
  assertEquals(listed, [], "who does not lead lists nobody");
  held[0]?.();
  await sim.advance(500);
  assertEquals(listed, [], "an answer to the earlier leadership counts");
  held[1]?.();
  await sim.until(() => listed.includes(2), 5000, "its answer to the next");
  sim.close();
});

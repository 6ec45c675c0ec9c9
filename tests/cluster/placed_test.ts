import { assertEquals } from "@std/assert";
import { composeEngine, joinCluster, memoryDriver, placed } from "../../actors/cluster/mod.ts";
import { simulate } from "../../actors/world/sim/mod.ts";
import { ActorSystem, type Ref } from "../../mod.ts";

Deno.test("cluster: a placed entity that fails again and again ends neither its host nor the others there", async () => {
  type Command =
    | { readonly type: "fail" }
    | { readonly type: "get"; readonly replyTo: Ref<string> };
  const fragile = placed<Command>({
    type: "fragile",
    behavior: ({ id }) => () => (command) => {
      if (command.type === "fail") throw new RangeError("not today");
      command.replyTo.tell(id);
    },
  });
  await simulate("fragile", { seeds: 1 }, async (sim) => {
    const { world } = sim.host("one");
    const engine = composeEngine(memoryDriver({ world: sim.host("engine").world }), world);
    const joining = joinCluster(new ActorSystem("one", { world }), { engine, types: [fragile] });
    const cluster = await sim.settle(joining);
    const get = (id: string) => cluster.ref(fragile, id).ask({ type: "get" }, { timeoutMs: 60_000 });
    for (let n = 0; n < 30; n++) cluster.ref(fragile, "bad").tell({ type: "fail" });
    assertEquals(await sim.settle(get("good")), "good");
    assertEquals(await sim.settle(get("bad")), "bad");
    assertEquals(await sim.settle(get("good")), "good");
  });
});

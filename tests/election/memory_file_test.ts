import { assertEquals } from "@std/assert";
import { loadMemory, saveMemory } from "../../actors/election/memory_file.ts";
import { simWorld } from "../../actors/world/sim/mod.ts";

const PATH = "/data/Node1.election";

Deno.test("peer: a vote that a process put in place before it was killed is not forgotten once it was read", async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const sim = simWorld({ seed });
    const host = sim.host("machine");
    host.disk.makeDirectory("/data");
    await sim.settle(saveMemory(host.world.disk, PATH, { term: 1, votedFor: 2 }));
    host.crashAt({ when: "after", how: "kill", operation: "rename" });
    saveMemory(host.world.disk, PATH, { term: 2, votedFor: 3 }).catch(() => {});
    await sim.until(() => !host.isUp, 1000);
    host.restart(() => {});
    assertEquals((await sim.settle(loadMemory(host.world.disk, PATH))).memory, { term: 2, votedFor: 3 });
    host.crash();
    host.restart(() => {});
    const { memory } = await sim.settle(loadMemory(host.world.disk, PATH));
    assertEquals(memory, { term: 2, votedFor: 3 }, `seed ${seed}`);
  }
});

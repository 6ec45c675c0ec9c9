import { assertEquals } from "@std/assert";
import { Intents } from "../../actors/records/intents.ts";
import { simWorld } from "../../actors/world/sim/mod.ts";

Deno.test("records' intents: what is kept in the journal stays there when more is added", async () => {
  const sim = simWorld({ seed: 1 });
  const host = sim.host("server");
  host.disk.makeDirectory("/record");
  const intents = new Intents(host.world.disk, "/record/journal");
  await sim.settle(intents.add(["1", "2"]));
  await sim.settle(intents.keep(["2"]));
  await sim.settle(intents.add(["3"]));
  await sim.settle(intents.add(["4"]));
  assertEquals(host.disk.readText("/record/journal"), "2\n3\n4\n");
  await sim.settle(intents.keep([]));
  assertEquals(host.disk.names("/record"), []);
  sim.close();
});

import { assertEquals } from "@std/assert";
import { composeEngine } from "../../actors/cluster/compose.ts";
import { memoryDriver } from "../../actors/cluster/engines/memory.ts";
import { denoWorld } from "../../mod.ts";
import { gatedDriver } from "./_gated_driver.ts";

Deno.test("cluster: journal: what is written while a snapshot is on its way stays in the log behind it", async () => {
  const world = denoWorld();
  const written = Promise.withResolvers<void>();
  const driver = gatedDriver(memoryDriver({ world }), () => Promise.resolve(), () => written.promise);
  await using engine = composeEngine(driver, world);
  const entity = { type: "thing", id: "a" };
  const { log } = await engine.journal.open(entity, 1);
  await log.append([{ events: ["a"] }]);
  const snapshot = log.snapshot("of a");
  for (const event of ["b", "c"]) await log.append([{ events: [event] }]);
  written.resolve();
  await snapshot;
  const read = await engine.journal.read(entity);
  assertEquals(read.snapshot?.state, "of a");
  assertEquals(read.commits.flatMap(({ entries }) => entries), [{ events: ["b"] }, { events: ["c"] }]);
});

/**
 * The moment from which a change is safe without the journal that names it.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { simulate } from "../../actors/world/sim/mod.ts";
import {
  assertAgree,
  assertSameRecords,
  onDisk,
  prepare,
  recordText,
  STAMP,
  startAgain,
  startStore,
} from "./_store.ts";

const OLD = "2024-01-01 00:00:00";
const JOURNAL = ".records.json.journal";

for (const ending of ["a while without changes", "a stop"] as const) {
  Deno.test(`records store: once ${ending} has ended the journal, a power cut takes no line of the record file back`, async () => {
    await simulate(`records settled by ${ending}`, { seeds: 10 }, async (sim) => {
      const host = prepare(sim, { "7.txt": recordText(OLD, "old") }, `{"7": "${OLD}"}`);
      const store = startStore(host.world);
      await sim.settle(store.opened);
      await sim.settle(store.write("7", recordText(STAMP, "new")));
      if (ending === "a stop") await sim.settle(store.system.stop());
      await sim.until(() => !host.disk.names("/record").includes(JOURNAL), 10_000, "the journal's end");
      host.crash();
      // As the disk has it, before anybody recovers it.
      assertEquals(onDisk(host).records.get("7"), STAMP);
      assertSameRecords(host);
    });
  });
}

Deno.test("records store: a write whose directory was not synced is named by the journal until it is undone or durable", async () => {
  await simulate("records not durable", { seeds: 20 }, async (sim) => {
    const host = prepare(sim, { "7.txt": recordText(OLD, "old") }, `{"7": "${OLD}"}`);
    let store = startStore(host.world);
    await sim.settle(store.opened);
    host.disk.failNext("syncDirectory", "other", { path: "/files" });
    assertEquals((await sim.settle(store.write("7", recordText(STAMP, "new")))).type, "error");
    // Long after the time at which a journal of what is durable goes.
    await sim.advance(10_000);
    assertEquals(host.disk.names("/record").includes(JOURNAL), true);
    host.crash();
    store = await startAgain(sim, host);
    assertAgree(host);
    await sim.settle(store.system.stop());
  });
});

Deno.test("records store: a write that begins while the journal is being ended is named by the next one", async () => {
  const NEWER = "2024-05-05 05:05:05";
  await simulate(
    "records begun while settled",
    { seeds: 20, sometimes: ["was killed in it"] },
    async (sim) => {
      const host = prepare(sim, { "7.txt": recordText(OLD, "old") }, `{"7": "${OLD}"}`);
      const store = startStore(host.world);
      await sim.settle(store.opened);
      await sim.settle(store.write("7", recordText(STAMP, "new")));
      const isEnding = () =>
        host.disk.underWay.some(({ operation, path }) =>
          operation === "sync" && path.endsWith("/records.json")
        );
      await sim.until(isEnding, 10_000, "the journal's end to begin");
      host.crashAt({ operation: "rename", path: /7\.txt/, when: "after", how: "kill" });
      store.write("7", recordText(NEWER, "newer")).catch(() => {});
      await sim.until(() => !host.isUp, 10_000, "the process to be killed");
      sim.sometimes("was killed in it");
      await startAgain(sim, host);
      assertAgree(host);
    },
  );
});

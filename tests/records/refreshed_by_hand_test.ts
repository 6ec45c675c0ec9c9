import { assert, assertEquals, assertFalse } from "@std/assert";
import { simulate } from "../../actors/world/sim/mod.ts";
import { assertAgree, prepare, recordText, startStore } from "./_store.ts";

const OLD = "2025-01-01 00:00:00";

Deno.test("records store: who deletes or edits a file while it is refreshed is not undone", async () => {
  await simulate("records refresh and a person", { seeds: 5 }, async (sim) => {
    const host = prepare(sim, {
      "7.txt": recordText(OLD, "seven"),
      "8.txt": recordText(OLD, "eight"),
    }, `{"7": "${OLD}", "8": "${OLD}"}`);
    const store = startStore(host.world, { refresh: { intervalMs: 60_000, thresholdMs: 900_000 } });
    await sim.settle(store.opened);
    const isWriting = (id: string) =>
      host.disk.names("/files").some((name) => name.startsWith(`.${id}.txt.`));
    await Promise.all([
      sim.until(() => isWriting("7"), 65_000).then(() => host.disk.remove("/files/7.txt")),
      sim.until(() => isWriting("8"), 65_000).then(() =>
        host.disk.write("/files/8.txt", recordText(OLD, "mine"))
      ),
    ]);
    await sim.advance(1000);
    assertEquals(host.disk.names("/files"), ["8.txt"]);
    assertEquals(host.disk.readText("/files/8.txt"), recordText(OLD, "mine"));
    const lines = host.log.lines();
    assert(lines.includes("[WARN] File of client 7 is gone: dropped from the record file"), lines.join("\n"));
    assertFalse(lines.some((line) => line.startsWith("[ERROR]")), lines.join("\n"));
    await sim.advance(60_000);
    assert(host.log.lines().includes("File of client 8 updated."), host.log.lines().join("\n"));
    assertEquals(
      host.disk.readText("/files/8.txt")?.split("\n").slice(1),
      recordText(OLD, "mine").split("\n").slice(1),
    );
    await sim.settle(store.system.stop());
    assertAgree(host);
  });
});

import { assert, assertEquals } from "@std/assert";
import { LogFile } from "../../actors/store/mod.ts";
import { inWorlds } from "../_worlds.ts";

for (const form of ["text", "framed"] as const) {
  for (const end of ["sync", "close"] as const) {
    Deno.test(`log file: what a ${form} log flushed at once is on the disk after a ${end}`, async () => {
      let atOnce = 0;
      await inWorlds(async (sim) => {
        const host = sim.host("a");
        const log = await sim.settle(LogFile.open(host.world.disk, "/log", { form }));
        log.append("flushed");
        // Half of the simulated disks can do that.
        if (log.flushNow() !== undefined) atOnce++;
        else await sim.settle(log.flush());
        await sim.settle<unknown>(end === "sync" ? log.sync() : log.close());
        host.crash();
        host.restart(() => {});
        const found: string[] = [];
        const replay = (record: Uint8Array) => void found.push(new TextDecoder().decode(record));
        await sim.settle(LogFile.open(host.world.disk, "/log", { form, replay }));
        assertEquals(found, ["flushed"]);
      }, 40);
      assert(atOnce > 0);
    });
  }
}

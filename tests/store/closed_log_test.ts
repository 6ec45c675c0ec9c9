/**
 * Whoever writes a log anew when it is closed, or is being closed, is refused, and leaves nothing open.
 */
import { assertEquals, assertRejects } from "@std/assert";
import { LogFile } from "../../actors/store/mod.ts";
import { simulate } from "../../actors/world/sim/mod.ts";
import { WorldError } from "../../actors/world/world.ts";

const bytes = new TextEncoder().encode("all of it\n");

for (const form of ["framed", "text"] as const) {
  const writeAnew = (log: LogFile) => form === "text" ? log.replaceText(bytes) : log.rewrite(() => [bytes]);

  Deno.test(`log file: a ${form} log that is closed is not written anew`, async () => {
    await simulate("a closed log", { seeds: 10 }, async (sim) => {
      const host = sim.host("a");
      const log = await sim.settle(LogFile.open(host.world.disk, "/log", { form }));
      host.start(() => ({ stop: () => log.close() }));
      log.append("one");
      await sim.settle(log.close());
      const before = host.disk.read("/log");
      await sim.settle(assertRejects(() => writeAnew(log), WorldError, "closed"));
      assertEquals(host.disk.read("/log"), before);
    });
  });

  Deno.test(`log file: a ${form} log is not written anew by who waited behind a sync when it was closed`, async () => {
    await simulate("a log that is being closed", { seeds: 10 }, async (sim) => {
      const host = sim.host("a");
      const log = await sim.settle(LogFile.open(host.world.disk, "/log", { form }));
      host.start(() => ({ stop: () => log.close() }));
      log.append("one");
      const synced = log.sync();
      const refused = assertRejects(() => writeAnew(log), WorldError, "closed");
      await sim.settle(Promise.all([synced, refused, log.close()]));
    });
  });
}

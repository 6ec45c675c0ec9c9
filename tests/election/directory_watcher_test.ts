import { assertEquals } from "@std/assert";
import { directoryWatcher } from "../../actors/election/directory_watcher.ts";
import { ActorSystem } from "../../mod.ts";
import { inWorlds } from "../_worlds.ts";

Deno.test("directory watcher: a folder that cannot be read is told once, and once more when it could be read between", () =>
  inWorlds(async (sim) => {
    const host = sim.host("node");
    host.disk.write("/files/a.txt", "");
    const system = new ActorSystem("node", { world: host.world });
    system.spawn("watcher", directoryWatcher({ path: "/files", observers: [] }));
    const told = () => host.log.records.filter(({ fields }) => fields?.event === "folder-unreadable").length;
    // It is looked at every five seconds, whether anything has changed or not.
    await sim.advance(1000);
    for (const expected of [1, 2]) {
      host.disk.failNext("list", "permission-denied", { path: "/files", count: 2 });
      await sim.advance(10_000);
      assertEquals(told(), expected);
      await sim.advance(5000);
    }
    await sim.settle(system.stop());
  }));

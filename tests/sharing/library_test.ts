import { assertEquals } from "@std/assert";
import { library } from "../../actors/sharing/library.ts";
import { simulate, simWorld } from "../../actors/world/sim/mod.ts";
import { ActorSystem } from "../../mod.ts";

Deno.test("library: a file that could not be read for a while is shared soon after, and one that never can is said once", async () => {
  const sim = simWorld({ seed: 1 });
  const host = sim.host("node");
  const names = ["bad.bin", "good.bin", "later.bin"];
  for (const name of names) host.disk.write(`/data/${name}`, name);
  host.disk.failNext("open", "other", { path: "/data/later.bin", count: 2 });
  host.disk.failNext("open", "other", { path: "/data/bad.bin", count: 1000 });
  let shared: string[] = [];
  host.start((world) => {
    const system = new ActorSystem("node", { world });
    const observer = system.spawn("observer", () => ({ files }: { files: readonly { name: string }[] }) => {
      shared = files.map(({ name }) => name).sort();
    });
    system.spawn("library", library({ directory: "/data", observer }));
  });
  await sim.advance(2000);
  assertEquals(shared, ["good.bin"]);
  await sim.advance(30_000);
  assertEquals(shared, ["good.bin", "later.bin"]);
  await sim.advance(600_000);
  const warned = host.log.records.filter(({ message }) => message.startsWith("Cannot share bad.bin"));
  assertEquals(warned.length, 1);
});

Deno.test("library: who stops while a file is hashed closes it", async () => {
  await simulate("library: a stop", { seeds: 50 }, async (sim) => {
    const host = sim.host("node");
    host.disk.write("/data/large.bin", new Uint8Array(3_000_000));
    host.start((world) => {
      const system = new ActorSystem("node", { world });
      const observer = system.spawn("observer", () => () => {});
      system.spawn("library", library({ directory: "/data", observer }));
      return system;
    });
    const operation = sim.random.pick(["stat", "open", "read"] as const);
    await sim.until(() => host.disk.underWay.some((each) => each.operation === operation));
    await sim.advance(sim.random.next() * 5);
  });
});

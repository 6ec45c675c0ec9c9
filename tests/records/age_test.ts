import { assertEquals } from "@std/assert";
import { Ages } from "../../actors/records/age.ts";
import { simWorld } from "../../actors/world/sim/mod.ts";
import { assertAgree, prepare, recordText, startStore } from "./_store.ts";

Deno.test("records store: a datestamp that is still to come counts as old, by the clock of the moment it is judged", async () => {
  const sim = simWorld({ seed: 1 });
  const host = prepare(sim, {});
  const store = startStore(host.world, { refresh: { intervalMs: 60_000, thresholdMs: 900_000 } });
  await sim.settle(store.opened);
  const stamps: Record<string, string> = {
    1: "2026-01-01 09:00:00", // nine hours ahead, as from Tokyo
    2: "9999-12-31 23:59:59",
    3: "2026-01-01 00:00:30", // passed when it is judged
    4: "2026-01-01 00:00:00",
    5: "2025-12-31 23:44:00", // too old
    6: "2025-12-31 23:50:00", // not old enough
  };
  for (const [id, stamp] of Object.entries(stamps)) await sim.settle(store.write(id, recordText(stamp, id)));
  await sim.advance(62_000);
  const updated = () =>
    host.log.lines().map((line) => /^File of client (\d+) updated/.exec(line)?.[1]).filter((id) => id).sort();
  assertEquals(updated(), ["1", "2", "5"]);
  assertEquals(host.disk.readText("/files/2.txt")?.split("\n")[0], "Last updated: 2026-01-01 00:01:00");
  await sim.advance(60_000);
  assertEquals(updated(), ["1", "2", "5"]);
  assertAgree(host);
  await sim.settle(store.system.stop());
  sim.close();
});

Deno.test("records store: a record is refreshed at the first look after it has become old, and not before", async () => {
  const sim = simWorld({ seed: 1 });
  const host = prepare(sim, {});
  const store = startStore(host.world, { refresh: { intervalMs: 1000, thresholdMs: 900_000 } });
  await sim.settle(store.opened);
  // It is old 30 seconds after the simulation's beginning.
  await sim.settle(store.write("1", recordText("2025-12-31 23:45:30", "one")));
  const isUpdated = () => host.log.lines().some((line) => line.startsWith("File of client 1 updated"));
  await sim.advance(30_000 - sim.now);
  assertEquals(isUpdated(), false);
  await sim.advance(2500);
  assertEquals(isUpdated(), true);
  await sim.settle(store.system.stop());
  sim.close();
});

Deno.test("records ages: where the clock goes back, what is now to come is found", () => {
  const members = [100, 200, 300].map((stamp) => ({ stamp, place: -1 }));
  const ages = new Ages(() => members);
  for (const member of members) ages.put(member, 1000);
  const due = (now: number, notAfter: number) => ages.due({ now, notAfter }).map(({ stamp }) => stamp).sort();
  assertEquals(due(1000, 100), [100]);
  assertEquals(due(250, 100), [100, 300]);
  assertEquals(due(150, 0), [200, 300]);
  assertEquals(due(1000, 0), []);
});

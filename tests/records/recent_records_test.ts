import { assertEquals } from "@std/assert";
import { RecentRecords } from "../../actors/records/recent_records.ts";
import { simWorld } from "../../actors/world/sim/mod.ts";
import { prepare } from "./_store.ts";

Deno.test("records: what is kept of a file is answered only while the file cannot have changed", async () => {
  // Every other host can read at once.
  let sim = simWorld({ seed: 1 });
  let host = prepare(sim, { "7.txt": "a" });
  for (let seed = 2; host.world.disk.statNow === undefined; seed++) {
    sim.close();
    sim = simWorld({ seed });
    host = prepare(sim, { "7.txt": "a" });
  }
  const { disk, clock } = host.world;
  let reads = 0;
  const counted = Object.create(disk, {
    readFileNow: {
      value: (
        ...args: Parameters<NonNullable<typeof disk.readFileNow>>
      ) => (reads++, disk.readFileNow?.(...args)),
    },
    statNow: { value: (path: string) => disk.statNow?.(path) },
  });
  const records = new RecentRecords({ disk: counted, clock }, "/files");
  const read = () => records.read("7")?.data;
  assertEquals(read(), undefined);
  records.used("7");
  // All in the moment in which it was made: the time of change says nothing.
  for (const text of ["a", "b", "c"]) {
    host.disk.write("/files/7.txt", text);
    assertEquals([read(), read()], [text, text]);
  }
  assertEquals(reads, 6);
  await sim.advance(5000);
  assertEquals([read(), read(), read(), reads], ["c", "c", "c", 7]);
  for (const text of ["d", "e"]) {
    host.disk.write("/files/7.txt", text);
    assertEquals(read(), text);
  }
  await sim.advance(5000);
  records.used("7");
  assertEquals([read(), read(), reads], ["e", "e", 10]);
  host.disk.remove("/files/7.txt");
  assertEquals(read(), undefined);
  sim.close();
});

import { assert, assertEquals } from "@std/assert";
import { type SimHost, simulate, type SimWorld, simWorld } from "../../actors/world/sim/mod.ts";
import { LogFile } from "../../actors/store/log_file.ts";
import type { World } from "../../actors/world/world.ts";

/** Appends for ever; says what was acknowledged. */
async function write(
  world: World,
  form: "text" | "framed",
  first: number,
  acknowledged: string[],
): Promise<void> {
  const log = await LogFile.open(world.disk, "log", { form });
  for (let i = first;; i += 3) {
    const batch = [0, i % 200, i % 5000].map((length, at) => `line ${i + at} ${"y".repeat(length)}.`);
    for (const record of batch) log.append(record);
    await log.sync();
    acknowledged.push(...batch);
  }
}

for (const form of ["text", "framed"] as const) {
  Deno.test(`log file: power cuts and kills at any moment leave a ${form} log whole, with all that was acknowledged`, async () => {
    await simulate(`log file, ${form}`, { seeds: 30 }, async (sim) => {
      const host = sim.host("a");
      host.disk.tearing = { sectorsOutOfOrder: 0.5, lengthBeforeData: 0.5 };
      const acknowledged: string[] = [];
      let found: string[] = [];
      for (let life = 0; life < 5; life++) {
        host.start((world) => void write(world, form, 1000 * life, acknowledged));
        await sim.advance(sim.random.next() * 60);
        if (sim.random.next() < 0.5) host.crash();
        else host.kill();
        host.restart(() => {});
        found = await recordsOf(sim, host, form);
        for (const line of found) assert(/^line \d+ y*\.$/.test(line), line);
        const positions = acknowledged.map((line) => found.indexOf(line));
        assert(
          positions.every((position, at) => position > (positions[at - 1] ?? -1)),
          "not all, or not in order",
        );
        assertEquals(new Set(found).size, found.length);
        host.restart(() => {});
      }
    });
  });
}

Deno.test("log file: a power cut that leaves garbage under the first records leaves the file known for what it is", async () => {
  await simulate("log file, signature", { seeds: 60 }, async (sim) => {
    const host = sim.host("a");
    host.disk.tearing = { sectorsOutOfOrder: 0.5, lengthBeforeData: 1, garbage: 1 };
    host.disk.write("log", "");
    const options = { form: "framed", signature: { text: "troupe test 1", of: "a test's log" } } as const;
    host.start((world) =>
      void LogFile.open(world.disk, "log", options).then(async (log) => {
        for (let line = 0;; line++) {
          log.append(`line ${line}`);
          await log.sync();
        }
      })
    );
    await sim.advance(sim.random.next() * 5);
    host.crash();
    host.restart(() => {});
    const log = await sim.settle(LogFile.open(host.world.disk, "log", options));
    await sim.settle(log.close());
  });
});

Deno.test("log file: what a process took back before it was killed does not come again when the power goes", async () => {
  for (const form of ["text", "framed"] as const) {
    for (let seed = 1; seed <= 20; seed++) {
      const sim = simWorld({ seed });
      const host = sim.host("a");
      host.disk.write("log", "");
      const log = await sim.settle(LogFile.open(host.world.disk, "log", { form }));
      // A part of it is written, or all of it.
      host.disk.failNext(seed % 2 === 0 ? "write" : "sync", "no-space", { path: "log" });
      host.crashAt({ when: "after", how: "kill", operation: "truncate" });
      log.append(`first ${"y".repeat(5000)}`);
      log.sync().catch(() => {});
      await sim.until(() => !host.isUp, 1000, "the process to be killed");
      host.restart(() => {});
      assertEquals(await recordsOf(sim, host, form), [], `seed ${seed}`);
      host.crash();
      host.restart(() => {});
      assertEquals(await recordsOf(sim, host, form), [], `seed ${seed}, after the power had gone`);
    }
  }
});

Deno.test("log file: half a line that a killed process left is cut, though the power goes while that is done", async () => {
  for (let seed = 1; seed <= 40; seed++) {
    const sim = simWorld({ seed });
    const host = sim.host("a");
    host.disk.write("log", "");
    const log = await sim.settle(LogFile.open(host.world.disk, "log", { form: "text" }));
    host.crashAt({ when: "during", how: "kill", operation: "write", path: /log$/ });
    log.append(`first ${"y".repeat(5000)}`);
    log.sync().catch(() => {});
    await sim.until(() => !host.isUp, 1000, "the process to be killed");
    host.restart(() => {});
    host.crashAt({ when: "before", how: "crash", operation: "sync", path: /log$/ });
    LogFile.open(host.world.disk, "log", { form: "text" }).catch(() => {});
    await sim.until(() => !host.isUp, 1000, "the power to go");
    host.restart(() => {});
    assertEquals(await recordsOf(sim, host, "text"), [], `seed ${seed}`);
  }
});

Deno.test("log file: a cut-back whose sync fails is made again before the journal speaks of the next record", async () => {
  for (let seed = 1; seed <= 40; seed++) {
    const sim = simWorld({ seed });
    const host = sim.host("a");
    host.disk.write("log", "");
    const log = await sim.settle(LogFile.open(host.world.disk, "log", { form: "text" }));
    // That of the batch, and that of taking it back.
    host.disk.failNext("sync", "other", { path: "log", count: 2 });
    const refused = `refused ${"y".repeat(5000)}`;
    log.append(refused);
    assert(await sim.settle(log.sync().then(() => false, () => true)));
    host.disk.forgetFailures();
    host.crashAt({ when: "before", how: "crash", operation: "sync", path: /log$/ });
    log.append("next");
    log.sync().catch(() => {});
    await sim.until(() => !host.isUp, 1000, "the power to go");
    host.restart(() => {});
    // Nobody knows what of it had reached the disk: nothing or all, and no half of it.
    const found = await recordsOf(sim, host, "text");
    assert(found.every((line) => line === refused), `seed ${seed}: ${found.map((line) => line.slice(0, 9))}`);
  }
});

/** What is read of it; then it is closed in good order. */
async function recordsOf(sim: SimWorld, host: SimHost, form: "text" | "framed"): Promise<string[]> {
  const found: string[] = [];
  const replay = (record: Uint8Array) => void found.push(new TextDecoder().decode(record));
  const log = await sim.settle(LogFile.open(host.world.disk, "log", { form, replay }));
  await sim.settle(log.close());
  return found;
}

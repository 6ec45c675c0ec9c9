import { assert, assertEquals, assertRejects } from "@std/assert";
import { saveMemory } from "../../actors/election/memory_file.ts";
import { LogFile } from "../../actors/store/log_file.ts";
import { writeAtomic } from "../../actors/store/atomic_file.ts";
import { simulate, type SimWorld } from "../../actors/world/sim/mod.ts";
import { type Disk, WorldError } from "../../actors/world/world.ts";

const FORMS = ["text", "framed"] as const;

/** The records of a log after a power cut. */
async function afterPowerCut(sim: SimWorld, form: "text" | "framed"): Promise<string[]> {
  const host = sim.host("a");
  host.crash();
  host.restart(() => {});
  const found: string[] = [];
  const replay = (record: Uint8Array) => void found.push(new TextDecoder().decode(record));
  const log = await sim.settle(LogFile.open(host.world.disk, "/log", { form, replay }));
  await sim.settle(log.close());
  assertEquals(log.setAsideAs, undefined);
  return found;
}

for (const form of FORMS) {
  Deno.test(`log file: what a ${form} log had flushed before a sync failed is on the disk after the next one that does not`, async () => {
    await simulate(`failed sync, ${form}`, { seeds: 40 }, async (sim) => {
      const host = sim.host("a");
      const log = await sim.settle(LogFile.open(host.world.disk, "/log", { form }));
      const expected: string[] = [];
      for (let i = 0; i < 12; i++) {
        const record = `record ${i} ${"x".repeat(i * 700)}`;
        log.append(record);
        await sim.settle(log.flush());
        expected.push(record);
      }
      host.disk.failNext("sync", "other", {
        path: "/log",
        count: sim.random.integer(1, 3),
        dropsPages: true,
      });
      for (let tries = 0;; tries++) {
        const synced = await sim.settle(log.sync().then(() => true, () => false));
        if (synced) break;
        assert(tries < 10);
      }
      assertEquals(await afterPowerCut(sim, form), expected);
    });
  });

  Deno.test(`log file: the close of a ${form} log rejects when its last sync fails, and the file is closed all the same`, async () => {
    for (const isFlushed of [true, false]) {
      await simulate(`close whose sync fails, ${form}`, { seeds: 10 }, async (sim) => {
        const host = sim.host("a");
        const log = await sim.settle(LogFile.open(host.world.disk, "/log", { form }));
        log.append("only");
        if (isFlushed) await sim.settle(log.flush());
        host.disk.failNext("sync", "other", { path: "/log" });
        const outcomeOf = (done: Promise<unknown>) =>
          sim.settle(done.then(() => "resolved", (error) => error instanceof WorldError && error.kind));
        assertEquals(await outcomeOf(log.close()), "other");
        assertEquals(await outcomeOf(log.sync()), "closed");
      });
    }
  });

  Deno.test(`log file: whatever syncs fail and lose their pages, what a ${form} log acknowledged is there, and nothing twice`, async () => {
    await simulate(`failed syncs, ${form}`, { seeds: 40 }, async (sim) => {
      const host = sim.host("a");
      const log = await sim.settle(LogFile.open(host.world.disk, "/log", { form }));
      const acknowledged: string[] = [];
      for (let i = 0; i < 30; i++) {
        if (sim.random.next() < 0.3) {
          host.disk.failNext("sync", "other", { dropsPages: true, count: sim.random.integer(1, 2) });
        }
        const record = `record ${i} ${"y".repeat(sim.random.integer(0, 6000))}.`;
        log.append(record);
        const durable = sim.random.next() < 0.5;
        const done = durable ? log.sync() : log.flush();
        // What was flushed alone may be lost in a power cut: it counts when a sync after it has succeeded.
        if (await sim.settle(done.then(() => true, () => false))) acknowledged.push(record);
      }
      host.disk.forgetFailures();
      await sim.settle(log.sync());
      const found = await afterPowerCut(sim, form);
      assertEquals(found, acknowledged);
    });
  });
}

Deno.test("log file: what was taken back of a write that failed is not brought back by a power cut at the next one", async () => {
  await simulate("failed write, then a power cut", { seeds: 40 }, async (sim) => {
    const host = sim.host("a");
    let isDown = false;
    host.start((world) =>
      void LogFile.open(world.disk, "log", { form: "text" }).then(async (log) => {
        log.append("one");
        await log.sync();
        host.disk.failNext("write", "no-space", { path: "log" });
        log.append("refused ".repeat(100));
        const refused = await log.sync().then(() => false, () => true);
        assert(refused);
        // The journal speaks of the next line by then, and could not tell what is left of this one.
        host.crashAt({ when: "before", operation: "write", path: "log", ended: () => isDown = true });
        log.append("two");
        await log.sync();
      })
    );
    await sim.until(() => isDown, 1000);
    host.restart(() => {});
    const log = await sim.settle(LogFile.open(host.world.disk, "log", { form: "text" }));
    await sim.settle(log.close());
    assertEquals(host.disk.readText("log"), "one\n");
  });
});

for (
  const [what, write] of [
    [
      "a file that is replaced",
      (disk: Disk, n: number) => writeAtomic(disk, "/file", new TextEncoder().encode(`${n}`)),
    ],
    ["the memory of a node", (disk: Disk, n: number) => saveMemory(disk, "/file", { term: n, votedFor: 1 })],
  ] as const
) {
  Deno.test(`atomic file: after a sync that failed, ${what} is the old one or the new one, whole`, async () => {
    await simulate(`failed sync of ${what}`, { seeds: 40 }, async (sim) => {
      const host = sim.host("a");
      const { disk } = host.world;
      let acknowledged = 0;
      for (let n = 1; n < 12; n++) {
        if (sim.random.next() < 0.4) {
          host.disk.failNext(sim.random.next() < 0.7 ? "sync" : "syncDirectory", "other", {
            dropsPages: true,
          });
        }
        if (await sim.settle(write(disk, n).then(() => true, () => false))) acknowledged = n;
      }
      host.crash();
      const number = Number(/\d+/.exec(host.disk.readText("/file") ?? "")?.[0] ?? 0);
      assert(number >= acknowledged && number < 12, `${number} after ${acknowledged}`);
    });
  });
}

Deno.test("log file: what could not be taken back of a batch that failed is taken back when the log is closed", async () => {
  for (const form of FORMS) {
    await simulate(`closed with leftovers, ${form}`, { seeds: 10 }, async (sim) => {
      const host = sim.host("a");
      const log = await sim.settle(LogFile.open(host.world.disk, "/log", { form }));
      log.append("kept");
      await sim.settle(log.sync());
      const before = host.disk.readText("/log");
      host.disk.failNext("sync", "other", { path: "/log" });
      host.disk.failNext("truncate", "other", { path: "/log" });
      log.append("refused");
      await sim.settle(assertRejects(() => log.sync(), WorldError));
      await sim.settle(log.close());
      assertEquals(host.disk.readText("/log"), before);
      assertEquals(host.disk.readText("/log.journal"), undefined);
    });
  }
});

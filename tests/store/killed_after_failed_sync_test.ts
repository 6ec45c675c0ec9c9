import { assertEquals, assertRejects } from "@std/assert";
import { LogFile, type LogForm } from "../../actors/store/mod.ts";
import { type SimHost, simulate, type SimWorld } from "../../actors/world/sim/mod.ts";
import { WorldError } from "../../actors/world/world.ts";

const PATH = "/log";

/** Opens the log as the next process does. */
async function reopen(sim: SimWorld, host: SimHost, form: LogForm): Promise<[string[], LogFile]> {
  host.restart(() => {});
  const found: string[] = [];
  const replay = (record: Uint8Array) => void found.push(new TextDecoder().decode(record));
  return [found, await sim.settle(LogFile.open(host.world.disk, PATH, { form, replay }))];
}

/** Another process appends to the file, and syncs nothing. */
async function append(sim: SimWorld, { world }: SimHost, text: string): Promise<void> {
  const file = await sim.settle(world.disk.open(PATH, { write: true, read: true }));
  await sim.settle(file.write(new TextEncoder().encode(text), await sim.settle(file.size())));
  file.close();
}

for (const others of ["nobody", "somebody, first", "somebody, behind what was flushed"] as const) {
  for (const isOwnNew of [true, false]) {
    const what = isOwnNew ? "a new line" : "nothing new";
    Deno.test(`log file: what a process that is killed at a failed sync leaves of a text is on the disk once the next has read it (${what}; ${others} wrote)`, async () => {
      await simulate("killed at a failed sync", { seeds: 40 }, async (sim) => {
        const host = sim.host("a");
        const log = await sim.settle(LogFile.open(host.world.disk, PATH, { form: "text" }));
        if (sim.seed % 2 === 0) {
          log.append("sure");
          await sim.settle(log.sync());
        }
        if (others === "somebody, first") await append(sim, host, "by hand\n");
        log.append("flushed");
        await sim.settle(log.flush());
        if (others === "somebody, behind what was flushed") await append(sim, host, "by hand\n");
        if (isOwnNew) log.append("new");
        host.disk.failNext("sync", "other", { path: PATH, dropsPages: true });
        const operation = isOwnNew ? "truncate" : "write";
        let isDown = false;
        const isMet = () => host.disk.underWay.some((now) => now.operation === "sync" && now.path === PATH);
        const done = log.sync().catch(() => {});
        await sim.until(isMet, 1000);
        const ended = () => isDown = true;
        host.crashAt({ when: "before", operation, path: PATH, how: "kill", ended });
        await sim.until(() => isDown, 1000);
        void done;
        const [found, next] = await reopen(sim, host, "text");
        sim.sometimes("what was flushed was there", found.includes("flushed"));
        const isHole = found.some((line) => line.includes("\0"));
        assertEquals(next.nulBytes > 0, isHole, "NULs are said, and only those");
        host.crash();
        assertEquals((await reopen(sim, host, "text"))[0], found);
      });
    });
  }
}

for (const form of ["text", "framed"] as const) {
  Deno.test(`log file: what a ${form} log had flushed is there right after a sync that failed, for who reads it and for the next process`, async () => {
    await simulate("read after a failed sync", { seeds: 40 }, async (sim) => {
      const host = sim.host("a");
      const log = await sim.settle(LogFile.open(host.world.disk, PATH, { form }));
      log.append("flushed");
      await sim.settle(log.flush());
      const before = host.disk.readText(PATH);
      if (sim.random.chance(0.5)) log.append("new");
      host.disk.failNext("sync", "other", { path: PATH, dropsPages: true });
      await sim.settle(assertRejects(() => log.sync(), WorldError));
      const bytes = new Uint8Array(100);
      const count = await sim.settle(log.read(bytes, 0));
      assertEquals(new TextDecoder().decode(bytes.subarray(0, count ?? 0)), before);
      host.kill();
      const [found] = await reopen(sim, host, form);
      assertEquals(found, ["flushed"]);
      host.crash();
      assertEquals((await reopen(sim, host, form))[0], ["flushed"]);
    });
  });
}

Deno.test("log file: a hole that a crash has left in a text is said when it is opened next, and not again once it was left in good order", async () => {
  await simulate("a hole", { seeds: 10 }, async (sim) => {
    const host = sim.host("a");
    const log = await sim.settle(LogFile.open(host.world.disk, PATH, { form: "text" }));
    log.append("first");
    await sim.settle(log.sync());
    host.disk.write(PATH, "first\n\0\0\0\nlast\n");
    host.crash();
    const [found, next] = await reopen(sim, host, "text");
    assertEquals(found.length, 3);
    assertEquals(next.nulBytes, 3);
    await sim.settle(next.close());
    assertEquals(host.disk.readText(`${PATH}.journal`), undefined);
    const [, third] = await reopen(sim, host, "text");
    assertEquals(third.nulBytes, 0);
  });
});

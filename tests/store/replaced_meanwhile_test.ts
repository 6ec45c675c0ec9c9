import { assert, assertEquals, assertRejects } from "@std/assert";
import { LogFile } from "../../actors/store/mod.ts";
import { simulate } from "../../actors/world/sim/mod.ts";

const PATH = "/data/text.txt";

Deno.test("log file: whoever replaces the file at the moment in which it is replaced or opened, what is appended next is in theirs", async () => {
  await simulate("log file: replaced meanwhile", { seeds: 300 }, async (sim) => {
    const host = sim.host("a");
    host.disk.write(PATH, "first\n");
    // As vim does: another file of that name.
    const save = () => {
      host.disk.remove(PATH);
      host.disk.write(PATH, "theirs\n");
    };
    const mayOpen = sim.random.chance(0.3);
    if (mayOpen) host.world.clock.timer(sim.random.next() * 0.3, save);
    const log = await sim.settle(LogFile.open(host.world.disk, PATH, { form: "text" }));
    if (!mayOpen) host.world.clock.timer(sim.random.next() * 2, save);
    await sim.settle(log.replaceText(new TextEncoder().encode("first\nsecond\n")));
    await sim.advance(2);
    const isTheirs = host.disk.readText(PATH)?.includes("theirs\n") === true;
    log.append("third");
    await sim.settle(log.sync());
    const text = host.disk.readText(PATH) ?? "";
    assert(text.endsWith("third\n"), `it is appended to another file than ${JSON.stringify(text)}`);
    assert(!isTheirs || text.startsWith("theirs\n"), "their file is gone");
    await sim.settle(log.close());
  });
});

Deno.test("log file: that the file was replaced is told with the next batch, where the first that saw it could not be written", async () => {
  await simulate("log file: replaced, and full", { seeds: 20 }, async (sim) => {
    const host = sim.host("a");
    host.disk.write(PATH, "first\n");
    const log = await sim.settle(LogFile.open(host.world.disk, PATH, { form: "text" }));
    host.disk.write(PATH, "another\nfirst\n");
    host.disk.failNext(sim.random.pick(["write", "sync"] as const), "no-space");
    log.append("second");
    await assertRejects(() => sim.settle(log.sync()));
    log.append("third");
    assertEquals((await sim.settle(log.sync())).replaced, true);
    log.append("fourth");
    assertEquals((await sim.settle(log.sync())).replaced, false);
    assertEquals(host.disk.readText(PATH), "another\nfirst\nthird\nfourth\n");
    await sim.settle(log.close());
  });
});

for (const form of ["text", "framed"] as const) {
  Deno.test(`log file: that a ${form} log was replaced by a file of as many bytes is told, though it could not be read at first`, async () => {
    await simulate("log file: replaced, and not read", { seeds: 20 }, async (sim) => {
      const host = sim.host("a");
      host.disk.makeDirectory("/data");
      const log = await sim.settle(LogFile.open(host.world.disk, PATH, { form }));
      log.append("first");
      await sim.settle(log.sync());
      const theirs = host.disk.read(PATH) ?? new Uint8Array();
      host.disk.remove(PATH);
      host.disk.write(PATH, form === "text" ? "other\n" : theirs);
      host.disk.failNext("read", "other", { path: PATH });
      await assertRejects(() => sim.settle(log.sync()));
      log.append("second");
      const batch = await sim.settle(sim.random.chance(0.5) ? log.sync() : log.flush());
      assertEquals(batch.replaced, true);
      log.append("third");
      assertEquals((await sim.settle(log.sync())).replaced, false);
      await sim.settle(log.close());
    });
  });
}

Deno.test("log file: who saves the file once more while their save before is being read leaves no hole in it", async () => {
  const sometimes = ["saved while it is read"];
  await simulate("log file: saved once more", { seeds: 200, sometimes }, async (sim) => {
    const host = sim.host("a");
    host.disk.write(PATH, "first\n");
    const log = await sim.settle(LogFile.open(host.world.disk, PATH, { form: "text" }));
    host.disk.write(PATH, "another\nfirst\nand a long one\n");
    log.append("own");
    const flushed = log.flush();
    await sim.advance(sim.random.next() * 0.3);
    const isMet = host.disk.underWay.some(({ operation }) => operation === "read");
    sim.sometimes("saved while it is read", isMet);
    if (isMet) host.disk.write(PATH, "another\n");
    await sim.settle(flushed);
    await sim.settle(log.close());
    const text = isMet ? "another\n" : "another\nfirst\nand a long one\n";
    assertEquals(host.disk.readText(PATH), `${text}own\n`);
  });
});

Deno.test("log file: what is taken back or written again after a failed sync is no part of a file that was saved meanwhile", async () => {
  await simulate("log file: saved while a sync fails", { seeds: 60 }, async (sim) => {
    const host = sim.host("a");
    host.disk.write(PATH, "first\n");
    const log = await sim.settle(LogFile.open(host.world.disk, PATH, { form: "text" }));
    log.append("flushed");
    await sim.settle(log.flush());
    host.disk.failNext("sync", "other", { path: PATH, count: sim.random.integer(1, 3), dropsPages: true });
    const isSyncing = () =>
      host.disk.underWay.some(({ operation, path }) => operation === "sync" && path === PATH);
    log.append("refused");
    const refused = assertRejects(() => log.sync());
    await sim.until(isSyncing, 1000, "the sync");
    const saved = sim.random.pick(["short\n", "saved by somebody, and longer than all that was there\n"]);
    if (sim.random.chance(0.5)) await sim.settle(refused);
    host.disk.write(PATH, saved);
    await sim.settle(refused);
    host.disk.forgetFailures();
    log.append("last");
    await sim.settle(log.sync());
    assertEquals(host.disk.readText(PATH), `${saved}last\n`);
    await sim.settle(log.close());
  });
});

Deno.test("log file: of a line that was refused nothing is left, and nothing is taken of what others add, be it the same", async () => {
  await simulate("log file: a line that was refused", { seeds: 80 }, async (sim) => {
    const host = sim.host("a");
    host.disk.write(PATH, "first");
    const log = await sim.settle(LogFile.open(host.world.disk, PATH, { form: "text" }));
    if (sim.random.chance(0.5)) log.append("flushed");
    await sim.settle(log.flush());
    const before = host.disk.readText(PATH) ?? "";
    const operation = sim.random.pick(["write", "sync"] as const);
    host.disk.failNext(operation, "no-space", { path: PATH });
    log.append("refused");
    const flush = async () => operation === "sync" ? await log.sync() : log.flushNow() ?? await log.flush();
    const refused = assertRejects(flush);
    const added = sim.random.pick(["refused\n", "by hand\n", ""]);
    const add = () => host.disk.write(PATH, `${host.disk.readText(PATH)}${added}`);
    if (operation === "sync") {
      await sim.until(
        () => host.disk.underWay.some(({ operation, path }) => operation === "sync" && path === PATH),
        1000,
      );
      add();
    }
    await sim.settle(refused);
    await sim.advance(2);
    if (operation === "write") add();
    log.append("last");
    await sim.settle(log.sync());
    const isMidLine = !before.endsWith("\n");
    // Who adds to a line without an end goes on in it, unless one was put there before they looked.
    const texts = ["", "\n"].map((end) => `${before}${isMidLine ? end : ""}${added}`);
    const whole = texts.map((text) => `${text}${text.endsWith("\n") ? "" : "\n"}last\n`);
    const text = host.disk.readText(PATH) ?? "";
    assert(whole.includes(text), JSON.stringify({ text, whole }));
    await sim.settle(log.close());
  });
});

Deno.test("log file: whatever the disk says to the closing of a file that was replaced, the new one is let go in the end", async () => {
  await simulate("log file: closing fails", { seeds: 20 }, async (sim) => {
    const host = sim.host("a");
    host.disk.write(PATH, "first\n");
    const open = () => sim.settle(LogFile.open(host.world.disk, PATH, { form: "text" }));
    const log = await open();
    host.disk.failNext("close", "no-space", { path: PATH, count: 2 });
    await sim.settle(log.replaceText(new TextEncoder().encode("second\n")));
    log.append("third");
    await sim.settle(log.sync());
    host.disk.forgetFailures();
    await sim.settle(log.close());
    // The lock is free again.
    const again = await open();
    assertEquals(again.length, "second\nthird\n".length);
    await sim.settle(again.close());
  });
});

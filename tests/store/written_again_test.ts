import { assert, assertEquals, assertRejects } from "@std/assert";
import { LogFile } from "../../actors/store/mod.ts";
import { simulate } from "../../actors/world/sim/mod.ts";
import { WorldError } from "../../actors/world/world.ts";

const PATH = "/log";
const encoder = new TextEncoder();

for (const form of ["text", "framed"] as const) {
  Deno.test(`log file: a refused record does not come back when its ${form} log, replaced meanwhile, cannot be read`, async () => {
    await simulate("refused, and not read", { seeds: 5 }, async (sim) => {
      const host = sim.host("a");
      const log = await sim.settle(LogFile.open(host.world.disk, PATH, { form }));
      log.append("first");
      await sim.settle(log.sync());
      const text = host.disk.readText(PATH) ?? "";
      host.disk.remove(PATH);
      host.disk.write(PATH, form === "text" ? "by hand\n" : text + text);
      log.append("flushed");
      await sim.settle(log.flush());
      const before = host.disk.readText(PATH);
      log.append("refused");
      host.disk.failNext("read", "other", { path: PATH });
      await sim.settle(assertRejects(() => log.sync(), WorldError));
      assertEquals(host.disk.readText(PATH), before);
    });
  });
}

Deno.test("log file: whoever saves a text while it is opened after a kill has saved it", async () => {
  await simulate("saved at a start", { seeds: 200 }, async (sim) => {
    const host = sim.host("a");
    const log = await sim.settle(LogFile.open(host.world.disk, PATH, { form: "text" }));
    log.append("one line of the text");
    log.append("another line of the text");
    await sim.settle(log.sync());
    host.kill();
    await sim.advance(100);
    host.restart(() => {});
    // Elsewhere a look and a write each take their time.
    if (host.world.disk.statNow === undefined) return;
    const opened = LogFile.open(host.world.disk, PATH, { form: "text" });
    const isRead = () =>
      host.disk.underWay.some(({ operation, path }) => operation === "read" && path === PATH);
    await sim.until(isRead, 100);
    await sim.advance(sim.random.between(0, 0.2));
    const saved = sim.random.pick(["mine\n", `mine${" and mine".repeat(5)}\n`]);
    host.disk.write(PATH, saved);
    await sim.settle(opened);
    assertEquals(host.disk.readText(PATH), saved);
  });
});

Deno.test("log file: what somebody corrects in place, to as many bytes, stays though a sync fails", async () => {
  await simulate("corrected in place", { seeds: 20 }, async (sim) => {
    const host = sim.host("a");
    const log = await sim.settle(LogFile.open(host.world.disk, PATH, { form: "text" }));
    log.append("helo");
    await sim.settle(log.flush());
    const file = await sim.settle(host.world.disk.open(PATH, { write: true }));
    await sim.settle(file.write(encoder.encode("HELO"), 0));
    file.close();
    host.disk.failNext("sync", "other", { path: PATH });
    log.append("refused");
    await sim.settle(assertRejects(() => log.sync(), WorldError));
    assertEquals(host.disk.readText(PATH), "HELO\n");
  });
});

Deno.test("log file: a journal that cannot be made costs no sync, and a text that cannot be written again is opened", async () => {
  await simulate("a full disk", { seeds: 20 }, async (sim) => {
    const host = sim.host("a");
    const log = await sim.settle(LogFile.open(host.world.disk, PATH, { form: "text" }));
    log.append("flushed");
    await sim.settle(log.flush());
    host.disk.failNext("open", "no-space", { path: `${PATH}.journal` });
    await sim.settle(log.close());
    const next = await sim.settle(LogFile.open(host.world.disk, PATH, { form: "text" }));
    next.append("more");
    await sim.settle(next.sync());
    host.kill();
    host.restart(() => {});
    host.disk.failNext("write", "no-space", { path: PATH });
    const third = await sim.settle(LogFile.open(host.world.disk, PATH, { form: "text" }));
    assertEquals(third.notWrittenAgain?.kind, "no-space");
    assert(host.disk.read(`${PATH}.journal`) !== undefined, "the journal stays");
    assertEquals(host.disk.readText(PATH), "flushed\nmore\n");
  });
});

Deno.test("log file: after a kill only what was not sure is written again", async () => {
  await simulate("a long text", { seeds: 10 }, async (sim) => {
    const host = sim.host("a");
    const log = await sim.settle(LogFile.open(host.world.disk, PATH, { form: "text" }));
    log.append("x".repeat(600_000));
    await sim.settle(log.sync());
    log.append("last");
    await sim.settle(log.sync());
    host.kill();
    host.restart(() => {});
    const { disk } = host.world;
    let bytesRead = 0;
    const counting: typeof disk = {
      ...disk,
      readFile: (...about) => disk.readFile(...about),
      stat: (path) => disk.stat(path),
      remove: (path) => disk.remove(path),
      syncDirectory: (path) => disk.syncDirectory(path),
      realPath: (path) => disk.realPath(path),
      list: (path) => disk.list(path),
      async open(...about) {
        const file = await disk.open(...about);
        const read = file.read.bind(file);
        file.read = (buffer, offset) => (bytesRead += buffer.length, read(buffer, offset));
        return file;
      },
    };
    await sim.settle(LogFile.open(counting, PATH, { form: "text" }));
    assert(bytesRead < 10_000, `${bytesRead} bytes were read`);
  });
});

for (const form of ["text", "framed"] as const) {
  Deno.test(`log file: of much that a ${form} log has flushed nothing is lost once a sync is told, though one before it failed`, async () => {
    await simulate("much was flushed", { seeds: 3 }, async (sim) => {
      const host = sim.host("a");
      const log = await sim.settle(LogFile.open(host.world.disk, PATH, { form }));
      const expected: string[] = [];
      const flush = async (count: number) => {
        for (; count > 0; count--) {
          const record = `${expected.length} ${"x".repeat(1 << 20)}`;
          log.append(record);
          await sim.settle(log.flush());
          expected.push(record);
        }
      };
      await flush(12);
      assert((host.disk.readDurableText(PATH)?.length ?? 0) > 8 << 20, "much is synced without being asked");
      host.disk.failNext("sync", "other", { path: PATH, dropsPages: true });
      await sim.settle(assertRejects(() => log.sync(), WorldError));
      log.append("later");
      await sim.settle(log.sync());
      expected.push("later");
      host.crash();
      host.restart(() => {});
      let at = 0;
      const replay = (record: Uint8Array) =>
        assert(new TextDecoder().decode(record) === expected[at++], `record ${at - 1}`);
      await sim.settle(LogFile.open(host.world.disk, PATH, { form, replay }));
      assertEquals(at, expected.length);
    });
  });
}

Deno.test("log file: what a person has saved in place is on the disk after the next sync, though the one before it failed", async () => {
  await simulate("a long save", { seeds: 20 }, async (sim) => {
    const host = sim.host("a");
    const log = await sim.settle(LogFile.open(host.world.disk, PATH, { form: "text" }));
    log.append("first");
    await sim.settle(log.sync());
    const saved = "a line of theirs\n".repeat(2000);
    const file = await sim.settle(host.world.disk.open(PATH, { write: true }));
    await sim.settle(file.truncate(0));
    await sim.settle(file.write(encoder.encode(saved), 0));
    file.close();
    log.append("own");
    await sim.settle(log.flush());
    host.disk.failNext("sync", "other", { path: PATH, dropsPages: true });
    await sim.settle(assertRejects(() => log.sync(), WorldError));
    await sim.settle(log.sync());
    host.crash();
    // Only where something was on the disk before, that may be there again.
    const { length } = "first\n";
    assertEquals(host.disk.readText(PATH)?.slice(length), `${saved}own\n`.slice(length));
  });
});

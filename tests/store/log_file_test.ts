import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { LogFile } from "../../actors/store/log_file.ts";
import { LogFileError } from "../../actors/store/log_file_error.ts";
import { type Disk, WorldError } from "../../actors/world/world.ts";
import { denoWorld } from "../../mod.ts";
import { tempDirectory } from "../_helpers.ts";
import { MemoryDisk } from "./_memory_disk.ts";
import { records, text } from "./_log_records.ts";

const framed = { form: "framed" } as const;

Deno.test("log file: a text log is a plain text, a line a record", async () => {
  const memory = new MemoryDisk();
  const log = await LogFile.open(memory.disk, "log", text);
  assert(log.created);
  log.append("one");
  log.append("zwei ü");
  const batch = await log.sync();
  assertEquals(new TextDecoder().decode(batch.bytes), "one\nzwei ü\n");
  assertEquals(batch.start, 0);
  await log.close();
  assertEquals(memory.text("log"), "one\nzwei ü\n");
  assertEquals(await records(memory, "text"), ["one", "zwei ü"]);
});

Deno.test("log file: a framed log gives back any bytes", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 300 })), async (given) => {
      const memory = new MemoryDisk();
      const log = await LogFile.open(memory.disk, "log", framed);
      for (const record of given) log.append(record);
      await log.close();
      const found: Uint8Array[] = [];
      const again = await LogFile.open(memory.disk, "log", {
        ...framed,
        replay: (record) => found.push(record.slice()),
      });
      await again.close();
      assertEquals(found, given);
    }),
    { numRuns: 50 },
  );
});

Deno.test("log file: a framed record longer than what is read at a time comes back whole", async () => {
  const memory = new MemoryDisk();
  const log = await LogFile.open(memory.disk, "log", framed);
  log.append("short");
  log.append("x".repeat(3_000_000));
  log.append("last");
  await log.close();
  assertEquals((await records(memory, "framed")).map((record) => record.length), [5, 3_000_000, 4]);
});

Deno.test("log file: all that is appended while a sync is under way shares the next one", async () => {
  const memory = new MemoryDisk();
  const log = await LogFile.open(memory.disk, "log", framed);
  let open = () => {};
  memory.gate = new Promise((resolve) => open = resolve);
  log.append("first");
  const first = log.sync();
  const later = [];
  for (let i = 0; i < 100; i++) {
    log.append(`record ${i}`);
    later.push(log.sync());
  }
  open();
  await first;
  const batches = new Set(await Promise.all(later));
  assertEquals(batches.size, 1);
  assertEquals(memory.syncs, 2);
  assertEquals(memory.writes, 2);
  await log.close();
  assertEquals((await records(memory, "framed")).length, 101);
});

Deno.test("log file: a flush that waits with a sync is synced", async () => {
  const memory = new MemoryDisk();
  const log = await LogFile.open(memory.disk, "log", framed);
  const first = log.flush();
  log.append("a");
  const flushed = log.flush();
  const synced = log.sync();
  assertEquals(await flushed, await synced);
  await first;
  assertEquals(memory.syncs, 1);
  await log.close();
});

Deno.test("log file: reads see what was written, and nothing that is not", async () => {
  const memory = new MemoryDisk();
  const log = await LogFile.open(memory.disk, "log", text);
  log.append("one");
  await log.flush();
  let open = () => {};
  memory.gate = new Promise((resolve) => open = resolve);
  log.append("two");
  const flushed = log.flush();
  const buffer = new Uint8Array(100);
  assertEquals(await log.read(buffer, 0), 4);
  assertEquals(await log.read(buffer, 4), null);
  open();
  await flushed;
  assertEquals(await log.read(buffer, 4), 4);
  await log.close();
});

Deno.test("log file: text without an end is kept, and the next line starts after it", async () => {
  const memory = new MemoryDisk();
  memory.put("log", "by hand");
  const log = await LogFile.open(memory.disk, "log", text);
  assertEquals(memory.text("log"), "by hand");
  log.append("next");
  const batch = await log.sync();
  assertEquals([batch.start, batch.leadBytes], [7, 1]);
  await log.close();
  assertEquals(memory.text("log"), "by hand\nnext\n");
});

Deno.test("log file: what somebody appends to the file while it is open is kept and told", async () => {
  const memory = new MemoryDisk();
  const log = await LogFile.open(memory.disk, "log", text);
  log.append("one");
  await log.sync();
  memory.edit("log", (before) => before + "by hand");
  log.append("two");
  const batch = await log.sync();
  assertEquals(new TextDecoder().decode(batch.bytes), "by hand\ntwo\n");
  assertEquals(batch.leadBytes, 8);
  assertEquals(batch.replaced, false);
  memory.edit("log", (before) => before + "and again");
  assertEquals(new TextDecoder().decode((await log.sync()).bytes), "and again");
  log.append("three");
  assertEquals((await log.sync()).leadBytes, 1);
  await log.close();
  assertEquals(memory.text("log"), "one\nby hand\ntwo\nand again\nthree\n");
});

Deno.test("log file: a file that is cut short, replaced or removed by somebody leaves no hole", async () => {
  const memory = new MemoryDisk();
  const log = await LogFile.open(memory.disk, "log", text);
  log.append("one");
  log.append("two");
  await log.sync();
  memory.edit("log", () => "1");
  log.append("three");
  assertEquals((await log.sync()).replaced, true);
  assertEquals(memory.text("log"), "1\nthree\n");
  memory.put("log", "another file, longer\n");
  log.append("four");
  assertEquals((await log.sync()).replaced, true);
  assertEquals(memory.text("log"), "another file, longer\nfour\n");
  await memory.disk.remove("log");
  log.append("five");
  assertEquals((await log.sync()).start, 0);
  await log.close();
  assertEquals(memory.text("log"), "five\n");
});

for (const form of ["text", "framed"] as const) {
  Deno.test(`log file: a full disk leaves the ${form} log as it was, and it goes on when there is room`, async () => {
    const memory = new MemoryDisk();
    const log = await LogFile.open(memory.disk, "log", { form });
    log.append("one");
    await log.sync();
    const length = log.length;
    memory.capacity = 2 * length + 80;
    log.append("x".repeat(200));
    const failed = log.sync();
    log.append("two");
    const next = log.sync();
    const error = await assertRejects(() => failed, WorldError);
    assertEquals(error.kind, "no-space");
    await next;
    memory.capacity = Infinity;
    log.append("three");
    await log.sync();
    await log.close();
    assertEquals(await records(memory, form), ["one", "two", "three"]);
  });
}

Deno.test("log file: leftovers that cannot be cut at once are cut before the next write", async () => {
  const memory = new MemoryDisk();
  const log = await LogFile.open(memory.disk, "log", framed);
  memory.capacity = 30;
  memory.truncateFailure = new WorldError("other", "Cannot cut: not now");
  log.append("x".repeat(100));
  await assertRejects(() => log.sync(), WorldError);
  log.append("y");
  await assertRejects(() => log.sync(), WorldError, "not now");
  memory.truncateFailure = undefined;
  log.append("z");
  await log.sync();
  await log.close();
  assertEquals(await records(memory, "framed"), ["z"]);
});

Deno.test("log file: a sync that fails takes back what it was to cover", async () => {
  const memory = new MemoryDisk();
  const log = await LogFile.open(memory.disk, "log", text);
  log.append("one");
  await log.sync();
  memory.syncFailure = new WorldError("other", "Cannot sync: the disk is ill");
  log.append("two");
  await assertRejects(() => log.sync(), WorldError, "ill");
  memory.syncFailure = undefined;
  log.append("three");
  await log.sync();
  await log.close();
  assertEquals(memory.text("log"), "one\nthree\n");
});

Deno.test("log file: close writes what is left, twice is fine, and no file stays beside it", async () => {
  const memory = new MemoryDisk();
  const log = await LogFile.open(memory.disk, "log", text);
  log.append("one");
  const synced = log.sync();
  log.append("two");
  await Promise.all([log.close(), log.close(), synced]);
  assertEquals(memory.text("log"), "one\ntwo\n");
  assertEquals(memory.has("log.journal"), false);
  await assertRejects(() => log.sync(), WorldError, "closed");
});

Deno.test("log file: on the real disk, another file of the same name and size is another file", async () => {
  await using directory = await tempDirectory();
  const path = directory.file("log");
  const log = await LogFile.open(denoWorld().disk, path, text);
  log.append("one");
  await log.sync();
  // As `sed -i` and many editors do.
  await Deno.writeTextFile(directory.file("edited"), "ONE\n");
  await Deno.rename(directory.file("edited"), path);
  log.append("two");
  assertEquals((await log.sync()).replaced, true);
  log.append("three");
  const batch = log.flushNow();
  assertEquals(batch?.replaced, false);
  await log.close();
  assertEquals(await Deno.readTextFile(path), "ONE\ntwo\nthree\n");
});

Deno.test("log file: on the real disk, a log belongs to one process alone until it closes it, and so is what replaced it", async () => {
  await using directory = await tempDirectory();
  const path = directory.file("log");
  const { disk } = denoWorld();
  const refused = async () => {
    const error = await assertRejects(
      () => LogFile.open(disk, path, text),
      LogFileError,
      "another process has it",
    );
    assertEquals(error.during, "take");
  };
  const log = await LogFile.open(disk, path, text);
  await refused();
  await Deno.writeTextFile(directory.file("edited"), "edited\n");
  await Deno.rename(directory.file("edited"), path);
  await log.sync();
  await refused();
  // Cut in place, it is the same file still.
  await Deno.truncate(path, 3);
  assertEquals((await log.sync()).replaced, true);
  await refused();
  await log.close();
  await (await LogFile.open(disk, path, text)).close();
});

Deno.test("log file: what a person appends while the journal is synced is not written over", async () => {
  const memory = new MemoryDisk();
  let edits = 0;
  const disk: Disk = {
    ...memory.disk,
    open: async (path, options) => {
      const file = await memory.disk.open(path, options);
      if (path !== "log.journal") return file;
      const sync = async () => {
        await file.sync();
        memory.edit("log", (before) => `${before}by hand ${++edits}\n`);
      };
      return { ...file, sync };
    },
  };
  const log = await LogFile.open(disk, "log", text);
  log.append("mine");
  const batch = await log.sync();
  // It is begun anew again and again, but not for ever.
  const byHand = Array.from({ length: edits }, (_, i) => `by hand ${i + 1}\n`).join("");
  assert(edits > 2);
  assertEquals(memory.text("log"), byHand + "mine\n");
  assertEquals(new TextDecoder().decode(batch.bytes), byHand + "mine\n");
  assertEquals(batch.othersBytes, byHand.length);
  await log.close();
});

Deno.test("log file: a batch says whether it ends a line that had no end, also where a person has ended it", async () => {
  const memory = new MemoryDisk();
  memory.put("log", "typed");
  const log = await LogFile.open(memory.disk, "log", text);
  memory.edit("log", (before) => `${before}\nmore\n`);
  const others = await log.sync();
  assertEquals([others.othersBytes, others.endsLine], [6, true]);
  memory.edit("log", (before) => `${before}\n`);
  assertEquals((await log.sync()).endsLine, false);
  memory.edit("log", (before) => `${before}again`);
  assertEquals((await log.sync()).endsLine, false);
  log.append("mine");
  assertEquals((await log.sync()).endsLine, true);
  log.append("mine too");
  assertEquals((await log.sync()).endsLine, false);
  assertEquals(memory.text("log"), "typed\nmore\n\nagain\nmine\nmine too\n");
  await log.close();
});

Deno.test("log file: what a person appends between two batches that are flushed at once is not written over", async () => {
  await using directory = await tempDirectory();
  const path = directory.file("log");
  const { disk, clock } = denoWorld();
  // No time goes by: that the file is the same one is not looked at again.
  const log = await LogFile.open(disk, path, { form: "text", clock: { ...clock, monotonic: () => 0 } });
  log.append("one");
  assert(log.flushNow() !== undefined);
  await Deno.writeTextFile(path, "by hand\n", { append: true });
  log.append("two");
  assertEquals(log.flushNow(), undefined);
  await log.flush();
  await log.close();
  assertEquals(await Deno.readTextFile(path), "one\nby hand\ntwo\n");
});

Deno.test("log file: what is flushed at once is read, told and kept as any other", async () => {
  await using directory = await tempDirectory();
  const path = directory.file("log");
  const log = await LogFile.open(denoWorld().disk, path, text);
  for (let i = 0; i < 2000; i++) {
    log.append(`line ${i}`);
    // Over the border of a page only `flush` will do.
    const batch = log.flushNow() ?? await log.flush();
    assertEquals(new TextDecoder().decode(batch.bytes), `line ${i}\n`);
    if (i === 1000) await log.sync();
  }
  assertEquals(log.flushNow(), undefined);
  await log.close();
  assertEquals(await Deno.readTextFile(path), Array.from({ length: 2000 }, (_, i) => `line ${i}\n`).join(""));
});

Deno.test("log file: a file that may be written and not read is told from one that cannot be opened", async () => {
  const { disk } = new MemoryDisk();
  const denied = new WorldError("permission-denied", "Cannot open log: permission was denied");
  for (const [mayWrite, during] of [[true, "read"], [false, "open"]] as const) {
    const locked: Disk = {
      ...disk,
      open: (path, options) =>
        options?.read === false && mayWrite
          ? disk.open(path, { ...options, create: true })
          : Promise.reject(denied),
    };
    const error = await assertRejects(() => LogFile.open(locked, "log", text), LogFileError);
    assertEquals(error.during, during);
    assertEquals(error.message, `Cannot ${during} log: permission was denied`);
  }
});

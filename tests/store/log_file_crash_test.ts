import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { SCAN_BYTES } from "../../actors/store/_scan.ts";
import { LogFile } from "../../actors/store/log_file.ts";
import { LogFileError } from "../../actors/store/log_file_error.ts";
import { MemoryDisk } from "./_memory_disk.ts";
import { records, text } from "./_log_records.ts";

/** Appends batches until the process "dies" in the middle of a write, somewhere. */
async function crash(memory: MemoryDisk, form: "text" | "framed", bytes: number): Promise<string[]> {
  const acknowledged: string[] = [];
  const log = await LogFile.open(memory.disk, "log", { form });
  memory.killedAfterBytes = bytes;
  try {
    for (let i = 0; i < 50; i++) {
      const batch = [`line ${i} a`, `line ${i} bb`, `line ${i} ccc`];
      for (const line of batch) log.append(line);
      await log.sync();
      acknowledged.push(...batch);
    }
  } catch {
    // Dead. The file is not closed.
  }
  memory.killedAfterBytes = Infinity;
  return acknowledged;
}

for (const form of ["text", "framed"] as const) {
  Deno.test(`log file: killed anywhere, a ${form} log keeps what was acknowledged and no half record`, async () => {
    for (let bytes = 1; bytes < 600; bytes += 3) {
      const memory = new MemoryDisk();
      memory.put("log", form === "text" ? "by hand" : "");
      const before = form === "text" ? ["by hand"] : [];
      const acknowledged = [...before, ...await crash(memory, form, bytes)];
      const found = await records(memory, form);
      assertEquals(found.slice(0, acknowledged.length), acknowledged);
      for (const line of found.slice(acknowledged.length)) {
        assert(/^line \d+ (a|bb|ccc)$/.test(line), `killed after ${bytes} bytes: ${line}`);
      }
    }
  });

  Deno.test(`log file: after a power cut a ${form} log keeps what was synced and no half record`, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(2000),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), {
          minLength: 2,
          maxLength: 2,
        }),
        async (bytes, chances) => {
          const memory = new MemoryDisk();
          const acknowledged = await crash(memory, form, bytes);
          memory.cutPower(() => chances.pop() ?? 0);
          const found = await records(memory, form);
          assertEquals(found.slice(0, acknowledged.length), acknowledged);
          for (const line of found.slice(acknowledged.length)) {
            assert(/^line \d+ (a|bb|ccc)$/.test(line), line);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
}

Deno.test("log file: what a crash has torn off a framed log is gone once it was opened", async () => {
  let torn = 0;
  for (let bytes = 1; bytes < 600; bytes += 7) {
    const memory = new MemoryDisk();
    await crash(memory, "framed", bytes);
    const first = await LogFile.open(memory.disk, "log", { form: "framed" });
    await first.close();
    const again = await LogFile.open(memory.disk, "log", { form: "framed" });
    assertEquals(again.cutBytes, 0, `killed after ${bytes} bytes, of which ${first.cutBytes} were cut`);
    await again.close();
    if (first.cutBytes > 0) torn++;
  }
  assert(torn > 0);
});

Deno.test("log file: a record is found wherever the piece ends in which it is read", async () => {
  const HEADER_BYTES = 8;
  for (let more = -2; more <= 2; more++) {
    const memory = new MemoryDisk();
    const log = await LogFile.open(memory.disk, "log", { form: "framed" });
    const long = "x".repeat(SCAN_BYTES - HEADER_BYTES + more);
    for (const record of [long, "the next"]) log.append(record);
    await log.close();
    assertEquals(await records(memory, "framed"), [long, "the next"], `${more} bytes more`);
  }
});

Deno.test("log file: what is typed by hand after a crash is kept, end or no end", async () => {
  for (let bytes = 1; bytes < 400; bytes += 7) {
    const memory = new MemoryDisk();
    await crash(memory, "text", bytes);
    memory.edit("log", (before) => before + "typed");
    const log = await LogFile.open(memory.disk, "log", text);
    assert(memory.text("log").endsWith("typed"), `killed after ${bytes} bytes`);
    assertEquals(log.cutBytes, 0);
    await log.close();
  }
});

Deno.test("log file: a damaged journal cuts nothing", async () => {
  const memory = new MemoryDisk();
  memory.put("log", "one\ntw");
  const start = new TextEncoder().encode("Troupe journal\nand no more of it than this");
  for (const journal of [new Uint8Array(0), new Uint8Array(100), start, start.subarray(0, 5)]) {
    memory.put("log.journal", journal);
    const log = await LogFile.open(memory.disk, "log", text);
    await log.close();
    assertEquals(memory.text("log"), "one\ntw");
  }
});

Deno.test("log file: a person's file that has the name of the journal is in the way, and stays", async () => {
  const memory = new MemoryDisk();
  memory.put("log", "one\n");
  memory.put("log.journal", "Dear diary\n");
  await assertRejects(() => LogFile.open(memory.disk, "log", text), LogFileError, "somebody's file");
  assertEquals(memory.text("log.journal"), "Dear diary\n");
});

Deno.test("log file: zeros after a power cut are no text", async () => {
  const memory = new MemoryDisk();
  await crash(memory, "text", 70);
  const whole = memory.text("log");
  const torn = whole.slice(0, -2) + "\0\0";
  memory.edit("log", () => torn);
  const log = await LogFile.open(memory.disk, "log", text);
  await log.close();
  assert(!memory.text("log").includes("\0"));
});

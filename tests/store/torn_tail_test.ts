import { assertEquals, assertRejects } from "@std/assert";
import { tornBytes } from "../../actors/store/_torn_tail.ts";
import { LogFile } from "../../actors/store/log_file.ts";
import { simulate, simWorld } from "../../actors/world/sim/mod.ts";
import { WorldError } from "../../actors/world/world.ts";

const encoder = new TextEncoder();
const intent = { offset: 0, bytes: encoder.encode("one\ntwo\nthree\n") };

Deno.test("torn tail: what a power cut left of an append is cut behind its last whole line, holes and all", () => {
  const tails: readonly (readonly [tail: string, torn: number])[] = [
    ["one\ntwo\nthree\n", 0],
    ["one\ntwo\n", 0],
    ["one\ntw", 2],
    ["\0\0", 2],
    // Some sectors have reached the disk, and not those before them.
    ["one\n\0\0\0\0thr", 7],
    ["one\n\0\0\0\0three\n", 10],
    ["\0\0\0\0two\nthree\n", 14],
  ];
  for (const [tail, torn] of tails) assertEquals(tornBytes(encoder.encode(tail), intent), torn, tail);
});

Deno.test("torn tail: what somebody has typed is not cut", () => {
  for (const tail of ["one\ntwX", "mine", "one\ntwo\nthree\nand more", ""]) {
    assertEquals(tornBytes(encoder.encode(tail), intent), 0, tail);
  }
});

Deno.test("torn tail: what was written is there, and nobody else's, though the journal cannot be made small again", async () => {
  await simulate("torn tail: a large journal", { seeds: 4 }, async (sim) => {
    const host = sim.host("a");
    const log = await sim.settle(LogFile.open(host.world.disk, "/log", { form: "text" }));
    host.disk.failNext("truncate", "other", { path: "/log.journal" });
    const large = "x".repeat(1 << 21);
    log.append(large);
    await sim.settle(log.sync());
    log.append("last");
    assertEquals((await sim.settle(log.sync())).othersBytes, 0);
    assertEquals(host.disk.readText("/log"), `${large}\nlast\n`);
    await sim.settle(log.close());
  });
});

Deno.test("torn tail: a journal whose name cannot be made durable is not left open, however often it is tried", async () => {
  const sim = simWorld({ seed: 1 });
  const host = sim.host("a");
  const log = await sim.settle(LogFile.open(host.world.disk, "/log", { form: "text" }));
  host.start(() => ({ stop: () => log.close().catch(() => {}) }));
  host.disk.failNext("syncDirectory", "no-space", { count: 3 });
  for (const line of ["one", "two", "three", "four"]) {
    log.append(line);
    await sim.settle(log.sync().catch(() => {}));
  }
  assertEquals(sim.tally.get("fault: syncDirectory fails"), 3);
  await sim.settle(host.shutDown());
  sim.throwFailure();
  sim.close();
});

Deno.test("torn tail: a journal that could not be closed is opened anew", async () => {
  const sim = simWorld({ seed: 1 });
  const host = sim.host("a");
  const log = await sim.settle(LogFile.open(host.world.disk, "/log", { form: "text" }));
  log.append("one");
  await sim.settle(log.sync());
  host.disk.failNext("close", "other", { path: "/log.journal" });
  await assertRejects(() => sim.settle(log.replaceText(encoder.encode("two\n"))), WorldError);
  // Longer than a page: it is announced in the journal.
  const large = "x".repeat(10_000);
  log.append(large);
  await sim.settle(log.sync());
  assertEquals(host.disk.readText("/log"), `one\n${large}\n`);
  await sim.settle(log.close());
  sim.close();
});

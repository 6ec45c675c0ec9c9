/**
 * What tests share keeps its word: a limit is one, what has ended is noticed, and ports are one's own.
 */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { deadline, freePort, startProcess, until } from "./_helpers.ts";

Deno.test("until: the limit holds for a condition that never answers, too", async () => {
  const waiting = until(() => new Promise<boolean>(() => {}), "what never comes", 50);
  await assertRejects(() => deadline(waiting, 10_000, "until"), Error, "what never comes");
});

Deno.test("until: what a condition throws ends the wait at once", async () => {
  const fail = () => {
    throw new RangeError("it is out");
  };
  await assertRejects(() => until(fail, "it"), RangeError, "it is out");
});

Deno.test("until: no condition is asked once the wait is over", async () => {
  let asked = 0;
  await assertRejects(() => until(() => ++asked < 0, "what never comes", 20));
  const before = asked;
  await new Promise((resolve) => setTimeout(resolve, 30));
  assert(asked - before <= 1, `it was asked ${asked - before} times more`);
});

Deno.test("a process that has ended is noticed by who waits for what it does, with what it said", async () => {
  await using process = startProcess(Deno.execPath(), ["eval", "console.log('no port'); Deno.exit(7)"]);
  const waiting = until(() => {
    process.assertRuns();
    return false;
  }, "it to listen");
  const { message } = await assertRejects(() => waiting, Error, "has ended with 7");
  assertStringIncludes(message, "no port");
});

Deno.test("free ports: no two, nor those 1000 and 2000 above them, are the same", () => {
  const given = Array.from({ length: 100 }, freePort);
  const used = given.flatMap((port) => [port, port + 1000, port + 2000]);
  assertEquals(new Set(used).size, used.length);
});

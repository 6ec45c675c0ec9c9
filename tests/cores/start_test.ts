import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { ActorSystem, run } from "../../mod.ts";
import type { TestProcess } from "../_helpers.ts";
import { startProgram } from "./_cores.ts";

function startWrong(mode: string, ...args: readonly string[]): TestProcess {
  return startProgram("_wrong_program.ts", mode, ...args);
}

for (const mode of ["waits", "loops", "second waits", "does not run"]) {
  Deno.test(`cores: one that is never ready ends the program with 1 and its reason: ${mode}`, async () => {
    await using program = startWrong(mode, "2", "500");
    const { code, stderr } = await program.ended();
    assertEquals(code, 1);
    // On a busy machine the first may not be ready in time, either.
    assertMatch(stderr, /^\[ERROR\] Cannot run core [12]: .* within 500 ms .*\n$/);
  });
}

Deno.test("cores: one that waits to be ready holds up no signal", async () => {
  await using program = startWrong("waits");
  await program.line("waits for ever");
  program.kill("SIGTERM");
  const { code, stderr } = await program.ended();
  assertEquals([code, stderr], [0, ""]);
});

Deno.test("cores: a program that gives no system is told so", async () => {
  for (
    const [mode, what] of [["gives nothing", "undefined"], ["gives a function", "a function"], ["", "{}"]]
  ) {
    await using program = startWrong(mode ?? "");
    const { code, stderr } = await program.ended();
    assertEquals([code, stderr], [
      1,
      `[ERROR] Cannot run the program: it gave ${what}, not the ActorSystem that it made\n`,
    ]);
  }
  // @ts-expect-error what a program without types may do
  await assertRejects(() => run(async () => {}, { cores: 1 }), TypeError, "it gave undefined");
});

Deno.test("run: what is no system is told so", async () => {
  for (const [given, what] of [[undefined, "undefined"], [{}, "{}"], [Promise.resolve(), "a promise"]]) {
    // @ts-expect-error what a program without types may do
    await assertRejects(() => run(given), TypeError, `Cannot run ${what}: it takes an ActorSystem, or`);
  }
});

Deno.test("cores: a time to start in that is not above 0 is refused", async () => {
  await using system = new ActorSystem("demo");
  for (const startTimeoutMs of [0, -1, NaN]) {
    for (const cores of [1, 2]) {
      await assertRejects(() => run(() => system, { cores, startTimeoutMs }), RangeError, "above 0");
    }
  }
});

Deno.test("cores: a driver that is no function is refused", async () => {
  await using system = new ActorSystem("demo");
  // @ts-expect-error what a program without types may do
  const running = () => run(() => system, { cores: 1, exit: false, driver: {} });
  await assertRejects(running, TypeError, "Cannot run on cores: driver is object, not a function");
});

import { assertEquals, assertRejects } from "@std/assert";
import { ActorSystem, escalate } from "../../actors/runtime/mod.ts";
import { run, type RunOptions } from "../../actors/runtime/run.ts";
import { simWorld } from "../../actors/world/sim/mod.ts";
import type { EndSignal, LogRecord } from "../../actors/world/world.ts";

function stage() {
  const sim = simWorld({ seed: 1 });
  const lines: LogRecord[] = [];
  const { world } = sim.host("a");
  const system = new ActorSystem("demo", {
    world: { ...world, log: { enabled: () => true, write: (entry) => void lines.push(entry) } },
  });
  const asked = Promise.resolve<EndSignal>("SIGTERM");
  const ended = (options: RunOptions) => sim.settle(run(system, { asked, exit: false, ...options }));
  return { sim, world, system, ended, logged: () => lines.map(({ message }) => message) };
}

const thrown = (name: string) => () => {
  throw new Error(name);
};

Deno.test("run: what a program's listeners throw is logged, and the system stops all the same", async () => {
  const { system, ended, logged } = stage();
  const actor = system.spawn("a", () => () => {});
  const code = await ended({
    onSignal: thrown("of the signal"),
    onDrained: () => Promise.reject(new Error("of the drain")),
  });
  assertEquals([code, actor.isOpen], [0, false]);
  assertEquals(logged(), ["onSignal failed: of the signal", "onDrained failed: of the drain"]);
});

Deno.test("run: a listener of the failure that throws changes no exit code", async () => {
  const { sim, system, logged } = stage();
  system.spawn<"fail">("a", () => thrown("lost"), { onFailure: escalate() }).tell("fail");
  assertEquals(await sim.settle(run(system, { exit: false, onFailed: thrown("of the failure") })), 1);
  assertEquals(logged().includes("onFailed failed: of the failure"), true);
});

Deno.test("run: a system that has failed ends with 1, though a signal comes while it stops", async () => {
  const { sim, world, system, ended } = stage();
  system.spawn("slow", (self) => {
    self.onStop(() => new Promise<void>((resolve) => void world.clock.timer(200, resolve)));
    return () => {};
  });
  const failing = system.spawn<"fail">("a", () => thrown("lost"), { onFailure: escalate() });
  const failures: string[] = [];
  failing.tell("fail");
  await sim.advance(50);
  assertEquals(await ended({ onFailed: (error) => void failures.push(String(error)) }), 1);
  assertEquals(failures, ["Error: lost"]);
});

for (const drainMs of [NaN, -1]) {
  Deno.test(`run: a drain of ${drainMs} ms is refused before anything is run`, async () => {
    const { system, ended } = stage();
    const actor = system.spawn("a", () => () => {});
    const told: string[] = [];
    const onSignal = (signal: EndSignal) => void told.push(signal);
    await assertRejects(() => ended({ drainMs, onSignal }), RangeError, "it takes a time of 0 or more");
    assertEquals([actor.isOpen, told], [true, []], "at the signal it is too late");
  });
}

Deno.test("run: what asks for the end and fails stops the system, and is told", async () => {
  const { system, ended } = stage();
  const actor = system.spawn("a", () => () => {});
  await assertRejects(() => ended({ asked: Promise.reject(new Error("no telling")) }), Error, "no telling");
  assertEquals(actor.isOpen, false);
});

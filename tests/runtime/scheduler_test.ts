import { assert, assertEquals } from "@std/assert";
import { ActorSystem, type Behavior } from "../../mod.ts";
import { simWorld } from "../../actors/world/sim/mod.ts";
import { inOrder, onStage, upTo } from "./_stage.ts";

Deno.test("scheduler: paused, it gives no turn by itself, and each step gives one", async () => {
  const sim = simWorld({ seed: 1 });
  const { world } = sim.host("a");
  const system = new ActorSystem("test", { world: inOrder(world) });
  const seen: string[] = [];
  const noting = (name: string): Behavior<string> => () => (message) => void seen.push(`${name} ${message}`);
  const [a, b] = [system.spawn("a", noting("a")), system.spawn("b", noting("b"))];
  await sim.advance(0);
  const { scheduler } = system;
  scheduler.pause();
  for (const message of ["1", "2"]) {
    a.tell(message);
    b.tell(message);
  }
  await sim.advance(10);
  assertEquals([seen, scheduler.ready], [[], 2]);
  assert(scheduler.step());
  assertEquals(seen, ["a 1", "a 2"]);
  assert(scheduler.step());
  assertEquals(seen, ["a 1", "a 2", "b 1", "b 2"]);
  assertEquals([scheduler.step(), scheduler.ready], [false, 0]);
  a.tell("3");
  scheduler.unpause();
  await sim.advance(0);
  assertEquals(seen.at(-1), "a 3");
  b.tell("3");
  await sim.advance(0);
  assertEquals(seen.at(-1), "b 3");
  await sim.settle(system.stop());
  sim.close();
});

Deno.test("scheduler: a turn handles what was there when it began; what comes meanwhile waits for the others", async () => {
  const sim = simWorld({ seed: 1 });
  const { world } = sim.host("a");
  const system = new ActorSystem("test", { world: inOrder(world) });
  const seen: string[] = [];
  const a = system.spawn<number>("a", (self) => (n) => {
    seen.push(`a${n}`);
    if (n < 3) self.self.tell(n + 2);
  });
  const b = system.spawn<number>("b", () => (n) => void seen.push(`b${n}`));
  await sim.advance(0);
  for (const n of [1, 2]) a.tell(n);
  for (const n of [1, 2]) b.tell(n);
  await sim.advance(0);
  assertEquals(seen, ["a1", "a2", "b1", "b2", "a3", "a4"]);
  await sim.settle(system.stop());
  sim.close();
});

Deno.test("scheduler: where the world chooses, every order of those that are ready comes up under some seed", async () => {
  const orders = new Set<string>();
  for (const seed of upTo(60)) {
    const sim = simWorld({ seed });
    const system = new ActorSystem("test", { world: sim.host("a").world });
    const seen: string[] = [];
    const refs = ["a", "b", "c"].map((name) => system.spawn<string>(name, () => () => void seen.push(name)));
    await sim.advance(0);
    for (const ref of refs) ref.tell("go");
    await sim.advance(0);
    orders.add(seen.join(""));
    await sim.settle(system.stop());
    sim.close();
  }
  assertEquals([...orders].sort(), ["abc", "acb", "bac", "bca", "cab", "cba"]);
});

onStage("scheduler: coarseNow is the time, to a millisecond of work", async (stage) => {
  const times: number[] = [];
  const ref = stage.system.spawn<string>("a", (self) => () => void times.push(self.coarseNow));
  for (const _ of upTo(3)) {
    ref.tell("now");
    await stage.sim.advance(100);
  }
  assert(times.every((time, index) => Math.abs(time - index * 100) <= 1), `${times}`);
});

import { assert, assertEquals } from "@std/assert";
import { ActorSystem, type ActorSystemOptions } from "../../mod.ts";
import { ActorRef, mailboxes } from "../../actors/runtime/actor_ref.ts";
import { simWorld } from "../../actors/world/sim/mod.ts";
import { root, startProcess } from "../_helpers.ts";
import { inOrder } from "./_stage.ts";

Deno.test("memory: floods of messages to one actor, asks, lives of children, and watches and registrations that throw leave none behind", async () => {
  await using flood = startProcess(Deno.execPath(), [
    "run",
    "-q",
    "--no-check",
    "--v8-flags=--expose-gc",
    "--config",
    `${root}deno.json`,
    `${root}tests/runtime/_flood.ts`,
  ]);
  const { code, stdout, stderr } = await flood.ended(120_000);
  assertEquals(code, 0, stderr);
  const left: Record<string, number> = JSON.parse(stdout);
  const watches = ["watches that throw", "registrations that throw"];
  assertEquals(Object.keys(left), ["tell", "tell, asynchronous", "ask", "lives", ...watches]);
  for (const [name, bytes] of Object.entries(left)) {
    assert(bytes < 1_000_000, `${name} left ${bytes} bytes: ${stdout}`);
  }
});

Deno.test("memory: a mailbox gives back what a flood made it grow to, and so does the scheduler", async () => {
  const sim = simWorld({ seed: 1 });
  const { world } = sim.host("a");
  const options: ActorSystemOptions = { world: inOrder(world) };
  const system = new ActorSystem("test", options);
  const ref = system.spawn<number>("a", () => () => {});
  await sim.advance(0);
  for (let i = 0; i < 100_000; i++) ref.tell(i);
  assert(ref instanceof ActorRef);
  const slots = () => mailboxes.slots(ref);
  assert(slots() >= 100_000);
  await sim.advance(1000);
  assertEquals([slots(), system.tree().children[0]?.highWater], [0, 100_000]);
  for (let i = 0; i < 10; i++) ref.tell(i);
  await sim.advance(1000);
  // A small one is kept: it is used again and again.
  assert(slots() > 0 && slots() <= 1024);
  await sim.settle(system.stop());
  assertEquals(slots(), 0);
  sim.close();
});

Deno.test("memory: what a mailbox came to is known still when it has given that back", async () => {
  const sim = simWorld({ seed: 1 });
  const { world } = sim.host("a");
  const system = new ActorSystem("test", { world: inOrder(world) });
  const ref = system.spawn<number>("a", () => () => {});
  await sim.advance(0);
  // Each is no more than a turn handles that may be twice as long as the longest.
  for (const count of [256, 512, 1024, 2048]) {
    for (let i = 0; i < count; i++) ref.tell(i);
    await sim.advance(0);
  }
  await sim.advance(1000);
  assert(ref instanceof ActorRef);
  assertEquals([mailboxes.slots(ref), system.tree().children[0]?.highWater], [0, 2048]);
  await sim.settle(system.stop());
  sim.close();
});

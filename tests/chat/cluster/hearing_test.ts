import { assertEquals, assertRejects } from "@std/assert";
import { Hearing } from "../../../actors/chat/cluster/hearing.ts";
import { OutcomeUnknown } from "../../../actors/cluster/mod.ts";
import { simWorld } from "../../../actors/world/sim/mod.ts";
import { ActorSystem, type Behavior, topic } from "../../../mod.ts";

Deno.test("chat cluster: who cannot hear the news of other servers says why, once, but where the engine does not answer", async () => {
  const failures = [
    new OutcomeUnknown("Cannot ask: no answer"),
    new Error("not allowed"),
    new Error("again"),
  ];
  const sim = simWorld({ seed: 1 });
  const host = sim.host("server");
  const { promise, resolve } = Promise.withResolvers<Hearing>();
  const hears: Behavior<never> = (self) => {
    const subscribe = () => Promise.reject(failures.shift());
    resolve(new Hearing(self, { subscribe }));
    return () => {};
  };
  new ActorSystem("test", { world: host.world }).spawn("hears", hears);
  const hearing = await sim.settle(promise);
  const log = () => host.log.records.map(({ message }) => message);
  for (const told of [0, 1, 1]) {
    await assertRejects(() => sim.settle(hearing.hear(topic<string>("news"), () => {})));
    assertEquals(log(), ["Cannot hear the news of the other servers: not allowed"].slice(0, told));
  }
  sim.close();
});

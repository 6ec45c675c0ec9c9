import { assert, assertEquals } from "@std/assert";
import { joinCluster, persistent, reply, SimEngineServer } from "../../actors/cluster/mod.ts";
import { simWorld } from "../../actors/world/sim/mod.ts";
import { ActorSystem, type Ref } from "../../mod.ts";

type Command =
  | { readonly type: "add"; readonly replyTo: Ref<number> }
  | { readonly type: "note" }
  | { readonly type: "say" };

Deno.test("cluster: an owner that wakes after its lease tells nothing from memory, also what waits for a write that was under way", async () => {
  const sim = simWorld({ seed: 1 });
  const said: number[] = [];
  const type = persistent({
    type: "teller",
    initial: () => 0,
    decide: (count: number, command: Command, { epoch }) => {
      if (command.type === "say") return { then: () => void said.push(epoch) };
      if (command.type === "note") return { events: [1] };
      return { events: [1], replies: [reply(command.replyTo, count + 1)] };
    },
    evolve: (count, by: number) => count + by,
  });
  let isWritten = () => {};
  const server = new SimEngineServer({
    world: sim.host("server").world,
    leaseTtlMs: 1000,
    faults: { latencyMs: [20, 20] },
    appended: () => isWritten(),
  });
  const join = (name: string, types: readonly typeof type[]) => {
    const { world } = sim.host(name);
    const system = new ActorSystem(name, { world });
    return sim.settle(joinCluster(system, { engine: server.engine(world), hostId: name, types }));
  };
  const first = sim.host("one");
  await join("one", [type]);
  const client = await join("client", []);
  const stranger = await join("stranger", []);
  const ask = (cluster: typeof client) =>
    sim.settle(cluster.ref(type, "x").ask({ type: "add" }, { timeoutMs: 20_000 }));
  assertEquals(await ask(client), 1);
  client.ref(type, "x").tell({ type: "say" });
  await sim.until(() => said.length === 1, 1000, "the first to be said");

  isWritten = () => first.pause();
  client.ref(type, "x").tell({ type: "note" });
  client.ref(type, "x").tell({ type: "say" });
  await sim.until(() => first.isPaused, 1000, "the owner to stand still");
  await join("two", [type]);
  assertEquals(await ask(stranger), 3);
  await sim.advance(10_000);
  assertEquals(said.length, 1);
  first.resume();
  await sim.advance(5000);
  const [epoch] = said;
  assert(said.slice(1).every((one) => one !== epoch), "an owner told something after the next one");
});

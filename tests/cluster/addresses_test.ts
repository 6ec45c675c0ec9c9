import { assertEquals, assertThrows } from "@std/assert";
import {
  composeEngine,
  type EntityType,
  hostIdOf,
  joinCluster,
  memoryDriver,
  persistent,
} from "../../actors/cluster/mod.ts";
import { ActorSystem, denoWorld, type Ref, topic } from "../../mod.ts";
import { deadline } from "../_helpers.ts";

const world = denoWorld({ log: { level: "error" } });

Deno.test("cluster: an address that was kept leads to its actor from every host, and to the same one at home", async () => {
  const driver = memoryDriver({ world });
  await using engine = composeEngine(driver, world);
  await using one = new ActorSystem("one", { world });
  await using two = new ActorSystem("two", { world });
  await using here = await joinCluster(one, { engine, hostId: "here" });
  await using there = await joinCluster(two, { engine, hostId: "there" });
  const { promise, resolve } = Promise.withResolvers<string>();
  const actor = one.spawn<string>("actor", () => (text) => resolve(text));
  const address = here.addressOf(actor);
  assertEquals(hostIdOf(address), "here");
  assertEquals(here.refAt<string>(address) === actor, true);
  there.refAt<string>(address).tell("hello");
  assertEquals(await deadline(promise), "hello");
  assertThrows(() => there.refAt("nowhere"), TypeError, "nowhere is no address");
});

Deno.test("cluster: an entity tells all hosts what is durable; lists of structured data cross", async () => {
  const said = topic<readonly string[]>("said");
  type Command = { readonly lines: readonly string[]; readonly replyTo: Ref<number> };
  const type: EntityType<Command> = persistent({
    type: "lines",
    initial: () => 0,
    decide: (count: number, { lines }: Command, { publish }) => ({
      events: lines,
      then: () => publish(said, [`${count}`, ...lines]),
    }),
    evolve: (count, _line: string) => count + 1,
  });
  await using engine = composeEngine(memoryDriver({ world }), world);
  await using one = new ActorSystem("one", { world });
  await using two = new ActorSystem("two", { world });
  await using here = await joinCluster(one, { engine, types: [type] });
  await using there = await joinCluster(two, { engine });
  const { promise, resolve } = Promise.withResolvers<readonly string[]>();
  await using _heard = await there.subscribe(said, resolve);
  const nobody = two.spawn<number>("nobody", () => () => {});
  here.ref(type, "x").tell({ lines: ["a", "b"], replyTo: nobody });
  assertEquals(await deadline(promise), ["0", "a", "b"]);
});

import { assert, assertEquals } from "@std/assert";
import type { CollaboratorEvent } from "../../actors/editor/mod.ts";
import { EarlyUpdates } from "../../actors/editor/early_updates.ts";
import { ActorSystem, denoWorld, type Ref } from "../../mod.ts";

const MIB = 1 << 20;

Deno.test("editor: who fills up what waits for updates that never come is closed, not who comes next", async () => {
  await using system = new ActorSystem("test");
  const member = (name: string): Ref<CollaboratorEvent> => system.spawn(name, () => () => {});
  const tools = { world: denoWorld(), later: () => ({ cancel: () => {} }) };
  const refused: Ref<CollaboratorEvent>[] = [];
  const early = new EarlyUpdates(tools, (who) => refused.push(who));
  const add = (who: Ref<CollaboratorEvent>, bytes: number, client: number) => {
    const change = { type: "update", member: who, update: new Uint8Array(bytes) } as const;
    early.add(change, { client, clock: 1 });
  };
  const strangers = Array.from({ length: 20 }, (_, index) => member(`stranger-${index}`));
  for (const stranger of strangers) for (let count = 0; count < 2; count++) add(stranger, MIB, 1);
  assert(refused.length > 0, "32 MiB is all that waits");
  const honest = member("honest");
  for (let count = 0; count < 100; count++) add(honest, 1000, 2);
  assert(!refused.includes(honest), "who waits with little is closed for what others have sent");
  assertEquals(early.takeReady(({ client }) => client === 2).length, 100);
  assert(strangers.filter((stranger) => early.has(stranger)).length <= 16);
  early.close();
});

Deno.test("editor: what has come after it had waited makes room for what comes", async () => {
  await using system = new ActorSystem("test");
  const member: Ref<CollaboratorEvent> = system.spawn("member", () => () => {});
  const tools = { world: denoWorld(), later: () => ({ cancel: () => {} }) };
  const refused: string[] = [];
  const early = new EarlyUpdates(tools, (_, reason) => refused.push(reason));
  for (let count = 0; count < 100; count++) {
    early.add({ type: "update", member, update: new Uint8Array(MIB) }, { client: 1, clock: count });
    if (count % 2 === 1) assertEquals(early.takeReady(() => true).length, 2);
  }
  assertEquals(refused, []);
  early.close();
});

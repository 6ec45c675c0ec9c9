import { assert, assertEquals, assertThrows } from "@std/assert";
import { ActorSystem, denoWorld, type Ref } from "../../mod.ts";
import { deadline } from "../_helpers.ts";

/** Every name and symbol that can be reached on an object, up to what all objects have. */
function reachable(object: object): PropertyKey[] {
  const keys: PropertyKey[] = [];
  for (let at = object; at !== Object.prototype && at !== null; at = Object.getPrototypeOf(at)) {
    keys.push(...Reflect.ownKeys(at));
  }
  return keys.sort();
}

async function refs(): Promise<
  { system: ActorSystem; actor: Ref<string>; address: Ref<number>; child: Ref<never> }
> {
  const system = new ActorSystem("test", { world: denoWorld() });
  const address = Promise.withResolvers<Ref<number>>();
  const child = Promise.withResolvers<Ref<never>>();
  const actor = system.spawn<string>("a", (self) => {
    self.spawn<string>("child", () => () => {});
    child.resolve(self.children()[0] ?? self.self);
    return () => {};
  }, { mailbox: { capacity: 1 } });
  actor.ask<number>((replyTo) => (address.resolve(replyTo), "question"), { timeoutMs: 60_000 }).catch(
    () => {},
  );
  return { system, actor, address: await address.promise, child: await child.promise };
}

Deno.test("ref: nothing but path, isOpen, tell, offer and ask can be reached through it", async () => {
  const { system, actor, address, child } = await refs();
  for (const ref of [actor, address, child]) {
    assertEquals(reachable(ref), ["ask", "constructor", "isOpen", "offer", "path", "tell"]);
    assertEquals(Reflect.get(ref, "constructor"), Object);
  }
  await deadline(system.stop());
});

Deno.test("ref: who holds one cannot change what it is to the others", async () => {
  const { system, actor, address } = await refs();
  for (const ref of [actor, address]) {
    const prototype: object = Object.getPrototypeOf(ref);
    assert(Object.isFrozen(prototype));
    assertThrows(() => Reflect.apply(Reflect.get(prototype, "tell"), {}, ["to nobody"]), TypeError);
    assertThrows(() => {
      Object.assign(prototype, { tell: () => {} });
    }, TypeError);
  }
  // Nor can anything be put on the ref itself, which all who hold it share.
  assertThrows(() => Object.defineProperty(actor, "tell", { value: () => {} }), TypeError);
  assertThrows(() => Object.assign(actor, { note: "mine" }), TypeError);
  assertThrows(() => Object.setPrototypeOf(actor, { tell: () => {} }), TypeError);
  await deadline(system.stop());
});

Deno.test("ref: one that looks like a ref is none: it can be neither watched, stopped nor registered", async () => {
  const { system, actor } = await refs();
  const forged: Ref<string> = Object.create(actor);
  const proxied = new Proxy(actor, {});
  const done = Promise.withResolvers<void>();
  system.spawn<string>("b", (self) => {
    for (const ref of [forged, proxied]) {
      assertThrows(() => self.stop(ref), TypeError);
      assertThrows(() => self.watch(ref, () => "gone"), TypeError);
    }
    done.resolve();
    return () => {};
  });
  await deadline(done.promise);
  await deadline(system.stop());
});

// Run by memory_test.ts in a process of its own, with --expose-gc: prints how many bytes each flood left
// behind.
import { ActorSystem, type Ref, registryKey } from "../../mod.ts";
import { denoWorld } from "../../actors/world/deno/mod.ts";

declare const gc: () => void;

async function settled(): Promise<number> {
  // Rings that a flood has grown are given back after a little while.
  await new Promise((resolve) => setTimeout(resolve, 150));
  gc();
  gc();
  return Deno.memoryUsage().heapUsed;
}

const MESSAGES = 400_000;
const system = new ActorSystem("flood", { world: denoWorld() });
let handled = 0;
const receive = () => void handled++;

/** Many messages that wait at the same time. */
async function told(ref: Ref<object>): Promise<void> {
  const end = handled + MESSAGES;
  for (let i = 0; i < MESSAGES; i++) ref.tell({ i });
  while (handled < end) await new Promise((resolve) => setTimeout(resolve, 1));
}

/** Questions, some at a time. */
async function asked(ref: Ref<Ref<number>>, count: number): Promise<void> {
  for (let i = 0; i < count; i += 100) {
    await Promise.all(
      Array.from({ length: 100 }, () => ref.ask<number>((replyTo) => replyTo, { timeoutMs: 60_000 })),
    );
  }
}

/** Children, one after the other, each watched, with timers, a topic's worth of everything, and stopped. */
function lived(count: number): Promise<void> {
  return new Promise((resolve) => {
    system.spawn<string>("parent", (self) => {
      let left = count;
      return () => {
        if (left-- === 0) {
          self.stop();
          return resolve();
        }
        const child = self.spawn<string>("child", (it) => {
          it.after(60_000, "never");
          it.every(60_000, "never");
          it.receiveTimeout(60_000, "never");
          it.watch(self.self, () => "never");
          it.onStop(() => {});
          it.signal.addEventListener("abort", () => {});
          it.stop();
          return () => {};
        });
        self.watch(child, () => "next");
      };
    }).tell("next");
  });
}

/** Watches of what is no actor, which throw. */
function watched(count: number): Promise<void> {
  return new Promise((resolve) => {
    for (let i = 0; i < count; i += 1000) watching.tell("watch");
    watching.tell(() => resolve());
  });
}

const noActor: Ref<never> = {
  path: "/",
  isOpen: true,
  tell() {},
  offer: async () => {},
  ask: () => new Promise<never>(() => {}),
};
let thrown = 0;
const watching = system.spawn<"watch" | (() => void)>("watching", (self) => (message) => {
  if (message !== "watch") return message();
  for (let i = 0; i < 1000; i++) {
    try {
      self.watch(noActor, () => "watch");
    } catch {
      thrown++;
    }
  }
});

/** Registrations, each under a key of its own, of what is no actor, no listener, or one that throws. */
let refused = 0;
let keys = 0;
async function registered(count: number): Promise<void> {
  const { registry } = system;
  const wrongs = [
    () => registry.register(registryKey<never>(`key ${++keys}`), noActor),
    () => registry.join(registryKey<never>(`key ${++keys}`), noActor),
    () => registry.observe(registryKey<string>(`key ${++keys}`), fail),
    () => registry.observeMembers(registryKey<string>(`key ${++keys}`), fail),
    () => registry.observe(registryKey<string>(`key ${++keys}`), undefined as never),
    () => registry.observeMembers(registryKey<string>(`key ${++keys}`), undefined as never),
  ];
  for (let i = 0; i < count; i++) {
    for (const wrong of wrongs) {
      try {
        wrong();
      } catch {
        refused++;
      }
    }
  }
  await Promise.resolve();
}

function fail(): never {
  throw new Error("told to");
}

const sync = system.spawn<object>("sync", () => receive);
const slow = system.spawn<object>("slow", () => async () => {
  await Promise.resolve();
  handled++;
});
const answering = system.spawn<Ref<number>>("answering", () => (replyTo) => replyTo.tell(1));

const floods: Record<string, () => Promise<void>> = {
  tell: () => told(sync),
  "tell, asynchronous": () => told(slow),
  ask: () => asked(answering, 50_000),
  lives: () => lived(10_000),
  "watches that throw": () => watched(50_000),
  "registrations that throw": () => registered(5000),
};
const left: Record<string, number> = {};
for (const [name, flood] of Object.entries(floods)) {
  await flood();
  const before = await settled();
  await flood();
  left[name] = await settled() - before;
}
if (thrown !== 100_000) throw new Error(`${thrown} watches threw`);
if (refused !== 60_000) throw new Error(`${refused} registrations threw`);
console.log(JSON.stringify(left));
await system.stop();

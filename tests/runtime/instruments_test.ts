import { assert, assertEquals, assertThrows } from "@std/assert";
import { ActorSystem, denoWorld, type HandledSample, type Instruments, resume } from "../../mod.ts";
import { deadline } from "../_helpers.ts";

type Work = { readonly type: "work" | "fail" | "wait" | "become" };

/** Tells one actor `count` messages, and waits until it has handled them. */
async function worked(instruments: Instruments, count: number, type: Work["type"] = "work"): Promise<void> {
  const world = { ...denoWorld(), log: { enabled: () => false, write: () => {} } };
  const system = new ActorSystem("test", { world, instruments });
  const done = Promise.withResolvers<void>();
  let left = count;
  const ref = system.spawn<Work>("a", (self) => {
    const receive = (message: Work): void | Promise<void> => {
      if (--left === 0) done.resolve();
      if (message.type === "fail") throw new Error("told to");
      if (message.type === "wait") return Promise.resolve();
      if (message.type === "become") self.become(receive);
    };
    return receive;
  }, { onFailure: resume() });
  for (let i = 0; i < count; i++) ref.tell({ type });
  await deadline(done.promise);
  await deadline(system.stop());
}

for (const type of ["work", "wait", "become"] as const) {
  Deno.test(`instruments: one handler in a thousand is timed, and what it does is the same (${type})`, async () => {
    const samples: HandledSample[] = [];
    await worked({ sampled: (sample) => samples.push(sample) }, 20_000, type);
    assert(samples.length >= 1 && samples.length <= 25, `${samples.length} samples`);
    for (const { actor, messageType, durationMs, waiting } of samples) {
      assertEquals([actor.path, messageType], ["/test/a", type]);
      assert(durationMs >= 0 && waiting >= 0 && waiting < 20_000);
    }
  });
}

Deno.test("instruments: what they throw is logged, and nobody else notices", async () => {
  const told: string[] = [];
  const trap = (what: string) => () => {
    told.push(what);
    throw Object.create(null);
  };
  await worked({ send: trap("send"), sampled: trap("sampled") }, 20_000);
  assertEquals(told.filter((what) => what === "send").length, 20_000);
  assert(told.includes("sampled"));
});

Deno.test("tree: an inspector sees one level, a page at a time, of 100,000 children", async () => {
  const system = new ActorSystem("test", { world: denoWorld() });
  const started = Promise.withResolvers<void>();
  let left = 100_000;
  const child = () => {
    if (--left === 0) started.resolve();
    return () => {};
  };
  system.spawn("crowd", (self) => {
    self.supervise("one-for-one", { stopOrder: "together" });
    for (let i = 0; i < 100_000; i++) self.spawn(`${i}`, child);
    return () => {};
  });
  await deadline(started.promise);
  const names = (path: string, options: Parameters<typeof system.tree>[0]) =>
    system.subtree(path, options)?.children.map(({ path }) => path.split("/").at(-1));
  assertEquals(
    system.tree({ levels: 1 }).children.map(({ childCount, children }) => [childCount, children]),
    [
      [100_000, []],
    ],
  );
  assertEquals(names("/test/crowd", { maxChildren: 3 }), ["0", "1", "2"]);
  assertEquals(names("/test/crowd", { maxChildren: 2, skipChildren: 99_999 }), ["99999"]);
  assertEquals(names("/test/crowd", { skipChildren: 100_000 }), []);
  assertEquals(system.tree({ levels: 0 }).children, []);
  assertEquals(system.subtree("/test/crowd/7")?.state, "running");
  for (
    const path of [
      "",
      "/",
      "/test/",
      "/other",
      "/test/crowd/100000",
      "/test/crowd/7/8",
      "test/crowd",
      "x/test",
    ]
  ) {
    assertEquals(system.subtree(path), undefined, path);
  }
  assertThrows(() => system.tree({ levels: -1 }), RangeError);
  assertThrows(() => system.subtree("/test", { maxChildren: 0.5 }), RangeError);
  await deadline(system.stop());
});

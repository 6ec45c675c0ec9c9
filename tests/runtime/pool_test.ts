import { assert, assertEquals, assertThrows } from "@std/assert";
import { askAll, type Behavior, pool, type Ref, resume, stop } from "../../mod.ts";
import { gate, onStage, type Stage, upTo } from "./_stage.ts";

type Job = { readonly key: string; readonly replyTo: Ref<string> };

const naming: Behavior<Job> = (self) => ({ replyTo }) => replyTo.tell(self.path.slice(-1));

async function answers(stage: Stage, ref: Ref<Job>, keys: readonly string[]): Promise<string[]> {
  return await stage.sim.settle(Promise.all(keys.map((key) => ref.ask({ key }, { timeoutMs: 1000 }))));
}

onStage("pool: round robin gives each its turn", async (stage) => {
  const ref = stage.system.spawn("pool", pool(naming, { size: 3 }));
  assertEquals(await answers(stage, ref, Array(7).fill("x")), ["1", "2", "3", "1", "2", "3", "1"]);
});

onStage("pool: by key the same key comes to the same one, in order, and keys are spread", async (stage) => {
  const ref = stage.system.spawn("pool", pool(naming, { size: 4, route: ({ key }) => key }));
  const keys = upTo(40).map((n) => `key ${n}`);
  const first = await answers(stage, ref, keys);
  assertEquals(await answers(stage, ref, keys), first);
  assertEquals(new Set(first).size, 4);
});

onStage("pool: the least loaded is given the next", async (stage) => {
  const hold = gate();
  const slow: Behavior<Job> = (self) => async ({ key, replyTo }) => {
    if (key === "slow") await hold.promise;
    replyTo.tell(self.path.slice(-1));
  };
  const ref = stage.system.spawn("pool", pool(slow, { size: 2, route: "least-loaded" }));
  await stage.settle();
  const held = ref.ask({ key: "slow" }, { timeoutMs: 10_000 });
  await stage.settle();
  const waiting = ref.ask({ key: "waits" }, { timeoutMs: 10_000 });
  await stage.settle();
  const others: string[] = [];
  for (const _ of upTo(3)) others.push(...await answers(stage, ref, ["x"]));
  hold.resolve();
  const [first, second] = await stage.sim.settle(Promise.all([held, waiting]));
  assert([first, second].every((name) => name === "1" || name === "2"));
  assertEquals(new Set(others), new Set(["2"]));
});

onStage(
  "pool: a member that has stopped is left out; where none is left, messages are dead letters",
  async (stage) => {
    const failing: Behavior<Job> = (self) => ({ key, replyTo }) => {
      if (key === "fail") throw new Error("told to");
      replyTo.tell(self.path.slice(-1));
    };
    const ref = stage.system.spawn("pool", pool(failing, { size: 2, worker: { onFailure: stop() } }));
    const fail = () => stage.sim.settle(ref.ask({ key: "fail" }, { timeoutMs: 1000 }).catch(() => {}));
    await fail();
    assertEquals(await answers(stage, ref, ["x", "x"]), ["2", "2"]);
    await fail();
    await stage.settle();
    ref.tell({ key: "x", replyTo: stage.system.spawn<string>("sink", () => () => {}) });
    await stage.settle();
    assertEquals(stage.deadLetters.map(({ target, reason }) => [target, reason]), [[
      "/test/pool/1",
      "stopped",
    ]]);
  },
);

for (const size of [0, -1, 1.5, NaN]) {
  Deno.test(`pool: a size of ${size} is a RangeError`, () => {
    assertThrows(() => pool(naming, { size }), RangeError, "it takes a whole number from 1");
  });
}

onStage(
  "askAll: all, the first enough, or what there is in time; a failure counts at once",
  async (stage) => {
    type Question = { readonly type: "after"; readonly replyTo: Ref<number> };
    const after = (ms: number): Behavior<Question> => (self) => ({ replyTo }) => {
      if (ms < 0) throw new Error("told to");
      self.world.clock.timer(ms, () => replyTo.tell(ms));
    };
    const refs = [30, 10, -1, 20].map((ms, i) =>
      stage.system.spawn(`a${i}`, after(ms), { onFailure: resume() })
    );
    const ask = (options: { enough?: number; timeoutMs: number }) =>
      stage.sim.settle(askAll(refs, { type: "after" }, options));
    const all = await ask({ timeoutMs: 1000 });
    assertEquals([all.replies, all.failures.length, stage.sim.now], [[10, 20, 30], 1, 30]);
    const first = await ask({ timeoutMs: 1000, enough: 1 });
    assertEquals([first.replies, stage.sim.now], [[10], 40]);
    const some = await ask({ timeoutMs: 25 });
    assertEquals([some.replies, some.failures.length, stage.sim.now], [[10, 20], 2, 65]);
    assertEquals(await ask({ timeoutMs: 10, enough: 0 }), { replies: [], failures: [] });
  },
);

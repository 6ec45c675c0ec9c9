import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  ActorSystem,
  type Behavior,
  childSpec,
  type GroupStrategy,
  type MailboxOptions,
  type OnFailure,
  restart,
  type SpawnOptions,
  stop,
  supervisor,
} from "../../mod.ts";
import { backoffDelay, checkBackoff, spendRestart } from "../../actors/runtime/supervision.ts";
import { gate, onStage, type Stage, upTo } from "./_stage.ts";

Deno.test("supervision: the budget allows as many restarts as its limit within its time, and forgets older ones", () => {
  const budget = { limit: 2, withinMs: 100 };
  const first = spendRestart([], 0, budget);
  assertEquals(first, { allowed: true, times: [0] });
  const second = spendRestart(first.times, 50, budget);
  assertEquals(second, { allowed: true, times: [0, 50] });
  assertEquals(spendRestart(second.times, 99, budget), { allowed: false, times: [0, 50] });
  assertEquals(spendRestart(second.times, 100, budget), { allowed: true, times: [50, 100] });
  assertEquals(spendRestart([], 0, { limit: 0, withinMs: 100 }), { allowed: false, times: [] });
});

Deno.test("supervision: the backoff doubles from min to max, and jitter only shortens it", () => {
  const backoff = { minMs: 100, maxMs: 1000 };
  assertEquals(upTo(6).map((attempt) => backoffDelay(backoff, attempt, 0.5)), [
    100,
    200,
    400,
    800,
    1000,
    1000,
  ]);
  assertEquals(backoffDelay({ ...backoff, jitter: 0.2 }, 1, 0), 200);
  assertEquals(backoffDelay({ ...backoff, jitter: 0.2 }, 1, 1), 160);
  assertEquals(backoffDelay(backoff, 1e9, 0), 1000);
  assertEquals(backoffDelay({ minMs: 0, maxMs: 1000 }, 50, 0), 0);
});

Deno.test("supervision: each mistake in a policy has its own error", () => {
  const mistakes: [() => unknown, string][] = [
    [() => restart({ limit: -1 }), "Cannot set a restart limit of -1: it takes a whole number, 0 or more"],
    [() => restart({ limit: 1.5 }), "Cannot set a restart limit of 1.5: it takes a whole number, 0 or more"],
    [() => restart({ limit: NaN }), "Cannot set a restart limit of NaN: it takes a whole number, 0 or more"],
    [() => restart({ withinMs: 0 }), "Cannot count restarts within 0 ms: it takes a time above 0"],
    [() => restart({ withinMs: NaN }), "Cannot count restarts within NaN ms: it takes a time above 0"],
    [
      () => restart({ backoff: { minMs: 2, maxMs: 1 } }),
      "Cannot back off from 2 to 1 ms: it takes 0 <= minMs <= maxMs",
    ],
    [
      () => restart({ backoff: { minMs: -1, maxMs: 1 } }),
      "Cannot back off from -1 to 1 ms: it takes 0 <= minMs <= maxMs",
    ],
    [() => checkBackoff({ minMs: 1, maxMs: 2, jitter: 1.1 }), "Cannot jitter by 1.1: it takes 0 to 1"],
    [() => checkBackoff({ minMs: 1, maxMs: 2, jitter: -0.1 }), "Cannot jitter by -0.1: it takes 0 to 1"],
  ];
  for (const [mistake, message] of mistakes) assertThrows(mistake, RangeError, message);
  assertEquals(restart({ backoff: { minMs: 1, maxMs: 2 } }), {
    type: "restart",
    limit: 3,
    withinMs: 5000,
    backoff: { minMs: 1, maxMs: 2 },
  });
});

const SPEC_MISTAKES: [string, SpawnOptions, ErrorConstructor | typeof RangeError, string][] = [
  ["a/b", {}, TypeError, 'Cannot name an actor "a/b": it takes 1 to 255 characters, no "/", no "?"'],
  ["a?", {}, TypeError, 'Cannot name an actor "a?"'],
  ["", {}, TypeError, 'Cannot name an actor ""'],
  ["a\n", {}, TypeError, 'Cannot name an actor "a\\n"'],
  ["x".repeat(256), {}, TypeError, "Cannot name an actor"],
  [
    "a",
    { mailbox: { capacity: 0 } },
    RangeError,
    'Cannot spawn "a": a mailbox takes a whole capacity of 1 or more, not 0',
  ],
  ["a", { mailbox: { capacity: 1.5 } }, RangeError, "not 1.5"],
  ["a", { mailbox: { capacity: NaN } }, RangeError, "not NaN"],
  [
    "a",
    { mailbox: { capacity: 1, overflow: "explode" } as unknown as MailboxOptions },
    TypeError,
    'Cannot spawn "a": a mailbox\'s overflow is reject, drop-newest, drop-oldest, not "explode"',
  ],
  ["a", { shutdownMs: -1 }, RangeError, 'Cannot spawn "a": shutdownMs is 0 or more, not -1'],
  ["a", { shutdownMs: NaN }, RangeError, "not NaN"],
  [
    "a",
    { deadLetterLevel: "loud" } as unknown as SpawnOptions,
    TypeError,
    'Cannot spawn "a": deadLetterLevel is debug, info, warn, error, not "loud"',
  ],
  [
    "a",
    { onFailure: { type: "explode" } as unknown as OnFailure },
    TypeError,
    'Cannot spawn "a": onFailure is made by restart(), stop(), resume(), escalate()',
  ],
];

onStage("specs: each mistake has its own error, and nothing has started", async (stage) => {
  for (const [name, options, kind, message] of SPEC_MISTAKES) {
    assertThrows(() => stage.system.spawn(name, stage.actor("a"), options), kind, message);
    assertThrows(
      () =>
        supervisor("one-for-one", [
          childSpec("good", stage.actor("good")),
          childSpec(name, stage.actor("a"), options),
        ]),
      kind,
      message,
    );
  }
  stage.system.spawn("a", stage.actor("a"));
  assertThrows(
    () => stage.system.spawn("a", stage.actor("a")),
    TypeError,
    'Cannot spawn "a" under /test: the name is in use',
  );
  assertThrows(
    () => supervisor("one-for-one", [childSpec("x", stage.actor("x")), childSpec("x", stage.actor("x"))]),
    TypeError,
    'Cannot supervise two children of the name "x"',
  );
  await stage.settle();
  assertEquals(stage.taken(), ["a starts"]);
  assertThrows(
    () => new ActorSystem("a/b", { world: stage.sim.host("a").world }),
    TypeError,
    'Cannot name an actor "a/b"',
  );
}, 1);

onStage("specs: a name of 255 characters, of any script, is one", async (stage) => {
  for (const name of ["x".repeat(255), "Zoë", "日本", "a b", "..", "*"]) {
    assertEquals(stage.system.spawn(name, stage.actor(name)).path, `/test/${name}`);
  }
  await stage.settle();
}, 1);

onStage("specs: what a behaviour returns that is no handler is a failure to start", async (stage) => {
  for (
    const [name, value] of Object.entries({ nothing: undefined, text: "text", later: Promise.resolve(7) })
  ) {
    const behavior = (() => value) as unknown as Behavior<string>;
    stage.system.spawn(name, behavior, { onFailure: stop() });
  }
  await stage.settle();
  const texts = stage.failures.map(({ phase, error }) => `${phase} ${(error as Error).message}`).sort();
  assertEquals(texts, [
    "start Cannot start /test/later: its behaviour returned number, not a function that handles messages",
    "start Cannot start /test/nothing: its behaviour returned undefined, not a function that handles messages",
    "start Cannot start /test/text: its behaviour returned string, not a function that handles messages",
  ]);
});

onStage("supervisor: starts its children, and treats them by its strategy", async (stage) => {
  for (
    const [index, strategy] of (["one-for-one", "one-for-all", "rest-for-one"] as GroupStrategy[]).entries()
  ) {
    const children = ["a", "b", "c"].map((name) => childSpec(name, stage.actor(name)));
    const name = `group${index}`;
    let fail = () => {};
    const failing: Behavior<string> = (self) => {
      fail = () => self.self.tell("fail");
      return stage.actor("b")(self);
    };
    children[1] = childSpec("b", failing);
    stage.system.spawn(name, supervisor(strategy, children));
    await stage.settle();
    stage.taken();
    fail();
    await stage.settle();
    assertEquals(stage.taken().length, strategy === "one-for-one" ? 2 : strategy === "one-for-all" ? 6 : 4);
  }
});

/** An actor that fails whenever it is told to, and its restarts so far. */
function failing(stage: Stage, options: SpawnOptions): { fail(): Promise<void>; starts: number[] } {
  const starts: number[] = [];
  const ref = stage.system.spawn<string>("a", () => {
    starts.push(stage.sim.now);
    return () => {
      throw new Error("told to");
    };
  }, options);
  return {
    starts,
    fail: () => {
      ref.tell("fail");
      return stage.settle();
    },
  };
}

onStage("restart: as often as the budget says; one more escalates", async (stage) => {
  const { fail, starts } = failing(stage, { onFailure: restart({ limit: 3, withinMs: 1000 }) });
  for (const _ of upTo(4)) {
    await fail();
    await stage.sim.advance(100);
  }
  assertEquals(starts, [0, 0, 100, 200]);
  assertEquals(stage.failures.map(({ decision, restarts }) => `${decision} ${restarts}`), [
    "restart 1",
    "restart 2",
    "restart 3",
    "escalate 3",
  ]);
  const error = await stage.system.terminated.catch((error) => error);
  assertEquals(error.message, "told to");
});

onStage("restart: what is older than the budget's time does not count", async (stage) => {
  const { fail, starts } = failing(stage, { onFailure: restart({ limit: 1, withinMs: 1000 }) });
  for (const _ of upTo(5)) {
    await fail();
    await stage.sim.advance(1000);
  }
  assertEquals(starts.length, 6);
});

onStage("restart: with a limit of 0 the first failure escalates", async (stage) => {
  const { fail } = failing(stage, { onFailure: restart({ limit: 0 }) });
  await fail();
  assertEquals(stage.decisions, ["/test/a message escalate"]);
  const error = await stage.sim.settle(stage.system.terminated.catch((error) => error));
  assertEquals(error.message, "told to");
});

onStage("restart: a start that fails spends the budget too", async (stage) => {
  let starts = 0;
  stage.system.spawn<string>("a", () => {
    starts++;
    throw new Error("no start");
  });
  await stage.settle();
  assertEquals(starts, 4);
  assertEquals(stage.decisions.at(-1), "/test/a start escalate");
});

onStage(
  "backoff: the wait doubles from restart to restart, and begins anew after a quiet time",
  async (stage) => {
    const options = { limit: 1000, withinMs: 100, backoff: { minMs: 10, maxMs: 40 } };
    const { fail, starts } = failing(stage, { onFailure: restart(options) });
    for (const _ of upTo(5)) {
      await fail();
      await stage.sim.advance(40);
    }
    assertEquals(starts, [0, 10, 60, 120, 160, 200]);
    await stage.sim.advance(1000);
    const before = stage.sim.now;
    await fail();
    await stage.sim.advance(10);
    assertEquals(starts.at(-1), before + 10);
  },
);

onStage("backoff: jitter keeps the wait between its bounds, and lets it differ", async (stage) => {
  const waits: number[] = [];
  for (const i of upTo(20)) {
    let starts = 0;
    stage.system.spawn<string>(`a${i}`, () => {
      if (++starts > 1) waits.push(stage.sim.now);
      return () => {
        throw new Error("told to");
      };
    }, { onFailure: restart({ backoff: { minMs: 100, maxMs: 100, jitter: 0.5 } }) }).tell("fail");
  }
  await stage.sim.advance(200);
  assertEquals(waits.length, 20);
  assert(waits.every((wait) => wait >= 50 && wait <= 110), `${waits}`);
  assert(new Set(waits).size > 10, `${waits}`);
});

onStage(
  "backoff: messages wait, the others work on, and one that fails meanwhile is seen to at once",
  async (stage) => {
    const backoff = restart({ backoff: { minMs: 1000, maxMs: 1000 } });
    const slow = stage.system.spawn("slow", stage.actor("slow"), { onFailure: backoff });
    const other = stage.system.spawn("other", stage.actor("other"));
    await stage.settle();
    stage.taken();
    slow.tell("fail");
    slow.tell("waits");
    await stage.settle();
    other.tell("works");
    other.tell("fail");
    await stage.settle();
    assertEquals(stage.taken(), ["slow ends", "other works", "other ends", "other starts"]);
    await stage.sim.advance(1000);
    assertEquals(stage.taken(), ["slow starts", "slow waits"]);
  },
);

onStage("one-for-one: a child whose start never ends holds nobody up", async (stage) => {
  const never = gate();
  stage.system.spawn<string>("hung", async () => {
    await never.promise;
    return () => {};
  }, { shutdownMs: 10 });
  let lives = 0;
  stage.system.spawn<string>("hangs later", async () => {
    if (++lives > 1) await never.promise;
    return () => {
      throw new Error("told to");
    };
  }, { shutdownMs: 10 }).tell("fail");
  const other = stage.system.spawn("other", stage.actor("other"));
  await stage.settle();
  stage.taken();
  other.tell("fail");
  other.tell("1");
  await stage.settle();
  assertEquals(stage.taken(), ["other ends", "other starts", "other 1"]);
});

onStage(
  "group: members end one by one, the youngest first, and start one by one, the oldest first",
  async (stage) => {
    const slowly = (name: string): Behavior<string> => async (self) => {
      const pause = (ms: number) => new Promise<void>((resolve) => self.world.clock.timer(ms, resolve));
      stage.note(`${name} begins to start`);
      await pause(10);
      stage.note(`${name} has started`);
      self.onStop(async () => {
        stage.note(`${name} begins to end`);
        await pause(10);
        stage.note(`${name} has ended`);
      });
      return () => {
        throw new Error("told to");
      };
    };
    let fail = () => {};
    stage.system.spawn(
      "group",
      supervisor("one-for-all", [
        childSpec("a", slowly("a")),
        childSpec<string>("b", (self) => {
          fail = () => self.self.tell("fail");
          return slowly("b")(self);
        }),
        childSpec("c", slowly("c"), { onFailure: restart({ backoff: { minMs: 5, maxMs: 5 } }) }),
      ]),
    );
    await stage.sim.advance(30);
    stage.taken();
    fail();
    await stage.sim.advance(100);
    assertEquals(stage.taken(), [
      ...["c", "b", "a"].flatMap((name) => [`${name} begins to end`, `${name} has ended`]),
      ...["a", "b", "c"].flatMap((name) => [`${name} begins to start`, `${name} has started`]),
    ]);
  },
);

onStage(
  "group: one that a failure stops for good is not brought back by the failure of another",
  async (stage) => {
    let fail = () => {};
    stage.system.spawn(
      "group",
      supervisor("one-for-all", [
        childSpec("a", stage.actor("a"), { onFailure: stop() }),
        childSpec<string>("b", (self) => {
          fail = () => self.self.tell("fail");
          return stage.actor("b")(self);
        }),
        childSpec("c", stage.actor("c"), { onFailure: stop() }),
      ]),
    );
    await stage.settle();
    stage.taken();
    fail();
    await stage.settle();
    assertEquals(stage.taken(), ["c ends", "b ends", "a ends", "b starts"]);
  },
);

/** A group of a, b, c and d under one-for-all or rest-for-one, whose members can be reached. */

import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import {
  ActorStopped,
  ActorSystem,
  type Behavior,
  childSpec,
  denoWorld,
  escalate,
  type Ref,
  registryKey,
  restart,
  type SpawnOptions,
  stop,
  supervisor,
} from "../../mod.ts";
import { deadline } from "../_helpers.ts";
import { gate, onStage, type Stage, upTo } from "./_stage.ts";

/** Notes when it begins to start and when it has. */
function slow(stage: Stage, name: string, ms = 10): Behavior<string> {
  return async (self) => {
    stage.note(`${name} begins`);
    await new Promise<void>((resolve) => self.world.clock.timer(ms, resolve));
    stage.note(`${name} started`);
    return () => {};
  };
}

const inTurn = ["a", "b", "c"].flatMap((name) => [`${name} begins`, `${name} started`]);

for (const strategy of ["one-for-one", "one-for-all", "rest-for-one"] as const) {
  onStage(
    `supervisor: a child begins to start when the one before it has started, ${strategy}`,
    async (stage) => {
      const specs = ["a", "b", "c"].map((name) => childSpec(name, slow(stage, name)));
      const ref = stage.system.spawn("group", supervisor(strategy, specs));
      await stage.sim.settle(stage.system.started(ref));
      assertEquals(stage.taken(), inTurn);
      assertEquals(stage.sim.now, 30);
    },
  );
}

onStage("supervisor: children that start at once start in order, too", async (stage) => {
  const names = upTo(20).map((n) => `c${n}`);
  stage.system.spawn(
    "group",
    supervisor("one-for-one", names.map((name) => childSpec(name, stage.actor(name)))),
  );
  await stage.settle();
  assertEquals(stage.taken(), names.map((name) => `${name} starts`));
});

onStage(
  "supervisor: the next waits for one that fails to start until it has, or is stopped",
  async (stage) => {
    let tries = 0;
    const flaky: Behavior<string> = () => {
      stage.note(`try ${++tries}`);
      if (tries < 3) throw new Error("not yet");
      return () => {};
    };
    const broken: Behavior<string> = () => {
      stage.note("broken");
      throw new Error("never");
    };
    const ref = stage.system.spawn(
      "group",
      supervisor("one-for-one", [
        childSpec("flaky", flaky, { onFailure: restart({ backoff: { minMs: 100, maxMs: 100 } }) }),
        childSpec("broken", broken, { onFailure: stop() }),
        childSpec("last", stage.actor("last")),
      ]),
    );
    await stage.sim.settle(stage.system.started(ref));
    assertEquals(stage.taken(), ["try 1", "try 2", "try 3", "broken", "last starts"]);
  },
);

onStage("supervisor: one whose child escalates in its start is started anew, in order", async (stage) => {
  let lives = 0;
  const specs = [
    childSpec("a", stage.actor("a")),
    childSpec<string>("b", () => {
      if (++lives === 1) throw new Error("first");
      stage.note("b starts");
      return () => {};
    }, { onFailure: escalate() }),
    childSpec("c", stage.actor("c")),
  ];
  const ref = stage.system.spawn("group", supervisor("one-for-one", specs));
  await stage.sim.settle(stage.system.started(ref));
  assertEquals(stage.taken(), ["a starts", "a ends", "a starts", "b starts", "c starts"]);
});

onStage("supervisor: one that is stopped while it starts stops, and starts nobody more", async (stage) => {
  const specs = ["a", "b"].map((name) => childSpec(name, slow(stage, name, 1000)));
  const ref = stage.system.spawn("group", supervisor("one-for-one", specs));
  const started = stage.system.started(ref).catch((error) => error);
  await stage.sim.advance(500);
  await stage.sim.settle(stage.system.stop());
  assertInstanceOf(await started, ActorStopped);
  assertEquals(stage.taken().filter((line) => line.startsWith("b")), []);
});

onStage(
  "readiness: started() resolves with the start, and rejects with what it failed with",
  async (stage) => {
    const cause = new Error("told to");
    const good = stage.system.spawn("good", slow(stage, "good"));
    const bad = stage.system.spawn<string>("bad", () => {
      throw cause;
    }, { onFailure: stop() });
    await stage.sim.settle(stage.system.started(good));
    assertEquals(stage.sim.now, 10);
    const error = await stage.sim.settle(stage.system.started(bad).catch((error) => error));
    assertInstanceOf(error, ActorStopped);
    assert(error.cause === cause);
    await stage.sim.settle(stage.system.started(good));
  },
);

onStage("readiness: who waits for a start in a life that ends is not left waiting", async (stage) => {
  const never = stage.system.spawn<string>("never", () => gate<() => void>().promise, { shutdownMs: 0 });
  const ref = stage.system.spawn<string>("a", (self) => async () => {
    await self.started(never).catch((error) => stage.note(error.name));
  });
  ref.tell("go");
  await stage.settle();
  await stage.sim.settle(stage.system.stop());
  assertEquals(stage.taken(), ["ActorStopped"]);
});

onStage("readiness: a hung start is reported as a start, and not as a handler", async (stage) => {
  stage.system.spawn<string>("a", () => gate<() => void>().promise, { shutdownMs: 10 });
  await stage.settle();
  await stage.sim.settle(stage.system.stop());
  assertEquals(
    stage.failures.map(({ error }) => (error as Error).message),
    ["Cannot stop /test/a in 10 ms: its start is still running"],
  );
});

onStage("readiness: a receive timeout counts from the end of a long start", async (stage) => {
  stage.system.spawn<string>("a", async (self) => {
    self.receiveTimeout(10, "idle");
    await new Promise<void>((resolve) => self.world.clock.timer(35, resolve));
    return () => stage.note(`${stage.sim.now}`);
  });
  await stage.sim.advance(50);
  assertEquals(stage.taken(), ["45"]);
});

onStage(
  "registry: one that registers itself in its behaviour can be restarted, and is told of once",
  async (stage) => {
    const key = registryKey<string>("printer");
    const told: (string | undefined)[] = [];
    stage.system.registry.observe(key, (ref) => void told.push(ref?.path));
    const ref = stage.system.spawn<string>("a", (self) => {
      self.registry.register(key, self.self);
      self.registry.join(key, self.self);
      return (message) => {
        if (message === "fail") throw new Error("told to");
        if (message === "stop") self.stop();
      };
    });
    for (const message of ["fail", "fail", "fail"]) ref.tell(message);
    await stage.settle();
    assertEquals(stage.decisions, Array(3).fill("/test/a message restart"));
    assertEquals(told, [undefined, "/test/a"]);
    assertEquals(stage.system.registry.members(key), [ref]);
    ref.tell("stop");
    await stage.settle();
    assertEquals(told, [undefined, "/test/a", undefined]);
    assertEquals([stage.system.registry.find(key), stage.system.registry.members(key)], [undefined, []]);
  },
);

onStage(
  "registry: two that register themselves under one key: the second fails, and not by its own",
  async (stage) => {
    const key = registryKey<string>("printer");
    const registering: Behavior<string> = (self) => {
      self.registry.register(key, self.self);
      return () => {};
    };
    for (const name of ["a", "b"]) stage.system.spawn(name, registering, { onFailure: stop() });
    await stage.settle();
    assertEquals(stage.failures.length, 1);
    assertEquals(stage.system.tree().children.length, 1);
  },
);

onStage("registry: many share a key, in the order of joining, until they leave or stop", async (stage) => {
  const key = registryKey<string>("pool");
  const { registry } = stage.system;
  const refs = ["a", "b", "c"].map((name) => stage.system.spawn(name, stage.actor(name)));
  await stage.settle();
  const seen: string[] = [];
  stage.system.spawn<string>("watcher", (self) => {
    self.watchMembers(key, (members) => members.map(({ path }) => path.slice(-1)).join(""));
    return (message) => void seen.push(message);
  });
  await stage.settle();
  const memberships = refs.map((ref) => registry.join(key, ref));
  await stage.settle();
  memberships[0]?.cancel();
  refs[2]?.tell("stop");
  await stage.settle();
  assertEquals(seen, ["", "a", "ab", "abc", "bc", "b"]);
  assertEquals(registry.find(key), undefined);
});

const LEVELS = 10_000;

/** A system whose actors stand one below the other, and the ref of the lowest. */
async function deep(
  options: SpawnOptions,
  started: () => void = () => {},
): Promise<{ system: ActorSystem; top: Ref<string>; bottom: Ref<string> }> {
  const world = denoWorld();
  const system = new ActorSystem("deep", {
    world: { ...world, log: { enabled: () => false, write: () => {} } },
  });
  const lowest = Promise.withResolvers<Ref<string>>();
  const level = (n: number): Behavior<string> => (self) => {
    if (n < LEVELS) self.spawn("l", level(n + 1), options);
    else {
      lowest.resolve(self.self);
      started();
    }
    return () => {
      throw new Error("told to");
    };
  };
  const top = system.spawn("l", level(1), options);
  return { system, top, bottom: await lowest.promise };
}

Deno.test("depth: a failure 10,000 levels deep escalates to the root, and ends the process by no means", async () => {
  const { system, bottom } = await deep({ onFailure: escalate() });
  assertEquals(bottom.path.length, "/deep".length + 2 * LEVELS);
  bottom.tell("fail");
  await assertRejects(() => deadline(system.terminated), Error, "told to");
});

Deno.test("depth: 10,000 levels are restarted from the top, watched, shown, and stopped", async () => {
  const again = Promise.withResolvers<void>();
  let lives = 0;
  const { system, top, bottom } = await deep({}, () => {
    if (++lives === 2) again.resolve();
  });
  let failures = 0;
  system.events.subscribe((event) => void (event.type === "failed" && failures++));
  const gone = Promise.withResolvers<void>();
  system.spawn<string>("watcher", (self) => {
    self.watch(bottom, () => "gone");
    return () => gone.resolve();
  });
  await system.started(bottom);
  top.tell("fail");
  await deadline(again.promise);
  await deadline(gone.promise);
  assertEquals(failures, 1);
  let depth = 0;
  for (let at = system.tree().children[0]; at !== undefined; at = at.children[0]) depth++;
  assertEquals(depth, LEVELS);
  await deadline(system.stop());
});

Deno.test("depth: 10,000 levels are given up at once", async () => {
  const { system } = await deep({});
  await deadline(system.stop({ withinMs: 0 }));
  assertEquals(system.tree().state, "stopped");
});

onStage(
  "state time-out: comes when a state lasts too long, and not when it was left in time",
  async (stage) => {
    const ref = stage.system.spawn<string>("door", (self) => {
      const closed = (message: string): void => {
        stage.note(`closed: ${message} ${stage.sim.now}`);
        if (message === "open") self.become(open, { timeoutMs: 100, message: "time-out" });
      };
      const open = (message: string): void => {
        stage.note(`open: ${message} ${stage.sim.now}`);
        self.become(closed);
      };
      return closed;
    });
    ref.tell("open");
    await stage.sim.advance(150);
    ref.tell("open");
    await stage.sim.advance(50);
    ref.tell("shut");
    await stage.sim.advance(500);
    assertEquals(stage.taken(), [
      "closed: open 0",
      "open: time-out 100",
      "closed: open 150",
      "open: shut 200",
    ]);
  },
);

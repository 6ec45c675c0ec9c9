import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { assertNever, type Behavior, type Context, type Ref, withPrivateMessages } from "../../mod.ts";
import { gate, onStage } from "./_stage.ts";

onStage("context: self, path, world, children and registry are the actor's own", async (stage) => {
  let context: Context<string> | undefined;
  const ref = stage.system.spawn<string>("a", (self) => {
    context = self;
    for (const name of ["x", "y"]) self.spawn(name, stage.actor(name));
    return () => {};
  });
  await stage.settle();
  assert(context !== undefined);
  assertStrictEquals(context.self, ref);
  assertStrictEquals(context.world, stage.system.world);
  assertStrictEquals(context.registry, stage.system.registry);
  assertEquals(context.path, "/test/a");
  assertEquals(context.children().map(({ path }) => path), ["/test/a/x", "/test/a/y"]);
  assert(!context.signal.aborted);
});

onStage(
  "context: log lines are in the actor's name, with level, fields and whether they are printed bare",
  async (stage) => {
    stage.system.spawn<string>("a", (self) => {
      assert(self.log.debugEnabled);
      self.log.debug("one");
      self.log.info("two", { n: 2 });
      self.log.plain("three");
      self.log.warn("four");
      self.log.error("five", { error: "e" });
      return () => {};
    });
    await stage.settle();
    assertEquals(
      stage.sim.host("a").log.records.map(({ level, actor, message, fields, plain }) => [
        level,
        actor,
        message,
        fields,
        plain ?? false,
      ]),
      [
        ["debug", "/test/a", "one", undefined, false],
        ["info", "/test/a", "two", { n: 2 }, false],
        ["info", "/test/a", "three", undefined, true],
        ["warn", "/test/a", "four", undefined, false],
        ["error", "/test/a", "five", { error: "e" }, false],
      ],
    );
  },
);

onStage(
  "context: the signal is aborted with the reason when the actor begins to stop, asked for before or after",
  async (stage) => {
    const hold = gate();
    const signals: AbortSignal[] = [];
    stage.system.spawn<string>("a", (self) => {
      signals.push(self.signal);
      return async () => {
        self.stop();
        signals.push(self.signal);
        await hold.promise;
      };
    }).tell("stop");
    stage.system.spawn<string>("b", (self) => () => {
      self.stop();
      signals.push(self.signal);
    }).tell("stop");
    await stage.settle();
    assertEquals(signals.map(({ aborted }) => aborted), [true, true, true]);
    for (const { reason } of signals) assert(`${reason}`.endsWith("the actor has stopped"));
    hold.resolve();
  },
);

onStage("context: private messages are handled inside", async (stage) => {
  type Public = { readonly type: "start" };
  type Private = { readonly type: "tick"; readonly n: number };
  const behavior: Behavior<Public | Private> = (self) => (message) => {
    switch (message.type) {
      case "start":
        return self.self.tell({ type: "tick", n: 1 });
      case "tick":
        return stage.note(`tick ${message.n}`);
      default:
        assertNever(message);
    }
  };
  const ref: Ref<Public> = stage.system.spawn("a", withPrivateMessages<Public, Private>(behavior));
  ref.tell({ type: "start" });
  await stage.settle();
  assertEquals(stage.taken(), ["tick 1"]);
  const unknown = { type: "unknown" } as unknown as never;
  assertThrows(() => assertNever(unknown), TypeError, 'Cannot handle {"type":"unknown"}: no case for it');
});

onStage(
  "context: an offer that waits goes before what the handler tells itself in the room it made",
  async (stage) => {
    const hold = gate();
    const ref = stage.system.spawn<string>("a", (self) => (message) => {
      stage.note(message);
      if (message === "hold") return hold.promise;
      if (message === "2") self.self.tell("from the handler");
      return;
    }, { mailbox: { capacity: 3 } });
    ref.tell("hold");
    await stage.settle();
    for (const message of ["1", "2", "3"]) ref.tell(message);
    const offered = ref.offer("offered");
    hold.resolve();
    await stage.sim.settle(offered);
    await stage.settle();
    assertEquals(stage.taken(), ["hold", "1", "2", "3", "offered", "from the handler"]);
  },
);

onStage(
  "context: what was given up and ends well later is not heard, whether handler, start or release",
  async (stage) => {
    const late = gate();
    const behavior = (name: string): Behavior<string> => (self) => {
      const receive = () => late.promise;
      self.onStop(() => stage.note(`${name} ends`));
      if (name === "release") self.onStop(() => late.promise);
      return name === "start" ? late.promise.then(() => receive) : receive;
    };
    for (const name of ["handler", "start", "release"]) {
      stage.system.spawn(name, behavior(name), { shutdownMs: 60_000 }).tell("work");
    }
    await stage.settle();
    await stage.sim.settle(stage.system.stop({ withinMs: 10 }));
    const ended = stage.taken();
    late.resolve();
    await stage.settle();
    assertEquals([ended, stage.taken()], [["release ends", "start ends", "handler ends"], []]);
    assertEquals(stage.decisions.length, 3);
    assertEquals(
      new Set(stage.decisions),
      new Set(["handler", "start", "release"].map((name) => `/test/${name} shutdown-timeout none`)),
    );
  },
);

onStage(
  "context: a start that fails after a child's escalation was resumed, or before, stops the actor",
  async (stage) => {
    for (const when of ["before", "after"]) {
      const opened = gate();
      const ref = stage.system.spawn<string>(when, async (self) => {
        self.spawn<string>("child", () => {
          throw new Error("no start");
        }, { onFailure: { type: "escalate" } });
        await opened.promise;
        throw new Error("nor its parent");
      }, { onFailure: { type: "resume" } });
      if (when === "before") opened.resolve();
      ref.tell("lost");
      await stage.settle();
      opened.resolve();
      await stage.settle();
    }
    assertEquals(stage.system.tree().children, []);
    assertEquals(stage.lost, ["lost /test/before stopped", "lost /test/after stopped"]);
  },
  40,
);

onStage("context: a stashed message of a life that has ended is not lost in silence", async (stage) => {
  const hold = gate();
  const ref = stage.system.spawn<string>("a", (self) => async (message) => {
    await hold.promise;
    self.stash.push(message);
  }, { shutdownMs: 10 });
  ref.tell("late");
  await stage.settle();
  await stage.sim.settle(stage.system.stop());
  hold.resolve();
  await stage.settle();
  assertEquals(stage.lost, ["late /test/a stopped"]);
});

onStage(
  "context: become before the start is over counts for nothing, also when its failure was resumed meanwhile",
  async (stage) => {
    const opened = gate();
    const ref = stage.system.spawn<string>("a", async (self) => {
      self.become((message) => stage.note(`early ${message}`));
      self.spawn<string>("child", () => {
        throw new Error("no start");
      }, { onFailure: { type: "escalate" } });
      await opened.promise;
      return (message) => stage.note(`returned ${message}`);
    }, { onFailure: { type: "resume" } });
    ref.tell("1");
    await stage.settle();
    assertEquals(stage.taken(), []);
    opened.resolve();
    await stage.settle();
    assertEquals(stage.taken(), ["returned 1"]);
  },
);

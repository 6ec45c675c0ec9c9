import { assert, assertEquals } from "@std/assert";
import { ActorSystem, type Behavior, type Context, escalate, type Ref, stop } from "../../mod.ts";
import { gate, onStage, upTo } from "./_stage.ts";

onStage(
  "restart: ref, name and mailbox stay, the failed message is dropped, the children are stopped",
  async (stage) => {
    let lives = 0;
    const ref = stage.system.spawn<string>("a", (self) => {
      const life = ++lives;
      if (life === 1) self.spawn("child", stage.actor("child"));
      return (message) => {
        if (message === "fail") throw new Error("told to");
        stage.note(`life ${life}: ${message}, children ${self.children().length}`);
      };
    });
    await stage.settle();
    for (const message of ["1", "fail", "2"]) ref.tell(message);
    await stage.settle();
    ref.tell("3");
    await stage.settle();
    assertEquals(stage.taken(), [
      "child starts",
      "life 1: 1, children 1",
      "child ends",
      "life 2: 2, children 0",
      "life 2: 3, children 0",
    ]);
    assertEquals([ref.path, stage.lost, stage.system.tree().children[0]?.restarts], ["/test/a", [], 1]);
  },
);

onStage(
  "restart: state is fresh, timers, watches and become of the former life are gone, its signal is aborted",
  async (stage) => {
    const contexts: Context<string>[] = [];
    const watched = stage.system.spawn("watched", stage.actor("watched"));
    const ref = stage.system.spawn<string>("a", (self) => {
      contexts.push(self);
      let count = 0;
      if (contexts.length === 1) {
        self.after(10, "after");
        self.every(10, "every");
        self.receiveTimeout(10, "timeout");
        self.watch(watched, () => "watch");
      }
      return (message) => {
        if (message === "fail") throw new Error("told to");
        if (message === "become") self.become((other) => stage.note(`other ${other}`));
        stage.note(`${message} ${++count}`);
      };
    });
    await stage.settle();
    ref.tell("1");
    ref.tell("fail");
    ref.tell("2");
    await stage.settle();
    watched.tell("stop");
    await stage.sim.advance(100);
    assertEquals(stage.taken().filter((line) => !line.startsWith("watched")), ["1 1", "2 1"]);
    assertEquals(contexts.map(({ signal }) => signal.aborted), [true, false]);
  },
);

onStage(
  "restart: waits for the running handler and for onStop, and a stop meanwhile is a stop",
  async (stage) => {
    const hold = gate();
    let lives = 0;
    const parent = stage.system.spawn<string>("parent", (self) => {
      const child = self.spawn<string>("child", (c) => {
        lives++;
        c.onStop(() => hold.promise);
        return () => {
          throw new Error("told to");
        };
      });
      child.tell("fail");
      return () => self.stop(child);
    });
    await stage.settle();
    parent.tell("later");
    await stage.settle();
    hold.resolve();
    await stage.settle();
    assertEquals(lives, 1);
    assertEquals(stage.system.tree().children[0]?.children, []);
  },
);

onStage("watch: tells when the other has stopped, and why", async (stage) => {
  const good = stage.system.spawn("good", stage.actor("good"));
  const bad = stage.system.spawn("bad", stage.actor("bad"), { onFailure: stop() });
  stage.system.spawn<string>("watcher", (self) => {
    for (const ref of [good, bad]) {
      self.watch(
        ref,
        (reason) =>
          `${ref.path} ${reason.type} ${reason.type === "failed" ? (reason.error as Error).message : ""}`,
      );
    }
    return (message) => stage.note(message);
  });
  await stage.settle();
  stage.taken();
  good.tell("stop");
  await stage.settle();
  bad.tell("fail");
  await stage.settle();
  assertEquals(stage.taken(), [
    "good ends",
    "/test/good stopped ",
    "bad ends",
    "/test/bad failed bad was told to fail",
  ]);
});

onStage("watch: tells at once of an actor that has stopped before, also while one starts", async (stage) => {
  const ref = stage.system.spawn("a", stage.actor("a"), { onFailure: stop() });
  ref.tell("fail");
  await stage.settle();
  stage.taken();
  stage.system.spawn<string>("watcher", (self) => {
    self.watch(ref, (reason) => `in start: ${reason.type}`);
    return (message) => {
      if (message === "go") self.watch(ref, (reason) => `in handler: ${reason.type}`);
      else stage.note(message);
    };
  }).tell("go");
  await stage.settle();
  assertEquals(stage.taken(), ["in start: failed", "in handler: failed"]);
});

onStage(
  "watch: a restart is no stop; a watch that is called off tells nothing; two watches tell twice",
  async (stage) => {
    const ref = stage.system.spawn("a", stage.actor("a"));
    stage.system.spawn<string>("watcher", (self) => {
      const off = self.watch(ref, () => "off");
      self.watch(ref, () => "one");
      self.watch(ref, () => "two");
      off.cancel();
      off.cancel();
      return (message) => stage.note(message);
    });
    await stage.settle();
    ref.tell("fail");
    await stage.settle();
    assertEquals(stage.taken(), ["a starts", "a ends", "a starts"]);
    ref.tell("stop");
    await stage.settle();
    assertEquals(stage.taken(), ["a ends", "one", "two"]);
  },
);

onStage("watch: two that watch each other both can stop, and one that watches itself too", async (stage) => {
  const watching = (name: string): Behavior<Ref<never> | string> => (self) => {
    self.watch(self.self, () => "self");
    return (message) => {
      if (typeof message === "string") {
        stage.note(`${name} ${message}`);
        self.stop();
      } else self.watch(message, () => "other is gone");
    };
  };
  const a = stage.system.spawn("a", watching("a"));
  const b = stage.system.spawn("b", watching("b"));
  a.tell(b);
  b.tell(a);
  await stage.settle();
  a.tell("stop");
  await stage.settle();
  assertEquals(stage.taken(), ["a stop", "b other is gone"]);
  assertEquals(stage.system.tree().children, []);
});

onStage(
  "system: terminated resolves when it is stopped, and rejects with the cause when a failure reaches the root",
  async (stage) => {
    const cause = new Error("the cause");
    const other = new ActorSystem("other", { world: stage.sim.host("b").world });
    other.spawn<string>("a", (self) => {
      self.spawn<string>("b", () => () => {
        throw cause;
      }, { onFailure: escalate() }).tell("fail");
      return () => {};
    }, { onFailure: escalate() });
    other.spawn<string>("bystander", (self) => {
      self.onStop(() => stage.note("bystander ends"));
      return () => {};
    });
    const outcome = await stage.sim.settle(other.terminated.then(() => undefined, (error) => error));
    assert(outcome === cause);
    assertEquals(stage.taken(), ["bystander ends"]);
    await other.stop();
    await stage.sim.settle(stage.system.stop());
    assertEquals(await stage.system.terminated, undefined);
  },
);

onStage("system: at the end of an await using block every actor has stopped", async (stage) => {
  const world = stage.sim.host("b").world;
  const body = async () => {
    await using system = new ActorSystem("scoped", { world });
    system.spawn<string>("a", (self) => {
      self.onStop(async () => {
        await new Promise<void>((resolve) => world.clock.timer(50, resolve));
        stage.note("a ends");
      });
      return () => {};
    });
    await stage.settle();
    stage.note("block ends");
  };
  await stage.sim.settle(body());
  assertEquals(stage.taken(), ["block ends", "a ends"]);
});

onStage(
  "system: tree shows path, state, mailbox and its high water, handled, restarts and children",
  async (stage) => {
    const hold = gate();
    const parent = stage.system.spawn<string>("parent", (self) => {
      self.spawn("child", stage.actor("child"));
      return (message) => message === "hold" ? hold.promise : undefined;
    });
    await stage.settle();
    for (const message of ["1", "2", "hold", "3", "4", "5"]) parent.tell(message);
    await stage.settle();
    assertEquals(stage.system.tree(), {
      path: "/test",
      state: "running",
      mailbox: 0,
      highWater: 0,
      handled: 0,
      restarts: 0,
      childCount: 1,
      children: [{
        path: "/test/parent",
        state: "running",
        mailbox: 3,
        highWater: 6,
        handled: 3,
        restarts: 0,
        childCount: 1,
        children: [{
          path: "/test/parent/child",
          state: "running",
          mailbox: 0,
          highWater: 0,
          handled: 0,
          restarts: 0,
          childCount: 0,
          children: [],
        }],
      }],
    });
    hold.resolve();
  },
);

onStage("system: events tell of starts, restarts and stops", async (stage) => {
  await stage.settle();
  const ref = stage.system.spawn("a", stage.actor("a"));
  ref.tell("fail");
  await stage.settle();
  ref.tell("stop");
  await stage.settle();
  const told = stage.events.filter(({ type }) => type !== "failed").map((event) =>
    event.type === "started" ? `${event.actor} starts after ${event.restarts}` : `${event.type}`
  );
  assertEquals(told, ["/test starts after 0", "/test/a starts after 0", "/test/a starts after 1", "stopped"]);
});

onStage("system: a failure is reported with the same fields each time, to the log too", async (stage) => {
  type Message = { readonly type: "work" };
  const error = new Error("told to");
  const ref = stage.system.spawn<Message>("a", () => () => {
    throw error;
  });
  ref.tell({ type: "work" });
  await stage.settle();
  const fields = { phase: "message", messageType: "work", error, decision: "restart", restarts: 1 };
  assertEquals(stage.failures, [
    { type: "failed", actor: "/test/a", ...fields } as (typeof stage.failures)[number],
  ]);
  const [line] = stage.sim.host("a").log.records;
  assertEquals([line?.level, line?.actor, line?.message, line?.fields], [
    "error",
    "/test/a",
    'Actor /test/a failed (message "work"): told to; decision: restart',
    fields,
  ]);
});

onStage(
  "system: a listener that throws, subscribes or leaves while it is told disturbs nobody",
  async (stage) => {
    const { events } = stage.system;
    let added = 0;
    events.subscribe(() => {
      throw new Error("listener");
    });
    const leaves = events.subscribe(() => leaves.cancel());
    const late = events.subscribe(() => {
      added++;
      if (added < 5) events.subscribe(() => stage.note("late"));
    });
    const ref = stage.system.spawn("a", stage.actor("a"));
    ref.tell("fail");
    ref.tell("1");
    await stage.settle();
    late.cancel();
    ref.tell("stop");
    await stage.settle();
    assert(stage.seen.includes("a 1") && stage.seen.includes("a ends"));
    assertEquals(stage.events.filter(({ type }) => type === "stopped").length, 1);
    const logged = stage.sim.host("a").log.records.filter(({ message }) => message.includes("listener"));
    assertEquals(logged[0]?.message, "A listener of the system failed: listener");
  },
);

onStage(
  "system: what has no text can be thrown, and a message that cannot be looked at can fail",
  async (stage) => {
    const hostile = {
      get type(): string {
        throw new Error("do not look");
      },
    };
    const thrown: unknown[] = [Object.create(null), undefined, null, Symbol("s"), 0, "text"];
    const ref = stage.system.spawn<object>("a", () => () => {
      throw thrown.shift();
    }, { onFailure: { type: "resume" } });
    for (const _ of upTo(6)) ref.tell(hostile);
    await stage.settle();
    assertEquals(stage.decisions, upTo(6).map(() => "/test/a message resume"));
  },
);

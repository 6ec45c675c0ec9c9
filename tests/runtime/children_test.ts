import { assertEquals, assertRejects } from "@std/assert";
import {
  type Behavior,
  childSpec,
  escalate,
  type Ref,
  restart,
  resume,
  startChild,
  stop,
  supervisor,
} from "../../mod.ts";
import { gate, onStage, upTo } from "./_stage.ts";

onStage("start-child: starts a child more, names what failed, and stops it again", async (stage) => {
  const ref = stage.system.spawn("group", supervisor("one-for-one", [childSpec("a", stage.actor("a"))]));
  const within = { timeoutMs: 1000 };
  const b = await stage.sim.settle(startChild(ref, childSpec("b", stage.actor("b")), within));
  b.tell("hello");
  await stage.settle();
  assertEquals(stage.taken(), ["a starts", "b starts", "b hello"]);
  const again = startChild(ref, childSpec("b", stage.actor("b")), within);
  await assertRejects(() => stage.sim.settle(again), TypeError, "the name is in use");
  const broken = childSpec<string>("c", () => {
    throw new Error("told to");
  }, { onFailure: stop() });
  const error = await stage.sim.settle(startChild(ref, broken, within).catch((error) => error));
  assertEquals(`${error.cause}`, "Error: told to");
  assertEquals(await stage.sim.settle(ref.ask({ type: "list-children" }, within)), ["a", "b"]);
  assertEquals(await stage.sim.settle(ref.ask({ type: "stop-child", name: "b" }, within)), true);
  assertEquals(await stage.sim.settle(ref.ask({ type: "stop-child", name: "b" }, within)), false);
  assertEquals(await stage.sim.settle(ref.ask({ type: "list-children" }, within)), ["a"]);
});

onStage(
  "restart types: permanent comes back when it has stopped itself, transient does not, temporary never",
  async (stage) => {
    const restarts = ["permanent", "transient", "temporary"] as const;
    const refs = restarts.map((restart) => stage.system.spawn(restart, stage.actor(restart), { restart }));
    await stage.settle();
    for (const ref of refs) ref.tell("stop");
    await stage.settle();
    assertEquals(refs.map(({ isOpen }) => isOpen), [true, false, false]);
    refs[0]?.tell("fail");
    const [, failing, temporary] = restarts.map((restart) =>
      stage.system.spawn(`${restart}-2`, stage.actor(restart), { restart })
    );
    failing?.tell("fail");
    temporary?.tell("fail");
    await stage.settle();
    assertEquals([refs[0]?.isOpen, failing?.isOpen, temporary?.isOpen], [true, true, false]);
  },
);

onStage("restart types: a permanent child that stops itself too often fails its parent", async (stage) => {
  let lives = 0;
  stage.system.spawn(
    "group",
    supervisor("one-for-one", [
      childSpec<string>("a", (self) => {
        lives++;
        self.after(1, "stop");
        return () => self.stop();
      }, { restart: "permanent", onFailure: restart({ limit: 2 }) }),
    ]),
    { onFailure: stop() },
  );
  await stage.sim.advance(100);
  assertEquals(lives, 3);
  assertEquals(stage.decisions, ["/test/group child stop"]);
});

onStage(
  "restart types: one that is permanent and stops itself once too often handles nothing more",
  async (stage) => {
    const group = stage.system.spawn("group", supervisor("one-for-one", []), { onFailure: stop() });
    const child: Behavior<string> = (self) => (message) => {
      stage.note(message);
      if (message === "stop") self.stop();
    };
    const spec = childSpec("a", child, { restart: "permanent", onFailure: restart({ limit: 0 }) });
    const ref = await stage.sim.settle(startChild(group, spec, { timeoutMs: 1000 }));
    for (const message of ["stop", "after 1", "after 2"]) ref.tell(message);
    await stage.settle();
    assertEquals(stage.taken(), ["stop"]);
    assertEquals(stage.lost, ["after 1 /test/group/a stopped", "after 2 /test/group/a stopped"]);
    assertEquals([ref.isOpen, group.isOpen], [false, false]);
  },
);

onStage(
  "restart types: of two that stop themselves too often at once none is left behind by a parent that is resumed",
  async (stage) => {
    const reasons: string[] = [];
    stage.system.events.subscribe((event) => {
      if (event.type === "stopped") reasons.push(`${event.actor} ${event.reason.type}`);
    });
    const options = { restart: "permanent", onFailure: restart({ limit: 0 }) } as const;
    const refs: Ref<string>[] = [];
    const parent = stage.system.spawn<string>("parent", (self) => {
      for (const name of ["a", "b", "c"]) refs.push(self.spawn(name, stage.actor(name), options));
      return (message) => stage.note(message);
    }, { onFailure: resume() });
    await stage.settle();
    stage.taken();
    for (const ref of refs.slice(0, 2)) ref.tell("stop");
    await stage.settle();
    refs[2]?.tell("hello");
    parent.tell("goes on");
    await stage.settle();
    assertEquals(refs.map(({ isOpen }) => isOpen), [false, false, true]);
    assertEquals(reasons.toSorted(), ["/test/parent/a failed", "/test/parent/b failed"]);
    assertEquals(stage.taken().toSorted(), ["a ends", "b ends", "c hello", "goes on"]);
  },
);

onStage(
  "restart types: one that stops itself too often while its parent has failed does not hide whose failure that was",
  async (stage) => {
    const refs: Ref<string>[] = [];
    const parent = stage.system.spawn<string>("parent", (self) => {
      refs.push(
        self.spawn("a", stage.actor("a"), {
          // b stops before anybody decides about the parent.
          onFailure: () => (refs[1]?.tell("stop"), escalate()),
        }),
      );
      refs.push(
        self.spawn("b", stage.actor("b"), { restart: "permanent", onFailure: restart({ limit: 0 }) }),
      );
      return (message) => stage.note(message);
    }, { onFailure: resume() });
    await stage.settle();
    refs[0]?.tell("fail");
    const answer = refs[0]?.ask(() => "hello", { timeoutMs: 60_000 }).catch((error) => error.name);
    await stage.settle();
    parent.tell("goes on");
    await stage.settle();
    assertEquals(refs.map(({ isOpen }) => isOpen), [false, false]);
    assertEquals(await answer, "ActorStopped");
    assertEquals(stage.taken().includes("goes on"), true);
    assertEquals(stage.system.tree().children[0]?.children, []);
  },
);

onStage("restart types: one that is permanent comes back though a failure would stop it", async (stage) => {
  const options = { restart: "permanent", onFailure: stop() } as const;
  const ref = stage.system.spawn("a", stage.actor("a"), options);
  ref.tell("stop");
  ref.tell("hello");
  await stage.settle();
  assertEquals(stage.taken(), ["a starts", "a ends", "a starts", "a hello"]);
  ref.tell("fail");
  await stage.settle();
  assertEquals(ref.isOpen, false);
});

onStage("budget: the group's is spent by all of its children together", async (stage) => {
  const children = upTo(4).map((n) => childSpec(`c${n}`, stage.actor(`c${n}`)));
  const refs: Ref<string>[] = [];
  stage.system.spawn<string>("group", (self) => {
    self.supervise("one-for-one", { budget: { limit: 3, withinMs: 1000 } });
    for (const { name } of children) refs.push(self.spawn(name, stage.actor(name)));
    return () => {};
  }, { onFailure: stop() });
  await stage.settle();
  for (const ref of refs) ref.tell("fail");
  await stage.settle();
  assertEquals(stage.decisions.filter((line) => line.endsWith("restart")).length, 3);
  assertEquals(stage.decisions.filter((line) => line.endsWith("escalate")).length, 1);
  assertEquals(stage.system.tree().children, []);
});

onStage(
  "supervision: what an earlier life of the parent has spent of a budget is not spent in the next",
  async (stage) => {
    let child: Ref<string> | undefined;
    const group = stage.system.spawn<string>("group", (self) => {
      self.supervise("one-for-one", { budget: { limit: 1, withinMs: 1000 } });
      child = self.spawn("child", stage.actor("child"));
      return () => {
        throw new Error("told to");
      };
    });
    for (let life = 0; life < 3; life++) {
      await stage.settle();
      child?.tell("fail");
      await stage.settle();
      group.tell("fail");
    }
    await stage.settle();
    const ofChild = stage.decisions.filter((line) => line.includes("child"));
    assertEquals(ofChild, Array(3).fill("/test/group/child message restart"));
  },
);

onStage(
  "supervision: what an earlier life of the parent has asked for does not hold in the next",
  async (stage) => {
    const refs = new Map<string, Ref<string>>();
    let lives = 0;
    const group = stage.system.spawn<string>("group", (self) => {
      if (lives++ === 0) self.supervise("one-for-all", { budget: { limit: 1, withinMs: 1000 } });
      for (const name of ["a", "b"]) refs.set(name, self.spawn(name, stage.actor(name)));
      return () => {
        throw new Error("told to");
      };
    });
    await stage.settle();
    group.tell("fail");
    await stage.settle();
    for (let count = 0; count < 2; count++) {
      stage.taken();
      refs.get("a")?.tell("fail");
      await stage.settle();
      assertEquals(stage.taken(), ["a ends", "a starts"]);
    }
  },
);

onStage("decisions: a function sees the error, the message and the restarts so far", async (stage) => {
  const ref = stage.system.spawn("a", stage.actor("a"), {
    onFailure: (error, failure) => {
      stage.note(`${(error as Error).message}, ${failure.phase}, ${failure.restarts}`);
      return failure.restarts < 1 ? restart() : stop();
    },
  });
  ref.tell("fail");
  ref.tell("fail");
  await stage.settle();
  assertEquals(stage.taken().filter((line) => line.includes(",")), [
    "a was told to fail, message, 0",
    "a was told to fail, message, 1",
  ]);
  assertEquals(ref.isOpen, false);
});

onStage("children: a parent is told who started, was restarted, and stopped", async (stage) => {
  stage.system.spawn<string>("parent", (self) => {
    self.watchChildren((event) =>
      `${event.type} ${event.name}${event.type === "stopped" ? ` ${event.reason.type}` : ""}`
    );
    const child = self.spawn("c", stage.actor("c"));
    child.tell("fail");
    child.tell("stop");
    self.spawn<string>("d", () => {
      throw new Error("told to");
    }, { onFailure: stop() });
    return (message) => stage.note(message);
  });
  await stage.settle();
  const seen = stage.taken();
  assertEquals(seen.filter((line) => / c( |$)/.test(line)), [
    "started c",
    "restarted c",
    "stopped c stopped",
  ]);
  assertEquals(seen.filter((line) => / d /.test(line)), ["stopped d failed"]);
});

onStage(
  "restart types: one that is permanent and ends while its parent stops begins no new life",
  async (stage) => {
    const released = gate();
    let permanent: Ref<string> | undefined;
    const parent = stage.system.spawn<string>("parent", (self) => {
      permanent = self.spawn("permanent", stage.actor("permanent"), { restart: "permanent" });
      // The youngest stops first, and the others go on until it has.
      self.spawn<string>("slow", (slow) => {
        slow.onStop(() => released.promise);
        return () => {};
      });
      return () => self.stop();
    });
    await stage.settle();
    parent.tell("stop");
    await stage.settle();
    permanent?.tell("stop");
    await stage.settle();
    assertEquals(stage.taken(), ["permanent starts", "permanent ends"]);
    released.resolve();
    await stage.settle();
    assertEquals([stage.taken(), parent.isOpen], [[], false]);
  },
);

onStage(
  "restart: a child that waits out its backoff begins no new life while its parent stops",
  async (stage) => {
    const released = gate();
    let failing: Ref<string> | undefined;
    const parent = stage.system.spawn<string>("parent", (self) => {
      const backoff = { minMs: 100, maxMs: 100 };
      failing = self.spawn("failing", stage.actor("failing"), { onFailure: restart({ backoff }) });
      // The youngest stops first, and for longer than the backoff takes.
      self.spawn<string>("slow", (slow) => {
        slow.onStop(() => released.promise);
        return () => {};
      });
      return () => self.stop();
    });
    await stage.settle();
    failing?.tell("fail");
    await stage.settle();
    parent.tell("stop");
    await stage.sim.advance(1000);
    const seen = stage.taken();
    released.resolve();
    await stage.settle();
    assertEquals([...seen, ...stage.taken()], ["failing starts", "failing ends"]);
    assertEquals(parent.isOpen, false);
  },
);

import { assert, assertEquals, assertThrows } from "@std/assert";
import { type Context, stop } from "../../mod.ts";
import { gate, onStage, upTo } from "./_stage.ts";

onStage(
  "stop: the running handler finishes, then children stop, youngest first, then onStop runs",
  async (stage) => {
    const hold = gate();
    const parent = stage.system.spawn<string>("parent", (self) => {
      for (const name of ["a", "b", "c"]) self.spawn(name, stage.actor(name));
      self.onStop(() => stage.note("parent ends first"));
      self.onStop(() => stage.note("parent ends second"));
      return async () => {
        self.stop();
        assert(self.signal.aborted);
        await hold.promise;
        stage.note("handler done");
      };
    });
    parent.tell("go");
    parent.tell("never");
    await stage.settle();
    stage.taken();
    hold.resolve();
    await stage.settle();
    // The last registered is released first, as with `defer` and `using`.
    assertEquals(stage.taken(), [
      "handler done",
      "c ends",
      "b ends",
      "a ends",
      "parent ends second",
      "parent ends first",
    ]);
    assertEquals(stage.lost, ["never /test/parent stopped"]);
  },
);

onStage("stop: each child is gone before the one that is older is stopped", async (stage) => {
  const holds = upTo(3).map(() => gate());
  const parent = stage.system.spawn<string>("parent", (self) => {
    for (const i of upTo(3)) {
      self.spawn<string>(`c${i}`, (child) => {
        child.onStop(async () => {
          stage.note(`c${i} releases`);
          await holds[i]?.promise;
          stage.note(`c${i} released`);
        });
        return () => {};
      });
    }
    return () => self.stop();
  });
  await stage.settle();
  parent.tell("stop");
  await stage.settle();
  assertEquals(stage.taken(), ["c2 releases"]);
  holds[2]?.resolve();
  await stage.settle();
  assertEquals(stage.taken(), ["c2 released", "c1 releases"]);
  holds[0]?.resolve();
  holds[1]?.resolve();
  await stage.settle();
  assertEquals(stage.taken(), ["c1 released", "c0 releases", "c0 released"]);
});

onStage(
  "stop: children that stop together do not wait for one another, and their parent goes on after all",
  async (stage) => {
    const hold = gate();
    const parent = stage.system.spawn<string>("parent", (self) => {
      self.supervise("one-for-one", { stopOrder: "together" });
      self.onStop(() => stage.note("parent ends"));
      for (const i of upTo(3)) {
        self.spawn<string>(`c${i}`, (child) => {
          child.onStop(async () => {
            stage.note("releases");
            await hold.promise;
          });
          return () => {};
        });
      }
      return () => self.stop();
    });
    await stage.settle();
    parent.tell("stop");
    await stage.settle();
    assertEquals(stage.taken(), ["releases", "releases", "releases"]);
    hold.resolve();
    await stage.settle();
    assertEquals(stage.taken(), ["parent ends"]);
  },
);

onStage("stop: a failure in onStop is reported, and the others still run", async (stage) => {
  stage.system.spawn<string>("a", (self) => {
    self.onStop(() => stage.note("first"));
    self.onStop(() => {
      throw new Error("sync");
    });
    self.onStop(() => Promise.reject(new Error("async")));
    return () => {};
  });
  await stage.settle();
  await stage.sim.settle(stage.system.stop());
  assertEquals(stage.taken(), ["first"]);
  assertEquals(
    stage.failures.map(({ phase, error }) => `${phase} ${(error as Error).message}`),
    ["stop async", "stop sync"],
  );
});

onStage(
  "stop: of an actor in the middle of an asynchronous start waits for it; its handler is never called",
  async (stage) => {
    const hold = gate();
    const ref = stage.system.spawn<string>("a", async (self) => {
      self.onStop(() => stage.note("released"));
      await hold.promise;
      stage.note("started");
      return (message) => stage.note(message);
    });
    ref.tell("lost");
    await stage.settle();
    const stopped = stage.system.stop();
    await stage.settle();
    assertEquals(stage.taken(), []);
    hold.resolve();
    await stage.sim.settle(stopped);
    assertEquals(stage.taken(), ["started", "released"]);
    assertEquals(stage.lost, ["lost /test/a stopped"]);
  },
);

onStage("stop: an actor that stops itself while it starts never handles anything", async (stage) => {
  const ref = stage.system.spawn<string>("a", (self) => {
    self.stop();
    return (message) => stage.note(message);
  });
  ref.tell("lost");
  await stage.settle();
  assertEquals([stage.taken(), stage.lost], [[], ["lost /test/a stopped"]]);
});

onStage(
  "stop: one that stops itself and then fails is stopped, and the failure is reported",
  async (stage) => {
    for (const how of ["sync", "async"]) {
      const ref = stage.system.spawn<string>(how, (self) => (message) => {
        self.stop();
        if (message === "sync") throw new Error("after the stop");
        return Promise.reject(new Error("after the stop"));
      });
      ref.tell(how);
    }
    await stage.settle();
    assertEquals(stage.decisions.sort(), ["/test/async message none", "/test/sync message none"]);
    assertEquals(stage.system.tree().children, []);
  },
);

onStage(
  "stop: what onStop tells is handled, but what it tells its own actor is a dead letter",
  async (stage) => {
    const other = stage.system.spawn("other", stage.actor("other"));
    const ref = stage.system.spawn<string>("a", (self) => {
      self.onStop(() => {
        other.tell("bye");
        self.self.tell("to myself");
      });
      return () => self.stop();
    });
    ref.tell("stop");
    await stage.settle();
    assertEquals(stage.taken().filter((line) => line !== "other starts"), ["other bye"]);
    assertEquals(stage.lost, ["to myself /test/a stopped"]);
  },
);

onStage(
  "stop: a context that has ended spawns nothing, and timers, watches and subscriptions of it do nothing",
  async (stage) => {
    let context: Context<string> | undefined;
    const ref = stage.system.spawn<string>("a", (self) => {
      context = self;
      self.onStop(() => void self.spawn("x", () => () => {}));
      return () => self.stop();
    });
    ref.tell("stop");
    await stage.settle();
    assertEquals(
      stage.failures.map(({ error }) => `${error}`),
      ["TypeError: Cannot spawn a child at /test/a: this life of the actor has ended"],
    );
    context?.after(1, "x");
    context?.every(1, "x");
    context?.receiveTimeout(1, "x");
    context?.watch(ref, () => "x");
    context?.become(() => {});
    context?.stop();
    await stage.sim.advance(100);
    assertEquals(stage.lost, []);
    assert(context?.signal.aborted);
  },
);

onStage("stop: what is registered with onStop while the actor stops is released too", async (stage) => {
  const opened = gate();
  stage.system.spawn<string>("starting", async (self) => {
    await opened.promise;
    self.onStop(() => stage.note("what the start opened"));
    return () => {};
  });
  stage.system.spawn<string>("handling", (self) => async () => {
    await opened.promise;
    self.onStop(async () => {
      await Promise.resolve();
      stage.note("what the handler opened");
      self.onStop(() => stage.note("what onStop opened"));
    });
  }).tell("open");
  await stage.settle();
  const stopped = stage.system.stop();
  await stage.settle();
  opened.resolve();
  await stage.sim.settle(stopped);
  assertEquals(stage.taken(), ["what the handler opened", "what onStop opened", "what the start opened"]);
});

onStage("stop: a system that is stopping takes no new actor", async (stage) => {
  const hold = gate();
  stage.system.spawn<string>("a", (self) => {
    self.onStop(() => hold.promise);
    return () => {};
  });
  await stage.settle();
  const stopped = stage.system.stop();
  for (const _ of upTo(2)) {
    assertThrows(
      () => stage.system.spawn("late", stage.actor("late")),
      TypeError,
      'Cannot spawn "late" under /test: the actor is stopping',
    );
    await stage.settle();
  }
  hold.resolve();
  await stage.sim.settle(stopped);
  assertThrows(() => stage.system.spawn("late", stage.actor("late")), TypeError, "the actor is stopping");
});

onStage("stop: a name is in use until its actor is gone, and free when a watch tells so", async (stage) => {
  const hold = gate();
  const parent = stage.system.spawn<string>("parent", (self) => {
    const child = self.spawn<string>("child", (c) => {
      c.onStop(() => hold.promise);
      return () => {};
    });
    self.watch(child, () => "gone");
    return (message) => {
      if (message === "stop") {
        self.stop(child);
        assertThrows(
          () => self.spawn("child", stage.actor("again")),
          TypeError,
          'Cannot spawn "child" under /test/parent: the name is in use',
        );
      } else self.spawn("child", stage.actor("again"));
    };
  });
  await stage.settle();
  parent.tell("stop");
  await stage.settle();
  assertEquals([stage.taken(), stage.failures], [[], []]);
  hold.resolve();
  await stage.settle();
  assertEquals([stage.taken(), stage.failures], [["again starts"], []]);
});

onStage("stop: only a child can be stopped through its parent", async (stage) => {
  const other = stage.system.spawn("other", stage.actor("other"));
  stage.system.spawn<string>("a", (self) => () => self.stop(other), { onFailure: stop() }).tell("go");
  await stage.settle();
  assertEquals(
    stage.failures.map(({ error }) => `${error}`),
    ["TypeError: Cannot stop /test/other from /test/a: it is no child"],
  );
});

onStage("stop: twice is fine, and so is stopping what has stopped", async (stage) => {
  const parent = stage.system.spawn<string>("parent", (self) => {
    const child = self.spawn("child", stage.actor("child"));
    return () => {
      self.stop(child);
      self.stop(child);
    };
  });
  await stage.settle();
  parent.tell("stop");
  await stage.settle();
  assertEquals(stage.taken().filter((line) => line === "child ends"), ["child ends"]);
  await stage.sim.settle(Promise.all([stage.system.stop(), stage.system.stop()]));
  await stage.sim.settle(stage.system.stop());
});

import { assert, assertEquals } from "@std/assert";
import {
  type Behavior,
  childSpec,
  escalate,
  type GroupStrategy,
  restart,
  resume,
  type SpawnOptions,
  supervisor,
} from "../../mod.ts";
import { gate, onStage, type Stage, upTo } from "./_stage.ts";

async function group(
  stage: Stage,
  strategy: GroupStrategy,
  special: Readonly<Record<string, { behavior?: Behavior<string>; options?: SpawnOptions }>> = {},
): Promise<(name: string, message: string) => Promise<void>> {
  const tell = new Map<string, (message: string) => void>();
  const specs = ["a", "b", "c", "d"].map((name) => {
    const { behavior = stage.actor(name), options } = special[name] ?? {};
    return childSpec<string>(name, (self) => {
      tell.set(name, (message) => self.self.tell(message));
      return behavior(self);
    }, options);
  });
  stage.system.spawn("group", supervisor(strategy, specs));
  await stage.settle();
  stage.taken();
  return (name, message) => {
    tell.get(name)?.(message);
    return stage.settle();
  };
}

function membersOf(stage: Stage): string {
  const [parent] = stage.system.tree().children;
  return (parent?.children ?? []).map(({ path, state }) => `${path.slice(-1)} ${state}`).join();
}

onStage(
  "group: a member that stops by itself while the group goes down does not stop the restart",
  async (stage) => {
    const hold = gate();
    const tell = await group(stage, "one-for-all", {
      d: {
        behavior: (self) => {
          self.onStop(() => hold.promise);
          return () => {};
        },
      },
    });
    await tell("b", "fail");
    await tell("a", "stop");
    hold.resolve();
    await stage.settle();
    assertEquals(stage.taken(), ["a ends", "c ends", "b ends", "b starts", "c starts"]);
    assertEquals(membersOf(stage), "b running,c running,d running");
  },
);

onStage(
  "group: a member that fails while the group goes down, goes down with it; nothing more is decided",
  async (stage) => {
    const hold = gate();
    const tell = await group(stage, "one-for-all", {
      a: { options: { onFailure: escalate() } },
      d: {
        behavior: (self) => {
          self.onStop(() => hold.promise);
          return () => {};
        },
      },
    });
    await tell("b", "fail");
    await tell("a", "fail");
    hold.resolve();
    await stage.settle();
    assertEquals(stage.decisions, ["/test/group/b message restart", "/test/group/a message none"]);
    assertEquals(membersOf(stage), "a running,b running,c running,d running");
  },
);

onStage("group: a member that fails to start has the rest wait until it has started", async (stage) => {
  let lives = 0;
  const b: Behavior<string> = (self) => {
    lives++;
    if (lives === 2 || lives === 3) throw new Error(`life ${lives}`);
    return stage.actor("b")(self);
  };
  const tell = await group(stage, "one-for-all", { b: { behavior: b } });
  await tell("d", "fail");
  assertEquals(membersOf(stage), "a running,b running,c running,d running");
  assertEquals(stage.decisions, [
    "/test/group/d message restart",
    "/test/group/b start restart",
    "/test/group/b start restart",
  ]);
  assertEquals(stage.taken(), [
    ...["d ends", "c ends", "b ends", "a ends"],
    ...["a starts", "a ends", "a starts", "a ends"],
    ...["a starts", "b starts", "c starts", "d starts"],
  ]);
});

onStage("group: rest-for-one restarts only what is after the member that fails to start", async (stage) => {
  let lives = 0;
  const c: Behavior<string> = (self) => {
    if (++lives === 2) throw new Error("no start");
    return stage.actor("c")(self);
  };
  const tell = await group(stage, "rest-for-one", { c: { behavior: c } });
  await tell("b", "fail");
  assertEquals(stage.taken(), ["d ends", "c ends", "b ends", "b starts", "c starts", "d starts"]);
  assertEquals(membersOf(stage), "a running,b running,c running,d running");
});

onStage(
  "group: a member that fails to start and is not to be restarted does not keep the rest from it",
  async (stage) => {
    let lives = 0;
    const b: Behavior<string> = (self) => {
      if (++lives === 2) throw new Error("no start");
      return stage.actor("b")(self);
    };
    const tell = await group(stage, "one-for-all", { b: { behavior: b, options: { onFailure: resume() } } });
    await tell("d", "fail");
    assertEquals(membersOf(stage), "a running,c running,d running");
    assertEquals(stage.taken().slice(-3), ["a starts", "c starts", "d starts"]);
  },
);

onStage("group: a failure in the backoff of a younger member takes the restart over", async (stage) => {
  const tell = await group(stage, "rest-for-one", {
    c: { options: { onFailure: restart({ backoff: { minMs: 1000, maxMs: 1000 } }) } },
  });
  await tell("c", "fail");
  assertEquals(stage.taken(), ["d ends", "c ends"]);
  await tell("a", "fail");
  assertEquals(stage.taken(), ["b ends", "a ends", "a starts", "b starts", "c starts", "d starts"]);
  await stage.sim.advance(2000);
  assertEquals([stage.taken(), membersOf(stage)], [[], "a running,b running,c running,d running"]);
});

onStage(
  "group: a restart that is taken over does not begin anybody in the backoff of the new one",
  async (stage) => {
    const tell = await group(stage, "rest-for-one", {
      a: { options: { onFailure: restart({ backoff: { minMs: 2000, maxMs: 2000 } }) } },
      c: { options: { onFailure: restart({ backoff: { minMs: 1000, maxMs: 1000 } }) } },
    });
    await tell("c", "fail");
    await stage.sim.advance(500);
    await tell("a", "fail");
    stage.taken();
    await stage.sim.advance(1990);
    assertEquals(stage.taken(), []);
    await stage.sim.advance(20);
    assertEquals(stage.taken(), ["a starts", "b starts", "c starts", "d starts"]);
  },
);

onStage("group: a strategy that changes in the middle of a restart leaves nobody waiting", async (stage) => {
  let lives = 0;
  const parent = stage.system.spawn<string>("group", (self) => {
    self.supervise("one-for-all");
    self.spawn<string>("a", (a) => {
      lives++;
      if (lives === 2) self.supervise("one-for-one");
      if (lives === 2) throw new Error("no start");
      return stage.actor("a")(a);
    });
    self.spawn("b", stage.actor("b"));
    const c = self.spawn("c", stage.actor("c"));
    return (message) => c.tell(message);
  });
  await stage.settle();
  parent.tell("fail");
  await stage.settle();
  assertEquals(membersOf(stage), "a running,b running,c running");
});

onStage(
  "group: an older member that runs again can fail while the younger ones still start",
  async (stage) => {
    const hold = gate();
    let lives = 0;
    const d: Behavior<string> = async (self) => {
      if (++lives === 2) await hold.promise;
      return stage.actor("d")(self);
    };
    const tell = await group(stage, "one-for-all", { d: { behavior: d, options: { shutdownMs: 50 } } });
    await tell("b", "fail");
    assertEquals(stage.taken().slice(-3), ["a starts", "b starts", "c starts"]);
    await tell("a", "fail");
    hold.resolve();
    await stage.settle();
    assertEquals(membersOf(stage), "a running,b running,c running,d running");
    assertEquals(stage.decisions, ["/test/group/b message restart", "/test/group/a message restart"]);
  },
);

onStage(
  "group: a stop of the parent in the middle of a group's restart, or of a backoff, ends it",
  async (stage) => {
    for (const backoff of [undefined, { minMs: 1000, maxMs: 1000 }]) {
      const hold = gate();
      const name = backoff === undefined ? "at-once" : "backoff";
      const parent = stage.system.spawn<string>(name, (self) => {
        self.supervise("one-for-all");
        const a = self.spawn("a", stage.actor("a"), {
          onFailure: restart(backoff === undefined ? {} : { backoff }),
        });
        self.spawn<string>("b", (b) => {
          b.onStop(() => hold.promise);
          return () => {};
        });
        return (message) => {
          if (message === "stop") self.stop();
          else a.tell(message);
        };
      });
      await stage.settle();
      parent.tell("fail");
      await stage.settle();
      parent.tell("stop");
      await stage.settle();
      hold.resolve();
      await stage.settle();
      assertEquals(stage.taken(), ["a starts", "a ends"]);
      assertEquals(stage.system.tree().children, []);
    }
    await stage.sim.advance(5000);
    assertEquals(stage.taken(), []);
  },
);

onStage("group: two that fail at once are one restart each at most, and all run again", async (stage) => {
  const tell = await group(stage, "one-for-all");
  const both = [tell("a", "fail"), tell("c", "fail")];
  await Promise.all(both);
  assertEquals(membersOf(stage), "a running,b running,c running,d running");
  assertEquals(stage.failures.length, 2);
  assertEquals(stage.decisions[0]?.endsWith("restart"), true);
});

onStage("group: a child spawned while its group is being restarted is not part of it", async (stage) => {
  const hold = gate();
  const parent = stage.system.spawn<string>("parent", (self) => {
    self.supervise("one-for-all");
    const a = self.spawn("a", stage.actor("a"));
    self.spawn<string>("b", (b) => {
      b.onStop(() => hold.promise);
      return () => {};
    });
    return (message) => {
      if (message === "fail") a.tell("fail");
      else self.spawn(message, stage.actor(message));
    };
  });
  await stage.settle();
  parent.tell("fail");
  await stage.settle();
  parent.tell("new");
  await stage.settle();
  hold.resolve();
  await stage.settle();
  assertEquals(stage.taken(), ["a starts", "new starts", "a ends", "a starts"]);
});

onStage("group: a member that had not begun yet is begun in its turn", async (stage) => {
  // All orders of first turns and of the failure are tried: none may leave a member waiting for ever.
  let lives = 0;
  stage.system.spawn(
    "group",
    supervisor("one-for-all", [
      childSpec<string>("a", () => {
        if (++lives === 1) throw new Error("no start");
        return () => {};
      }),
      ...["b", "c", "d"].map((name) => childSpec(name, stage.actor(name))),
    ]),
  );
  await stage.settle();
  assertEquals(membersOf(stage), "a running,b running,c running,d running");
}, 60);

onStage(
  "escalate: from level to level up to the root; the system ends with the cause, children first",
  async (stage) => {
    const cause = new Error("the cause");
    const level = (depth: number): Behavior<string> => (self) => {
      self.onStop(() => stage.note(`${depth} ends`));
      if (depth < 5) self.spawn(`l${depth + 1}`, level(depth + 1), { onFailure: escalate() });
      else self.self.tell("fail");
      return () => {
        throw cause;
      };
    };
    stage.system.spawn("l0", level(0), { onFailure: escalate() });
    const error = await stage.sim.settle(stage.system.terminated.catch((error) => error));
    assert(error === cause);
    assertEquals(stage.taken(), ["5 ends", "4 ends", "3 ends", "2 ends", "1 ends", "0 ends"]);
    assertEquals(stage.decisions.map((line) => line.split(" ").slice(1).join(" ")), [
      "message escalate",
      ...upTo(5).map(() => "child escalate"),
    ]);
  },
);

onStage(
  "escalate: a parent that is resumed stops the child, and decides about its others again",
  async (stage) => {
    const hold = gate();
    stage.system.spawn<string>("parent", (self) => {
      const children = ["a", "b"].map((name) =>
        self.spawn(name, stage.actor(name), { onFailure: escalate() })
      );
      for (const child of children) {
        self.watch(
          child,
          (reason) => reason.type === "failed" ? `failed: ${(reason.error as Error).message}` : "",
        );
      }
      self.spawn("c", stage.actor("c")).tell("fail");
      for (const child of children) {
        hold.promise.then(() => child.tell("fail"));
      }
      return (message) => stage.note(message);
    }, { onFailure: resume() });
    await stage.settle();
    stage.taken();
    hold.resolve();
    await stage.settle();
    assertEquals(stage.taken().filter((line) => line.startsWith("failed")).sort(), [
      "failed: a was told to fail",
      "failed: b was told to fail",
    ]);
    const [parent] = stage.system.tree().children;
    assertEquals(parent?.state, "running");
    assertEquals(parent?.children.map(({ path, state }) => `${path} ${state}`), ["/test/parent/c running"]);
  },
);

onStage(
  "escalate: to a parent that is still starting, and is resumed or restarted, loses neither",
  async (stage) => {
    for (const onFailure of [resume(), restart()]) {
      for (const when of ["before", "after"]) {
        const opened = gate();
        const name = `${onFailure.type}-${when}`;
        let lives = 0;
        const parent = stage.system.spawn<string>(name, async (self) => {
          if (++lives === 1) {
            self.spawn<string>("child", () => {
              throw new Error("no start");
            }, { onFailure: escalate() });
            await opened.promise;
          }
          return (message) => stage.note(`${name} ${message} in life ${lives}`);
        }, { onFailure });
        parent.tell("1");
        if (when === "before") opened.resolve();
        await stage.settle();
        opened.resolve();
        await stage.settle();
        parent.tell("2");
        await stage.settle();
        const life = onFailure.type === "resume" ? 1 : 2;
        assertEquals(stage.taken(), [1, 2].map((n) => `${name} ${n} in life ${life}`));
      }
    }
  },
  30,
);

onStage("resume: the message is dropped, state, children and timers stay", async (stage) => {
  const ref = stage.system.spawn<string>("a", (self) => {
    let count = 0;
    self.spawn("child", stage.actor("child"));
    self.after(10, "timer");
    return (message) => {
      count++;
      if (message === "fail") throw new Error("told to");
      stage.note(`${message} ${count}`);
    };
  }, { onFailure: resume() });
  for (const message of ["1", "fail", "2"]) ref.tell(message);
  await stage.sim.advance(10);
  assertEquals(stage.taken().filter((line) => line !== "child starts"), ["1 1", "2 3", "timer 4"]);
});

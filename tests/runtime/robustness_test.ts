import { assert, assertEquals } from "@std/assert";
import {
  ActorSystem,
  type Behavior,
  type Context,
  escalate,
  type Ref,
  registryKey,
  restart,
  resume,
  stop,
  topic,
} from "../../mod.ts";
import { simWorld } from "../../actors/world/sim/mod.ts";
import { gate, inOrder, onStage, upTo } from "./_stage.ts";

function oops(): never {
  throw new Error("oops");
}

onStage(
  "robust: a child that fails while its parent is busy is seen to when the parent is done, not before",
  async (stage) => {
    const hold = gate();
    const parent = stage.system.spawn<string>("parent", (self) => {
      const child = self.spawn("child", stage.actor("child"));
      return async () => {
        child.tell("fail");
        child.tell("1");
        await hold.promise;
        stage.note("parent is done");
      };
    });
    await stage.settle();
    parent.tell("go");
    await stage.settle();
    // Supervision is no message: it does not wait for the handler.
    assertEquals(stage.taken(), ["child starts", "child ends", "child starts", "child 1"]);
    hold.resolve();
    await stage.settle();
    assertEquals(stage.taken(), ["parent is done"]);
  },
);

onStage(
  "robust: a child that fails while its parent has failed waits for the decision about the parent",
  async (stage) => {
    for (
      const [name, onFailure] of Object.entries({ resumed: resume(), restarted: restart(), stopped: stop() })
    ) {
      const parent = stage.system.spawn<string>(name, (self) => {
        const child = self.spawn("child", stage.actor("child"));
        return (message) => {
          if (message !== "fail") return child.tell(message);
          child.tell("fail");
          throw new Error("parent");
        };
      }, { onFailure });
      await stage.settle();
      parent.tell("fail");
      parent.tell("works");
      await stage.settle();
      assertEquals(stage.taken().filter((line) => line === "child works").length, name === "stopped" ? 0 : 1);
    }
    const tree = stage.system.tree().children.map(({ path, state, children }) =>
      `${path} ${state} ${children.length}`
    );
    assertEquals(tree, ["/test/resumed running 1", "/test/restarted running 1"]);
  },
  30,
);

onStage(
  "robust: a stop that comes in a backoff ends the actor, and what waited is a dead letter",
  async (stage) => {
    const parent = stage.system.spawn<string>("parent", (self) => {
      const child = self.spawn("child", stage.actor("child"), {
        onFailure: restart({ backoff: { minMs: 1000, maxMs: 1000 } }),
      });
      self.watch(child, (reason) => reason.type);
      return (message) => {
        if (message === "stop") self.stop(child);
        else if (message === "stopped") stage.note(message);
        else child.tell(message);
      };
    });
    await stage.settle();
    stage.taken();
    for (const message of ["fail", "waits"]) parent.tell(message);
    await stage.settle();
    parent.tell("stop");
    await stage.settle();
    assertEquals(stage.taken(), ["child ends", "stopped"]);
    assertEquals(stage.lost, ["waits /test/parent/child stopped"]);
    await stage.sim.advance(5000);
    assertEquals(stage.taken(), []);
  },
);

onStage(
  "robust: a child spawned by a handler whose actor is then stopped is stopped with it",
  async (stage) => {
    const ref = stage.system.spawn<string>("a", (self) => () => {
      self.spawn("child", stage.actor("child"));
      self.stop();
    });
    ref.tell("go");
    await stage.settle();
    assertEquals(stage.system.tree().children, []);
    assertEquals(
      stage.taken().filter((line) => line.endsWith("starts")).length,
      stage.events.filter((event) => event.type === "started" && event.actor === "/test/a/child").length,
    );
  },
  30,
);

onStage(
  "robust: children that a start spawned before it failed are stopped before the next start",
  async (stage) => {
    let lives = 0;
    stage.system.spawn<string>("parent", async (self) => {
      const life = ++lives;
      self.spawn("child", stage.actor(`child ${life}`));
      for (const _ of upTo(3)) await Promise.resolve();
      if (life < 3) throw new Error("no start");
      return () => {};
    });
    await stage.settle();
    const seen = stage.taken();
    assertEquals([seen.at(-1), stage.system.tree().children[0]?.children.length], ["child 3 starts", 1]);
    assertEquals(
      seen.filter((line) => line.endsWith("starts")).length,
      seen.filter((line) => line.endsWith("ends")).length + 1,
    );
  },
  30,
);

onStage(
  "robust: an actor can be restarted by its own child's escalation while it handles a message",
  async (stage) => {
    const hold = gate();
    let lives = 0;
    const ref = stage.system.spawn<string>("a", (self) => {
      const life = ++lives;
      const child = self.spawn("child", stage.actor("child"), { onFailure: escalate() });
      return async (message) => {
        if (message === "go") {
          child.tell("fail");
          await hold.promise;
          stage.note(`go done, aborted: ${self.signal.aborted}`);
        } else stage.note(`${message} in life ${life}`);
      };
    });
    await stage.settle();
    ref.tell("go");
    ref.tell("next");
    await stage.settle();
    assertEquals(stage.taken(), ["child starts"]);
    hold.resolve();
    await stage.settle();
    assertEquals(stage.taken().filter((line) => !line.startsWith("child")), [
      "go done, aborted: true",
      "next in life 2",
    ]);
  },
);

onStage(
  "robust: a failure of a mapper while a handler is suspended does not lose the handler's end",
  async (stage) => {
    for (const [name, onFailure] of Object.entries({ resumed: resume(), restarted: restart() })) {
      const [hold, piped] = [gate(), gate()];
      const ref = stage.system.spawn<string>(name, (self) => async (message) => {
        if (message === "pipe") {
          self.pipe(piped.promise, () => {
            throw new Error("mapper");
          }, () => "");
          await hold.promise;
        }
        stage.note(`${name} ${message}`);
      }, { onFailure });
      for (const message of ["pipe", "next"]) ref.tell(message);
      await stage.settle();
      piped.resolve();
      await stage.settle();
      assertEquals(stage.taken(), []);
      hold.resolve();
      await stage.settle();
      assertEquals(stage.taken(), [`${name} pipe`, `${name} next`]);
    }
  },
);

onStage(
  "robust: a suspended handler that fails after a mapper failed reports its own failure",
  async (stage) => {
    const [hold, piped] = [gate(), gate()];
    const ref = stage.system.spawn<string>("a", (self) => async (message) => {
      if (message !== "pipe") return stage.note(message);
      self.pipe(piped.promise, () => {
        throw new Error("mapper");
      }, () => "");
      await hold.promise;
    });
    for (const message of ["pipe", "next"]) ref.tell(message);
    await stage.settle();
    piped.resolve();
    await stage.settle();
    hold.reject(new Error("handler"));
    await stage.settle();
    assertEquals(stage.failures.map(({ error, decision }) => `${(error as Error).message} ${decision}`), [
      "mapper restart",
      "handler none",
    ]);
    assertEquals(stage.taken(), ["next"]);
  },
);

onStage(
  "robust: an actor given up at a restart lives on; what its former life does later is not its own",
  async (stage) => {
    const never = gate();
    let lives = 0;
    const ref = stage.system.spawn<string>("a", (self) => {
      const life = ++lives;
      return async (message) => {
        stage.note(`${message} in life ${life}`);
        if (message === "child") {
          self.spawn("child", stage.actor("child"), { onFailure: escalate() }).tell("fail");
        }
        if (message !== "child") return;
        await never.promise;
        self.after(1, "timer of life 1");
        self.become(() => stage.note("become of life 1"));
        self.self.tell("tell of life 1");
        throw new Error("late");
      };
    }, { shutdownMs: 100 });
    for (const message of ["child", "next"]) ref.tell(message);
    await stage.sim.advance(100);
    never.resolve();
    await stage.sim.advance(100);
    assertEquals(stage.taken().filter((line) => line.includes("life")), [
      "child in life 1",
      "next in life 2",
      "tell of life 1 in life 2",
    ]);
    assertEquals(stage.decisions.slice(-2), ["/test/a shutdown-timeout none", "/test/a message none"]);
  },
);

onStage(
  "robust: one that fails in a mapper, inside its own handler, handles nothing until the decision",
  async (stage) => {
    const gone = stage.system.spawn("gone", stage.actor("gone"));
    gone.tell("stop");
    await stage.settle();
    stage.taken();
    const news = topic<string>("news");
    const ways: Record<string, (self: Context<string>) => void> = {
      watch: (self) => void self.watch(gone, oops),
      publish: (self) => {
        self.subscribe(news, oops);
        self.publish(news, "now");
      },
      watchKey: (self) => void self.watchKey(registryKey<string>("key"), oops),
    };
    for (const [name, fail] of Object.entries(ways)) {
      let lives = 0;
      const ref = stage.system.spawn<string>(name, (self) => {
        const life = ++lives;
        return (message) => {
          stage.note(`${message} in life ${life}`);
          if (message === "fail") fail(self);
        };
      });
      await stage.settle();
      for (const message of ["fail", "1", "2"]) ref.tell(message);
      await stage.settle();
      assertEquals(stage.taken(), ["fail in life 1", "1 in life 2", "2 in life 2"]);
    }
    assertEquals(stage.decisions, Object.keys(ways).map((name) => `/test/${name} message restart`));
  },
);

onStage(
  "robust: a child that fails while its parent is being restarted is reported, and nothing is decided",
  async (stage) => {
    const hold = gate();
    let child: Ref<string> | undefined;
    const parent = stage.system.spawn<string>("parent", (self) => {
      child = self.spawn("child", stage.actor("child"), { onFailure: escalate() });
      self.spawn<string>("slow", (slow) => {
        slow.onStop(() => hold.promise);
        return () => {};
      });
      return () => oops();
    });
    await stage.settle();
    parent.tell("fail");
    await stage.settle();
    child?.tell("fail");
    await stage.settle();
    const expected = ["/test/parent message restart", "/test/parent/child message none"];
    assertEquals(stage.decisions, expected);
    hold.resolve();
    await stage.settle();
    assertEquals(stage.decisions, expected);
    assertEquals(stage.taken(), ["child starts", "child ends", "child starts"]);
  },
);

onStage(
  "robust: an actor that a message stops twice, in a handler and from outside, stops once",
  async (stage) => {
    const stops: string[] = [];
    stage.system.events.subscribe((event) => {
      if (event.type === "stopped") stops.push(event.actor);
    });
    stage.system.spawn<string>("parent", (self) => {
      const child = self.spawn<string>("child", (c) => () => {
        c.stop();
        self.stop(child);
        c.stop();
      });
      child.tell("stop");
      return () => {};
    });
    await stage.settle();
    assertEquals(stops, ["/test/parent/child"]);
  },
);

onStage(
  "robust: actors that spawn and stop at random leave a tree that is whole, and nothing hangs",
  async (stage) => {
    const { random } = stage.sim;
    type Order = { readonly what: "spawn" | "stop" | "fail" | "hold"; readonly hops: number };
    let count = 0;
    const policies = [
      restart({ limit: 1000 }),
      restart({ limit: 1000, backoff: { minMs: 1, maxMs: 20 } }),
      stop(),
      resume(),
      escalate(),
    ];
    const node = (isRoot: boolean): Behavior<Order> => (self) => {
      const strategy = (["one-for-one", "one-for-all", "rest-for-one"] as const)[random.integer(0, 2)];
      if (strategy !== undefined) {
        self.supervise(strategy, {
          stopOrder: random.integer(0, 1) ? "reverse" : "together",
        });
      }
      self.onStop(() => random.integer(0, 2) > 0 ? undefined : pause(random.integer(0, 30)));
      const pause = (ms: number) => new Promise<void>((resolve) => self.world.clock.timer(ms, resolve));
      const children: Ref<Order>[] = [];
      const receive = (order: Order): void | Promise<void> => {
        const child = children[random.integer(0, children.length)];
        if (order.hops > 0 && child !== undefined) return child.tell({ ...order, hops: order.hops - 1 });
        switch (isRoot ? "spawn" : order.what) {
          case "spawn": {
            const onFailure = policies[random.integer(0, policies.length - 1)];
            const made = self.spawn(`n${count++}`, node(false), {
              shutdownMs: 50,
              ...(onFailure && { onFailure }),
            });
            children.push(made);
            return;
          }
          case "stop":
            return self.stop();
          case "fail":
            throw new Error("told to");
          case "hold":
            return pause(random.integer(0, 30));
        }
      };
      if (!isRoot && random.integer(0, 9) === 0) throw new Error("no start");
      return random.integer(0, 2) > 0 ? receive : pause(random.integer(0, 30)).then(() => receive);
    };
    const root = stage.system.spawn("root", node(true), {
      onFailure: restart({ limit: 100_000 }),
      shutdownMs: 50,
    });
    for (const _ of upTo(400)) {
      const what = (["spawn", "spawn", "spawn", "hold", "fail", "stop"] as const)[random.integer(0, 5)] ??
        "spawn";
      root.tell({ what, hops: what === "stop" ? random.integer(1, 6) : random.integer(0, 6) });
      if (random.integer(0, 3) === 0) await stage.sim.advance(random.integer(0, 20));
    }
    // All that fails is decided about, all that stops is gone: after a while everybody runs.
    await stage.sim.advance(5000);
    const states = new Map<string, number>();
    const open = [stage.system.tree()];
    for (const actor of open) {
      states.set(actor.state, (states.get(actor.state) ?? 0) + 1);
      open.push(...actor.children);
    }
    assertEquals([...states.keys()], ["running"]);
    await stage.sim.settle(stage.system.stop());
    assertEquals(stage.system.tree().children, []);
    const started = new Set(
      stage.events.filter(({ type }) => type === "started").map((event) =>
        event.type === "started" ? event.actor : ""
      ),
    );
    const stopped = stage.events.filter(({ type }) => type === "stopped").map((event) =>
      event.type === "stopped" ? event.actor : ""
    );
    assertEquals(stopped.length, new Set(stopped).size);
    for (const actor of started) assert(stopped.includes(actor), actor);
  },
  60,
);

for (const order of ["reverse", "together"] as const) {
  Deno.test(`robust: 100,000 children stop in order ${order}`, async () => {
    const sim = simWorld({ seed: 1 });
    const { world } = sim.host("a", { logLevel: "error" });
    const system = new ActorSystem("test", { world: inOrder(world) });
    let ended = 0;
    system.spawn<string>("parent", (self) => {
      self.supervise("one-for-one", { stopOrder: order });
      for (const i of upTo(100_000)) {
        self.spawn<string>(`c${i}`, (child) => {
          child.onStop(() => void ended++);
          return () => {};
        });
      }
      return () => {};
    });
    await sim.until(() => system.subtree("/test/parent/c99999")?.state === "running");
    await sim.settle(system.stop());
    assertEquals([ended, system.tree().children], [100_000, []]);
    sim.close();
  });
}

/** A chain of actors, each the only child of the one before it. */
function chain(depth: number, started: () => void, ended: () => void): Behavior<string> {
  return (self) => {
    self.onStop(ended);
    if (depth > 1) self.spawn("n", chain(depth - 1, started, ended), { onFailure: escalate() });
    else started();
    return () => {
      throw new Error("at the bottom");
    };
  };
}

for (const how of ["stopped", "given up", "failed"] as const) {
  Deno.test(`robust: a tree of 5,000 levels is shown, and ${how}, with no stack overflow`, async () => {
    const sim = simWorld({ seed: 1 });
    const { world } = sim.host("a", { logLevel: "error" });
    const system = new ActorSystem("test", { world });
    const levels = 5000;
    let isWhole = false;
    let ended = 0;
    system.spawn("n", chain(levels, () => isWhole = true, () => ended++), { onFailure: escalate() });
    await sim.until(() => isWhole);
    let depth = 0;
    for (let actor = system.tree().children[0]; actor !== undefined; actor = actor.children[0]) depth++;
    assertEquals(depth, levels);
    if (how === "failed") {
      system.spawn<string>("failing", () => () => {
        throw new Error("root");
      }, { onFailure: escalate() }).tell("fail");
      await sim.settle(system.terminated.catch(() => {}));
    }
    if (how === "given up") await sim.settle(system.stop({ withinMs: 0 }));
    else await sim.settle(system.stop());
    assertEquals([ended, system.tree().children], [levels, []]);
    sim.close();
  });
}

Deno.test("robust: a failure escalates through 5,000 levels with no stack overflow", async () => {
  const sim = simWorld({ seed: 1 });
  const { world } = sim.host("a", { logLevel: "error" });
  const system = new ActorSystem("test", { world });
  const level = (depth: number): Behavior<string> => (self) => {
    if (depth > 1) self.spawn("n", level(depth - 1), { onFailure: escalate() });
    else self.self.tell("fail");
    return () => {
      throw new Error("at the bottom");
    };
  };
  system.spawn("n", level(5000), { onFailure: escalate() });
  const error = await sim.settle(system.terminated.catch((error) => error));
  assertEquals(error.message, "at the bottom");
  sim.close();
});

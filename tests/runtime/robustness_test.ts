import { assertEquals } from "@std/assert";
import { type Context, escalate, type Ref, registryKey, restart, resume, stop, topic } from "../../mod.ts";
import { gate, onStage, upTo } from "./_stage.ts";

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
  "robust: a handler that was given up and ends well later lets nothing into the next life's handler",
  async (stage) => {
    const given = gate();
    const held = gate();
    let lives = 0;
    const ref = stage.system.spawn<string>("a", (self) => {
      const life = ++lives;
      return async (message) => {
        stage.note(`${message} begins`);
        if (life === 1) self.spawn("child", stage.actor("child"), { onFailure: escalate() }).tell("fail");
        await (life === 1 ? given : held).promise;
        if (life === 2) stage.note(`${message} ends`);
      };
    }, { shutdownMs: 100 });
    for (const message of ["1", "2", "3"]) ref.tell(message);
    await stage.sim.advance(200);
    const ofParent = () => stage.taken().filter((line) => !line.startsWith("child"));
    assertEquals([lives, ofParent()], [2, ["1 begins", "2 begins"]]);
    given.resolve();
    await stage.settle();
    assertEquals(ofParent(), []);
    held.resolve();
    await stage.settle();
    assertEquals(ofParent(), ["2 ends", "3 begins", "3 ends"]);
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

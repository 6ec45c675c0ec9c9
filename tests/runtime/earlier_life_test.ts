import { assert, assertEquals } from "@std/assert";
import { type Behavior, type Context, type Ref, registryKey, topic } from "../../mod.ts";
import { gate, onStage, type Stage } from "./_stage.ts";

/**
 * What an actor has arranged in a life that ends with "fail", while what it arranged already waits behind
 * "fail"; what it hears in the next life is noted.
 */
const ARRANGED: Readonly<Record<string, (self: Context<string>, stage: Stage) => void>> = {
  "a tick of every": (self) => void self.every(10, "old"),
  "a message of after": (self) => void self.after(10, "old"),
  "a receive timeout": (self) => void self.receiveTimeout(1, "old"),
  "a watch": (self) => {
    const child = self.spawn<string>("child", () => () => {});
    self.watch(child, () => "old");
    self.stop(child);
  },
  "the outcome of pipe": (self) => self.pipe(Promise.resolve(), () => "old", () => "old"),
  "what failed in pipe": (self) => self.pipe(Promise.reject(new Error("no")), () => "old", () => "old"),
  "what was published": (self, stage) => {
    const news = topic<string>("news");
    self.subscribe(news, () => "old");
    stage.sim.host("a").world.clock.timer(5, () => self.publish(news, "item"));
  },
  "a change of a key": (self) => {
    const key = registryKey<string>("key");
    self.watchKey(key, () => "old");
  },
  "a change of members": (self) => void self.watchMembers(registryKey<string>("key"), () => "old"),
  "the end of a state": (self) => {
    self.after(0, "state");
  },
};

for (const [what, arrange] of Object.entries(ARRANGED)) {
  onStage(`earlier life: ${what} that waited when its life ended is not heard by the next`, async (stage) => {
    const hold = gate();
    let lives = 0;
    const behavior: Behavior<string> = (self) => {
      const life = ++lives;
      return async (message) => {
        if (message === "arrange") {
          arrange(self, stage);
          // Meanwhile what was arranged comes in, behind the failure.
          self.self.tell("fail");
          await hold.promise;
          return;
        }
        if (message === "state") {
          self.become((next) => stage.note(`${life}: ${next}`), { timeoutMs: 1, message: "old" });
          return;
        }
        if (message === "fail") throw new Error("told to");
        stage.note(`${life}: ${message}`);
      };
    };
    const ref = stage.system.spawn("a", behavior);
    ref.tell("arrange");
    await stage.sim.advance(25);
    hold.resolve();
    await stage.sim.advance(50);
    ref.tell("new");
    await stage.settle();
    assertEquals(lives, 2);
    // What came before the failure was heard in its own life.
    assertEquals(stage.taken().filter((line) => line.startsWith("2:")), ["2: new"]);
  });
}

const CANCELLED: Readonly<Record<string, (self: Context<string>) => { cancel(): void }>> = {
  "every": (self) => self.every(5, "called off"),
  "after": (self) => self.after(5, "called off"),
  "receiveTimeout": (self) => self.receiveTimeout(5, "called off"),
  "watch": (self) => {
    const child = self.spawn<string>("child", () => () => {});
    const watching = self.watch(child, () => "called off");
    self.stop(child);
    return watching;
  },
  "subscribe": (self) => {
    const news = topic<string>("news");
    const subscription = self.subscribe(news, () => "called off");
    self.publish(news, "item");
    return subscription;
  },
  "watchKey": (self) => self.watchKey(registryKey<string>("key"), () => "called off"),
  "watchMembers": (self) => self.watchMembers(registryKey<string>("key"), () => "called off"),
};

for (const [what, arrange] of Object.entries(CANCELLED)) {
  onStage(
    `called off: nothing of ${what} comes after cancel(), not even what waits already`,
    async (stage) => {
      const hold = gate();
      stage.system.spawn<string>("a", (self) => async (message) => {
        stage.note(message);
        if (message !== "go") return;
        const arranged = arrange(self);
        await hold.promise;
        arranged.cancel();
        arranged.cancel();
      }).tell("go");
      await stage.sim.advance(20);
      hold.resolve();
      await stage.sim.advance(100);
      assertEquals(stage.taken(), ["go"]);
      assertEquals(stage.lost, []);
    },
  );
}

onStage("every: an actor that was busy for a hundred ticks finds one, and goes on in time", async (stage) => {
  const hold = gate();
  let ticks = 0;
  stage.system.spawn<string>("a", (self) => {
    self.every(10, "tick");
    return async () => {
      if (++ticks === 1) await hold.promise;
    };
  });
  await stage.sim.advance(1015);
  hold.resolve();
  await stage.settle();
  assertEquals(ticks, 2);
  await stage.sim.advance(10);
  assertEquals(ticks, 3);
});

onStage("every: two timers of one actor do not keep each other's ticks out", async (stage) => {
  const hold = gate();
  const seen: string[] = [];
  stage.system.spawn<string>("a", (self) => {
    self.every(10, "one");
    self.every(10, "two");
    return async (message) => {
      seen.push(message);
      if (seen.length === 1) await hold.promise;
    };
  });
  await stage.sim.advance(50);
  hold.resolve();
  await stage.settle();
  assertEquals(seen.toSorted(), ["one", "one", "two"]);
});

onStage(
  "stash: a tick that was put aside in an earlier life is not put back into the next",
  async (stage) => {
    let lives = 0;
    const ref = stage.system.spawn<string>("a", (self) => {
      const life = ++lives;
      if (life === 1) self.after(1, "tick");
      return (message) => {
        if (message === "fail") throw new Error("told to");
        if (life === 1) self.stash.push(message);
        else stage.note(message);
      };
    });
    ref.tell("told");
    await stage.sim.advance(5);
    ref.tell("fail");
    await stage.settle();
    assertEquals(stage.taken(), ["told"]);
    assertEquals(stage.lost, ["tick /test/a restarted"]);
  },
);

onStage(
  "stash: what an earlier life was sent by itself and failed on, the next may put aside as its own",
  async (stage) => {
    let lives = 0;
    stage.system.spawn<string>("a", (self) => {
      if (++lives === 1) self.after(1, "tick");
      else {
        // Not what came in the earlier life, but a message like it.
        self.stash.push("tick");
        self.stash.unstashAll();
      }
      return (message) => {
        if (lives === 1) throw new Error("told to");
        stage.note(message);
      };
    });
    await stage.sim.advance(5);
    await stage.settle();
    assertEquals([lives, stage.taken(), stage.lost], [2, ["tick"], []]);
  },
);

/** What one may ask a context for, that it makes when it is first asked for it. */
const ASKED_FOR: Readonly<Record<string, (self: Context<string>) => unknown>> = {
  "its signal": (self) => self.signal.aborted,
  "its stash": (self) => self.stash.size,
};

for (const [what, ask] of Object.entries(ASKED_FOR)) {
  onStage(
    `earlier life: its context, asked for ${what} in the next, takes nothing from that`,
    async (stage) => {
      const contexts: Context<string>[] = [];
      const ref = stage.system.spawn<string>("a", (self) => {
        contexts.push(self);
        // The first life holds nothing: what it is asked for later is the first that it makes.
        if (contexts.length === 2) self.onStop(() => stage.note(`life ${contexts.length} released`));
        if (contexts.length === 2) self.after(50, "late");
        return (message) => {
          if (message === "fail") throw new Error("told to");
          if (message === "stop") self.stop();
          else stage.note(message);
        };
      });
      ref.tell("fail");
      await stage.settle();
      const [earlier] = contexts;
      assert(earlier !== undefined);
      ask(earlier);
      ref.tell("stop");
      await stage.settle();
      assertEquals(stage.taken(), ["life 2 released"]);
      assert(earlier.signal.aborted);
      await stage.sim.advance(100);
      assertEquals([stage.taken(), stage.lost], [[], []]);
    },
  );
}

onStage("stash: in the same life what was put aside comes back, ticks too, in its order", async (stage) => {
  const ref = stage.system.spawn<string>("a", (self) => {
    self.after(1, "tick");
    self.become((message) => stage.note(message));
    return (message) => {
      if (message !== "open") return self.stash.push(message);
      self.become((later) => stage.note(later));
      self.stash.unstashAll();
    };
  });
  ref.tell("first");
  await stage.sim.advance(5);
  ref.tell("open");
  await stage.settle();
  assertEquals(stage.taken(), ["first", "tick"]);
});

onStage(
  "earlier life: what it published for others, and told itself, is handled all the same",
  async (stage) => {
    const ref = stage.system.spawn<string>("a", (self) => (message) => {
      if (message === "fail") {
        self.self.tell("told by itself");
        throw new Error("told to");
      }
      stage.note(message);
    });
    ref.tell("fail");
    ref.tell("told by another");
    await stage.settle();
    assertEquals(stage.taken(), ["told by another", "told by itself"]);
  },
);

onStage(
  "earlier life: a handler that was given up, and ends in the next, lets nothing in before its time",
  async (stage) => {
    const gates = { old: gate(), new: gate() };
    const busy: Behavior<"old" | "new" | "later"> = () => async (message) => {
      stage.note(`${message} begins`);
      if (message !== "later") await gates[message].promise;
      stage.note(`${message} ends`);
    };
    let failing: Ref<string> | undefined;
    stage.system.spawn<string>("parent", (self) => {
      self.supervise("one-for-all");
      const child = self.spawn("busy", busy, { shutdownMs: 10 });
      for (const message of ["old", "new", "later"] as const) child.tell(message);
      failing = self.spawn<string>("failing", () => () => {
        throw new Error("told to");
      });
      return () => {};
    });
    await stage.settle();
    failing?.tell("fail");
    await stage.sim.advance(20);
    gates.old.resolve();
    await stage.settle();
    assertEquals(stage.taken(), ["old begins", "new begins", "old ends"]);
    gates.new.resolve();
    await stage.settle();
    assertEquals(stage.taken(), ["new ends", "later begins", "later ends"]);
  },
);

onStage(
  "earlier life: a start that was given up, and ends in the next, puts no old handler in place",
  async (stage) => {
    const gates = [gate(), gate()];
    let lives = 0;
    let failing: Ref<string> | undefined;
    let slow: Ref<string> | undefined;
    stage.system.spawn<string>("parent", (self) => {
      self.supervise("one-for-all");
      slow = self.spawn<string>("slow", async () => {
        const life = lives++;
        await gates[life]?.promise;
        return (message) => stage.note(`${message} in life ${life}`);
      }, { shutdownMs: 10 });
      failing = self.spawn<string>("failing", () => () => {
        throw new Error("told to");
      });
      return () => {};
    });
    await stage.settle();
    failing?.tell("fail");
    await stage.sim.advance(20);
    slow?.tell("first");
    gates[0]?.resolve();
    await stage.settle();
    assertEquals(stage.taken(), [], "its own start is still under way");
    gates[1]?.resolve();
    await stage.settle();
    slow?.tell("second");
    await stage.settle();
    assertEquals(stage.taken(), ["first in life 1", "second in life 1"]);
  },
);

/**
 * Inputs of faults that were found once, each kind with others than the one by which it was found. The first
 * ones stand with what they are about, in the tests beside this one.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import {
  type ActorSystem,
  type Behavior,
  type ChildSpec,
  childSpec,
  type Context,
  type Ref,
  registryKey,
  restart,
  stop,
  supervisor,
  topic,
} from "../../mod.ts";
import { gate, onStage, type Stage, upTo } from "./_stage.ts";
import { throwing } from "./_traps.ts";

// ---- 1: what is thrown, and where

function withGetter(name: string): Error {
  return Object.defineProperty(new Error("with a getter"), name, { get: throwing, enumerable: true });
}

function deeplyCaused(depth: number): Error {
  let error = new Error("the first");
  for (let i = 0; i < depth; i++) error = new Error(`level ${i}`, { cause: error });
  return error;
}

const THROWN: Readonly<Record<string, () => unknown>> = {
  "an error whose name throws": () => withGetter("name"),
  "an error whose cause throws": () => withGetter("cause"),
  "an error with a field that throws": () => withGetter("detail"),
  "an error with 1,000 causes": () => deeplyCaused(1000),
  "an AggregateError that holds itself": () => {
    const errors: unknown[] = [];
    const error = new AggregateError(errors, "all");
    error.errors.push(error, Symbol("one"), Object.create(null));
    return error;
  },
  "an error whose stack is an object": () =>
    Object.assign(new Error("strange"), { stack: { toString: throwing } }),
  "an object whose toJSON throws": () => ({ toJSON: throwing, self: throwing }),
  "an object whose toPrimitive throws": () => ({ [Symbol.toPrimitive]: throwing }),
  "a class": () => class Thrown {},
  "a big integer": () => 10n ** 100n,
  "a text of a megabyte": () => "x".repeat(1 << 20),
  "a frozen DOMException": () => Object.freeze(new DOMException("aborted", "AbortError")),
  "a rejected promise": () => {
    const rejected = Promise.reject(new Error("inner"));
    rejected.catch(() => {});
    return rejected;
  },
};

/** Where an actor's own code runs. */
const PLACES: Readonly<Record<string, (self: Context<string>, fail: () => never) => void | Promise<void>>> = {
  "its handler": (_, fail) => fail(),
  "its handler, after an await": async (_, fail) => {
    await Promise.resolve();
    fail();
  },
  "the mapper of a watch": (self, fail) => {
    const child = self.spawn<string>("watched", () => () => {});
    self.watch(child, fail);
    self.stop(child);
  },
  "the mapper of pipe": (self, fail) => self.pipe(Promise.resolve(), fail, fail),
  "the mapper of a subscription": (self, fail) => {
    const news = topic<string>("news");
    self.subscribe(news, fail);
    self.publish(news, "item");
  },
  "onStop": (self, fail) => {
    self.onStop(fail);
    self.stop();
  },
};

for (const [what, make] of Object.entries(THROWN)) {
  onStage(`kind 1: ${what}, thrown anywhere, is reported, and costs its actor alone`, async (stage) => {
    for (const [where, arrange] of Object.entries(PLACES)) {
      const before = stage.failures.length;
      const fail = () => {
        throw make();
      };
      stage.system.spawn<string>(`a${before}`, (self) => () => arrange(self, fail), { onFailure: stop() })
        .tell("go");
      await stage.settle();
      assertEquals(stage.failures.length, before + 1, where);
    }
    const beside = stage.system.spawn<string>("beside", () => (message) => stage.note(message));
    beside.tell("well");
    await stage.settle();
    assertEquals(stage.taken(), ["well"]);
    assertEquals(stage.system.tree().children.map(({ path }) => path), ["/test/beside"]);
  });
}

// ---- 3: registering oneself

const KEY = registryKey<string>("kinds/key");

const REGISTERING: Readonly<
  Record<string, (self: Context<string>, system: ActorSystem) => void | Promise<void>>
> = {
  "in an asynchronous start": async (self) => {
    await Promise.resolve();
    self.registry.register(KEY, self.self);
  },
  "twice": (self) => {
    self.registry.register(KEY, self.self);
    self.registry.register(KEY, self.self);
  },
  "through the system's registry": (self, system) => void system.registry.register(KEY, self.self),
  "and calls the former registration off in the next life": (self) => {
    const registration = self.registry.register(KEY, self.self);
    self.onStop(() => registration.cancel());
  },
  "and watches the key": (self) => {
    self.registry.register(KEY, self.self);
    self.watchKey(KEY, () => "changed");
  },
  "as a member, too": (self) => {
    self.registry.register(KEY, self.self);
    self.registry.join(KEY, self.self);
  },
};

for (const [how, register] of Object.entries(REGISTERING)) {
  onStage(
    `kind 3: an actor that registers itself ${how} starts again and again, and is found`,
    async (stage) => {
      let lives = 0;
      const ref = stage.system.spawn<string>("a", async (self) => {
        lives++;
        await register(self, stage.system);
        return (message) => {
          if (message === "fail") throw new Error("told to");
          if (message !== "changed") stage.note(message);
        };
      }, { onFailure: restart({ limit: 10 }) });
      await stage.settle();
      for (const _ of upTo(5)) {
        ref.tell("fail");
        await stage.settle();
      }
      assertEquals(lives, 6);
      stage.system.registry.find(KEY)?.tell("found");
      await stage.settle();
      assertEquals(stage.taken(), ["found"]);
    },
  );
}

// ---- 4: bounds

const OWN_MESSAGES: Readonly<Record<string, (self: Context<string>) => void>> = {
  "a receive timeout": (self) => {
    const silence = self.receiveTimeout(8, "own");
    self.onStop(() => silence.cancel());
  },
  "news of a child": (self) => {
    self.watchChildren((event) => event.type === "started" ? "own" : "other");
    self.spawn<string>("child", () => () => {});
  },
  "a change of members": (self) => void self.watchMembers(KEY, () => "own"),
  "a second watch": (self) => {
    const child = self.spawn<string>("child", () => () => {});
    self.watch(child, () => "other");
    self.watch(child, () => "own");
    self.stop(child);
  },
  "a watch of a reply address": (self) => {
    const child = self.spawn<Ref<string>>("child", () => (replyTo) => {
      self.watch(replyTo, () => "own");
      replyTo.tell("answer");
    });
    child.ask<string>((replyTo) => replyTo, { timeoutMs: 1000 });
  },
  "the outcome of an ask": (self) => {
    const child = self.spawn<Ref<string>>("child", () => (replyTo) => replyTo.tell("own"));
    self.pipe(
      child.ask<string>((replyTo) => replyTo, { timeoutMs: 1000 }),
      (answer) => answer,
      () => "other",
    );
  },
};

for (const [what, arrange] of Object.entries(OWN_MESSAGES)) {
  onStage(`kind 4: ${what} reaches an actor whose mailbox others fill, and drop from`, async (stage) => {
    const hold = gate();
    const seen: string[] = [];
    const ref = stage.system.spawn<string>("a", (self) => async (message) => {
      seen.push(message);
      if (message !== "go") return;
      arrange(self);
      await hold.promise;
    }, { mailbox: { capacity: 1, overflow: "drop-oldest" } });
    ref.tell("go");
    await stage.sim.advance(10);
    for (const n of upTo(20)) ref.tell(`told ${n}`);
    hold.resolve();
    await stage.sim.advance(10);
    assertEquals(seen.filter((message) => message === "own").length, 1, seen.join());
    assert(stage.lost.every((line) => line.startsWith("told ")), stage.lost.join());
  });
}

// ---- 5: messages of an earlier life

const OLD: Readonly<Record<string, (self: Context<string>, stage: Stage) => void>> = {
  "an outcome that comes when the next life runs": (self, stage) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    stage.sim.host("a").world.clock.timer(200, resolve);
    self.pipe(promise, () => "old", () => "old");
  },
  "a tick that is due in the backoff": (self) => void self.after(120, "old"),
  "news of its children": (self) => {
    self.watchChildren(() => "old");
    self.spawn<string>("child", () => () => {});
  },
  "the stop of a child at the restart": (self) => {
    self.watch(self.spawn<string>("child", () => () => {}), () => "old");
  },
  "what is published in the next life": (self, stage) => {
    const news = topic<string>("news");
    self.subscribe(news, () => "old");
    stage.sim.host("a").world.clock.timer(200, () => stage.system.publish(news, "item"));
  },
  "two ticks, one of them put aside": (self) => {
    self.every(10, "aside");
    self.every(10, "old");
  },
};

for (const [what, arrange] of Object.entries(OLD)) {
  for (const isSibling of [false, true]) {
    const whose = isSibling ? ", restarted with its sibling," : "";
    onStage(`kind 5: ${what} is not heard by the next life of an actor${whose}`, async (stage) => {
      let lives = 0;
      const behavior: Behavior<string> = (self) => {
        const life = ++lives;
        if (life === 1) arrange(self, stage);
        return (message) => {
          if (message === "fail") throw new Error("told to");
          if (message === "aside") self.stash.push(message);
          else if (life > 1) stage.note(message);
        };
      };
      const onFailure = restart({ backoff: { minMs: 100, maxMs: 100 } });
      const top = stage.system.spawn<string>("top", (self) => {
        self.supervise(isSibling ? "one-for-all" : "one-for-one");
        const ref = self.spawn("a", behavior, { onFailure });
        const sibling = self.spawn<string>("b", () => () => throwing(), { onFailure });
        return (message) => (isSibling && message === "fail" ? sibling : ref).tell(message);
      });
      await stage.sim.advance(15);
      top.tell("fail");
      await stage.sim.advance(500);
      top.tell("new");
      await stage.settle();
      assertEquals([lives, stage.taken()], [2, ["new"]]);
    });
  }
}

// ---- 6: the order of starting

/** Ways to start; each notes when it has. */
const STARTS: readonly ((stage: Stage, name: string) => ChildSpec)[] = [
  (stage, name) => childSpec(name, () => (stage.note(name), () => {})),
  (stage, name) =>
    childSpec(name, async () => {
      await Promise.resolve();
      stage.note(name);
      return () => {};
    }),
  (stage, name) =>
    childSpec(name, async (self) => {
      await new Promise<void>((resolve) => self.world.clock.timer(20, resolve));
      stage.note(name);
      return () => {};
    }),
  (stage, name) => {
    let starts = 0;
    return childSpec(name, () => {
      if (++starts < 3) throw new Error("not yet");
      stage.note(name);
      return () => {};
    });
  },
  (stage, name) => {
    const slow = childSpec("slow", async (self) => {
      await new Promise<void>((resolve) => self.world.clock.timer(20, resolve));
      return () => {};
    });
    const last = childSpec("last", () => (stage.note(name), () => {}));
    return childSpec(name, supervisor("one-for-one", [slow, last]));
  },
];

for (const [i] of STARTS.entries()) {
  onStage(
    `kind 6: children that start in five ways start one after the other (order ${i})`,
    async (stage) => {
      const ways = upTo(STARTS.length).map((n) => (n + i) % STARTS.length);
      stage.system.spawn(
        "top",
        supervisor(
          "one-for-one",
          ways.map((way) => (STARTS[way] ?? throwing)(stage, `c${way}`)),
        ),
      );
      await stage.sim.advance(1000);
      assertEquals(
        stage.taken().filter((line) => !line.endsWith("x")),
        ways.map((way) => `c${way}`),
      );
    },
  );
}

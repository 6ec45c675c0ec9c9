/**
 * What JavaScript lets a program hand over where something else is expected: getters that throw, promises
 * that are none, errors that cannot be looked at. The numbers are those of the kinds of
 * `kinds_of_fault_test.ts`.
 *
 * @module
 */
import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  assertNever,
  type Behavior,
  childSpec,
  type Context,
  pool,
  type Receive,
  type Ref,
  registryKey,
  restart,
  stop,
} from "../../mod.ts";
import { onStage, upTo } from "./_stage.ts";
import { rejected, revoked, throwing, withTrap } from "./_traps.ts";

// ---- 1: errors that cannot be looked at

const THROWN: Readonly<Record<string, () => unknown>> = {
  "an error behind a proxy that throws": () =>
    new Proxy(new Error("hidden"), { get: throwing, getOwnPropertyDescriptor: throwing, ownKeys: throwing }),
  "a revoked proxy of an error": () => revoked(new Error("gone")),
  "an error of ten megabytes": () => new Error("x".repeat(10 << 20)),
  "three errors that cause each other": () => {
    const errors = [new Error("a"), new Error("b"), new Error("c")];
    for (const [i, error] of errors.entries()) error.cause = errors[(i + 1) % 3];
    return errors[0];
  },
  "an error whose constructor and tag throw": () =>
    withTrap(withTrap(new Error("tagged"), "constructor"), Symbol.toStringTag),
  "an error whose message is a revoked proxy": () =>
    Object.defineProperty(new Error(), "message", { value: revoked({}) }),
  "an error without a prototype": () => Object.setPrototypeOf(new Error("bare"), null),
  "an async generator": () =>
    (async function* () {
      yield await Promise.resolve(1);
    })(),
  "a frozen function with a getter for its name": () =>
    Object.freeze(withTrap(Object.assign(() => {}, {}), "toString")),
  "a promise whose constructor throws": () => withTrap(rejected("inner"), "constructor"),
};

/** Where somebody else's code runs for an actor. */
const PLACES: Readonly<Record<string, (self: Context<string>, fail: () => never) => unknown>> = {
  "its handler": (_, fail) => fail(),
  "its handler, after an await": async (_, fail) => {
    await Promise.resolve();
    fail();
  },
  "a getter of what it returns": (_, fail) => Object.defineProperty({}, "then", { get: fail }),
  "the then of what it returns": (_, fail) => ({ then: fail }),
  "a change of a key": (self, fail) => self.watchKey(registryKey("foreign/key"), fail),
  "a change of members": (self, fail) => self.watchMembers(registryKey("foreign/key"), fail),
  "news of a child": (self, fail) => {
    self.watchChildren(fail);
    self.spawn("child", () => () => {});
  },
  "what it makes of a question's end": (self, fail) => {
    const child = self.spawn<Ref<string>>("child", () => (replyTo) => replyTo.tell("answer"));
    self.pipe(child.ask<string>((replyTo) => replyTo, { timeoutMs: 1000 }), fail, fail);
  },
};

for (const [what, make] of Object.entries(THROWN)) {
  onStage(
    `kind 1: ${what}, thrown where others call, is reported once, and costs its actor alone`,
    async (stage) => {
      for (const [where, arrange] of Object.entries(PLACES)) {
        const before = stage.failures.length;
        const fail = () => {
          throw make();
        };
        const handler = (self: Context<string>): Receive<string> => () => arrange(self, fail) as void;
        stage.system.spawn<string>(`a${before}`, handler, { onFailure: stop() }).tell("go");
        await stage.settle();
        assertEquals(stage.failures.length, before + 1, where);
      }
      const beside = stage.system.spawn<string>("beside", () => (message) => stage.note(message));
      beside.tell("well");
      await stage.settle();
      assertEquals(stage.taken(), ["well"]);
    },
  );
}

const NO_HANDLERS: Readonly<Record<string, unknown>> = {
  "a generator": function* () {
    yield 1;
  },
  "an async generator": async function* () {
    yield await Promise.resolve(1);
  },
  "an object": {},
  "a symbol": Symbol("handler"),
  "a revoked proxy of a function": revoked(() => {}),
};

for (const [what, handler] of Object.entries(NO_HANDLERS)) {
  onStage(
    `kind 1: ${what} in a handler's place is a failure that says so, at once or later`,
    async (stage) => {
      const receive = handler as Receive<string>;
      const ways: Behavior<string>[] = [
        () => receive,
        () => Promise.resolve(receive),
        (self) => () => self.become(receive),
      ];
      for (const [i, behavior] of ways.entries()) {
        stage.system.spawn(`a${i}`, behavior, { onFailure: stop() }).tell("go");
      }
      await stage.settle();
      assertEquals(stage.failures.length, ways.length);
      for (const { error } of stage.failures) assert(error instanceof TypeError);
    },
  );
}

onStage("kind 1: what is no behaviour is a TypeError before anything starts", async (stage) => {
  for (const behavior of [undefined, null, {}, "behaviour", Symbol("b")] as never[]) {
    assertThrows(() => stage.system.spawn("a", behavior), TypeError, "its behaviour is");
    assertThrows(() => childSpec("a", behavior), TypeError, "its behaviour is");
    assertThrows(() => pool(behavior, { size: 1 }), TypeError, "its behaviour is");
  }
  await stage.settle();
  assertEquals([stage.system.tree().children, stage.failures], [[], []]);
}, 1);

Deno.test("kind 1: what no case handles is named, whatever it is and however long", () => {
  const circle: { self?: unknown } = {};
  circle.self = circle;
  const long = { type: "x".repeat(1 << 20) };
  for (
    const value of [1n, Symbol("s"), circle, revoked({}), undefined, long, { toJSON: throwing }, () => {}]
  ) {
    const error = assertThrows(() => assertNever(value as never), TypeError, "Cannot handle ");
    assert(error.message.length < 300 && error.message.endsWith(": no case for it"), error.message);
  }
});

const MISTAKES: Readonly<Record<string, (self: Context<string>, value: never) => unknown>> = {
  "a delay": (self, value) => self.after(value, "x"),
  "an interval": (self, value) => self.every(value, "x"),
  "a silence": (self, value) => self.receiveTimeout(value, "x"),
  "a state's time": (self, value) => self.become(() => {}, { timeoutMs: value, message: "x" }),
  "a name": (self, value) => self.spawn(value, () => () => {}),
  "a capacity": (self, value) => self.spawn("c", () => () => {}, { mailbox: { capacity: value } }),
  "a time to stop in": (self, value) => self.spawn("c", () => () => {}, { shutdownMs: value }),
  "a policy": (self, value) => self.spawn("c", () => () => {}, { onFailure: value }),
  "a key": (_, value) => registryKey(value),
  "a budget": (_, value) => restart({ withinMs: value }),
  "a pool's size": (_, value) => pool(() => () => {}, { size: value }),
};

for (const [what, mistake] of Object.entries(MISTAKES)) {
  onStage(`kind 1: ${what} that is of no such type is refused with an error that says so`, async (stage) => {
    let refused = 0;
    const ref = stage.system.spawn<string>("a", (self) => () => {
      for (const value of [Symbol("s"), 5n, {}, [], null, Object.create(null), NaN] as never[]) {
        const error = assertThrows(() => mistake(self, value), Error, "Cannot ");
        assert(error instanceof TypeError || error instanceof RangeError);
        refused++;
      }
    });
    ref.tell("go");
    await stage.settle();
    assertEquals([refused, stage.failures], [7, []]);
  }, 1);
}

// ---- 3: registering oneself

const KEY = registryKey<string>("foreign/self");
const OTHER = registryKey<string>("foreign/other");

const REGISTERING: Readonly<Record<string, (self: Context<string>) => void>> = {
  "by a key that is another object of the same name": (self) =>
    void self.registry.register({ ...KEY }, self.self),
  "by a frozen key": (self) => void self.registry.register(Object.freeze({ ...KEY }), self.self),
  "under two keys": (self) => {
    self.registry.register(KEY, self.self);
    self.registry.register(OTHER, self.self);
  },
  "and again when it stops": (self) => {
    self.registry.register(KEY, self.self);
    self.onStop(() => void self.registry.register(KEY, self.self));
  },
  "and calls that off twice before it does so again": (self) => {
    const registration = self.registry.register(KEY, self.self);
    registration.cancel();
    registration.cancel();
    self.registry.register(KEY, self.self);
  },
  "in the place of the child that it had there": (self) => {
    const child = self.spawn<string>("child", () => () => {});
    const registration = self.registry.register(OTHER, child);
    self.registry.register(KEY, self.self);
    self.onStop(() => registration.cancel());
  },
};

for (const [how, register] of Object.entries(REGISTERING)) {
  onStage(`kind 3: an actor that registers itself ${how} is found in each of its lives`, async (stage) => {
    const ref = stage.system.spawn<string>("a", (self) => {
      register(self);
      return (message) => {
        if (message === "fail") throw new Error("told to");
        stage.note(message);
      };
    }, { onFailure: restart({ limit: 10 }) });
    for (const n of upTo(4)) {
      await stage.settle();
      assertEquals(stage.system.registry.find(KEY), ref);
      stage.system.registry.find(KEY)?.tell(`life ${n}`);
      ref.tell("fail");
    }
    await stage.settle();
    assertEquals(stage.taken(), ["life 0", "life 1", "life 2", "life 3"]);
    await stage.sim.settle(stage.system.stop());
    assertEquals(stage.system.registry.find(KEY), undefined);
  });
}

// ---- 5: messages of an earlier life

const KEPT: Readonly<Record<string, (old: Context<string>) => unknown>> = {
  "after": (old) => old.after(0, "old"),
  "every": (old) => old.every(1, "old"),
  "receiveTimeout": (old) => old.receiveTimeout(1, "old"),
  "become": (old) => old.become(() => {}, { timeoutMs: 1, message: "old" }),
  "pipe": (old) => old.pipe(Promise.resolve(), () => "old", () => "old"),
  "watch of itself": (old) => old.watch(old.self, () => "old"),
  "watchChildren": (old) => old.watchChildren(() => "old"),
  "watchKey": (old) => old.watchKey(KEY, () => "old"),
  "stash.push": (old) => (old.stash.push("old"), old.stash.unstashAll()),
  "stop": (old) => old.stop(),
  "onStop": (old) => old.onStop(() => {}),
};

for (const [what, use] of Object.entries(KEPT)) {
  onStage(
    `kind 5: ${what} of a context that was kept from an earlier life touches no later one`,
    async (stage) => {
      let old: Context<string> | undefined;
      const ref = stage.system.spawn<string>("a", (self) => {
        const first = old ??= self;
        return (message) => {
          if (message === "fail") throw new Error("told to");
          if (message === "use") return void use(first);
          stage.note(message);
        };
      });
      ref.tell("fail");
      await stage.settle();
      ref.tell("use");
      await stage.sim.advance(20);
      ref.tell("new");
      await stage.settle();
      assertEquals(stage.taken(), ["new"]);
      assertEquals(stage.failures.length, 1);
    },
  );
}

onStage(
  "kind 5: a message equal to one of a timer is not taken for it, whatever became of the timer",
  async (stage) => {
    const ref = stage.system.spawn<string>("a", (self) => {
      const timer = self.after(5, "same");
      let seen = 0;
      return (message) => {
        if (message === "open") return self.stash.unstashAll();
        stage.note(message);
        // The timer's own is handled with an await; the one that is told after it is put aside.
        if (++seen === 1) return Promise.resolve();
        if (seen === 2) self.stash.push(message);
        timer.cancel();
      };
    });
    await stage.sim.advance(10);
    ref.tell("same");
    ref.tell("open");
    await stage.settle();
    assertEquals(stage.taken(), ["same", "same", "same"]);
  },
);

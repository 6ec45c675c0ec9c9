import { assert, assertEquals } from "@std/assert";
import { ActorSystem, type Behavior, escalate, restart, resume, stop, type World } from "../../mod.ts";
import { onStage, type Stage } from "./_stage.ts";

class SymbolMessage extends Error {
  // deno-lint-ignore no-explicit-any -- what a program in JavaScript may do
  override get message(): any {
    return Symbol("message");
  }
}

class ThrowingMessage extends Error {
  override get message(): string {
    throw new Error("message");
  }
}

class ThrowingStack extends Error {
  override get stack(): string {
    throw new Error("stack");
  }
}

function selfCaused(): Error {
  const error = new Error("caused by itself");
  error.cause = error;
  return error;
}

const throwing = () => {
  throw new Error("trap");
};

/** Whatever can be thrown. */
const STRANGE: Readonly<Record<string, () => unknown>> = {
  "an error whose message is a symbol": () => new SymbolMessage(),
  "an error whose message throws": () => new ThrowingMessage(),
  "an error whose stack throws": () => new ThrowingStack(),
  "an error that is its own cause": selfCaused,
  "an object without a prototype": () => Object.create(null),
  "an object whose toString throws": () => ({ toString: throwing }),
  "an object whose toString gives an object": () => ({ toString: () => ({}) }),
  "a proxy that throws at everything": () =>
    new Proxy({}, { get: throwing, has: throwing, getPrototypeOf: throwing, ownKeys: throwing }),
  "a revoked proxy": () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  },
  "a symbol": () => Symbol("thrown"),
  "undefined": () => undefined,
  "a thenable whose then throws": () => ({
    get then() {
      return throwing();
    },
  }),
  "a function": () => throwing,
};

const POLICIES = [stop(), restart(), resume(), escalate(), () => stop()] as const;

/** Fails with `error` at "fail", counts what else comes. */
function failing(stage: Stage, error: () => unknown, isLate: boolean): Behavior<string> {
  return () => (message) => {
    if (message !== "fail") return stage.note(message);
    if (!isLate) throw error();
    return Promise.resolve().then(() => {
      throw error();
    });
  };
}

for (const [what, error] of Object.entries(STRANGE)) {
  onStage(
    `failure: ${what} under every policy costs its actor alone, and the system still stops`,
    async (stage) => {
      let actors = 0;
      for (const onFailure of POLICIES) {
        for (const isLate of [false, true]) {
          const name = `a${actors++}`;
          stage.system.spawn<string>(name, (self) => {
            const child = self.spawn("child", failing(stage, error, isLate), { onFailure });
            return (message) => child.tell(message);
          }, { onFailure: stop() }).tell("fail");
        }
      }
      const beside = stage.system.spawn<string>("beside", () => (message) => stage.note(message));
      await stage.settle();
      beside.tell("well");
      await stage.settle();
      assertEquals(stage.taken(), ["well"]);
      assert(stage.failures.length >= 2 * POLICIES.length);
      await stage.sim.settle(stage.system.stop());
    },
  );
}

/** The world of a test, with a log that fails. */
function withLog(world: World, log: Partial<World["log"]>): World {
  return { ...world, log: { enabled: () => true, write: () => {}, ...log } };
}

const LISTENERS: Readonly<Record<string, (stage: Stage) => ActorSystem>> = {
  "a log whose write throws": ({ sim }) =>
    new ActorSystem("other", { world: withLog(sim.host("b").world, { write: throwing }) }),
  "a log whose enabled throws": ({ sim }) =>
    new ActorSystem("other", { world: withLog(sim.host("b").world, { enabled: throwing }) }),
  "a listener of events that throws": ({ sim }) => {
    const system = new ActorSystem("other", { world: sim.host("b").world });
    system.events.subscribe(throwing);
    return system;
  },
  "a listener that throws something strange": ({ sim }) => {
    const system = new ActorSystem("other", { world: sim.host("b").world });
    system.events.subscribe(() => {
      throw Object.create(null);
    });
    return system;
  },
  "a listener that throws into a log that throws": ({ sim }) => {
    const system = new ActorSystem("other", { world: withLog(sim.host("b").world, { write: throwing }) });
    system.events.subscribe(throwing);
    return system;
  },
};

for (const [what, make] of Object.entries(LISTENERS)) {
  onStage(`failure: ${what} fails nobody, and the system still stops`, async (stage) => {
    const system = make(stage);
    const ref = system.spawn<string>("a", () => (message) => {
      if (message === "fail") throw new Error("told to");
      stage.note(message);
    });
    ref.tell("fail");
    ref.tell("next");
    await stage.settle();
    assertEquals(stage.taken(), ["next"]);
    await stage.sim.settle(system.stop());
    ref.tell("late");
    assertEquals(system.deadLetters, 1);
  });
}

onStage("failure: a decision that throws, or is none, escalates", async (stage) => {
  const decisions: readonly (() => never)[] = [
    throwing,
    () => undefined as never,
    () => ({ type: "?" }) as never,
  ];
  for (const [i, onFailure] of decisions.entries()) {
    stage.system.spawn<string>(`p${i}`, (self) => {
      self.spawn<string>("c", () => () => throwing(), { onFailure }).tell("fail");
      return () => {};
    }, { onFailure: stop() });
  }
  await stage.settle();
  assertEquals(stage.decisions.filter((line) => line.endsWith("message escalate")).length, 3);
  assertEquals(stage.system.tree().children, []);
});

import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import {
  ActorStopped,
  type Behavior,
  escalate,
  type OnFailure,
  type Ref,
  restart,
  resume,
  stop,
} from "../../mod.ts";
import { AskFailed, AskTimeout } from "../../actors/runtime/errors.ts";
import { gate, onStage } from "./_stage.ts";

type Question = { readonly type: "ask"; readonly replyTo: Ref<number> };

/** The outcome of a promise as a value. */
function outcome<T>(promise: Promise<T>): Promise<T | Error> {
  return promise.catch((error) => error);
}

const LONG = { timeoutMs: 60_000 };

const FAILING: Readonly<Record<string, Behavior<Question>>> = {
  "that throws": () => () => {
    throw new Error("told to");
  },
  "that rejects": () => async () => {
    await Promise.resolve();
    throw new Error("told to");
  },
  "that awaits another that throws": (self) => {
    const other = self.spawn<Question>("other", () => () => {
      throw new Error("told to");
    }, { onFailure: resume() });
    return async (message) => message.replyTo.tell(await other.ask({ type: "ask" }, LONG));
  },
};

const POLICIES: readonly [OnFailure, unknown][] = [
  [restart(), AskFailed],
  [restart({ backoff: { minMs: 10_000, maxMs: 10_000 } }), AskFailed],
  [resume(), AskFailed],
  [stop(), ActorStopped],
];

for (const [what, behavior] of Object.entries(FAILING)) {
  onStage(`ask: who asked an actor ${what} hears at once, whatever is decided`, async (stage) => {
    for (const [i, [onFailure, kind]] of POLICIES.entries()) {
      const ref = stage.system.spawn(`a${i}`, behavior, { onFailure });
      const error = await stage.sim.settle(outcome(ref.ask({ type: "ask" }, LONG)));
      assert(typeof kind === "function" && error instanceof Error && error.constructor === kind, `${error}`);
      assertInstanceOf(error.cause, Error);
      // A turn of the event loop may go by.
      assert(stage.sim.now < 1, `${stage.sim.now} ms`);
    }
  });
}

onStage("ask: who asked an actor whose failure escalates hears at once", async (stage) => {
  stage.system.spawn<string>("parent", (self) => {
    self.onStop(() => gate().promise);
    const child = self.spawn<Question>("child", () => () => {
      throw new Error("told to");
    }, { onFailure: escalate() });
    // It will not come back, whatever becomes of its parent.
    child.ask({ type: "ask" }, LONG).catch((error) => stage.note(`${error}; ${error.cause}`));
    return () => {};
  }, { onFailure: stop(), shutdownMs: 10 });
  await stage.settle();
  assertEquals(stage.taken(), [
    "ActorStopped: Cannot reach /test/parent/child: the actor has stopped; Error: told to",
  ]);
  await stage.sim.advance(20);
});

onStage(
  "ask: a question whose reply address is somewhere else in it is found, too, and no other",
  async (stage) => {
    type Odd = { readonly deep: { readonly address: Ref<number> }; readonly fails: boolean };
    const kept: Ref<number>[] = [];
    const ref = stage.system.spawn<Odd>("a", () => ({ deep, fails }) => {
      kept.push(deep.address);
      if (fails) throw new Error("told to");
    }, { onFailure: resume() });
    const ask = (fails: boolean) =>
      outcome(ref.ask((address: Ref<number>) => ({ deep: { address }, fails }), LONG));
    const [waits, fails] = [ask(false), ask(true)];
    assertInstanceOf(await stage.sim.settle(fails), AskFailed);
    kept[0]?.tell(1);
    assertEquals(await stage.sim.settle(waits), 1);
    assertEquals(kept[1]?.isOpen, false);
  },
);

onStage("ask: a question that is its own reply address, and one that has been handed on", async (stage) => {
  const fails: Behavior<Ref<number>> = () => () => {
    throw new Error("told to");
  };
  const bare = stage.system.spawn("bare", fails, { onFailure: resume() });
  assertInstanceOf(await stage.sim.settle(outcome(bare.ask<number>((replyTo) => replyTo, LONG))), AskFailed);
  const last = stage.system.spawn<Question>("last", () => () => {
    throw new Error("told to");
  }, { onFailure: resume() });
  const first = stage.system.spawn<Question>("first", () => (message) => last.tell(message));
  const error = await stage.sim.settle(outcome(first.ask({ type: "ask" }, LONG)));
  assertInstanceOf(error, AskFailed);
  assertEquals(error.path, "/test/last");
});

const never = { then() {} };

onStage("ask: a reply that is a promise counts with what it comes to, and in its time", async (stage) => {
  type Odd = { readonly reply: unknown; readonly replyTo: Ref<unknown> };
  const ref = stage.system.spawn<Odd>("a", () => ({ reply, replyTo }) => replyTo.tell(reply));
  const ask = (reply: unknown): Promise<unknown> =>
    stage.sim.settle(outcome(ref.ask({ reply }, { timeoutMs: 100 })));
  assertInstanceOf(await ask(never), AskTimeout);
  assertInstanceOf(await ask(new Promise(() => {})), AskTimeout);
  assertEquals(stage.sim.now, 200);
  assertEquals(await ask(Promise.resolve(7)), 7);
  assertEquals(`${await ask(Promise.reject(new Error("no")))}`, "Error: no");
  const throwing = {
    get then() {
      throw new Error("then");
    },
  };
  assertEquals(`${await ask(throwing)}`, "Error: then");
  const twice = {
    then(resolve: (value: number) => void) {
      resolve(1);
      resolve(2);
      throw new Error("late");
    },
  };
  assertEquals(await ask(twice), 1);
  assertEquals(await ask({ then: 5 }), { then: 5 });
});

onStage("ask: who asks itself, or offers itself what there is no room for, is told so", async (stage) => {
  type Message = Question | { readonly type: "go"; readonly how: "ask" | "offer" | "start" };
  const ref = stage.system.spawn<Message>("a", (self) => async (message) => {
    if (message.type === "ask") return message.replyTo.tell(1);
    if (message.how === "ask") {
      await self.self.ask({ type: "ask" }, LONG).catch((error) => stage.note(`${error}`));
    } else {
      self.self.tell(message);
      await self.self.offer(message).catch((error) => stage.note(`${error}`));
      self.stop();
    }
  }, { mailbox: { capacity: 1 } });
  ref.tell({ type: "go", how: "ask" });
  await stage.settle();
  ref.tell({ type: "go", how: "offer" });
  await stage.settle();
  assertEquals(stage.taken(), [
    "TypeError: Cannot ask /test/a in its own handler: it answers only once that is done; tell it, and go on with its answer",
    "TypeError: Cannot wait for room in the mailbox of /test/a in its own handler: there is none before that is done",
  ]);
});

onStage(
  "ask: one that asks itself in its start is told so, and others may ask it meanwhile",
  async (stage) => {
    const ref = stage.system.spawn<Question>("a", async (self) => {
      await self.self.ask({ type: "ask" }, LONG).catch((error) => stage.note(`${error.name}`));
      return (message) => message.replyTo.tell(1);
    });
    assertEquals(await stage.sim.settle(ref.ask({ type: "ask" }, LONG)), 1);
    assertEquals(stage.taken(), ["TypeError"]);
  },
);

onStage(
  "stop: a handler that waits for its system to stop is told so, and the system stops",
  async (stage) => {
    const ref = stage.system.spawn<string>("a", () => async () => {
      await stage.system.stop().catch((error) => stage.note(`${error}`));
    });
    stage.system.spawn<string>("b", (self) => {
      self.onStop(() => stage.system.stop().catch((error) => stage.note(`${error.name}`)));
      return () => {};
    });
    await stage.settle();
    ref.tell("go");
    await stage.settle();
    await stage.sim.settle(stage.system.stop());
    assertEquals(stage.sim.now, 0);
    assertEquals(stage.taken().toSorted(), [
      "TypeError",
      "TypeError: Cannot wait in a handler for the system to stop: it stops once the handler is done",
    ]);
  },
);

onStage("ask: a reply address says whether anybody waits, and can be watched", async (stage) => {
  const kept: Ref<number>[] = [];
  const ref = stage.system.spawn<Question | { type: "gone" }>("a", (self) => (message) => {
    if (message.type === "gone") return stage.note(`gone at ${stage.sim.now}`);
    kept.push(message.replyTo);
    self.watch(message.replyTo, () => ({ type: "gone" }));
  });
  const late = outcome(ref.ask({ type: "ask" }, { timeoutMs: 50 }));
  const controller = new AbortController();
  const aborted = outcome(ref.ask({ type: "ask" }, { timeoutMs: 1000, signal: controller.signal }));
  await stage.settle();
  assertEquals(kept.map(({ isOpen }) => isOpen), [true, true]);
  await stage.sim.settle(late);
  await stage.settle();
  assertEquals(kept.map(({ isOpen }) => isOpen), [false, true]);
  controller.abort();
  await stage.sim.settle(aborted);
  await stage.settle();
  assertEquals(kept.map(({ isOpen }) => isOpen), [false, false]);
  assertEquals(stage.taken(), ["gone at 50", "gone at 50"]);
});

onStage("ask: with a timeout and a signal what comes first ends it", async (stage) => {
  const ref = stage.system.spawn<Question>("a", () => () => {});
  const signal = new AbortController().signal;
  assertInstanceOf(
    await stage.sim.settle(outcome(ref.ask({ type: "ask" }, { timeoutMs: 50, signal }))),
    AskTimeout,
  );
  assertEquals(stage.sim.now, 50);
});

onStage("ask: who waits for an actor whose start escalates is told why it stopped", async (stage) => {
  const cannot: Behavior<Question> = () => {
    throw new Error("no right to listen");
  };
  const ref = stage.system.spawn("a", cannot, { onFailure: escalate() });
  const failure = await stage.sim.settle(outcome(ref.ask({ type: "ask" }, LONG)));
  assertInstanceOf(failure, ActorStopped);
  assertInstanceOf(failure.cause, Error);
  assertEquals(failure.cause.message, "no right to listen");
});

onStage(
  "stopped: the child that brought its parent down has failed, its siblings have not",
  async (stage) => {
    const reasons: string[] = [];
    stage.system.events.subscribe((event) => {
      if (event.type === "stopped") reasons.push(`${event.actor} ${event.reason.type}`);
    });
    stage.system.spawn<never>("parent", (self) => {
      for (const name of ["good", "bad"]) {
        const child = self.spawn<"fail">(name, () => () => {
          throw new Error("told to");
        }, { onFailure: escalate() });
        if (name === "bad") child.tell("fail");
      }
      return () => {};
    }, { onFailure: stop() });
    await stage.settle();
    assertEquals(reasons, ["/test/parent/bad failed", "/test/parent/good stopped", "/test/parent failed"]);
  },
);

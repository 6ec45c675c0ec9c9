/**
 * What JavaScript lets a program answer, ask and put aside, as `foreign_things_test.ts` has it of errors and
 * lives.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  ActorStopped,
  ActorSystem,
  askAll,
  AskFailed,
  AskTimeout,
  type Behavior,
  childSpec,
  type Receive,
  type Ref,
  resume,
  stop,
  supervisor,
  type Tracer,
  type TraceStep,
} from "../../mod.ts";
import { gate, onStage } from "./_stage.ts";
import { rejected, revoked, throwing, withTrap } from "./_traps.ts";

/** What a program may throw, too. */
const nothing: unknown = undefined;

// ---- 6: the order of starting

const ODD_STARTS: Readonly<Record<string, Behavior<string>>> = {
  "stops itself in its start": (self) => {
    self.stop();
    return () => {};
  },
  "starts with a thenable of its own": (() => ({
    then: (ok: (handler: Receive<string>) => void) => void ok(() => {}),
  })) as never,
  "starts with a promise whose constructor throws": () => withTrap(Promise.resolve(() => {}), "constructor"),
  "has a start that rejects with undefined": () => rejected(undefined),
  "has a start whose then throws": (() => ({ then: throwing })) as never,
};

for (const [what, behavior] of Object.entries(ODD_STARTS)) {
  onStage(
    `kind 6: a child that ${what} keeps no later one from its start, and none is before it`,
    async (stage) => {
      const noting = (name: string) => childSpec<string>(name, () => (stage.note(name), () => {}));
      const odd = childSpec<string>("odd", (self) => (stage.note("odd"), behavior(self)), {
        onFailure: stop(),
      });
      stage.system.spawn("top", supervisor("one-for-one", [noting("first"), odd, noting("last")]));
      await stage.sim.advance(100);
      assertEquals(stage.taken(), ["first", "odd", "last"]);
    },
  );
}

// ---- 7: questions

type Asked = { readonly type: "ask"; readonly replyTo: Ref<unknown> };

/** Replies that are something to wait for, in disguise, and what the asker hears. */
const REPLIES: Readonly<Record<string, readonly [() => unknown, ErrorConstructor | typeof AskTimeout]>> = {
  "a function with a then that never calls back": [
    () => Object.assign(() => {}, { then: () => {} }),
    AskTimeout,
  ],
  "a promise whose constructor throws": [() => withTrap(new Promise(() => {}), "constructor"), Error],
  "a promise with a then of its own that throws": [
    () => Object.assign(new Promise(() => {}), { then: throwing }),
    Error,
  ],
  "a thenable that gives a thenable that never calls back": [
    () => ({ then: (ok: (value: unknown) => void) => ok({ then: () => {} }) }),
    AskTimeout,
  ],
  "a proxy whose has throws": [() => new Proxy({}, { has: throwing }), Error],
  "a revoked proxy": [() => revoked({}), TypeError],
};

for (const [what, [reply, expected]] of Object.entries(REPLIES)) {
  onStage(
    `kind 7: the reply ${what} ends the question in time, and costs nobody but the asker`,
    async (stage) => {
      const ref = stage.system.spawn<Asked>("a", () => ({ replyTo }) => replyTo.tell(reply()));
      const answer = assertRejects(() => ref.ask({ type: "ask" }, { timeoutMs: 50 }), expected);
      await stage.sim.settle(answer);
      assertEquals(stage.failures, []);
    },
  );
}

/** Replies that are themselves the answer. */
const PLAIN_REPLIES: Readonly<Record<string, () => unknown>> = {
  "a symbol": () => Symbol.iterator,
  "undefined": () => undefined,
  "an async generator": () => (async function* () {})(),
  "a frozen object": () => Object.freeze({ frozen: true }),
  "an error": () => new Error("as an answer"),
  "an object whose then is no function": () => ({ then: "later" }),
};

for (const [what, make] of Object.entries(PLAIN_REPLIES)) {
  onStage(`kind 7: the reply ${what} is the answer`, async (stage) => {
    const reply = make();
    const ref = stage.system.spawn<Asked>("a", () => ({ replyTo }) => replyTo.tell(reply));
    const answered = ref.ask({ type: "ask" }, { timeoutMs: 50 });
    await stage.sim.settle(answered);
    assert(Object.is(await answered, reply));
  });
}

/** Questions that are no good: how they are asked, and nobody is left waiting. */
const QUESTIONS: Readonly<Record<string, (ref: Ref<Asked>) => Promise<unknown>>> = {
  "made by a function that throws": (ref) => ref.ask(throwing, { timeoutMs: 50 }),
  "a revoked proxy": (ref) => ref.ask(revoked({}) as never, { timeoutMs: 50 }),
  "under a signal aborted with undefined": (ref) =>
    ref.ask({ type: "ask" }, { signal: AbortSignal.abort(undefined) }),
  "under options that throw": (ref) => ref.ask({ type: "ask" }, withTrap({} as never, "timeoutMs")),
  "under what is no signal": (ref) => ref.ask({ type: "ask" }, { signal: {} as AbortSignal }),
  "under no options": (ref) => ref.ask({ type: "ask" }, undefined as never),
  "with a timeout that is a big integer": (ref) => ref.ask({ type: "ask" }, { timeoutMs: 50n as never }),
  "to all of one, which never answers": async (ref) => {
    const { failures } = await askAll([ref], { type: "ask" }, { timeoutMs: 50 });
    throw failures[0];
  },
};

for (const [what, ask] of Object.entries(QUESTIONS)) {
  onStage(`kind 7: a question ${what} rejects, never throws, and its actor goes on`, async (stage) => {
    const ref = stage.system.spawn<Asked>("a", () => () => {});
    const rejection = ask(ref).then(() => "answered", () => "rejected");
    await stage.sim.settle(rejection);
    assertEquals(await rejection, "rejected");
    const offered = ref.offer(
      { type: "ask", replyTo: stage.system.spawn<unknown>("to", () => () => {}) },
      { signal: {} as AbortSignal },
    ).then(() => "taken", () => "rejected");
    await stage.sim.settle(offered);
    assert(ref.isOpen);
  });
}

onStage(
  "kind 7: who offers to a full mailbox under what is no signal hears of it as a rejection",
  async (stage) => {
    const hold = gate();
    const ref = stage.system.spawn<string>("a", () => () => hold.promise, {
      mailbox: { capacity: 1 },
    });
    for (const message of ["handled", "waits"]) {
      ref.tell(message);
      await stage.settle();
    }
    const outcomes = await Promise.all(
      [{}, "signal", Symbol("s")].map((signal) =>
        ref.offer("more", { signal: signal as never }).then(() => "taken", () => "rejected")
      ),
    );
    assertEquals(outcomes, ["rejected", "rejected", "rejected"]);
    hold.resolve();
  },
);

onStage(
  "kind 7: a handler that throws undefined, or rejects with it, has failed on the question",
  async (stage) => {
    for (
      const fail of [() => rejected(undefined), () => {
        throw nothing;
      }]
    ) {
      const ref = stage.system.spawn<Asked>(`a${stage.failures.length}`, () => fail, { onFailure: resume() });
      await stage.sim.settle(assertRejects(() => ref.ask({ type: "ask" }, { timeoutMs: 50 }), AskFailed));
    }
    assertEquals(stage.failures.map(({ error }) => error), [undefined, undefined]);
  },
);

// ---- 9: the stash

onStage(
  "kind 9: one that fails on what it has put aside fails once, where that equals nothing, not even itself",
  async (stage) => {
    for (const message of [NaN, -0, Symbol("s"), undefined]) {
      let failed = 0;
      const ref = stage.system.spawn<unknown>(`a${String(message)}`, (self) => (each) => {
        if (each === "next") return stage.note("next");
        failed++;
        self.stash.push(each);
        throw new Error("told to");
      });
      ref.tell(message);
      ref.tell("next");
      await stage.settle();
      assertEquals([failed, stage.taken()], [1, ["next"]], String(message));
    }
  },
);

// ---- traces

/** Follows everything, and notes how each step ended. */
function notingTracer(ends: unknown[]): Tracer {
  const step = (): TraceStep => ({ run: (work) => work(), end: (failure) => void ends.push(failure) });
  return {
    begin: step,
    send: () => "context",
    receive: step,
    ask: step,
    note: () => {},
    detach: (work) => work(),
  };
}

onStage("traces: a step whose work throws undefined, or rejects with it, has failed", async (stage) => {
  const ends: unknown[] = [];
  const { world } = stage.sim.host("b");
  const system = new ActorSystem("traced", { world, instruments: { tracer: notingTracer(ends) } });
  const ref = system.spawn<string>("a", (self) => (message): void | Promise<void> => {
    if (message === "throw") throw nothing;
    if (message === "reject") return rejected(undefined);
    if (message === "well") return;
    const begun = self.tracer?.begin(0, () => ({ name: "begun", attributes: {} }));
    if (begun !== undefined) {
      self.tracer?.follow(begun, () => ["throw", "reject", "well"].forEach(self.self.tell, self.self));
    }
  }, { onFailure: resume() });
  ref.tell("begin");
  await stage.settle();
  await stage.sim.settle(system.stop());
  // That which sends them, and then each.
  assertEquals(ends, [undefined, { error: undefined }, { error: undefined }, undefined]);
});

onStage(
  "traces: a thenable of a handler's own is begun once, traced or not, and nothing is counted twice",
  async (stage) => {
    for (const instruments of [{}, { tracer: notingTracer([]) }]) {
      const { world } = stage.sim.host("c");
      const system = new ActorSystem("lazy", { world, instruments });
      let begun = 0;
      const lazy = {
        then(ok: () => void) {
          begun++;
          ok();
          ok();
        },
      };
      const ref = system.spawn<string>("a", (self) => (message): void | Promise<void> => {
        if (message === "lazy") return lazy as unknown as Promise<void>;
        if (message === "after") return stage.note("after");
        const step = self.tracer?.begin(0, () => ({ name: "begun", attributes: {} }));
        const send = () => self.self.tell("lazy");
        if (step === undefined || self.tracer === undefined) send();
        else self.tracer.follow(step, send);
        self.self.tell("after");
      });
      ref.tell("begin");
      await stage.settle();
      assertEquals([begun, stage.taken()], [1, ["after"]]);
      await stage.sim.settle(system.stop());
    }
  },
);

onStage("kind 7: who waits for one that was stopped by a failure with undefined is told", async (stage) => {
  const ref = stage.system.spawn<Asked>("a", () => throwing, { onFailure: stop() });
  await stage.sim.settle(assertRejects(() => ref.ask({ type: "ask" }, { timeoutMs: 50 }), ActorStopped));
});

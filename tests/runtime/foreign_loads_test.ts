/**
 * Bounds, depth and silence under loads that are not in `kinds_of_fault_test.ts`.
 *
 * @module
 */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  ActorStopped,
  type Behavior,
  type ChildSpec,
  childSpec,
  type Context,
  escalate,
  type Ref,
  resume,
  stop,
  supervisor,
  topic,
} from "../../mod.ts";
import { gate, onStage, onStages, type Stage, upTo } from "./_stage.ts";
import { throwing } from "./_traps.ts";

// ---- 4: bounds

/** An actor that is held in its first handler, "go", with a mailbox of 2 that is full. */
async function held(
  stage: Stage,
  overflow: "reject" | "drop-newest" | "drop-oldest",
  first: (self: Context<string>) => void = () => {},
): Promise<{ ref: Ref<string>; release: () => void }> {
  const hold = gate();
  const ref = stage.system.spawn<string>("held", (self) => async (message) => {
    stage.note(message);
    if (message !== "go") return;
    first(self);
    await hold.promise;
  }, { mailbox: { capacity: 2, overflow } });
  ref.tell("go");
  await stage.settle();
  return { ref, release: () => hold.resolve() };
}

onStage(
  "kind 4: what an actor publishes to itself over its bound is lost, and fails nobody",
  async (stage) => {
    const news = topic<string>("news");
    const { release } = await held(stage, "reject", (self) => {
      self.subscribe(news, (item) => item);
      for (const n of upTo(5)) self.publish(news, `${n}`);
    });
    release();
    await stage.settle();
    assertEquals(stage.taken(), ["go", "0", "1"]);
    assertEquals([stage.deadLetters.length, stage.failures], [3, []]);
  },
);

onStage("kind 4: where only an actor's own messages wait, drop-oldest drops the new one", async (stage) => {
  const { ref, release } = await held(stage, "drop-oldest", (self) => {
    for (const n of upTo(3)) self.after(0, `own ${n}`);
  });
  await stage.sim.advance(5);
  ref.tell("told");
  release();
  await stage.settle();
  assertEquals(stage.taken().sort(), ["go", "own 0", "own 1", "own 2"]);
  assertEquals(stage.lost, ["told /test/held dropped-newest"]);
});

onStage(
  "kind 4: ten that are put back from the stash pass a bound of two, and others wait for theirs",
  async (stage) => {
    let isOpen = false;
    const ref = stage.system.spawn<string>("a", (self) => (message) => {
      if (message === "open") {
        isOpen = true;
        return self.stash.unstashAll();
      }
      if (!isOpen) return self.stash.push(message);
      stage.note(message);
    }, { mailbox: { capacity: 2 } });
    const offering = (async () => {
      for (const n of upTo(10)) await ref.offer(`${n}`);
      await ref.offer("open");
      await ref.offer("last");
    })();
    await stage.sim.settle(offering);
    await stage.settle();
    assertEquals(stage.taken(), [...upTo(10).map(String), "last"]);
    assertEquals(stage.deadLetters, []);
  },
);

onStage(
  "kind 4: who gives up waiting for room leaves the line, and the others keep their order",
  async (stage) => {
    const { ref, release } = await held(stage, "reject");
    for (const n of [1, 2]) ref.tell(`told ${n}`);
    const leaving = new AbortController();
    const offers = upTo(6).map((n) =>
      ref.offer(`offer ${n}`, n % 2 === 0 ? {} : { signal: leaving.signal })
        .then(() => "taken", (reason) => reason)
    );
    leaving.abort("left");
    release();
    await stage.sim.settle(Promise.all(offers));
    await stage.settle();
    assertEquals(await Promise.all(offers), ["taken", "left", "taken", "left", "taken", "left"]);
    assertEquals(stage.taken(), ["go", "told 1", "told 2", "offer 0", "offer 2", "offer 4"]);
  },
);

onStage(
  "kind 4: urgent messages count for the bound, and keep their order before the others",
  async (stage) => {
    const hold = gate();
    const ref = stage.system.spawn<string>("a", () => async (message) => {
      stage.note(message);
      if (message === "go") await hold.promise;
    }, { mailbox: { capacity: 3, isUrgent: (message) => message.startsWith("!") } });
    ref.tell("go");
    await stage.settle();
    for (const message of ["1", "!2", "!3"]) ref.tell(message);
    assertThrows(() => ref.tell("!4"), Error, "its mailbox is full (3 messages)");
    hold.resolve();
    await stage.settle();
    assertEquals(stage.taken(), ["go", "!2", "!3", "1"]);
  },
);

// ---- 8: depth

onStage(
  "kind 8: 500 supervisors in each other start in order, and a failure at the bottom ends them all",
  async (stage) => {
    let starts = 0;
    const bottom: Behavior<string> = () => {
      starts++;
      return () => throwing();
    };
    let lowest: Ref<string> | undefined;
    let spec: ChildSpec = childSpec<string>("bottom", (self) => {
      lowest = self.self;
      return bottom(self);
    }, { onFailure: escalate() });
    for (const n of upTo(500)) {
      spec = childSpec(`s${n}`, supervisor("one-for-all", [spec]), {
        onFailure: n === 499 ? stop() : escalate(),
      });
    }
    stage.system.spawn("top", supervisor("one-for-one", [spec]), { onFailure: stop() });
    await stage.sim.until(() => lowest !== undefined, 60_000);
    await stage.settle();
    lowest?.tell("fail");
    await stage.sim.until(() => lowest?.isOpen === false, 60_000);
    await stage.settle();
    assertEquals(starts, 1);
    assertEquals(stage.system.tree().children[0]?.children, []);
  },
);

onStages(
  (n) => `kind 8: ${n} watch one actor, and each hears of its end once`,
  [10_000, 100],
  async (stage, n) => {
    const watched = stage.system.spawn<string>("watched", (self) => () => self.stop());
    let heard = 0;
    for (const i of upTo(n)) {
      stage.system.spawn<string>(`a${i}`, (self) => {
        self.watch(watched, () => "gone");
        return () => void heard++;
      });
    }
    await stage.settle();
    watched.tell("stop");
    await stage.sim.until(() => heard >= n, 60_000);
    await stage.settle();
    assertEquals(heard, n);
  },
);

onStage("kind 8: one that becomes another 10,000 times, and fails as often, is as it was", async (stage) => {
  let handled = 0;
  const ref = stage.system.spawn<string>("a", (self) => {
    const next = (n: number) => (message: string): void => {
      handled++;
      self.become(next(n + 1));
      if (message === "fail") throw new Error(`${n}`);
      if (message === "last") stage.note(`state ${n}`);
    };
    return next(0);
  }, { onFailure: resume() });
  for (const _ of upTo(5000)) {
    ref.tell("fail");
    ref.tell("well");
  }
  ref.tell("last");
  await stage.sim.until(() => handled === 10_001, 60_000);
  assertEquals([stage.taken(), stage.failures.length], [["state 10000"], 5000]);
}, 1);

onStage("kind 8: 10,000 wait for one start, and all hear when it is given up", async (stage) => {
  const ref = stage.system.spawn<string>("a", () => new Promise(() => {}), { shutdownMs: 10 });
  const waiting = upTo(10_000).map(() => assertRejects(() => stage.system.started(ref), ActorStopped));
  await stage.settle();
  const ended = stage.system.stop();
  await stage.sim.settle(Promise.all(waiting));
  await stage.sim.settle(ended);
});

onStage("kind 8: a chain of 2,000 that hand a reply address on is answered from its end", async (stage) => {
  type Asked = { readonly type: "ask"; readonly replyTo: Ref<string> };
  let next = stage.system.spawn<Asked>("last", () => ({ replyTo }) => replyTo.tell("answer"));
  for (const n of upTo(2000)) {
    const asked = next;
    next = stage.system.spawn<Asked>(`a${n}`, () => (question) => asked.tell(question));
  }
  const answer = next.ask({ type: "ask" }, { timeoutMs: 60_000 });
  await stage.sim.settle(answer);
  assertEquals(await answer, "answer");
});

// ---- 10: silence, and stops that hang

const TIMES: readonly unknown[] = [NaN, -1, "5", 5n, Symbol("s"), {}];

onStage(
  "kind 10: a limit of a stop that is not a number of milliseconds is refused, and nothing is stopped",
  async (stage) => {
    for (const withinMs of TIMES as number[]) {
      await assertRejects(async () => await stage.system.stop({ withinMs }), Error, "Cannot wait ");
    }
    stage.system.spawn<string>("a", () => (message) => stage.note(message)).tell("well");
    await stage.settle();
    assertEquals(stage.taken(), ["well"]);
  },
  1,
);

const HANGS: Readonly<Record<string, (self: Context<string>) => void | Promise<void>>> = {
  "a handler": () => new Promise(() => {}),
  "a thenable that throws later": () => ({ then: () => void Promise.resolve() }) as never,
  "what onStop was given": (self) => {
    self.onStop(() => new Promise(() => {}));
    self.stop();
  },
  "a release that is a thenable": (self) => {
    self.onStop(() => ({ then: () => {} }) as never);
    self.stop();
  },
  "a release that makes another release": (self) => {
    const again = (): Promise<void> => {
      self.onStop(again);
      return new Promise(() => {});
    };
    self.onStop(again);
    self.stop();
  },
};

for (const [what, hang] of Object.entries(HANGS)) {
  for (const shutdownMs of [0, 20]) {
    onStage(
      `kind 10: ${what} that hangs holds its actor for ${shutdownMs} ms, and the system for no longer`,
      async (stage) => {
        const ref = stage.system.spawn<string>("a", (self) => () => hang(self), { shutdownMs });
        ref.tell("go");
        await stage.settle();
        const { clock } = stage.sim.host("a").world;
        const before = clock.monotonic();
        await stage.sim.settle(stage.system.stop({ withinMs: 1000 }));
        const took = clock.monotonic() - before;
        assert(took <= (what.includes("another") ? 1000 : 60), `${took} ms`);
        assert(stage.failures.some(({ phase }) => phase === "shutdown-timeout"));
      },
    );
  }
}

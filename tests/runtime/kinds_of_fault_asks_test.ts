/**
 * Inputs of faults of questions, depth, the stash and time-outs that were found once, as
 * `kinds_of_fault_test.ts` has them of lives.
 *
 * @module
 */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  ActorStopped,
  AskFailed,
  AskTimeout,
  type Behavior,
  type Context,
  escalate,
  type Ref,
  restart,
  resume,
} from "../../mod.ts";
import { onStage, onStages, upTo } from "./_stage.ts";

const throwing = (): never => {
  throw new Error("trap");
};

// ---- 7: questions

type Asked = { readonly type: "ask"; readonly replyTo: Ref<string> };

const HANDLERS: Readonly<
  Record<string, readonly [Behavior<Asked>, abstract new (...args: never[]) => Error]>
> = {
  "is answered with a promise that never settles": [
    () => ({ replyTo }) => replyTo.tell(new Promise(() => {}) as never),
    AskTimeout,
  ],
  "is answered with a promise that rejects": [
    () => ({ replyTo }) => replyTo.tell(Promise.reject(new RangeError("rejected")) as never),
    RangeError,
  ],
  "is answered with a thenable that calls back twice, and fails first": [
    () => ({ replyTo }) =>
      replyTo.tell(
        {
          then(ok: (value: string) => void, failed: (error: unknown) => void) {
            failed(new RangeError("first"));
            ok("second");
          },
        } as never,
      ),
    RangeError,
  ],
  "is handled by one that stops itself": [(self) => () => self.stop(), ActorStopped],
  "is handled by one that awaits, and throws": [
    () => async () => {
      await Promise.resolve();
      throw new Error("late");
    },
    AskFailed,
  ],
  "waits behind one that makes its actor stop": [
    (self) => {
      let handled = 0;
      self.become(() => handled++ === 0 ? undefined : self.stop());
      return () => {};
    },
    AskTimeout,
  ],
  "is put aside by one that then stops": [
    (self) => (question) => {
      self.stash.push(question);
      self.stop();
    },
    ActorStopped,
  ],
  "is put aside by one that has no room": [(self) => (question) => self.stash.push(question), AskFailed],
  "comes to one that fails in its start": [() => throwing(), ActorStopped],
};

for (const [what, [behavior, error]] of Object.entries(HANDLERS)) {
  onStage(`kind 7: whose question ${what} hears what became of it, at its time`, async (stage) => {
    const ref = stage.system.spawn<Asked>("a", behavior, {
      onFailure: restart({ limit: 2 }),
      stashCapacity: 1,
    });
    const host = stage.system.spawn<string>("keeper", () => () => {}, { onFailure: escalate() });
    const { clock } = stage.sim.host("a").world;
    if (what.endsWith("no room")) ref.ask({ type: "ask" }, { timeoutMs: 1 }).catch(() => {});
    const before = clock.monotonic();
    const answer = assertRejects(() => ref.ask({ type: "ask" }, { timeoutMs: 500 })).then((found) =>
      assert(found instanceof error, `${found}`)
    );
    await stage.sim.settle(answer);
    const tookMs = clock.monotonic() - before;
    assert(error === AskTimeout ? tookMs >= 500 && tookMs < 600 : tookMs < 100, `${tookMs} ms`);
    assert(host.isOpen || what.includes("start"));
  });
}

for (const timeoutMs of [0, -1, NaN, "100", null, {}] as never[]) {
  onStage(`kind 7: a timeout of ${String(timeoutMs)} (${typeof timeoutMs}) is refused`, async (stage) => {
    const ref = stage.system.spawn<Asked>("a", () => ({ replyTo }) => replyTo.tell("answer"));
    await stage.sim.settle(assertRejects(() => ref.ask({ type: "ask" }, { timeoutMs }), RangeError));
  }, 1);
}

onStage("kind 7: a timeout of all time waits, and is let go of at the stop", async (stage) => {
  for (const timeoutMs of [Infinity, Number.MAX_VALUE, 2 ** 31, 2 ** 53]) {
    const ref = stage.system.spawn<Asked>(`a${timeoutMs}`, () => () => {});
    const answer = assertRejects(() => ref.ask({ type: "ask" }, { timeoutMs }), ActorStopped);
    await stage.sim.advance(10_000);
    stage.system.stop();
    await stage.sim.settle(answer);
    return;
  }
}, 1);

// ---- 8: depth

const inTurn = (count: number) => `kind 8: ${count} actors that watch one another end one after the other`;

onStages(inTurn, [10_000, 100], async (stage, count) => {
  let ended = 0;
  const ending = (watched: Ref<string> | undefined): Behavior<string> => (self) => {
    if (watched !== undefined) self.watch(watched, () => "stop");
    self.onStop(() => void ended++);
    return () => self.stop();
  };
  const first = stage.system.spawn("first", ending(undefined));
  let before = first;
  for (const n of upTo(count)) before = stage.system.spawn(`a${n}`, ending(before));
  await stage.settle();
  first.tell("stop");
  await stage.sim.until(() => ended === count + 1, 60_000);
});

onStage(
  "kind 8: a question handed down 1,000 askers fails at the last, and each hears of it",
  async (stage) => {
    let next: Ref<Asked> = stage.system.spawn<Asked>("last", () => () => throwing(), { onFailure: resume() });
    for (const n of upTo(1000)) {
      const asked = next;
      next = stage.system.spawn<Asked>(`a${n}`, () => async ({ replyTo }) => {
        replyTo.tell(await asked.ask({ type: "ask" }, { timeoutMs: 60_000 }));
      }, { onFailure: resume() });
    }
    const answer = assertRejects(() => next.ask({ type: "ask" }, { timeoutMs: 60_000 }), AskFailed);
    await stage.sim.settle(answer);
    assertEquals(stage.failures.length, 1001);
  },
);

// ---- 9: the stash

const STASHED: Readonly<Record<string, (self: Context<string>, message: string) => void>> = {
  "puts all back each time": (self, message) => {
    if (self.stash.size === 4) return self.stash.unstashAll();
    self.stash.push(message);
  },
  "puts the same one aside twice": (self, message) => {
    self.stash.push(message);
    self.stash.push(message);
  },
  "fails on each tenth": (self, message) => {
    if (message.endsWith("0")) throw new Error("told to");
    self.stash.push(message);
  },
  "awaits, and then puts aside": async (self, message) => {
    await Promise.resolve();
    self.stash.push(message);
  },
  "puts aside what it is told by itself": (self, message) => {
    if (!message.startsWith("own")) self.self.tell(`own ${message}`);
    self.stash.push(message);
  },
};

for (const [what, handle] of Object.entries(STASHED)) {
  onStage(
    `kind 9: an actor that ${what}, a thousand times over its stash's capacity, lives on`,
    async (stage) => {
      let beats = 0;
      const ref = stage.system.spawn<string>("a", (self) => (message) => {
        if (message === "beat") return void beats++;
        return handle(self, message);
      }, { stashCapacity: 5, onFailure: restart({ limit: 10_000 }) });
      if (what === "puts each back at once") ref.tell("1");
      else for (const n of upTo(1000)) ref.tell(`${n}`);
      ref.tell("beat");
      await stage.sim.until(() => beats === 1, 60_000);
      assert(ref.isOpen);
      assert(stage.deadLetters.every(({ reason }) => reason === "stash-full"));
    },
  );
}

/** Ways to put the very message aside on which the handler then fails. */
const FAILING_ON_STASHED: Readonly<Record<string, (self: Context<string>, message: string) => unknown>> = {
  "at once": (self, message) => self.stash.push(message),
  "twice": (self, message) => {
    self.stash.push(message);
    self.stash.push(message);
  },
  "after an await": async (self, message) => {
    await Promise.resolve();
    self.stash.push(message);
  },
  "and puts all back": (self, message) => {
    self.stash.push(message);
    self.stash.unstashAll();
  },
  "among others": (self, message) => {
    for (const other of ["a", message, "b"]) self.stash.push(other);
  },
};

for (const [how, putAside] of Object.entries(FAILING_ON_STASHED)) {
  for (const [policy, onFailure] of Object.entries({ restart: restart({ limit: 1 }), resume: resume() })) {
    onStage(
      `kind 9: one that fails on what it has put aside, ${how}, fails once (${policy})`,
      async (stage) => {
        const ref = stage.system.spawn<string>("a", (self) => {
          // What was put aside before is put back as ever.
          self.stash.push("earlier");
          return async (message) => {
            stage.note(message);
            if (message !== "bad") return;
            await putAside(self, message);
            throw new Error("told to");
          };
        }, { onFailure });
        ref.tell("bad");
        ref.tell("next");
        await stage.settle();
        const heard = stage.taken();
        assertEquals(heard.filter((message) => message === "bad"), ["bad"]);
        assertEquals(heard.at(-1), "next");
        assertEquals(heard.includes("earlier"), policy === "restart" || how === "and puts all back");
        assertEquals(heard.includes("a"), policy === "restart" && how === "among others");
        assertEquals(stage.failures.length, 1);
        assertEquals(stage.deadLetters, []);
      },
    );
  }
}

onStage(
  "kind 9: one that fails on a message, and had put an equal one aside before, handles that one later",
  async (stage) => {
    const ref = stage.system.spawn<string>("a", (self) => {
      let seen = 0;
      return (message) => {
        stage.note(`${message} ${self.stash.size}`);
        if (stage.failures.length > 0) return;
        if (seen++ === 0) return self.stash.push(message);
        throw new Error("told to");
      };
    });
    ref.tell("same");
    ref.tell("same");
    await stage.settle();
    assertEquals(stage.taken(), ["same 0", "same 1", "same 0"]);
  },
);

onStage(
  "kind 9: who asks with what is put aside and fails hears at once, and is not answered twice",
  async (stage) => {
    const ref = stage.system.spawn<Asked>("a", (self) => (question) => {
      self.stash.push(question);
      throw new Error("told to");
    });
    await stage.sim.settle(assertRejects(() => ref.ask({ type: "ask" }, { timeoutMs: 1000 }), AskFailed));
    await stage.settle();
    assertEquals(stage.failures.length, 1);
  },
);

// ---- 10: silence, hung starts, watches that throw

/** What keeps an actor busy for 50 ms, and what must not count as silence. */
const BUSY: Readonly<Record<string, (self: Context<string>) => Promise<void> | void>> = {
  "a handler that awaits": (self) => new Promise((resolve) => void self.world.clock.timer(50, resolve)),
  "messages that come each 5 ms": (self) => {
    for (const n of upTo(10)) self.after(5 * (n + 1), "beat");
  },
  "ticks": (self) => {
    const ticks = self.every(5, "beat");
    self.world.clock.timer(51, () => ticks.cancel());
  },
  "watches": (self) => {
    for (const n of upTo(10)) {
      const child = self.spawn<string>(`child${n}`, () => () => {});
      self.watch(child, () => "beat");
      self.world.clock.timer(5 * (n + 1), () => self.stop(child));
    }
  },
  "a call of it anew": (self) => {
    self.world.clock.timer(9, () => self.receiveTimeout(41, "silence"));
  },
};

for (const [what, keepBusy] of Object.entries(BUSY)) {
  onStage(`kind 10: receiveTimeout: ${what} is no silence; it comes when that is over`, async (stage) => {
    const { clock } = stage.sim.host("a").world;
    const silences: number[] = [];
    const ref = stage.system.spawn<string>("a", (self) => {
      const silence = self.receiveTimeout(10, "silence");
      return (message) => {
        if (message === "go") return keepBusy(self);
        if (message !== "silence") return;
        silences.push(clock.monotonic());
        silence.cancel();
      };
    });
    ref.tell("go");
    await stage.sim.advance(200);
    const [first = 0] = silences;
    assert(first >= 50 && first <= 70, silences.join());
  });
}

/** Ways for an actor to hang, and what is said of it. */
const HANGING: Readonly<Record<string, readonly [Behavior<string>, string]>> = {
  "a start": [() => new Promise(() => {}), "its start"],
  "a handler": [() => () => new Promise(() => {}), "its handler"],
  "onStop": [
    (self) => (self.onStop(() => new Promise(() => {})), () => {}),
    "what it registered with onStop",
  ],
  "a second start": [
    (() => {
      let starts = 0;
      return () => starts++ % 2 === 0 ? () => throwing() : new Promise<never>(() => {});
    })(),
    "its start",
  ],
  "a start that has made children": [
    (self) => {
      self.spawn<string>("child", () => () => {});
      return new Promise(() => {});
    },
    "its start",
  ],
};

for (const [what, [behavior, hanging]] of Object.entries(HANGING)) {
  onStage(
    `kind 10: ${what} that hangs is given up at the stop, and reported as what it is`,
    async (stage) => {
      stage.system.spawn("a", behavior, { shutdownMs: 20 }).tell("go");
      await stage.sim.advance(10);
      const before = stage.failures.length;
      await stage.sim.settle(stage.system.stop());
      const reports = stage.failures.slice(before).map(({ actor, phase, error }) =>
        `${actor} ${phase}: ${error instanceof Error ? error.message : ""}`
      );
      assertEquals(reports, [
        `/test/a shutdown-timeout: Cannot stop /test/a in 20 ms: ${hanging} is still running`,
      ]);
    },
    what === "a second start" ? 1 : 10,
  );
}

const NO_ACTORS: Readonly<Record<string, unknown>> = {
  "undefined": undefined,
  "null": null,
  "a text": "/test/a",
  "an object with a path": { path: "/test/a" },
  "a function": () => {},
  "a class's prototype": Object.getPrototypeOf([]),
};

for (const [what, value] of Object.entries(NO_ACTORS)) {
  onStage(`kind 10: to watch ${what} throws a TypeError at once, and the actor goes on`, async (stage) => {
    const ref = stage.system.spawn<string>("a", (self) => (message) => {
      if (message === "next") return stage.note(message);
      assertThrows(() => self.watch(value as Ref<never>, () => "never"), TypeError);
      assertThrows(() => self.stop(value === undefined ? {} as Ref<never> : value as Ref<never>), TypeError);
    });
    ref.tell("watch");
    ref.tell("next");
    await stage.settle();
    assertEquals(stage.taken(), ["next"]);
  }, 1);
}

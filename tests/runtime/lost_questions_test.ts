import { assert, assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import {
  ActorSystem,
  askAll,
  AskFailed,
  AskTimeout,
  denoWorld,
  MailboxFull,
  pool,
  type Ref,
  registryKey,
  restart,
  stop,
  type StopReason,
} from "../../mod.ts";
import { deadline } from "../_helpers.ts";
import { onStage, upTo } from "./_stage.ts";

type Question = { readonly type: "ask"; readonly n?: number; readonly replyTo: Ref<number> };
const LONG = { timeoutMs: 1_000_000 };

for (const overflow of ["drop-oldest", "drop-newest"] as const) {
  onStage(`ask: whose question is dropped from a full mailbox hears at once, ${overflow}`, async (stage) => {
    const ref = stage.system.spawn<Question>("a", () => () => new Promise(() => {}), {
      mailbox: { capacity: 1, overflow },
      shutdownMs: 1,
    });
    for (const n of upTo(4)) {
      ref.ask({ type: "ask", n }, LONG).catch((error) => {
        if (!(error instanceof AskFailed)) return;
        assertInstanceOf(error.cause, MailboxFull);
        stage.note(`${n} was dropped`);
      });
      await stage.settle();
    }
    const dropped = overflow === "drop-oldest" ? [1, 2] : [2, 3];
    assertEquals(stage.taken(), dropped.map((n) => `${n} was dropped`));
  });
}

onStage("ask: whose question finds the stash full hears at once", async (stage) => {
  const ref = stage.system.spawn<Question>("a", (self) => (message) => self.stash.push(message), {
    stashCapacity: 1,
  });
  const first = ref.ask({ type: "ask" }, { timeoutMs: 10 }).catch((error) => stage.note(error.name));
  await assertRejects(() => stage.sim.settle(ref.ask({ type: "ask" }, LONG)), AskFailed);
  await stage.sim.settle(first);
  assertEquals(stage.taken(), ["AskTimeout"]);
});

onStage(
  "ask: who asks between two lives is answered by the next, or hears that there is none",
  async (stage) => {
    let lives = 0;
    const ref = stage.system.spawn<Question>("a", () => {
      lives++;
      return ({ replyTo }) => {
        if (lives === 1) throw new Error("told to");
        replyTo.tell(lives);
      };
    }, { onFailure: restart({ backoff: { minMs: 1000, maxMs: 1000 } }) });
    await assertRejects(() => stage.sim.settle(ref.ask({ type: "ask" }, LONG)), AskFailed);
    assertEquals(await stage.sim.settle(ref.ask({ type: "ask" }, LONG)), 2);
  },
);

onStage(
  "pool: one whose members' mailboxes are full and reject waits for room, and does not fail",
  async (stage) => {
    let handled = 0;
    const worker = () => async () => {
      await new Promise<void>((resolve) => void stage.system.world.clock.timer(10, resolve));
      handled++;
    };
    const ref = stage.system.spawn(
      "p",
      pool<number>(worker, { size: 2, worker: { mailbox: { capacity: 1 } } }),
    );
    for (const n of upTo(20)) ref.tell(n);
    await stage.sim.advance(10);
    assertEquals(stage.system.tree().children[0]?.mailbox ?? 0, 13);
    await stage.sim.advance(1000);
    assertEquals([handled, stage.failures.length, stage.lost], [20, 0, []]);
  },
);

onStage("pool: what a member that stops has no room for any more is a dead letter", async (stage) => {
  const worker = (self: { stop(): void }) => async () => {
    await Promise.resolve();
    self.stop();
  };
  const ref = stage.system.spawn(
    "p",
    pool<number>(worker, { size: 1, worker: { mailbox: { capacity: 1 } } }),
  );
  for (const n of upTo(5)) ref.tell(n);
  await stage.settle();
  assertEquals(stage.lost.length, 4);
});

onStage("pipe: a thenable that calls back twice, or throws, is one message", async (stage) => {
  const twice = {
    then(ok: (value: number) => void, failed: (error: unknown) => void) {
      ok(1);
      failed(2);
      ok(3);
    },
  };
  const throws = {
    then() {
      throw new Error("then");
    },
  };
  const ref = stage.system.spawn<string>("a", (self) => (message) => {
    if (message !== "go") return stage.note(message);
    for (const odd of [twice, throws]) {
      self.pipe(odd as never, (value) => `came to ${value}`, (error) => `${error}`);
    }
  });
  ref.tell("go");
  await stage.settle();
  assertEquals(stage.taken().sort(), ["Error: then", "came to 1"]);
});

onStage(
  "askAll: fewer than enough is all there were; options out of range are a RangeError",
  async (stage) => {
    const refs = upTo(3).map((n) =>
      stage.system.spawn<Question>(`a${n}`, () => ({ replyTo }) => {
        if (n === 1) throw new Error("told to");
        replyTo.tell(n);
      }, { onFailure: stop() })
    );
    const { replies, failures } = await stage.sim.settle(
      askAll(refs, { type: "ask" }, { ...LONG, enough: 5 }),
    );
    assertEquals([replies.toSorted(), failures.length], [[0, 2], 1]);
    for (const options of [{ timeoutMs: -1 }, { timeoutMs: NaN }, { ...LONG, enough: NaN }]) {
      await assertRejects(() => askAll(refs, { type: "ask" }, options), RangeError);
    }
  },
);

/** Keeps the event loop from turning. */
function work(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end;);
}

for (const where of ["in a handler", "outside of all handlers"]) {
  Deno.test(`ask: asked with 80 ms, 60 ms of work, asked again with 80 ms: each has its 80 ms, ${where}`, async () => {
    const system = new ActorSystem("test", { world: denoWorld() });
    const silent = system.spawn<Question>("silent", () => () => {});
    const ask = async (): Promise<number> => {
      const askedAt = performance.now();
      await assertRejects(() => silent.ask({ type: "ask" }, { timeoutMs: 80 }), AskTimeout);
      return performance.now() - askedAt;
    };
    const both = () => {
      const first = ask();
      work(60);
      return Promise.all([first, ask()]);
    };
    const took = Promise.withResolvers<readonly number[]>();
    if (where === "in a handler") system.spawn<string>("asks", () => () => took.resolve(both())).tell("ask");
    else took.resolve(both());
    for (const ms of await deadline(took.promise)) assert(ms >= 79, `it expired after ${ms} ms`);
    await deadline(system.stop());
  });
}

onStage("watch: one that cannot be set up leaves nothing behind", async (stage) => {
  const other = stage.system.spawn<string>("other", (self) => () => self.stop());
  const fails: ((reason: StopReason) => string)[] = [() => {
    throw new Error("told to");
  }];
  const ref = stage.system.spawn<string>("a", (self) => (message) => {
    if (message === "watch") {
      for (const stopped of fails) self.watch(other, stopped);
      // What is no actor cannot be watched.
      self.watch({ ...other, path: "/nobody" } as Ref<never>, () => "gone");
    } else stage.note(message);
  }, { onFailure: restart({ limit: 100 }) });
  for (const _ of upTo(3)) ref.tell("watch");
  await stage.settle();
  other.tell("stop");
  await stage.settle();
  ref.tell("well");
  await stage.settle();
  assertEquals(stage.taken(), ["well"]);
  assertEquals(stage.failures.filter(({ error }) => error instanceof TypeError).length, 3);
});

onStage(
  "registry: an observer that throws at once throws to who observes, and is not told again",
  async (stage) => {
    const key = registryKey<string>("key");
    let told = 0;
    const observe = () => {
      stage.system.registry.observe(key, () => {
        told++;
        throw new Error("told to");
      });
    };
    assertThrows(observe, Error, "told to");
    stage.system.registry.register(key, stage.system.spawn<string>("a", () => () => {}));
    await stage.settle();
    assertEquals(told, 1);
  },
);

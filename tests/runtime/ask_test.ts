import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import {
  ActorStopped,
  ActorSystem,
  AskTimeout,
  type Behavior,
  MailboxFull,
  type Ref,
  stop,
} from "../../mod.ts";
import { type Clock, simWorld } from "../../actors/world/sim/mod.ts";
import { gate, onStage, onStages, upTo } from "./_stage.ts";

type Question = { readonly type: "ask"; readonly n: number; readonly replyTo: Ref<number> } | {
  readonly type: "stop";
};

/** Answers with twice the number, after so many milliseconds; a negative number is never answered. */
const doubling: Behavior<Question> = (self) => async (message) => {
  if (message.type === "stop") return self.stop();
  if (message.n < 0) return;
  if (message.n > 0) await new Promise<void>((resolve) => self.world.clock.timer(message.n, resolve));
  message.replyTo.tell(message.n * 2);
};

function ask(ref: Ref<Question>, n: number, timeout = 1000): Promise<number> {
  return ref.ask<number>((replyTo) => ({ type: "ask", n, replyTo }), { timeoutMs: timeout });
}

/** The outcome of a promise as a value, so that none is unhandled while time goes by. */
function outcome<T>(promise: Promise<T>): Promise<T | Error> {
  return promise.catch((error) => error);
}

onStage("ask: resolves to the answer", async (stage) => {
  const ref = stage.system.spawn("a", doubling);
  assertEquals(await stage.sim.settle(ask(ref, 21)), 42);
  assertEquals(
    await stage.sim.settle(Promise.all(upTo(50).map((n) => ask(ref, n, 60_000)))),
    upTo(50).map((n) => n * 2),
  );
});

onStage(
  "ask: rejects with AskTimeout when no answer came in time, and a late one is a dead letter",
  async (stage) => {
    const ref = stage.system.spawn("a", doubling);
    const late = await stage.sim.settle(outcome(ask(ref, 200, 100)));
    assertInstanceOf(late, AskTimeout);
    assertEquals([late.path, late.timeoutMs, stage.sim.now], ["/test/a", 100, 100]);
    assertEquals(late.message, "Cannot get an answer from /test/a: none came within 100 ms");
    await stage.sim.advance(200);
    assertEquals(stage.lost, ["400 /test/a?ask not-asked"]);
  },
);

onStage("ask: each expires at its own time, however many lengths of timeout are under way", async (stage) => {
  const ref = stage.system.spawn("a", doubling);
  const expired: number[] = [];
  for (const timeout of [70, 30, 50, 30, 10, 50]) {
    outcome(ask(ref, -1, timeout)).then(() => expired.push(stage.sim.now));
    await stage.sim.advance(1);
  }
  await stage.sim.advance(200);
  assertEquals(expired, [14, 31, 33, 52, 55, 70]);
});

onStage("ask: rejects with ActorStopped when the actor stops before it answered", async (stage) => {
  const hold = gate();
  const ref = stage.system.spawn<Question>("a", (self) => () => {
    self.stop();
    return hold.promise;
  }, { onFailure: stop() });
  const [first, second] = [outcome(ask(ref, 1)), outcome(ask(ref, 2))];
  await stage.settle();
  hold.resolve();
  for (const error of [await stage.sim.settle(first), await stage.sim.settle(second)]) {
    assertInstanceOf(error, ActorStopped);
    assertEquals(error.message, "Cannot reach /test/a: the actor has stopped");
  }
  assertEquals(stage.sim.now, 0);
});

onStage(
  "ask: of an actor that has stopped is ActorStopped at once, with the failure as cause, and a dead letter",
  async (stage) => {
    const cause = new Error("told to");
    const ref = stage.system.spawn<Question>("a", () => () => {
      throw cause;
    }, { onFailure: stop() });
    const pending = await stage.sim.settle(outcome(ask(ref, 1)));
    assertInstanceOf(pending, ActorStopped);
    assert(pending.cause === cause);
    const late = await stage.sim.settle(outcome(ask(ref, 1)));
    assertInstanceOf(late, ActorStopped);
    assert(late.cause === cause);
    assertEquals(stage.deadLetters.map(({ target, reason }) => [target, reason]), [["/test/a", "stopped"]]);
  },
);

onStage("ask: survives a restart of the actor that comes between", async (stage) => {
  const replies: Ref<number>[] = [];
  const ref = stage.system.spawn<Question>("a", () => (message) => {
    if (message.type === "stop") throw new Error("told to");
    replies.push(message.replyTo);
  });
  const answer = ask(ref, 1);
  ref.tell({ type: "stop" });
  await stage.settle();
  replies[0]?.tell(7);
  assertEquals(await stage.sim.settle(answer), 7);
});

onStage(
  "ask: with a signal rejects with its reason, before and after the question was sent",
  async (stage) => {
    const ref = stage.system.spawn("a", doubling);
    const controller = new AbortController();
    const make = (replyTo: Ref<number>): Question => ({ type: "ask", n: 500, replyTo });
    const pending = outcome(ref.ask(make, { signal: controller.signal }));
    await stage.sim.advance(1);
    const reason = new Error("called off");
    controller.abort(reason);
    assert(await stage.sim.settle(pending) === reason);
    const handled = stage.system.tree().children[0]?.handled;
    assert(await stage.sim.settle(outcome(ref.ask(make, { signal: controller.signal }))) === reason);
    await stage.settle();
    assertEquals(stage.system.tree().children[0]?.handled, handled);
  },
);

const underOne = (count: number) =>
  `ask: ${count} may wait under one signal: answered or called off, all at once`;

onStages(underOne, [20_000, 100], async (stage, count) => {
  const held: Ref<number>[] = [];
  const ref = stage.system.spawn<Ref<number> | "answer">("a", () => (message) => {
    if (message !== "answer") held.push(message);
    else for (const replyTo of held.splice(0)) replyTo.tell(1);
  });
  const full = stage.system.spawn<number>("full", () => () => new Promise(() => {}), {
    mailbox: { capacity: 1 },
    shutdownMs: 0,
  });
  full.tell(1);
  await stage.settle();
  full.tell(2);
  const controller = new AbortController();
  const { signal } = controller;
  const ask = () => outcome(ref.ask((replyTo: Ref<number>) => replyTo, { signal }));
  const many = <T>(make: () => T) => Array.from({ length: count }, make);

  const answered = many(ask);
  await stage.settle();
  ref.tell("answer");
  assertEquals(new Set(await stage.sim.settle(Promise.all(answered))), new Set([1]));

  // With one listener a signal this is over in no time; with one each it took a minute.
  const calledOff = [...many(ask), ...many(() => outcome(full.offer(3, { signal })))];
  const reason = new Error("called off");
  controller.abort(reason);
  assertEquals(new Set(await stage.sim.settle(Promise.all(calledOff))), new Set([reason]));
});

onStage("ask: with a signal that is never aborted waits for as long as it takes", async (stage) => {
  const ref = stage.system.spawn("a", doubling);
  const { signal } = new AbortController();
  const make = (replyTo: Ref<number>): Question => ({ type: "ask", n: 50_000, replyTo });
  assertEquals(await stage.sim.settle(ref.ask(make, { signal })), 100_000);
});

onStage(
  "ask: a full mailbox that rejects, and a question that cannot be made, are its failure",
  async (stage) => {
    const hold = gate();
    const ref = stage.system.spawn<Question>("a", () => () => hold.promise, { mailbox: { capacity: 1 } });
    ref.tell({ type: "stop" });
    await stage.settle();
    ref.tell({ type: "stop" });
    assertInstanceOf(await stage.sim.settle(outcome(ask(ref, 1))), MailboxFull);
    const error = new Error("no question");
    const make = () => {
      throw error;
    };
    assert(await stage.sim.settle(outcome(ref.ask(make, { timeoutMs: 10 }))) === error);
    hold.resolve();
  },
);

onStage("ask: a timeout that is no number of milliseconds is a RangeError", async (stage) => {
  const ref = stage.system.spawn("a", doubling);
  for (const timeout of [0, -1, NaN]) {
    const error = await stage.sim.settle(outcome(ask(ref, 1, timeout)));
    assertInstanceOf(error, RangeError);
    assertEquals(error.message, `Cannot ask with a timeout of ${timeout}: it takes milliseconds above 0`);
  }
});

onStage(
  "ask: the first answer counts, the second is a dead letter; a reply address takes no questions",
  async (stage) => {
    let replyTo: Ref<number> | undefined;
    const ref = stage.system.spawn<Question>("a", () => (message) => {
      if (message.type !== "ask") return;
      replyTo = message.replyTo;
      message.replyTo.tell(1);
      message.replyTo.offer(2);
    });
    assertEquals(await stage.sim.settle(ask(ref, 0)), 1);
    assertEquals(stage.lost, ["2 /test/a?ask not-asked"]);
    const address = replyTo;
    assert(address !== undefined);
    const error = await outcome(address.ask((_: Ref<number>) => 1, { timeoutMs: 1 }));
    assertEquals(`${error}`, "TypeError: Cannot ask /test/a?ask: it is a reply address");
  },
);

onStage("ask: one actor can ask another inside its handler, and pipe the outcome", async (stage) => {
  const other = stage.system.spawn("other", doubling);
  const ref = stage.system.spawn<string>("a", (self) => async (message) => {
    stage.note(message);
    if (message !== "go") return;
    stage.note(`awaited ${await ask(other, 5)}`);
    self.pipe(ask(other, 6), (answer) => `piped ${answer}`, (error) => `${error}`);
  });
  ref.tell("go");
  ref.tell("next");
  await stage.sim.until(() => stage.seen.length === 4);
  assertEquals(stage.taken(), ["go", "awaited 10", "next", "piped 12"]);
});

Deno.test("ask: no timer is left behind by a system that ends with asks under way, nor by one that is asked after its end", async () => {
  const sim = simWorld({ seed: 1 });
  const { world } = sim.host("a");
  let open = 0;
  const clock: Clock = {
    now: () => world.clock.now(),
    monotonic: () => world.clock.monotonic(),
    utcOffsetMinutes: () => 0,
    timeZone: () => "UTC",
    timer(delayMs, task) {
      open++;
      let isOpen = true;
      const close = () => {
        if (isOpen) open--;
        isOpen = false;
      };
      const timer = world.clock.timer(delayMs, () => {
        close();
        task();
      });
      return {
        cancel() {
          close();
          timer.cancel();
        },
      };
    },
  };
  const system = new ActorSystem("test", { world: { ...world, clock } });
  const ref = system.spawn("a", doubling);
  const pending = upTo(10).map((i) => outcome(ask(ref, -1, 50_000 + i)));
  await sim.advance(0);
  assert(open > 0);
  await sim.settle(system.stop());
  for (const error of await sim.settle(Promise.all(pending))) assertInstanceOf(error, ActorStopped);
  await assertRejects(() => ask(ref, 1, 50_000), ActorStopped);
  assertEquals(open, 0);
  sim.close();
});

type Take = { readonly type: "take"; readonly replyTo: Ref<number> };

onStage(
  "ask: a fresh asker does not stand behind 18 dead ones: after 20 asks at 20 tokens/s with 60 ms timeouts it has the next token",
  async (stage) => {
    const bucket = stage.system.spawn<Take | "token">("bucket", (self) => {
      const line: Ref<number>[] = [];
      let tokens = 0;
      self.every(50, "token");
      return (message) => {
        if (message !== "token") return void line.push(message.replyTo);
        tokens++;
        for (let next = line.shift(); next !== undefined; next = line.shift()) {
          if (next.isOpen) return next.tell(tokens);
        }
      };
    });
    let timeouts = 0;
    for (const _ of upTo(20)) bucket.ask({ type: "take" }, { timeoutMs: 60 }).catch(() => timeouts++);
    await stage.sim.advance(70);
    assertEquals(timeouts, 19);
    const before = stage.sim.now;
    const token = await stage.sim.settle(bucket.ask({ type: "take" }, { timeoutMs: 1000 }));
    assertEquals([token, stage.sim.now - before], [2, 30]);
  },
);

onStage("ask: a line that watches its askers has no dead ones in it", async (stage) => {
  type Left = { readonly type: "left"; readonly replyTo: Ref<number> };
  const line: Ref<number>[] = [];
  const server = stage.system.spawn<Take | Left>("server", (self) => (message) => {
    const { replyTo } = message;
    if (message.type === "left") line.splice(line.indexOf(replyTo), 1);
    else {
      line.push(replyTo);
      self.watch(replyTo, () => ({ type: "left", replyTo }));
    }
  });
  for (const n of upTo(20)) server.ask({ type: "take" }, { timeoutMs: 60 + n }).catch(() => {});
  await stage.settle();
  assertEquals(line.length, 20);
  await stage.sim.advance(70);
  assertEquals([line.length, line.every(({ isOpen }) => isOpen)], [9, true]);
  await stage.sim.advance(20);
  assertEquals(line, []);
});

/**
 * Who asks an actor that goes down with others, or whose failure is decided with theirs, hears what becomes
 * of it: `AskFailed` where it begins anew, `ActorStopped` where it does not.
 */
import { assert, assertEquals } from "@std/assert";
import {
  ActorStopped,
  AskFailed,
  type Behavior,
  type Context,
  escalate,
  type GroupStrategy,
  type OnFailure,
  type Ref,
  restart,
  resume,
  type SpawnOptions,
  stop,
  topic,
} from "../../mod.ts";
import { gate, onStage, type Stage } from "./_stage.ts";

type Question = { readonly type: "ask"; readonly fails?: boolean; readonly replyTo: Ref<string> };

const LONG = { timeoutMs: 60_000 };

/** A handler that is under way for 20 ms, and throws then if it is told to. */
const slow: Behavior<Question> = (self) => async ({ fails, replyTo }) => {
  await new Promise<void>((resolve) => void self.world.clock.timer(20, resolve));
  if (fails) throw new Error("late");
  replyTo.tell("answer");
};

/** What an asker hears: the answer, or the error's name and its cause. */
function heard(stage: Stage, asking: Promise<string>): Promise<string> {
  return stage.sim.settle(asking.catch((error: Error) => {
    assert(error instanceof AskFailed || error instanceof ActorStopped, `${error}`);
    return `${error.name}: ${error.cause instanceof Error ? error.cause.message : error.cause}`;
  }));
}

const MEMBERS: readonly [what: string, options: SpawnOptions<Question>, hears: string, isOpen: boolean][] = [
  ["is restarted", {}, "AskFailed: late", true],
  ["is permanent", { restart: "permanent" }, "AskFailed: late", true],
  ["has a policy that is a function", { onFailure: () => stop() }, "AskFailed: late", true],
  ["a failure would stop", { onFailure: stop() }, "ActorStopped: late", false],
  ["is temporary", { restart: "temporary" }, "ActorStopped: late", false],
];

for (const strategy of ["one-for-all", "rest-for-one"] as const satisfies GroupStrategy[]) {
  for (const [what, options, hears, isOpen] of MEMBERS) {
    onStage(
      `ask: ${strategy}: whose question is under way at a member that ${what}, and fails, hears what becomes of it`,
      async (stage) => {
        const { system } = stage;
        system.supervise(strategy);
        const first = system.spawn("first", stage.actor("first"));
        const asked = system.spawn("asked", slow, options);
        const asking = heard(stage, asked.ask({ type: "ask", fails: true }, LONG));
        await stage.sim.advance(5);
        first.tell("fail");
        assertEquals(await asking, hears);
        await stage.sim.advance(30);
        assertEquals(asked.isOpen, isOpen);
        if (isOpen) assertEquals(await heard(stage, asked.ask({ type: "ask" }, LONG)), "answer");
      },
    );
  }
}

onStage(
  "ask: who asks a member that fails by itself while its group goes down hears at once that it failed",
  async (stage) => {
    const { system } = stage;
    system.supervise("one-for-all");
    const asked = system.spawn<Question>("asked", () => ({ fails, replyTo }) => {
      if (fails) throw new Error("told to");
      replyTo.tell("answer");
    });
    const failing = system.spawn("failing", stage.actor("failing"));
    const hold = gate();
    system.spawn<string>("last", (self) => {
      self.onStop(() => hold.promise);
      return () => {};
    });
    await stage.settle();
    failing.tell("fail");
    await stage.settle();
    assertEquals(await heard(stage, asked.ask({ type: "ask", fails: true }, LONG)), "AskFailed: told to");
    assertEquals(stage.decisions, ["/test/failing message restart", "/test/asked message none"]);
    hold.resolve();
    await stage.settle();
    assertEquals(await heard(stage, asked.ask({ type: "ask" }, LONG)), "answer");
  },
);

onStage(
  "ask: whose question fails at an actor that has failed already, and waits to be restarted, hears of it",
  async (stage) => {
    const { system } = stage;
    system.supervise("one-for-all");
    const failed = gate();
    const asked = system.spawn<Question>("asked", (self) => async () => {
      self.pipe(Promise.resolve(), () => {
        throw new Error("outside");
      }, () => {
        throw new Error("outside");
      });
      await failed.promise;
      throw new Error("late");
    });
    const hold = gate();
    system.spawn<string>("last", (self) => {
      self.onStop(() => hold.promise);
      return () => {};
    });
    const asking = heard(stage, asked.ask({ type: "ask" }, LONG));
    await stage.settle();
    assertEquals(stage.decisions, ["/test/asked message restart"]);
    // It has been decided; its life ends when that of the last has.
    failed.resolve();
    await stage.settle();
    hold.resolve();
    assertEquals(await asking, "AskFailed: late");
    assert(stage.sim.now < 1000, `${stage.sim.now} ms`);
    assert(asked.isOpen);
  },
);

/** Ways of an actor to fail outside of its handler, while that runs. */
const OUTSIDE: Readonly<Record<string, (self: Context<Question>) => void>> = {
  "a subscription": (self) => {
    const news = topic<string>(`news ${self.path}`);
    self.subscribe(news, () => {
      throw new Error("outside");
    });
    self.publish(news, "extra");
  },
  "a child that escalates": (self) => {
    self.spawn("child", () => {
      throw new Error("outside");
    }, { onFailure: escalate() });
  },
};
const DECISIONS: readonly [OnFailure, string][] = [
  [restart(), "AskFailed: late"],
  [resume(), "AskFailed: late"],
  [stop(), "ActorStopped: late"],
  [escalate(), "ActorStopped: late"],
];

for (const [outside, fail] of Object.entries(OUTSIDE)) {
  onStage(
    `ask: an actor that fails by ${outside} and then on the question: one outcome, as is decided`,
    async (stage) => {
      for (const [onFailure, hears] of DECISIONS) {
        const asked = Promise.withResolvers<Ref<Question>>();
        stage.system.spawn<string>(`parent of ${onFailure.type}`, (self) => {
          asked.resolve(self.spawn<Question>("asked", (it) => async () => {
            fail(it);
            if (outside !== "a subscription") await stage.sim.advance(0);
            throw new Error("late");
          }, { onFailure }));
          return () => {};
        }, { onFailure: stop() });
        const ref = await stage.sim.settle(asked.promise);
        const outcome = await heard(stage, ref.ask({ type: "ask" }, LONG));
        await stage.settle();
        assertEquals(outcome.split(":")[0], hears.split(":")[0], onFailure.type);
        assertEquals(ref.isOpen, hears.startsWith("AskFailed"), onFailure.type);
      }
    },
  );
}

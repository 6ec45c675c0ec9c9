import { assertEquals } from "@std/assert";
import {
  type Behavior,
  type Context,
  escalate,
  type GroupStrategy,
  type OnFailure,
  restart,
  resume,
  stop,
} from "../../mod.ts";
import { gate, onStage, type Stage } from "./_stage.ts";

// Three children, a, b and c, of which b fails in its first life. Stated is all that happens after that, in
// order: who is not named was not touched. On "escalate" the parent is stopped by its own parent.

const STRATEGIES: readonly GroupStrategy[] = ["one-for-one", "one-for-all", "rest-for-one"];

const DECISIONS: Readonly<Record<OnFailure["type"], OnFailure>> = {
  restart: restart(),
  stop: stop(),
  resume: resume(),
  escalate: escalate(),
};

const RESTARTED: Readonly<Record<GroupStrategy, readonly string[]>> = {
  "one-for-one": ["b ends", "b starts"],
  "one-for-all": ["c ends", "b ends", "a ends", "a starts", "b starts", "c starts"],
  "rest-for-one": ["c ends", "b ends", "b starts", "c starts"],
};
const STOPPED = ["b ends"];
const ESCALATED = ["c ends", "b ends", "a ends", "parent ends"];

/** How b fails in its first life, once the gate opens; in which phase that is reported. */
interface Failing {
  readonly phase: "start" | "message";
  readonly behavior: (
    stage: Stage,
    opened: Promise<void>,
    self: Context<string>,
  ) => ReturnType<Behavior<string>>;
}

const OOPS = new Error("oops");

function oops(): never {
  throw OOPS;
}

const FAILURES: Readonly<Record<string, Failing>> = {
  "its asynchronous start": {
    phase: "start",
    behavior: async (_stage, opened) => {
      await opened;
      return oops();
    },
  },
  "a handler": {
    phase: "message",
    behavior: (_stage, opened, self) => {
      opened.then(() => self.self.tell("now"));
      return oops;
    },
  },
  "a handler's promise": {
    phase: "message",
    behavior: (_stage, opened, self) => {
      opened.then(() => self.self.tell("now"));
      return async () => {
        await Promise.resolve();
        oops();
      };
    },
  },
  "what makes a message of a piped value": {
    phase: "message",
    behavior: (_stage, opened, self) => {
      self.pipe(opened, oops, oops);
      return () => {};
    },
  },
  "what makes a message of a watch": {
    phase: "message",
    behavior: (stage, opened, self) => {
      const watched = stage.system.spawn<string>("watched", (other) => () => other.stop());
      opened.then(() => watched.tell("stop"));
      self.watch(watched, oops);
      return () => {};
    },
  },
  "what makes a message of a watch that it called off in its start": {
    phase: "message",
    behavior: (_stage, opened, self) => {
      opened.then(() => self.self.tell("now"));
      return () => {
        self.watch(self.spawn<string>("gone", (other) => (other.stop(), () => {})), oops);
      };
    },
  },
};

function spawnGroup(stage: Stage, strategy: GroupStrategy, onFailure: OnFailure, b: Behavior<string>): void {
  stage.system.spawn<string>("parent", (self) => {
    self.onStop(() => stage.note("parent ends"));
    self.supervise(strategy);
    self.spawn("a", stage.actor("a"));
    self.spawn("b", b, { onFailure });
    self.spawn("c", stage.actor("c"));
    return () => {};
  }, { onFailure: stop() });
}

function expected(
  strategy: GroupStrategy,
  decision: OnFailure["type"],
  phase: "start" | "message",
): readonly string[] {
  switch (decision) {
    case "restart":
      return RESTARTED[strategy];
    case "escalate":
      return ESCALATED;
    case "stop":
      return STOPPED;
    case "resume":
      return phase === "start" ? STOPPED : [];
  }
}

function expectedReports(decision: OnFailure["type"], phase: "start" | "message"): string[] {
  const decided = decision === "resume" && phase === "start" ? "stop" : decision;
  const own = `/test/parent/b ${phase} ${decided}`;
  return decision === "escalate" ? [own, "/test/parent child stop"] : [own];
}

/** The children at the end, and how often each was restarted. */
function group(stage: Stage): string {
  const [parent] = stage.system.tree().children;
  return (parent?.children ?? []).map(({ path, state, restarts }) => `${path.slice(-1)} ${state} ${restarts}`)
    .join();
}

function expectedGroup(
  strategy: GroupStrategy,
  decision: OnFailure["type"],
  phase: "start" | "message",
): string {
  if (decision === "escalate") return "";
  const isGone = decision === "stop" || (decision === "resume" && phase === "start");
  const of = (name: string) =>
    decision === "restart" && RESTARTED[strategy].includes(`${name} starts`) ? 1 : 0;
  return ["a", "b", "c"].filter((name) => name !== "b" || !isGone).map((name) =>
    `${name} running ${of(name)}`
  )
    .join();
}

for (const strategy of STRATEGIES) {
  for (const [decision, onFailure] of Object.entries(DECISIONS) as [OnFailure["type"], OnFailure][]) {
    for (const [where, { phase, behavior }] of Object.entries(FAILURES)) {
      onStage(`matrix: ${strategy}, ${decision}, failure in ${where}`, async (stage) => {
        const opened = gate();
        let lives = 0;
        spawnGroup(stage, strategy, onFailure, (self) => {
          if (++lives > 1) return stage.actor("b")(self);
          stage.note("b starts");
          self.onStop(() => stage.note("b ends"));
          return behavior(stage, opened.promise, self);
        });
        await stage.settle();
        assertEquals(stage.taken().sort(), ["a starts", "b starts", "c starts"]);
        opened.resolve();
        await stage.settle();
        assertEquals(stage.taken(), expected(strategy, decision, phase));
        assertEquals(stage.decisions, expectedReports(decision, phase));
        assertEquals(stage.failures.map(({ error }) => error === OOPS), stage.failures.map(() => true));
        assertEquals(group(stage), expectedGroup(strategy, decision, phase));
      });
    }

    const failsAtOnce = (stage: Stage) => {
      let lives = 0;
      spawnGroup(stage, strategy, onFailure, (self) => {
        const started = stage.actor("b")(self);
        return ++lives === 1 ? oops() : started;
      });
      return stage.settle();
    };

    // In the order of the real world: c has started by the time the parent hears of b.
    onStage(`matrix: ${strategy}, ${decision}, failure in its synchronous start`, async (stage) => {
      await failsAtOnce(stage);
      assertEquals(stage.taken(), [
        "a starts",
        "b starts",
        "c starts",
        ...expected(strategy, decision, "start"),
      ]);
      assertEquals(stage.decisions, expectedReports(decision, "start"));
      assertEquals(group(stage), expectedGroup(strategy, decision, "start"));
    }, 1);

    // In any other c may start behind that, and once less.
    onStage(
      `matrix: ${strategy}, ${decision}, failure in its synchronous start, in any order`,
      async (stage) => {
        await failsAtOnce(stage);
        assertEquals(stage.decisions, expectedReports(decision, "start"));
        const wanted = expectedGroup(strategy, decision, "start");
        const isCounted = (line: string) => line.startsWith("b");
        assertEquals(group(stage).split(",").filter(isCounted), wanted.split(",").filter(isCounted));
        assertEquals(group(stage).replaceAll(/\d/g, ""), wanted.replaceAll(/\d/g, ""));
        const seen = stage.taken();
        for (const name of ["a", "b", "c"]) {
          const lives = seen.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(2));
          assertEquals(lives, lives.map((_, n) => n % 2 === 0 ? "starts" : "ends"), `${name}: ${seen}`);
          assertEquals(lives.length % 2 === 1, wanted.includes(`${name} running`), `${name}: ${seen}`);
        }
      },
    );

    for (const how of ["throws", "rejects"]) {
      onStage(
        `matrix: ${strategy}, ${decision}, failure in a handler and in onStop, which ${how}`,
        async (stage) => {
          let lives = 0;
          let fail = () => {};
          spawnGroup(stage, strategy, onFailure, (self) => {
            const handler = stage.actor("b")(self);
            if (++lives === 1) self.onStop(() => how === "throws" ? oops() : Promise.reject(OOPS));
            fail = () => self.self.tell("fail");
            return handler;
          });
          await stage.settle();
          stage.taken();
          fail();
          await stage.settle();
          assertEquals(stage.taken(), expected(strategy, decision, "message"));
          const own = decision === "resume" ? [] : ["/test/parent/b stop none"];
          assertEquals(stage.decisions, [...expectedReports(decision, "message"), ...own]);
          assertEquals(group(stage), expectedGroup(strategy, decision, "message"));
        },
      );

      onStage(
        `matrix: ${strategy}, ${decision}, failure in onStop of one that stops, which ${how}: nobody is restarted`,
        async (stage) => {
          let end = () => {};
          spawnGroup(stage, strategy, onFailure, (self) => {
            self.onStop(() => how === "throws" ? oops() : Promise.reject(OOPS));
            end = () => self.self.tell("stop");
            return stage.actor("b")(self);
          });
          await stage.settle();
          stage.taken();
          end();
          await stage.settle();
          assertEquals(stage.taken(), STOPPED);
          assertEquals(stage.decisions, ["/test/parent/b stop none"]);
          assertEquals(group(stage), "a running 0,c running 0");
        },
      );
    }
  }
}

onStage("matrix: the actors of a system are one group under the root", async (stage) => {
  stage.system.supervise("one-for-all");
  stage.system.spawn("a", stage.actor("a"));
  const b = stage.system.spawn("b", stage.actor("b"));
  await stage.settle();
  stage.taken();
  b.tell("fail");
  await stage.settle();
  assertEquals(stage.taken(), ["b ends", "a ends", "a starts", "b starts"]);
});

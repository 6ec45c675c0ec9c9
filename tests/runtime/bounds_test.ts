import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import {
  type Behavior,
  type Context,
  MailboxFull,
  type OnFailure,
  type Overflow,
  type Ref,
  registryKey,
  restart,
  resume,
  stop,
  topic,
} from "../../mod.ts";
import { gate, onStage, type Stage, upTo } from "./_stage.ts";

const OVERFLOWS: readonly Overflow[] = ["reject", "drop-newest", "drop-oldest"];

for (const overflow of OVERFLOWS) {
  onStage(
    `bounds: a topic keeps to its subscriber's bound, ${overflow}, and never fails its publisher`,
    async (stage) => {
      const news = topic<number>("news");
      const hold = gate();
      const seen: number[] = [];
      stage.system.spawn<number>("a", (self) => {
        self.subscribe(news, (n) => n);
        return async (n) => {
          seen.push(n);
          await hold.promise;
        };
      }, { mailbox: { capacity: 10, overflow } });
      await stage.settle();
      for (const n of upTo(1000)) {
        stage.system.publish(news, n);
        if (n === 0) await stage.settle();
      }
      assertEquals(stage.system.tree().children[0]?.mailbox, 10);
      hold.resolve();
      await stage.settle();
      const kept = overflow === "drop-oldest" ? upTo(10).map((n) => n + 990) : upTo(10).map((n) => n + 1);
      assertEquals(seen, [0, ...kept]);
      assertEquals(stage.deadLetters.length, 989);
      const reason = overflow === "drop-oldest" ? "dropped-oldest" : "dropped-newest";
      assert(stage.deadLetters.every((letter) => letter.reason === reason));
    },
  );
}

/** What an actor waits for, sent to itself. */
const OWN: Readonly<Record<string, (self: Context<string>) => void>> = {
  "a result of pipe": (self) => self.pipe(Promise.resolve(), () => "own", () => "own"),
  "a failure in pipe": (self) => self.pipe(Promise.reject(new Error("no")), () => "own", () => "own"),
  "an after": (self) => void self.after(5, "own"),
  "a watch": (self) => {
    const child = self.spawn<string>("child", () => () => {});
    self.watch(child, () => "own");
    self.stop(child);
  },
  "a change of a key": (self) => void self.watchKey(registryKey<string>("key"), () => "own"),
};

for (const overflow of OVERFLOWS) {
  for (const [what, arrange] of Object.entries(OWN)) {
    onStage(`bounds: ${what} is never dropped for others, ${overflow}`, async (stage) => {
      const hold = gate();
      const ref = stage.system.spawn<string>("a", (self) => async (message) => {
        stage.note(message);
        if (message !== "go") return;
        arrange(self);
        await hold.promise;
      }, { mailbox: { capacity: 2, overflow } });
      ref.tell("go");
      await stage.sim.advance(10);
      for (const n of upTo(20)) {
        try {
          ref.tell(`told ${n}`);
        } catch (error) {
          assertInstanceOf(error, MailboxFull);
        }
      }
      hold.resolve();
      await stage.sim.advance(10);
      assertEquals(stage.taken().filter((line) => line === "own"), ["own"]);
    });
  }
}

onStage(
  "bounds: where all that waits is the actor's own, what is told is dropped in its place",
  async (stage) => {
    const hold = gate();
    const ref = stage.system.spawn<string>("a", (self) => async (message) => {
      stage.note(message);
      if (message !== "go") return;
      for (const n of upTo(3)) self.after(1, `own ${n}`);
      await hold.promise;
    }, { mailbox: { capacity: 2, overflow: "drop-oldest" } });
    ref.tell("go");
    await stage.sim.advance(5);
    ref.tell("told");
    hold.resolve();
    await stage.settle();
    assertEquals(stage.taken(), ["go", "own 0", "own 1", "own 2"]);
    assertEquals(stage.lost, ["told /test/a dropped-newest"]);
  },
);

onStage("bounds: with drop-oldest a tell stands behind the offers that wait", async (stage) => {
  const hold = gate();
  const ref = stage.system.spawn<string>("a", () => async (message) => {
    stage.note(message);
    await hold.promise;
  }, { mailbox: { capacity: 2, overflow: "drop-oldest" } });
  ref.tell("0");
  await stage.settle();
  ref.tell("1");
  ref.tell("2");
  const offered = Promise.all([ref.offer("3"), ref.offer("4")]);
  ref.tell("5");
  hold.resolve();
  await stage.sim.settle(offered);
  await stage.settle();
  assertEquals(stage.taken(), ["0", "2", "3", "4", "5"]);
  assertEquals(stage.lost, ["1 /test/a dropped-oldest"]);
});

onStage("urgent: what goes first keeps its order, before all others and within the bound", async (stage) => {
  const hold = gate();
  const ref = stage.system.spawn<string>("a", () => async (message) => {
    stage.note(message);
    if (message === "0") await hold.promise;
  }, { mailbox: { isUrgent: (message) => message.startsWith("!"), capacity: 4 } });
  ref.tell("0");
  await stage.settle();
  for (const message of ["1", "!2", "3", "!4"]) ref.tell(message);
  assertThrows(() => ref.tell("!5"), MailboxFull);
  hold.resolve();
  await stage.settle();
  assertEquals(stage.taken(), ["0", "!2", "!4", "1", "3"]);
});

const isUrgent = (message: string) => message.startsWith("!");
const TOLD = ["plain", "!1", "!2", "!3", "!4"];
const IN_ORDER = ["!1", "!2", "!3", "!4", "plain"];

/** What keeps an actor while urgent messages come, and what fails on the first of them. */
const KEPT: Readonly<Record<string, (stage: Stage) => Ref<string>>> = {
  "before its start": (stage) =>
    stage.system.spawn("a", () => (message) => stage.note(message), { mailbox: { isUrgent } }),
  "before a start that takes its time": (stage) =>
    stage.system.spawn<string>("a", async () => {
      await Promise.resolve();
      return (message) => stage.note(message);
    }, { mailbox: { isUrgent } }),
  "while the first of them fails, and is restarted": (stage) => failingOnFirst(stage, restart()),
  "while the first of them fails, and is restarted later": (stage) =>
    failingOnFirst(stage, restart({ backoff: { minMs: 10, maxMs: 10 } })),
  "while the first of them fails, and is resumed": (stage) => failingOnFirst(stage, resume()),
  "in a mailbox that drops its oldest": (stage) =>
    stage.system.spawn("a", () => (message) => stage.note(message), {
      mailbox: { isUrgent, capacity: 5, overflow: "drop-oldest" },
    }),
};

function failingOnFirst(stage: Stage, onFailure: OnFailure): Ref<string> {
  return stage.system.spawn<string>("a", () => (message) => {
    stage.note(message);
    if (message === "!1") throw new Error("told to");
  }, { mailbox: { isUrgent }, onFailure });
}

for (const [when, spawn] of Object.entries(KEPT)) {
  onStage(`urgent: those that come ${when} keep their order, before what waits`, async (stage) => {
    const ref = spawn(stage);
    if (when.startsWith("while")) await stage.settle();
    for (const message of TOLD) ref.tell(message);
    await stage.sim.advance(50);
    assertEquals(stage.taken(), IN_ORDER);
    assertEquals(stage.lost, []);
  });
}

onStage("urgent: watches keep their order, too, where their actor has yet to start", async (stage) => {
  const others = ["1", "2", "3"].map((name) => stage.system.spawn(name, stage.actor("other")));
  await stage.settle();
  for (const other of others) other.tell("stop");
  await stage.settle();
  stage.taken();
  const ref = stage.system.spawn<string>("a", async (self) => {
    for (const [at, other] of others.entries()) self.watch(other, () => `${at} is gone`);
    await Promise.resolve();
    return (message) => stage.note(message);
  });
  ref.tell("plain");
  await stage.settle();
  assertEquals(stage.taken(), ["0 is gone", "1 is gone", "2 is gone", "plain"]);
});

onStage("urgent: a predicate that throws lets the message go the usual way", async (stage) => {
  const ref = stage.system.spawn<string>("a", () => (message) => stage.note(message), {
    mailbox: {
      isUrgent: () => {
        throw new Error("urgent");
      },
    },
  });
  ref.tell("1");
  ref.tell("2");
  await stage.settle();
  assertEquals(stage.taken(), ["1", "2"]);
});

onStage(
  "stash: its capacity can be set; over it nobody fails, and a restart does not bring it down",
  async (stage) => {
    const ref = stage.system.spawn<string>("a", (self) => (message) => {
      if (message === "fail") throw new Error("told to");
      self.stash.push(message);
      stage.note(`${self.stash.size}/${self.stash.capacity}`);
    }, { stashCapacity: 2 });
    for (const message of ["a", "b", "c"]) ref.tell(message);
    await stage.settle();
    assertEquals(stage.taken(), ["1/2", "2/2", "2/2"]);
    assertEquals(stage.lost, ["c /test/a stash-full"]);
    ref.tell("fail");
    await stage.settle();
    assertEquals(stage.taken(), ["1/2", "2/2"]);
    assertEquals(stage.decisions, ["/test/a message restart"]);
  },
);

for (const stashCapacity of [-1, 1.5, NaN, Infinity]) {
  onStage(`stash: a capacity of ${stashCapacity} is a RangeError`, async (stage) => {
    assertThrows(
      () => stage.system.spawn("a", stage.actor("a"), { stashCapacity }),
      RangeError,
      `stashCapacity is a whole number from 0, not ${stashCapacity}`,
    );
    await stage.settle();
  }, 1);
}

onStage(
  "dead letters: of an actor that others end they are told at its level, and so is how many more there were",
  async (stage) => {
    const log = () =>
      stage.sim.host("a").log.records.filter(({ message }) => /dead letter/i.test(message))
        .map(({ level, message }) => `${level} ${message}`);
    const quiet = stage.system.spawn("quiet", stage.actor("quiet"), { deadLetterLevel: "debug" });
    const loud = stage.system.spawn("loud", stage.actor("loud"));
    for (const ref of [quiet, loud]) ref.tell("stop");
    await stage.settle();
    for (let count = 0; count < 7; count++) quiet.tell("late");
    await stage.sim.advance(1000);
    assertEquals(log(), [
      ...Array(5).fill("debug Dead letter for /test/quiet (stopped): string"),
      "debug 2 more dead letters",
    ]);
    for (let count = 0; count < 5; count++) quiet.tell("late");
    loud.tell("late");
    await stage.sim.advance(1000);
    assertEquals(log().at(-1), "warn 1 more dead letters");
    assertEquals(stage.deadLetters.length, 13);
  },
);

onStage(
  "dead letters: what an actor's own work brings when it has stopped is no news, and after a failure it is",
  async (stage) => {
    const lines = () =>
      stage.sim.host("a").log.records.filter(({ message }) => /dead letter/i.test(message))
        .map(({ level, message }) => `${level} ${message}`);
    const works = [gate<string>(), gate<string>()];
    const behavior = (work: Promise<string>): Behavior<string> => (self) => {
      self.pipe(work, (text) => text, String);
      return (message) => {
        if (message === "fail") throw new Error("on purpose");
        self.stop();
      };
    };
    const [first, second] = works.map(({ promise }, at) =>
      stage.system.spawn(`a${at}`, behavior(promise), { onFailure: stop() })
    );
    first?.tell("stop");
    second?.tell("fail");
    await stage.settle();
    for (const work of works) work.resolve("done");
    await stage.settle();
    assertEquals(lines(), [
      "debug Dead letter for /test/a0 (stopped): string",
      "warn Dead letter for /test/a1 (stopped): string",
    ]);
  },
);

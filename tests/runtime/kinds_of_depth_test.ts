/**
 * What is deeper than the stack: trees, errors, messages and chains of those who hear of one another. None
 * may end the process, whatever the depth.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  ActorStopped,
  type Behavior,
  type ChildSpec,
  childSpec,
  escalate,
  type Ref,
  restart,
  resume,
  type SpawnOptions,
  stop,
  supervisor,
  topic,
} from "../../mod.ts";
import { onStage, onStages, type Stage, upTo } from "./_stage.ts";

const LEVELS = 10_000;

/** What an actor does in a tree that is one branch; `level` counts from 0 at the top. */
interface Branch {
  readonly options?: SpawnOptions;
  /** In its start, before its child is spawned. */
  readonly begin?: (self: Parameters<Behavior<string>>[0], level: number) => void;
  /** The last one's handler. */
  readonly last?: (message: string) => void;
  readonly levels?: number;
}

/** Spawns the branch, and gives its top and its lowest actor once all have begun. */
async function branch(
  stage: Stage,
  { options = {}, begin, last, levels = LEVELS }: Branch,
): Promise<Ref<string>[]> {
  const refs: Ref<string>[] = [];
  const at = (level: number): Behavior<string> => (self) => {
    refs[level] = self.self;
    begin?.(self, level);
    if (level + 1 < levels) self.spawn("l", at(level + 1), options);
    return (message) => level + 1 === levels ? last?.(message) : undefined;
  };
  stage.system.spawn("l", at(0), options);
  await stage.settle();
  assertEquals(refs.length, levels);
  return [refs[0], refs.at(-1)].filter((ref) => ref !== undefined);
}

const failing = () => {
  throw new Error("told to");
};

// The simulator keeps a line for each level, with its path: more levels would be a test of that.
onStages(
  (levels) => `kind 8: a failure that a function hands up at each of ${levels} levels comes to the root`,
  [2000, 100],
  async (stage, levels) => {
    let decided = 0;
    const onFailure = () => (decided++, escalate());
    const [, lowest] = await branch(stage, { options: { onFailure }, last: failing, levels });
    lowest?.tell("fail");
    await stage.sim.settle(assertRejects(() => stage.system.terminated, Error, "told to"));
    assertEquals(decided, levels);
  },
);

const wholeAgain = (levels: number) =>
  `kind 8: groups in groups go down and come back whole, ${levels} levels deep`;

onStages(wholeAgain, [LEVELS, 100], async (stage, levels) => {
  let starts = 0;
  let siblings = 0;
  const [top, lowest] = await branch(stage, {
    options: { onFailure: restart({ limit: 2 }) },
    begin: (self) => {
      starts++;
      self.supervise("one-for-all");
      self.spawn<string>("sibling", () => (siblings++, () => {}));
    },
    last: failing,
    levels,
  });
  assertEquals([starts, siblings], [levels, levels]);
  // The lowest alone, with its sibling; after its third failure its parent, and so on up.
  for (const _ of upTo(3)) lowest?.tell("fail");
  await stage.settle();
  assertEquals(starts, levels + 2 + 2);
  assert(top?.isOpen);
});

onStage(
  "kind 8: supervisors in supervisors, 1,000 levels deep, have started when the lowest has",
  async (stage) => {
    let spec: ChildSpec = childSpec<string>("lowest", () => (stage.note("lowest"), () => {}));
    for (const n of upTo(1000)) spec = childSpec(`s${n}`, supervisor("rest-for-one", [spec]));
    const top = stage.system.spawn("top", supervisor("one-for-all", [spec]));
    await stage.sim.settle(stage.system.started(top));
    assertEquals(stage.taken(), ["lowest"]);
  },
);

onStages(
  (count) => `kind 8: ${count} starts wait for one another, and a tenth hear of it when the last fails`,
  [LEVELS, 100],
  async (stage, count) => {
    for (const [ends, levels] of [["well", count], ["badly", count / 10]] as const) {
      const at = (level: number): Behavior<string> => async (self) => {
        if (level === levels && ends === "badly") failing();
        if (level < levels) await self.started(self.spawn("l", at(level + 1), { onFailure: stop() }));
        return () => {};
      };
      const started = stage.system.started(stage.system.spawn(ends, at(1), { onFailure: stop() }));
      if (ends === "well") await stage.sim.settle(started);
      else await stage.sim.settle(assertRejects(() => started, ActorStopped));
    }
  },
);

onStages(
  (levels) => `kind 8: what nobody hears ${levels} levels deep is a dead letter with its whole path`,
  [LEVELS, 100],
  async (stage, levels) => {
    const [top, lowest] = await branch(stage, { levels });
    top?.tell("still here");
    stage.system.stop();
    await stage.settle();
    lowest?.tell("late");
    const { length } = "/test" + "/l".repeat(levels);
    assertEquals(stage.deadLetters.at(-1)?.target.length, length);
    assertEquals(lowest?.path.length, length);
  },
);

/** Things that hold one another, with so many levels. */
const NESTED: Readonly<Record<string, () => unknown>> = {
  "an error with 10,000 causes": () =>
    upTo(LEVELS).reduce((cause: unknown, n) => new Error(`level ${n}`, { cause }), undefined),
  "an AggregateError of AggregateErrors": () =>
    upTo(LEVELS).reduce<Error>((inner) => new AggregateError([inner], "all"), new Error("lowest")),
  "an object of objects": () => upTo(LEVELS).reduce<unknown>((inner) => ({ inner }), "lowest"),
  "an array of arrays": () => upTo(LEVELS).reduce<unknown>((inner) => [inner], "lowest"),
};

for (const [what, make] of Object.entries(NESTED)) {
  onStage(
    `kind 8: ${what} is thrown, told to nobody and asked with, and costs nobody else anything`,
    async (stage) => {
      const ref = stage.system.spawn<unknown>("a", () => (message) => {
        throw message;
      }, { onFailure: resume() });
      const nested = make();
      ref.tell(nested);
      const asked = ref.ask<string>((replyTo) => ({ replyTo, nested }), { timeoutMs: 1000 });
      await stage.sim.settle(assertRejects(() => asked));
      const gone = stage.system.spawn<unknown>("gone", (self) => () => self.stop());
      gone.tell("stop");
      await stage.settle();
      gone.tell(nested);
      await stage.sim.advance(2000);
      assertEquals(stage.failures.length, 2);
      assertEquals(stage.deadLetters.length, 1);
      assert(ref.isOpen);
    },
    1,
  );
}

const passedOn = (count: number) =>
  `kind 8: ${count} actors that each publish what they hear pass it on to the last`;

onStages(passedOn, [LEVELS, 100], async (stage, count) => {
  const topics = upTo(count + 1).map((n) => topic<string>(`level ${n}`));
  for (const n of upTo(count)) {
    const [from, to] = topics.slice(n, n + 2);
    stage.system.spawn<string>(`a${n}`, (self) => {
      if (from !== undefined) self.subscribe(from, (text) => text);
      return (text) => to === undefined ? undefined : self.publish(to, text);
    });
  }
  stage.system.spawn<string>("last", (self) => {
    const [last] = topics.slice(-1);
    if (last !== undefined) self.subscribe(last, (text) => text);
    return (text) => stage.note(text);
  });
  await stage.settle();
  stage.system.spawn<string>("first", (self) => {
    const [first] = topics;
    if (first !== undefined) self.publish(first, "news");
    return () => {};
  });
  // So many turns take some time.
  await stage.sim.advance(1000);
  assertEquals(stage.taken(), ["news"]);
});

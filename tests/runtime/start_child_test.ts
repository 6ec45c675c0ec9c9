/**
 * Who starts a child is answered at once, whatever the child's failure costs its supervisor.
 */
import { assert, assertEquals } from "@std/assert";
import {
  type Behavior,
  childSpec,
  escalate,
  restart,
  type SpawnOptions,
  startChild,
  stop,
  supervisor,
} from "../../mod.ts";
import { onStage, type Stage } from "./_stage.ts";

const throws: Behavior<string> = () => {
  throw new Error("no start");
};
const throwsLater: Behavior<string> = async () => {
  await Promise.resolve();
  throw new Error("no start");
};
const stopsItself: Behavior<string> = (self) => {
  self.stop();
  return () => {};
};
const STARTS: readonly [name: string, behavior: Behavior<string>, options: SpawnOptions<string>][] = [
  ["by the default policy", throws, {}],
  ["later", throwsLater, {}],
  ["and escalates", throws, { onFailure: escalate() }],
  ["later, and escalates", throwsLater, { onFailure: escalate() }],
  ["and stops", throws, { onFailure: stop() }],
  ["with a number in its handler's place", (() => 5) as never, {}],
  ["with a generator in its handler's place", (() => async function* () {}) as never, {}],
  [
    "with a thenable that fails",
    (() => ({ then: (_: unknown, no: (e: Error) => void) => no(new Error("no start")) })) as never,
    {},
  ],
  ["with no restart left", throws, { onFailure: restart({ limit: 0 }) }],
  ["since it is permanent and stops itself", stopsItself, { restart: "permanent" }],
];

async function outcome(stage: Stage, starting: Promise<unknown>): Promise<string> {
  const settled = starting.then(() => "started", (error: Error) => `${error}; ${error.cause ?? ""}`);
  return await Promise.race([settled, stage.sim.advance(5000).then(() => "no answer")]);
}

for (const [how, behavior, options] of STARTS) {
  onStage(
    `start-child: whose start fails ${how} is told to whoever asked, and not waited for`,
    async (stage) => {
      const group = stage.system.spawn("group", supervisor("one-for-one", []), {
        onFailure: restart({ limit: 9 }),
      });
      await stage.settle();
      const said = await outcome(
        stage,
        startChild(group, childSpec("c", behavior, options), { timeoutMs: 60_000 }),
      );
      // One that stops itself has started before.
      if (behavior === stopsItself) assert(said !== "no answer", said);
      else {assert(
          /^ActorStopped: Cannot reach \/test\/group\/c: .*; .*(no start|Cannot start)/.test(said),
          said,
        );}
    },
  );
}

onStage(
  "start-child: a start that is under way when its supervisor restarts is told as failed",
  async (stage) => {
    let fail = () => {};
    const bad: Behavior<string> = (self) => {
      fail = () => self.self.tell("fail");
      return () => {
        throw new Error("told to");
      };
    };
    const specs = [childSpec("bad", bad, { onFailure: escalate() })];
    const group = stage.system.spawn("group", supervisor("one-for-one", specs), { onFailure: restart() });
    await stage.settle();
    const slow: Behavior<string> = () => new Promise(() => {});
    const starting = startChild(group, childSpec("slow", slow), { timeoutMs: 60_000 });
    await stage.settle();
    fail();
    const said = await outcome(stage, starting);
    assert(said !== "no answer" && said !== "started", said);
  },
);

for (const overflow of ["drop-oldest", "drop-newest"] as const) {
  onStage(`${overflow}: a message that is undefined is one as all others`, async (stage) => {
    const ref = stage.system.spawn<string | undefined>(
      "a",
      () => (message) => stage.note(`${message}`),
      { mailbox: { capacity: 1, overflow } },
    );
    await stage.settle();
    ref.tell(undefined);
    ref.tell("b");
    await stage.settle();
    const [taken, lost] = overflow === "drop-oldest" ? ["b", "undefined"] : ["undefined", "b"];
    assertEquals(stage.taken(), [taken]);
    const reason = overflow === "drop-oldest" ? "dropped-oldest" : "dropped-newest";
    assertEquals(stage.lost, [`${lost} /test/a ${reason}`]);
  });
}

import { assertEquals } from "@std/assert";
import type { Behavior } from "../../mod.ts";
import { gate, onStage } from "./_stage.ts";

onStage(
  "stop: each actor has a shutdown time of its own, and the time of its children does not count as its own",
  async (stage) => {
    const slow = (name: string, ms: number): Behavior<string> => (self) => {
      self.onStop(async () => {
        await new Promise<void>((resolve) => self.world.clock.timer(ms, resolve));
        stage.note(`${name} after ${Math.round(stage.sim.now)}`);
      });
      return () => {};
    };
    stage.system.spawn<string>("parent", (self) => {
      self.spawn("a", slow("a", 90), { shutdownMs: 100 });
      self.spawn("b", slow("b", 90), { shutdownMs: 100 });
      self.onStop(async () => {
        await new Promise<void>((resolve) => self.world.clock.timer(90, resolve));
        stage.note(`parent after ${Math.round(stage.sim.now)}`);
      });
      return () => {};
    }, { shutdownMs: 100 });
    await stage.settle();
    await stage.sim.settle(stage.system.stop());
    assertEquals(stage.taken(), ["b after 90", "a after 180", "parent after 270"]);
    assertEquals(stage.failures, []);
  },
);

onStage(
  "stop: a handler that is still running after the shutdown time is given up, and reported",
  async (stage) => {
    const never = gate();
    const ref = stage.system.spawn<string>("hung", (self) => {
      self.onStop(() => stage.note("released"));
      return () => never.promise;
    }, { shutdownMs: 100 });
    ref.tell("hang");
    ref.tell("lost");
    await stage.settle();
    const stopped = stage.system.stop();
    await stage.sim.advance(99);
    assertEquals(stage.failures, []);
    await stage.sim.settle(stopped);
    assertEquals(stage.sim.now, 100);
    assertEquals(stage.decisions, ["/test/hung shutdown-timeout none"]);
    assertEquals(
      `${stage.failures[0]?.error}`,
      "Error: Cannot stop /test/hung in 100 ms: its handler is still running",
    );
    assertEquals(stage.taken(), ["released"]);
    assertEquals(stage.lost, ["lost /test/hung stopped"]);
  },
);

onStage(
  "stop: what onStop started is given up after the shutdown time, the rest is still released",
  async (stage) => {
    const never = gate();
    stage.system.spawn<string>("hung", (self) => {
      self.onStop(() => stage.note("first"));
      self.onStop(() => never.promise);
      self.onStop(async () => {
        await Promise.resolve();
        stage.note("third");
      });
      return () => {};
    }, { shutdownMs: 100 });
    await stage.settle();
    await stage.sim.settle(stage.system.stop());
    assertEquals([stage.sim.now, stage.taken()], [100, ["third", "first"]]);
    assertEquals(
      stage.failures.map(({ error }) => `${error}`),
      ["Error: Cannot stop /test/hung in 100 ms: what it registered with onStop is still running"],
    );
  },
);

onStage("stop: what was given up and settles later changes nothing any more", async (stage) => {
  const holds = [gate(), gate()];
  stage.system.spawn<string>("a", (self) => {
    self.onStop(async () => {
      stage.note("second begins");
      await holds[1]?.promise;
      stage.note("second ends");
    });
    self.onStop(() => holds[0]?.promise);
    return () => {};
  }, { shutdownMs: 100 });
  await stage.settle();
  const stopped = stage.system.stop();
  await stage.sim.advance(100);
  await stage.sim.settle(stopped);
  for (const hold of holds) hold.resolve();
  await stage.settle();
  assertEquals(stage.decisions, ["/test/a shutdown-timeout none", "/test/a shutdown-timeout none"]);
  assertEquals(stage.system.tree().children, []);
});

onStage("stop: a handler that fails after it was given up is still reported", async (stage) => {
  const late = gate();
  stage.system.spawn<string>("a", () => () => late.promise, { shutdownMs: 10 }).tell("hang");
  await stage.settle();
  await stage.sim.settle(stage.system.stop());
  late.reject(new Error("late"));
  await stage.settle();
  assertEquals(stage.decisions, ["/test/a shutdown-timeout none", "/test/a message none"]);
});

onStage(
  "stop: with a limit, those that are left are given up, children first, and each is reported",
  async (stage) => {
    const never = gate();
    const hung = (name: string): Behavior<string> => (self) => {
      self.onStop(() => stage.note(`${name} ends`));
      return () => never.promise;
    };
    stage.system.spawn<string>("parent", (self) => {
      self.spawn("quiet", stage.actor("quiet"));
      self.spawn("hung", hung("hung"), { shutdownMs: 60_000 }).tell("hang");
      self.onStop(() => stage.note("parent ends"));
      return () => {};
    }, { shutdownMs: 60_000 });
    await stage.settle();
    stage.taken();
    await stage.sim.settle(stage.system.stop({ withinMs: 1000 }));
    assertEquals(stage.sim.now, 1000);
    assertEquals(stage.decisions, ["/test/parent/hung shutdown-timeout none"]);
    assertEquals(stage.taken(), ["hung ends", "quiet ends", "parent ends"]);
    assertEquals(stage.system.tree().children, []);
  },
);

onStage("stop: a system that stops in time leaves no timer of its limit behind", async (stage) => {
  await stage.sim.settle(stage.system.stop({ withinMs: 1000 }));
  await stage.system.terminated;
  assertEquals(stage.sim.now, 0);
});

onStage(
  "stop: what is registered with onStop by a start that was given up is released at once",
  async (stage) => {
    const opened = gate();
    stage.system.spawn<string>("starting", async (self) => {
      await opened.promise;
      self.onStop(() => stage.note("what the start opened"));
      self.onStop(() => {
        throw new Error("late release");
      });
      throw new Error("late start");
    }, { shutdownMs: 10 });
    await stage.settle();
    await stage.sim.settle(stage.system.stop());
    assertEquals(stage.taken(), []);
    opened.resolve();
    await stage.settle();
    assertEquals(stage.taken(), ["what the start opened"]);
    assertEquals(stage.failures.slice(1).map(({ phase, error }) => `${phase} ${(error as Error).message}`), [
      "stop late release",
      "start late start",
    ]);
  },
);

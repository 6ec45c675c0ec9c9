import { assertEquals, assertThrows } from "@std/assert";
import type { Context } from "../../mod.ts";
import { gate, onStage } from "./_stage.ts";

onStage("timers: after sends its message once, at its time, and not when called off", async (stage) => {
  stage.system.spawn<string>("a", (self) => {
    self.after(30, "late");
    self.after(10, "early");
    self.after(0, "at once");
    self.after(20, "never").cancel();
    return (message) => stage.note(`${message} at ${stage.sim.now}`);
  });
  await stage.sim.advance(1000);
  assertEquals(stage.taken(), ["at once at 0", "early at 10", "late at 30"]);
});

onStage(
  "timers: every sends its message each interval, without drifting, until it is called off",
  async (stage) => {
    stage.system.spawn<string>("a", (self) => {
      const ticks = self.every(10, "tick");
      let count = 0;
      return async (message) => {
        stage.note(`${message} at ${stage.sim.now}`);
        if (++count === 4) ticks.cancel();
        await new Promise<void>((resolve) => self.world.clock.timer(3, resolve));
      };
    });
    await stage.sim.advance(1000);
    assertEquals(stage.taken(), ["tick at 10", "tick at 20", "tick at 30", "tick at 40"]);
  },
);

onStage(
  "timers: every leaves a tick out when a bounded mailbox is full, and goes on when there is room",
  async (stage) => {
    const hold = gate();
    let first = true;
    stage.system.spawn<string>("a", (self) => {
      self.every(10, "tick");
      return () => {
        stage.note(`${stage.sim.now}`);
        if (!first) return;
        first = false;
        return hold.promise;
      };
    }, { mailbox: { capacity: 2 } });
    await stage.sim.advance(100);
    hold.resolve();
    await stage.sim.advance(20);
    assertEquals(stage.taken(), ["10", "100", "110", "120"]);
    assertEquals(stage.lost, []);
  },
);

onStage("timers: those of an actor that stops never fire", async (stage) => {
  const ref = stage.system.spawn<string>("a", (self) => {
    self.after(10, "x");
    self.every(10, "x");
    self.receiveTimeout(10, "x");
    return () => self.stop();
  });
  ref.tell("stop");
  await stage.sim.advance(100);
  assertEquals([stage.taken(), stage.lost], [[], []]);
});

onStage("timers: a receive timeout comes whenever nothing else came for so long", async (stage) => {
  const ref = stage.system.spawn<string>("a", (self) => {
    self.receiveTimeout(100, "idle");
    return (message) => stage.note(`${message} at ${stage.sim.now}`);
  });
  await stage.sim.advance(60);
  ref.tell("1");
  await stage.sim.advance(60);
  ref.tell("2");
  await stage.sim.advance(250);
  assertEquals(stage.taken(), ["1 at 60", "2 at 120", "idle at 220", "idle at 320"]);
});

onStage("timers: a receive timeout does not run while the actor is at work", async (stage) => {
  const ref = stage.system.spawn<string>("a", (self) => {
    self.receiveTimeout(100, "idle");
    return async (message) => {
      stage.note(`${message} at ${stage.sim.now}`);
      if (message === "work") await new Promise<void>((resolve) => self.world.clock.timer(450, resolve));
    };
  });
  ref.tell("work");
  ref.tell("next");
  await stage.sim.advance(600);
  assertEquals(stage.taken(), ["work at 0", "next at 450", "idle at 550"]);
});

onStage(
  "timers: a new receive timeout replaces the former, and one that is called off ends",
  async (stage) => {
    stage.system.spawn<string>("a", (self) => {
      self.receiveTimeout(10, "former");
      const timeout = self.receiveTimeout(100, "new");
      return (message) => {
        stage.note(`${message} at ${stage.sim.now}`);
        timeout.cancel();
      };
    });
    await stage.sim.advance(1000);
    assertEquals(stage.taken(), ["new at 100"]);
  },
);

onStage("timers: a message handled with a failure counts as one that came", async (stage) => {
  const ref = stage.system.spawn<string>("a", (self) => {
    self.receiveTimeout(100, "idle");
    return (message) => {
      if (message === "fail") throw new Error("told to");
      stage.note(`${message} at ${stage.sim.now}`);
    };
  }, { onFailure: { type: "resume" } });
  await stage.sim.advance(60);
  ref.tell("fail");
  await stage.sim.advance(150);
  assertEquals(stage.taken(), ["idle at 160"]);
});

onStage("timers: a time below 0 or that is none is a RangeError", async (stage) => {
  let context: Context<string> | undefined;
  stage.system.spawn<string>("a", (self) => {
    context = self;
    return () => {};
  });
  await stage.settle();
  for (const ms of [-1, NaN]) {
    for (const start of ["after", "every", "receiveTimeout"] as const) {
      assertThrows(
        () => context?.[start](ms, "x"),
        RangeError,
        `Cannot wait ${ms} ms: it takes a time of 0 or more`,
      );
    }
  }
}, 1);

import { assert, assertEquals } from "@std/assert";
import { ActorSystem, type Behavior } from "../../mod.ts";
import { gate, onStage, upTo } from "./_stage.ts";

onStage("messages: from one sender to one receiver they arrive in order", async ({ system, sim }) => {
  const seen: string[] = [];
  const receiver = system.spawn<string>("receiver", () => (message) => void seen.push(message));
  for (const name of ["a", "b", "c"]) {
    system.spawn<number>(name, (self) => (count) => {
      receiver.tell(`${name}${count}`);
      if (count < 30) self.self.tell(count + 1);
    }).tell(0);
  }
  await sim.until(() => seen.length === 93);
  for (const name of ["a", "b", "c"]) {
    assertEquals(seen.filter((text) => text.startsWith(name)), upTo(31).map((count) => `${name}${count}`));
  }
});

onStage(
  "messages: order holds across a handler that suspends, and across tell, offer and a watch",
  async (stage) => {
    const seen: number[] = [];
    const receiver = stage.system.spawn<number>("receiver", () => async (message) => {
      if (message % 3 === 0) await Promise.resolve();
      seen.push(message);
      if (message % 5 === 0) await Promise.resolve();
    }, { mailbox: { capacity: 4 } });
    const sender = stage.system.spawn<number>("sender", () => async (count) => {
      for (let i = 0; i < count; i++) await receiver.offer(i);
    });
    sender.tell(50);
    await stage.sim.until(() => seen.length === 50);
    assertEquals(seen, upTo(50));
  },
);

onStage("messages: each is handled once, and one at a time", async (stage) => {
  let inside = 0;
  let most = 0;
  const handled: number[] = [];
  const receiver = stage.system.spawn<number>("receiver", () => async (message) => {
    most = Math.max(most, ++inside);
    if (message % 2 === 0) await Promise.resolve();
    if (message % 7 === 0) await new Promise<void>((resolve) => stage.system.world.clock.timer(5, resolve));
    handled.push(message);
    inside--;
  });
  for (const i of upTo(100)) receiver.tell(i);
  await stage.sim.until(() => handled.length === 100);
  assertEquals([most, handled], [1, upTo(100)]);
  const [actor] = stage.system.tree().children;
  assertEquals([actor?.handled, actor?.mailbox], [100, 0]);
});

onStage("messages: a handler that returns a promise suspends its actor, and no other", async (stage) => {
  const hold = gate();
  const slow = stage.system.spawn<string>("slow", () => async (message) => {
    stage.note(`slow begins ${message}`);
    await hold.promise;
    stage.note(`slow ends ${message}`);
  });
  const quick = stage.system.spawn<string>("quick", () => (message) => stage.note(`quick ${message}`));
  slow.tell("1");
  slow.tell("2");
  await stage.settle();
  quick.tell("1");
  quick.tell("2");
  await stage.settle();
  assertEquals(stage.taken(), ["slow begins 1", "quick 1", "quick 2"]);
  hold.resolve();
  await stage.settle();
  assertEquals(stage.taken(), ["slow ends 1", "slow begins 2", "slow ends 2"]);
});

onStage("messages: tell returns before the message is handled, also to oneself", async (stage) => {
  const ref = stage.system.spawn<string>("a", (self) => (message) => {
    stage.note(`begins ${message}`);
    if (message === "1") self.self.tell("2");
    stage.note(`ends ${message}`);
  });
  ref.tell("1");
  assertEquals(stage.taken(), []);
  await stage.settle();
  assertEquals(stage.taken(), ["begins 1", "ends 1", "begins 2", "ends 2"]);
});

onStage("messages: those told before the actor has started wait for it", async (stage) => {
  const hold = gate();
  const ref = stage.system.spawn<string>("a", async () => {
    await hold.promise;
    stage.note("started");
    return (message) => stage.note(message);
  });
  ref.tell("1");
  await stage.settle();
  assertEquals(stage.taken(), []);
  hold.resolve();
  ref.tell("2");
  await stage.settle();
  assertEquals(stage.taken(), ["started", "1", "2"]);
});

onStage(
  "messages: a stop goes before the messages that wait, and they become dead letters",
  async (stage) => {
    const ref = stage.system.spawn<string>("a", (self) => (message) => {
      stage.note(message);
      if (message === "1") self.stop();
    });
    for (const message of ["1", "2", "3"]) ref.tell(message);
    await stage.settle();
    assertEquals(stage.taken(), ["1"]);
    assertEquals(stage.lost, ["2 /test/a stopped", "3 /test/a stopped"]);
  },
);

onStage("messages: a child's failure is seen to before the messages that wait", async (stage) => {
  const parent = stage.system.spawn<string>("parent", (self) => {
    const child = self.spawn("child", stage.actor("child"));
    return (message) => {
      stage.note(`parent ${message}`);
      if (message === "1") child.tell("fail");
    };
  });
  parent.tell("1");
  await stage.settle();
  // The child has failed by now, or not: in neither case are the failure and its decision behind these.
  for (const i of upTo(5)) parent.tell(`${i + 2}`);
  await stage.settle();
  assertEquals(stage.decisions, ["/test/parent/child message restart"]);
  assertEquals(stage.seen.filter((line) => line === "child starts").length, 2);
});

onStage(
  "messages: a watch goes before the messages that wait, and watches keep their order",
  async (stage) => {
    const hold = gate();
    const watched = ["x", "y", "z"].map((name) => stage.system.spawn(name, stage.actor(name)));
    const watcher = stage.system.spawn<string>("watcher", (self) => {
      for (const ref of watched) self.watch(ref, () => `gone ${ref.path}`);
      return async (message) => {
        if (message === "hold") await hold.promise;
        if (message.startsWith("gone")) await Promise.resolve();
        stage.note(message);
      };
    });
    watcher.tell("hold");
    await stage.settle();
    for (const message of ["1", "2"]) watcher.tell(message);
    stage.taken();
    for (const ref of watched) ref.tell("stop");
    await stage.settle();
    const gone = stage.events.filter((event) => event.type === "stopped").map(({ actor }) => `gone ${actor}`);
    assertEquals(gone.length, 3);
    stage.taken();
    hold.resolve();
    await stage.settle();
    assertEquals(stage.taken(), ["hold", ...gone, "1", "2"]);
  },
);

onStage("messages: of many watches none is lost in a mailbox that drops its oldest", async (stage) => {
  const seen: string[] = [];
  const watcher = stage.system.spawn<string>("watcher", (self) => {
    const children = upTo(20).map((i) => self.spawn(`c${i}`, stage.actor("child")));
    for (const child of children) self.watch(child, () => "gone");
    return (message) => {
      if (message === "go") { for (const child of children) child.tell("stop"); }
      seen.push(message);
    };
  }, { mailbox: { capacity: 1, overflow: "drop-oldest" } });
  watcher.tell("go");
  await stage.settle();
  assertEquals(seen.filter((message) => message === "gone").length, 20);
});

onStage("messages: a handler may return anything that is no promise", async (stage) => {
  const odd: unknown[] = [1, "text", null, true, [], {}, { then: "no function" }, () => {}, Symbol("s")];
  // What a program without types may do.
  const behavior = (() => (message: number) => {
    stage.note(`${message}`);
    return odd[message];
  }) as unknown as Behavior<number>;
  const ref = stage.system.spawn("odd", behavior);
  for (const i of upTo(odd.length)) ref.tell(i);
  await stage.settle();
  assertEquals(stage.taken(), upTo(odd.length).map(String));
  assertEquals(stage.failures, []);
});

onStage(
  "messages: a thenable that calls back at once, twice, or after a failure counts once",
  async (stage) => {
    const thenables: Record<string, PromiseLike<void>> = {
      atOnce: thenable((resolve) => resolve()),
      twice: thenable((resolve) => [resolve(), resolve()]),
      both: thenable((resolve, reject) => [resolve(), reject(new Error("too late"))]),
      throwsAfter: thenable((resolve) => {
        resolve();
        throw new Error("too late");
      }),
    };
    const behavior = (() => (name: string) => {
      stage.note(name);
      return thenables[name];
    }) as unknown as Behavior<string>;
    const ref = stage.system.spawn("odd", behavior);
    const names = Object.keys(thenables);
    for (const name of [...names, ...names]) ref.tell(name);
    await stage.settle();
    assertEquals(stage.taken(), [...names, ...names]);
    assertEquals(stage.failures, []);
    assertEquals(stage.system.tree().children[0]?.handled, 8);
  },
);

onStage("messages: a thenable whose then throws, or rejects, is a failure of the handler", async (stage) => {
  const behavior = (() => (name: string) => {
    stage.note(name);
    if (name === "throws") {
      return thenable(() => {
        throw new Error("then throws");
      });
    }
    return name === "rejects" ? thenable((_, reject) => reject(new Error("then rejects"))) : undefined;
  }) as unknown as Behavior<string>;
  const ref = stage.system.spawn("odd", behavior);
  for (const name of ["throws", "1", "rejects", "2"]) ref.tell(name);
  await stage.settle();
  assertEquals(stage.taken(), ["throws", "1", "rejects", "2"]);
  assertEquals(stage.failures.map(({ error }) => (error as Error).message), ["then throws", "then rejects"]);
});

function thenable(then: (resolve: () => void, reject: (error: Error) => void) => unknown): PromiseLike<void> {
  return { then } as unknown as PromiseLike<void>;
}

onStage("messages: the outcome of a piped promise comes as a message, good or bad", async (stage) => {
  const good = gate<number>();
  const bad = gate<number>();
  stage.system.spawn<string>("a", (self) => {
    for (const { promise } of [good, bad]) {
      self.pipe(promise, (value) => `value ${value}`, (error) => `error ${(error as Error).message}`);
    }
    return (message) => stage.note(message);
  });
  await stage.settle();
  bad.reject(new Error("no"));
  await stage.settle();
  good.resolve(7);
  await stage.settle();
  assertEquals(stage.taken(), ["error no", "value 7"]);
});

onStage(
  "messages: after a restart the outcome of a piped promise of before is a dead letter",
  async (stage) => {
    const late = gate<number>();
    let lives = 0;
    const ref = stage.system.spawn<string>("a", (self) => {
      if (++lives === 1) self.pipe(late.promise, (value) => `value ${value}`, () => "error");
      return (message) => {
        if (message === "fail") throw new Error("told to");
        stage.note(message);
      };
    });
    ref.tell("fail");
    await stage.settle();
    late.resolve(7);
    ref.tell("next");
    await stage.settle();
    assertEquals(stage.taken(), ["next"]);
    assertEquals(stage.lost, ["value 7 /test/a restarted"]);
  },
);

onStage(
  "messages: after a stop, or during one, the outcome of a piped promise is a dead letter",
  async (stage) => {
    const late = [gate<number>(), gate<number>()];
    const hold = gate();
    const ref = stage.system.spawn<string>("a", (self) => {
      self.onStop(() => hold.promise);
      for (const { promise } of late) {
        self.pipe(promise, (value) => `value ${value}`, (error) => `error ${error}`);
      }
      return () => self.stop();
    });
    ref.tell("stop");
    await stage.settle();
    late[0]?.resolve(1);
    await stage.settle();
    hold.resolve();
    await stage.settle();
    late[1]?.reject("no");
    await stage.settle();
    assertEquals(stage.lost, ["value 1 /test/a stopped", "error no /test/a stopped"]);
  },
);

onStage(
  "messages: a dead letter is an event with message, target and reason, and is counted",
  async (stage) => {
    const ref = stage.system.spawn<object>("a", (self) => () => self.stop());
    ref.tell({});
    await stage.settle();
    const message = { type: "late" };
    ref.tell(message);
    assertEquals(stage.system.deadLetters, 1);
    const letter = stage.deadLetters[0];
    assert(letter?.message === message);
    assertEquals(letter, { type: "dead-letter", message, target: "/test/a", reason: "stopped" });
  },
);

onStage("messages: dead letters are counted when nobody listens, too", async ({ sim }) => {
  const other = new ActorSystem("quiet", { world: sim.host("b").world });
  const ref = other.spawn<string>("a", () => () => {});
  await sim.settle(other.stop());
  ref.tell("1");
  ref.tell("2");
  assertEquals(other.deadLetters, 2);
});

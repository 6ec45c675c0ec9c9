import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { LocalRegistry } from "../../actors/runtime/registry.ts";
import { type Ref, registryKey, stop, topic } from "../../mod.ts";
import { onStage, upTo } from "./_stage.ts";

onStage("registry: an actor is found under its key, which is its name, and under no other", async (stage) => {
  const key = registryKey<string>("printer");
  const ref = stage.system.spawn("a", stage.actor("a"));
  assertEquals(stage.system.registry.find(key), undefined);
  stage.system.registry.register(key, ref);
  assertStrictEquals(stage.system.registry.find(key), ref);
  assertStrictEquals(stage.system.registry.find(registryKey<string>("printer")), ref);
  assertEquals(stage.system.registry.find(registryKey<string>("Printer")), undefined);
  await stage.settle();
});

onStage(
  "registry: a second actor under a key is a TypeError, and the same one again replaces itself",
  async (stage) => {
    const key = registryKey<string>("printer");
    const [a, b] = ["a", "b"].map((name) => stage.system.spawn(name, stage.actor(name)));
    assert(a !== undefined && b !== undefined);
    const { registry } = stage.system;
    const first = registry.register(key, a);
    assertThrows(
      () => registry.register(key, b),
      TypeError,
      `Cannot register /test/b as "printer": /test/a is registered`,
    );
    const second = registry.register(key, a);
    first.cancel();
    assertStrictEquals(registry.find(key), a);
    second.cancel();
    assertEquals(registry.find(key), undefined);
    await stage.settle();
  },
);

onStage("registry: an actor that stops is taken out, one that restarts is not", async (stage) => {
  const key = registryKey<string>("printer");
  const ref = stage.system.spawn("a", stage.actor("a"));
  const { registry } = stage.system;
  registry.register(key, ref);
  ref.tell("fail");
  await stage.settle();
  assertStrictEquals(registry.find(key), ref);
  ref.tell("stop");
  await stage.settle();
  assertEquals(registry.find(key), undefined);
  const next = stage.system.spawn("a", stage.actor("a"));
  registry.register(key, next);
  assertStrictEquals(registry.find(key), next);
});

onStage("registry: one that has stopped is not registered", async (stage) => {
  const key = registryKey<string>("printer");
  const ref = stage.system.spawn("a", stage.actor("a"));
  ref.tell("stop");
  await stage.settle();
  const registration = stage.system.registry.register(key, ref);
  assertEquals(stage.system.registry.find(key), undefined);
  registration.cancel();
});

onStage(
  "registry: a registration that is called off, twice, takes out its own and no other",
  async (stage) => {
    const key = registryKey<string>("printer");
    const ref = stage.system.spawn("a", stage.actor("a"));
    const { registry } = stage.system;
    const first = registry.register(key, ref);
    first.cancel();
    assertEquals(registry.find(key), undefined);
    registry.register(key, ref);
    first.cancel();
    assertStrictEquals(registry.find(key), ref);
    await stage.settle();
  },
);

onStage("registry: who watches a key is told now, and when an actor appears or goes", async (stage) => {
  const key = registryKey<string>("printer");
  stage.system.spawn<string>("watcher", (self) => {
    self.watchKey(key, (ref: Ref<string> | undefined) => ref === undefined ? "nobody" : ref.path);
    return (message) => stage.note(message);
  });
  await stage.settle();
  assertEquals(stage.taken(), ["nobody"]);
  const ref = stage.system.spawn<string>("a", (self) => {
    self.registry.register(key, self.self);
    return () => self.stop();
  });
  await stage.settle();
  assertEquals(stage.taken(), ["/test/a"]);
  ref.tell("stop");
  await stage.settle();
  assertEquals(stage.taken(), ["nobody"]);
});

onStage(
  "registry: a watch of a key that is called off, or whose actor restarts, tells nothing more",
  async (stage) => {
    const key = registryKey<string>("printer");
    let lives = 0;
    const watcher = stage.system.spawn<string>("watcher", (self) => {
      const watching = ++lives === 1 ? self.watchKey(key, () => "key") : undefined;
      self.watchKey(key, () => "off").cancel();
      return (message) => {
        if (message === "fail") throw new Error("told to");
        if (message === "off") watching?.cancel();
        stage.note(message);
      };
    });
    await stage.settle();
    stage.taken();
    watcher.tell("fail");
    await stage.settle();
    stage.taken();
    stage.system.registry.register(key, stage.system.spawn("a", stage.actor("a")));
    await stage.settle();
    assertEquals(stage.taken(), ["a starts"]);
  },
);

onStage(
  "registry: observers see the newest state last, whatever another does meanwhile; one that throws harms none",
  async (stage) => {
    const key = registryKey<string>("printer");
    const { registry } = stage.system;
    const [a, b] = ["a", "b"].map((name) => stage.system.spawn(name, stage.actor(name)));
    assert(a !== undefined && b !== undefined);
    const registration = registry.register(key, a);
    let isFirst = true;
    const replaces = registry.observe(key, (ref) => {
      if (ref !== undefined) return;
      if (isFirst) registry.register(key, b);
      isFirst = false;
    });
    let isTold = false;
    const throws = registry.observe(key, () => {
      if (isTold) throw new Error("observer");
      isTold = true;
    });
    const seen: (string | undefined)[] = [];
    registry.observe(key, (ref) => void seen.push(ref?.path));
    registration.cancel();
    assertEquals(seen, ["/test/a", "/test/b"]);
    replaces.cancel();
    throws.cancel();
    await stage.settle();
    assert(
      stage.sim.host("a").log.records.some(({ message }) =>
        message === "A listener of the system failed: observer"
      ),
    );
  },
);

onStage("registry: a reply address is no actor, and leaves the key free", async (stage) => {
  const key = registryKey<number>("printer");
  const other = stage.system.spawn("a", stage.actor("a"));
  await stage.settle();
  const asked = other.ask<number>((replyTo) => {
    assertThrows(() => stage.system.registry.register(key, replyTo), TypeError, "it is no actor");
    return "asked";
  }, { timeoutMs: 10 }).catch(() => "expired");
  assertEquals(await stage.sim.settle(asked), "expired");
  assertEquals(stage.system.registry.find(key), undefined);
});

onStage("topics: what is published reaches every subscriber, in order, and nobody else", async (stage) => {
  const prices = topic<number>("prices");
  const others = topic<number>("other prices");
  for (const name of ["a", "b"]) {
    stage.system.spawn<string>(name, (self) => {
      self.subscribe(prices, (price) => `${price}`);
      self.subscribe(prices, (price) => `again ${price}`).cancel();
      return (message) => stage.note(`${name} ${message}`);
    });
  }
  stage.system.spawn<string>("c", (self) => {
    self.subscribe(others, (price) => `${price}`);
    return (message) => {
      if (message === "publish") { for (const i of upTo(3)) self.publish(prices, i); }
      else stage.note(`c ${message}`);
    };
  }).tell("publish");
  await stage.settle();
  stage.taken();
  stage.system.publish(prices, 7);
  for (const i of upTo(3)) stage.system.publish(prices, i);
  await stage.settle();
  const seen = stage.taken();
  for (const name of ["a", "b"]) {
    assertEquals(
      seen.filter((line) => line.startsWith(name)),
      [7, 0, 1, 2].map((price) => `${name} ${price}`),
    );
  }
  assertEquals(seen.length, 8);
});

onStage("topics: a subscription ends with its actor's life, or when it is called off", async (stage) => {
  const prices = topic<number>("prices");
  let lives = 0;
  const ref = stage.system.spawn<string>("a", (self) => {
    if (++lives === 1) self.subscribe(prices, (price) => `${price}`);
    return (message) => {
      if (message === "fail") throw new Error("told to");
      stage.note(message);
    };
  });
  const outside: number[] = [];
  const subscription = stage.system.subscribe(prices, (price) => void outside.push(price));
  await stage.settle();
  stage.system.publish(prices, 1);
  await stage.settle();
  ref.tell("fail");
  await stage.settle();
  stage.system.publish(prices, 2);
  subscription.cancel();
  subscription.cancel();
  stage.system.publish(prices, 3);
  await stage.settle();
  assertEquals([stage.taken(), outside, stage.lost], [["1"], [1, 2], []]);
});

onStage(
  "topics: a subscriber that throws, subscribes or leaves in between harms no other and not the publisher",
  async (stage) => {
    const prices = topic<number>("prices");
    const seen: string[] = [];
    stage.system.subscribe(prices, () => {
      throw new Error("subscriber");
    });
    let count = 0;
    const greedy = () => {
      if (count++ < 100) stage.system.subscribe(prices, greedy);
    };
    stage.system.subscribe(prices, greedy);
    const leaving = stage.system.subscribe(prices, () => {
      seen.push("leaving");
      later.cancel();
      leaving.cancel();
    });
    const later = stage.system.subscribe(prices, () => seen.push("never"));
    stage.system.subscribe(prices, (price) => seen.push(`${price}`));
    const publisher = stage.system.spawn<string>("a", (self) => () => self.publish(prices, 1), {
      onFailure: stop(),
    });
    publisher.tell("publish");
    await stage.settle();
    assertEquals([seen, count, stage.failures], [["leaving", "1"], 1, []]);
  },
);

onStage("registry: an actor that comes again under its key is waited for once", async (stage) => {
  const waiting = new Set<() => void>();
  const registry = new LocalRegistry((_ref, stopped) => {
    waiting.add(stopped);
    return { cancel: () => void waiting.delete(stopped) };
  }, () => {});
  const ref = stage.system.spawn("a", stage.actor("a"));
  const key = registryKey<string>("printer");
  for (const put of [() => registry.register(key, ref), () => registry.join(key, ref)]) {
    const all = upTo(100).map(put);
    assertEquals(waiting.size, 1);
    // What was replaced takes nobody out, and what is there is taken out by its own.
    for (const replaced of all.slice(0, -1)) replaced.cancel();
    assertEquals(waiting.size, 1);
    all.at(-1)?.cancel();
    assertEquals([waiting.size, registry.find(key), registry.members(key)], [0, undefined, []]);
  }
  await stage.settle();
});

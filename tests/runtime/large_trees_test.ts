import { assert, assertEquals } from "@std/assert";
import { ActorSystem, type Behavior, escalate, type Ref, restart, resume, stop } from "../../mod.ts";
import { simWorld } from "../../actors/world/sim/mod.ts";
import { inOrder, onStage, upTo } from "./_stage.ts";

onStage(
  "robust: actors that spawn and stop at random leave a tree that is whole, and nothing hangs",
  async (stage) => {
    const { random } = stage.sim;
    type Order = { readonly what: "spawn" | "stop" | "fail" | "hold"; readonly hops: number };
    let count = 0;
    const policies = [
      restart({ limit: 1000 }),
      restart({ limit: 1000, backoff: { minMs: 1, maxMs: 20 } }),
      stop(),
      resume(),
      escalate(),
    ];
    const node = (isRoot: boolean): Behavior<Order> => (self) => {
      const strategy = (["one-for-one", "one-for-all", "rest-for-one"] as const)[random.integer(0, 2)];
      if (strategy !== undefined) {
        self.supervise(strategy, {
          stopOrder: random.integer(0, 1) ? "reverse" : "together",
        });
      }
      self.onStop(() => random.integer(0, 2) > 0 ? undefined : pause(random.integer(0, 30)));
      const pause = (ms: number) => new Promise<void>((resolve) => self.world.clock.timer(ms, resolve));
      const children: Ref<Order>[] = [];
      const receive = (order: Order): void | Promise<void> => {
        const child = children[random.integer(0, children.length)];
        if (order.hops > 0 && child !== undefined) return child.tell({ ...order, hops: order.hops - 1 });
        switch (isRoot ? "spawn" : order.what) {
          case "spawn": {
            const onFailure = policies[random.integer(0, policies.length - 1)];
            const made = self.spawn(`n${count++}`, node(false), {
              shutdownMs: 50,
              ...(onFailure && { onFailure }),
            });
            children.push(made);
            return;
          }
          case "stop":
            return self.stop();
          case "fail":
            throw new Error("told to");
          case "hold":
            return pause(random.integer(0, 30));
        }
      };
      if (!isRoot && random.integer(0, 9) === 0) throw new Error("no start");
      return random.integer(0, 2) > 0 ? receive : pause(random.integer(0, 30)).then(() => receive);
    };
    const root = stage.system.spawn("root", node(true), {
      onFailure: restart({ limit: 100_000 }),
      shutdownMs: 50,
    });
    for (const _ of upTo(400)) {
      const what = (["spawn", "spawn", "spawn", "hold", "fail", "stop"] as const)[random.integer(0, 5)] ??
        "spawn";
      root.tell({ what, hops: what === "stop" ? random.integer(1, 6) : random.integer(0, 6) });
      if (random.integer(0, 3) === 0) await stage.sim.advance(random.integer(0, 20));
    }
    // All that fails is decided about, all that stops is gone: after a while everybody runs.
    await stage.sim.advance(5000);
    const states = new Map<string, number>();
    const open = [stage.system.tree()];
    for (const actor of open) {
      states.set(actor.state, (states.get(actor.state) ?? 0) + 1);
      open.push(...actor.children);
    }
    assertEquals([...states.keys()], ["running"]);
    await stage.sim.settle(stage.system.stop());
    assertEquals(stage.system.tree().children, []);
    const started = new Set(
      stage.events.filter(({ type }) => type === "started").map((event) =>
        event.type === "started" ? event.actor : ""
      ),
    );
    const stopped = stage.events.filter(({ type }) => type === "stopped").map((event) =>
      event.type === "stopped" ? event.actor : ""
    );
    assertEquals(stopped.length, new Set(stopped).size);
    for (const actor of started) assert(stopped.includes(actor), actor);
  },
  60,
);

for (const order of ["reverse", "together"] as const) {
  Deno.test(`robust: 100,000 children stop in order ${order}`, async () => {
    const sim = simWorld({ seed: 1 });
    const { world } = sim.host("a", { logLevel: "error" });
    const system = new ActorSystem("test", { world: inOrder(world) });
    let ended = 0;
    system.spawn<string>("parent", (self) => {
      self.supervise("one-for-one", { stopOrder: order });
      for (const i of upTo(100_000)) {
        self.spawn<string>(`c${i}`, (child) => {
          child.onStop(() => void ended++);
          return () => {};
        });
      }
      return () => {};
    });
    await sim.until(() => system.subtree("/test/parent/c99999")?.state === "running");
    await sim.settle(system.stop());
    assertEquals([ended, system.tree().children], [100_000, []]);
    sim.close();
  });
}

/** A chain of actors, each the only child of the one before it. */
function chain(depth: number, started: () => void, ended: () => void): Behavior<string> {
  return (self) => {
    self.onStop(ended);
    if (depth > 1) self.spawn("n", chain(depth - 1, started, ended), { onFailure: escalate() });
    else started();
    return () => {
      throw new Error("at the bottom");
    };
  };
}

for (const how of ["stopped", "given up", "failed"] as const) {
  Deno.test(`robust: a tree of 5,000 levels is shown, and ${how}, with no stack overflow`, async () => {
    const sim = simWorld({ seed: 1 });
    const { world } = sim.host("a", { logLevel: "error" });
    const system = new ActorSystem("test", { world });
    const levels = 5000;
    let isWhole = false;
    let ended = 0;
    system.spawn("n", chain(levels, () => isWhole = true, () => ended++), { onFailure: escalate() });
    await sim.until(() => isWhole);
    let depth = 0;
    for (let actor = system.tree().children[0]; actor !== undefined; actor = actor.children[0]) depth++;
    assertEquals(depth, levels);
    if (how === "failed") {
      system.spawn<string>("failing", () => () => {
        throw new Error("root");
      }, { onFailure: escalate() }).tell("fail");
      await sim.settle(system.terminated.catch(() => {}));
    }
    if (how === "given up") await sim.settle(system.stop({ withinMs: 0 }));
    else await sim.settle(system.stop());
    assertEquals([ended, system.tree().children], [levels, []]);
    sim.close();
  });
}

Deno.test("robust: a failure escalates through 5,000 levels with no stack overflow", async () => {
  const sim = simWorld({ seed: 1 });
  const { world } = sim.host("a", { logLevel: "error" });
  const system = new ActorSystem("test", { world });
  const level = (depth: number): Behavior<string> => (self) => {
    if (depth > 1) self.spawn("n", level(depth - 1), { onFailure: escalate() });
    else self.self.tell("fail");
    return () => {
      throw new Error("at the bottom");
    };
  };
  system.spawn("n", level(5000), { onFailure: escalate() });
  const error = await sim.settle(system.terminated.catch((error) => error));
  assertEquals(error.message, "at the bottom");
  sim.close();
});

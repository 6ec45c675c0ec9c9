// Run by end_test.ts in a process of its own: a program whose system ends in the way that its argument names.
import { ActorSystem, denoWorld, escalate, type Ref, restart, run, WorldError } from "../../mod.ts";

const fails = () => () => {
  throw new Error("the last failure", { cause: new Error("its cause") });
};

const system = new ActorSystem("program", { world: denoWorld() });
const over = { onFailure: restart({ limit: 1 }) };

/** Fails twice, which is once too often. */
function overBudget(): Ref<string> {
  const ref = system.spawn<string>("a", fails, over);
  ref.tell("1");
  ref.tell("2");
  return ref;
}

const programs: Readonly<Record<string, () => unknown>> = {
  "over budget": overBudget,
  "over budget, awaited stop": async () => {
    const ref = overBudget();
    while (ref.isOpen) await new Promise((resolve) => setTimeout(resolve, 1));
    await system.stop();
  },
  "no right": () => {
    system.spawn("server", (self) => {
      self.world.net.listenTcp({ hostname: "127.0.0.1", port: 0 });
      return () => {};
    }, { onFailure: escalate() });
  },
  "restarted": async () => {
    const refused = () => () => {
      const cause = new WorldError("address-in-use", "the port is in use");
      throw new Error("Cannot serve: the port is in use", { cause });
    };
    const restarted = Promise.withResolvers<void>();
    let left = 2;
    system.events.subscribe(({ type }) => type === "failed" && --left === 0 && restarted.resolve());
    system.spawn<string>("a", fails).tell("1");
    system.spawn<string>("b", refused).tell("1");
    await restarted.promise;
    await system.stop();
  },
  "something strange": () => {
    system.spawn("a", () => {
      throw Object.create(null);
    }, { onFailure: escalate() });
  },
  "taken": async () => {
    overBudget();
    await system.terminated.catch((error) => console.log(`taken: ${error.message}`));
  },
  "taken late": async () => {
    overBudget();
    await Promise.resolve();
    system.terminated.catch((error) => console.log(`taken: ${error.message}`));
  },
  "run": async () => {
    overBudget();
    await run(system);
  },
  "dead letters": async () => {
    const ref = system.spawn<{ type: string }>("a", (self) => () => self.stop());
    ref.tell({ type: "stop" });
    while (ref.isOpen) await new Promise((resolve) => setTimeout(resolve, 1));
    for (let i = 0; i < 100; i++) ref.tell({ type: "late" });
    await system.stop();
  },
  "served": async () => {
    // Not by its world: so it needs no right.
    const timer = setInterval(() => {}, 1000);
    system.spawn("server", (self) => {
      self.onStop(() => {
        clearInterval(timer);
        console.log("released");
      });
      console.log("serving");
      return () => {};
    });
    await run(system, {
      onSignal: (signal) => console.log(signal),
      onDrained: (all) => console.log(`all: ${all}`),
    });
  },
  "hung": async () => {
    system.spawn("server", (self) => {
      self.onStop(() => new Promise((resolve) => setTimeout(resolve, 600_000)));
      console.log("serving");
      return () => {};
    }, { shutdownMs: 600_000 });
    await run(system, { drainMs: 50, onDrained: (all) => console.log(`all: ${all}`) });
  },
  "stubborn": async () => {
    system.spawn("server", (self) => {
      self.onStop(() => new Promise((resolve) => setTimeout(resolve, 600_000)));
      console.log("serving");
      return () => {};
    }, { shutdownMs: 600_000 });
    await run(system, {
      drainMs: 600_000,
      onSignal: () => {
        console.log("draining");
        // A signal that follows sooner is the same press of Ctrl-C.
        setTimeout(() => console.log("still draining"), 350);
      },
    });
  },
};

const program = programs[Deno.args[0] ?? ""];
if (program === undefined) throw new WorldError("other", "Cannot run: no such program");
await program();

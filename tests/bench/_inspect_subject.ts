/**
 * A system whose actors tell each other what they can, in a process of its own: `off`, `metered`, `traced`,
 * or
 * `inspected`: metered, with 10,000 idle actors and an inspector, whose port is the first line.
 *
 * For each line of its input, a number of milliseconds, it works so long and prints `{ messages, cpuSeconds
 * }`.
 *
 * @module
 */
import { cpuUsage } from "node:process";
import { inspector, SystemMetrics } from "../../actors/inspect/mod.ts";
import { ActorSystem, type Behavior, denoWorld, escalate, type Ref } from "../../mod.ts";
import { instrumentsOf } from "./_instruments.ts";

const PRODUCERS = 50;
const BURST = 100;
const IDLE_ACTORS = 10_000;

const [kind] = Deno.args;
const metrics = new SystemMetrics();
const instruments = kind === "inspected" ? metrics.instruments : await instrumentsOf(kind);
const system = new ActorSystem("bench", { world: denoWorld({ log: { level: "warn" } }), instruments });

let messages = 0;
let endsAt = 0;
let over = () => {};

const sink: Behavior<{ readonly type: "ball"; readonly burst: number; readonly from: Ref<"go"> }> =
  () => ({ burst, from }) => {
    messages++;
    if (burst === BURST) from.tell("go");
  };

/** Sends bursts, each of which begins a trace, if it is to be followed. */
function producer(
  to: Ref<{ readonly type: "ball"; readonly burst: number; readonly from: Ref<"go"> }>,
): Behavior<"go"> {
  return (self) => {
    const { tracer } = self;
    const send = () => {
      for (let burst = 1; burst <= BURST; burst++) to.tell({ type: "ball", burst, from: self.self });
    };
    const describe = () => ({ name: "burst", attributes: {} });
    return () => {
      if (self.coarseNow > endsAt) return over();
      const step = tracer?.begin(self.coarseNow, describe);
      if (step === undefined || tracer === undefined) send();
      else tracer.follow(step, send);
    };
  };
}

const target = system.spawn("sink", sink);
const producers = Array.from(
  { length: PRODUCERS },
  (_, index) => system.spawn(`producer-${index}`, producer(target)),
);

// As in every server, some messages are those of timers, which go another way: what the compiler makes of all
// others depends on whether it has ever seen one.
system.spawn<"tick">("clock", (self) => {
  self.every(20, "tick");
  return () => {};
});

if (kind === "inspected") {
  system.spawn("idle", (self) => {
    for (let index = 0; index < IDLE_ACTORS; index++) self.spawn(`actor-${index}`, () => () => {});
    return () => {};
  });
  const address = { hostname: "127.0.0.1", port: 0 };
  const door = inspector({ system, metrics, address, onListening: ({ port }) => console.log(port) });
  system.spawn("inspect", door, { onFailure: escalate() });
} else console.log(0);

for await (const line of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
  const before = cpuUsage();
  messages = 0;
  let left = PRODUCERS;
  const { promise, resolve } = Promise.withResolvers<void>();
  over = () => {
    if (--left === 0) resolve();
  };
  endsAt = performance.now() + Number(line);
  for (const each of producers) each.tell("go");
  await promise;
  const { user, system: kernel } = cpuUsage(before);
  console.log(JSON.stringify({ messages, cpuSeconds: (user + kernel) / 1e6 }));
}
Deno.exit(0);

/**
 * A system that fails, drops messages and grows when it is told to, with an inspector: for the tests of its
 * page.
 *
 *     deno run -A tests/inspect/_stage.ts [quiet]
 *
 * It prints `Listening on PORT` and `Inspector on PORT`, and takes lines: `fail TEXT`, `letter`, `crowd
 * COUNT`, `cluster`. Each comes back as it is.
 *
 * @module
 */
import { clusterOf, joinCluster, memoryEngine } from "../../actors/cluster/mod.ts";
import { EventFeed, inspector, SystemMetrics } from "../../actors/inspect/mod.ts";
import { lineServer } from "../../actors/net/mod.ts";
import { ActorSystem, type Behavior, denoWorld, escalate, restart } from "../../mod.ts";
import { loadPages } from "../../tasks/_web_flags.ts";
import { counterType } from "../cluster/_counter.ts";

type WeakCommand = { readonly type: "fail"; readonly text: string };

/** Fails when it is told to. */
function failOnPurpose(text: string): never {
  throw new TypeError(text, { cause: new Error("somebody said so") });
}

const weak: Behavior<WeakCommand> = () => ({ text }) => failOnPurpose(text);

/** Has so many children. */
const crowd: Behavior<number> = (self) => {
  let spawned = 0;
  return (count) => {
    while (spawned < count) self.spawn(`child-${++spawned}`, () => () => {});
  };
};

/** Joins a cluster of two hosts, on each of which something lives. */
async function cluster(): Promise<void> {
  const engine = memoryEngine({ world, leaseTtlMs: 60_000 });
  const rooms = counterType({ placement: "local" });
  const other = new ActorSystem("other", { world });
  for (const [host, name, count] of [[system, "near", 150], [other, "far", 1]] as const) {
    const joined = await joinCluster(host, { engine, types: [rooms], hostId: name });
    for (let room = 1; room <= count; room++) {
      await joined.ref(rooms, `${name}-${room}`).ask({ type: "get" }, { timeoutMs: 60_000 });
    }
  }
}

const level = Deno.args.includes("quiet") ? "error" : "info";
const world = denoWorld({ log: { level, write: (line) => console.error(line.trimEnd()) } });
const metrics = new SystemMetrics();
const feed = new EventFeed(() => world.clock.now());
const system = new ActorSystem("stage", {
  world: { ...world, log: feed.listeningTo(world.log, "stage") },
  instruments: metrics.instruments,
});
const failing = system.spawn("weak", weak, { onFailure: restart({ limit: 100, withinMs: 60_000 }) });
const crowded = system.spawn("crowd", crowd);
const gone = system.spawn<{ readonly type: "hello" }>("gone", (self) => {
  self.stop();
  return () => {};
});
system.spawn<"gone">("watcher", (self) => {
  self.watch(failing, () => "gone");
  return () => {};
});
const hostile = "<img src=x onerror=alert(1)>";
system.spawn(hostile, () => () => {});
system.spawn(`${"long ".repeat(50)}name`, () => () => {});
const talk = lineServer({
  address: { hostname: "127.0.0.1", port: 0 },
  onListening: ({ port }) => console.log(`Listening on ${port}`),
}, (connection) => ({
  frame(line: string) {
    const [, command, rest = ""] = /^(fail|letter|crowd|cluster)\b ?(.*)$/.exec(line) ?? [];
    if (command === "fail") failing.tell({ type: "fail", text: rest });
    else if (command === "letter") gone.tell({ type: "hello" });
    else if (command === "cluster") void cluster();
    else if (command === "crowd") crowded.tell(Number(rest));
    connection.sendText(`${line}\n`);
  },
}));
system.spawn("echo", talk, { onFailure: escalate() });
const pages = await loadPages(world, "inspector");
const door = inspector({
  ...{ system, metrics, feed, cluster: () => clusterOf(system) },
  address: { hostname: "127.0.0.1", port: 0 },
  ...(pages === undefined ? {} : { pages }),
  onListening: ({ port }) => console.log(`Inspector on ${port}`),
});
system.spawn("inspect", door, { onFailure: escalate() });
await system.terminated;

import { assertEquals } from "@std/assert";
import {
  composeEngine,
  type Driver,
  joinCluster,
  memoryDriver,
  memoryEngine,
} from "../../actors/cluster/mod.ts";
import { MeterRegistry } from "../../actors/inspect/mod.ts";
import { ActorSystem, denoWorld } from "../../mod.ts";
import { until } from "../_helpers.ts";
import { counterType } from "./_counter.ts";

const world = denoWorld({ log: { level: "error" } });
const LIMIT = { timeoutMs: 60_000 };
/** A lease that a machine which stalls does not lose. */
const LOCAL = { world, leaseTtlMs: 60_000 };
const counter = counterType();

Deno.test("cluster: its metrics say what its hosts do, to whoever measures the system", async () => {
  await using engine = memoryEngine(LOCAL);
  const meter = new MeterRegistry();
  await using system = new ActorSystem("one", { world, instruments: { meter } });
  await using cluster = await joinCluster(system, { engine, types: [counter], hostId: "one" });
  await cluster.ref(counter, "visits").ask({ type: "add", by: 1 }, LIMIT);
  const value = (name: string) => meter.families().find((family) => family.name === name)?.samples[0]?.value;
  while (value("troupe_cluster_commits_total") !== 1) await new Promise((resolve) => setTimeout(resolve, 10));
  assertEquals(value("troupe_cluster_entities"), 1);
  const names = ["activations_total", "replays_total", "epoch", "connected"];
  assertEquals(names.map((name) => value(`troupe_cluster_${name}`)), [1, 1, cluster.metrics.highestEpoch, 1]);
  const seconds = ["lease_age", "replay_longest", "replay_time"].map((name) =>
    value(`troupe_cluster_${name}_seconds${name === "replay_time" ? "_total" : ""}`) ?? NaN
  );
  assertEquals(seconds.map((value) => value >= 0 && value < 60), [true, true, true], `${seconds}`);
  while (value("troupe_cluster_host") !== 1) await new Promise((resolve) => setTimeout(resolve, 10));
});

Deno.test("cluster: its metrics say that the engine cannot be reached", async () => {
  let isConnected = true;
  const driver: Driver = {
    ...memoryDriver(LOCAL),
    get isConnected() {
      return isConnected;
    },
  };
  await using engine = composeEngine(driver, world);
  const meter = new MeterRegistry();
  await using system = new ActorSystem("one", { world, instruments: { meter } });
  await using _cluster = await joinCluster(system, { engine, hostId: "one" });
  const connected = () => {
    const family = meter.families().find(({ name }) => name === "troupe_cluster_connected");
    return family?.samples[0]?.value;
  };
  await until(() => connected() === 1, "the gauge");
  isConnected = false;
  await until(() => connected() === 0, "the gauge to follow");
});

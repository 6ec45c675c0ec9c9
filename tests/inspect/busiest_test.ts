import { assertEquals } from "@std/assert";
import { BusiestOfHosts } from "../../actors/inspect/busiest.ts";
import { census } from "../../actors/inspect/census.ts";
import { rowOf } from "../../actors/inspect/rows.ts";
import { HandlingTimes } from "../../actors/inspect/handling_times.ts";
import { ActorSystem } from "../../mod.ts";
import { until } from "../_helpers.ts";

Deno.test("inspector: the busiest of two machines whose actors are called alike are told apart", async () => {
  await using left = new ActorSystem("twin");
  await using right = new ActorSystem("twin");
  const hosts = [{ name: "left", system: left }, { name: "right", system: right }];
  const busy = left.spawn<number>("worker", () => () => {});
  right.spawn<number>("worker", () => () => {});
  const times = new HandlingTimes();
  const busiest = new BusiestOfHosts();
  const count = async (nowMs: number) => {
    const counting = busiest.begin(hosts, nowMs, (actor) => rowOf(actor, times));
    await census([left, right], left.world.loop, counting.met);
    return counting.rows();
  };
  await count(0);
  for (let index = 0; index < 30; index++) busy.tell(index);
  await until(() => left.subtree("/twin/worker")?.handled === 30, "all are handled");
  const rows = await count(1000);
  const rateOf = (host: string) => rows.get(host)?.messages.find(({ name }) => name === "worker")?.perSecond;
  assertEquals([rateOf("left"), rateOf("right")], [30, 0]);
  assertEquals(rows.get("left")?.messages.length, 2);
});

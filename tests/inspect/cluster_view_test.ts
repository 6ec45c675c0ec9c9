import { assert, assertEquals } from "@std/assert";
import { clusterOf, joinCluster, memoryEngine } from "../../actors/cluster/mod.ts";
import { ActorSystem, denoWorld } from "../../mod.ts";
import { counterType } from "../cluster/_counter.ts";
import { until } from "../_helpers.ts";
import { inspected, TestPage } from "./_page.ts";

const LIMIT = { timeoutMs: 60_000 };
const world = denoWorld({ log: { level: "error", write: () => {} } });

Deno.test("inspector: the hosts of a cluster are shown, what lives on this one, and where another entity is", async () => {
  await using engine = memoryEngine({ world, leaseTtlMs: 60_000 });
  await using seen = await inspected();
  const base = `http://127.0.0.1:${seen.port}`;
  const alone = await fetch(`${base}/cluster`);
  assertEquals([alone.status, await alone.text()], [404, "The system is in no cluster.\n"]);

  await using other = new ActorSystem("other", { world });
  const here = counterType({ placement: "local" });
  await using near = await joinCluster(seen.system, { engine, types: [here], hostId: "near" });
  await using far = await joinCluster(other, { engine, types: [here], hostId: "far" });
  assertEquals(clusterOf(seen.system), near);
  for (const id of ["a", "b<c>"]) {
    assertEquals(await near.ref(here, id).ask({ type: "add", by: 1 }, LIMIT), 1);
  }
  assertEquals(await far.ref(here, "away").ask({ type: "add", by: 1 }, LIMIT), 1);

  // As JSON.
  const cluster = await (await fetch(`${base}/cluster?skip=1&count=1`)).json();
  assertEquals(
    cluster.hosts.map(({ id, isHere }: { id: string; isHere: boolean }) => [id, isHere]).sort(),
    [["far", false], ["near", true]],
  );
  assertEquals([cluster.host, cluster.isConnected, cluster.entityCount], ["near", true, 2]);
  assertEquals(cluster.entities.map(({ type, id }: { type: string; id: string }) => [type, id]), [
    ["counter", "b<c>"],
  ]);
  const place = async (query: string) => await (await fetch(`${base}/cluster?${query}`)).json();
  assertEquals((await place("type=counter&id=away")).host, "far");
  assertEquals(await place("type=counter&id=nobody"), { type: "counter", id: "nobody", isUnknown: false });
  const tooLong = "x".repeat(1000);
  assertEquals(await place(`type=counter&id=${tooLong}`), { type: "counter", id: tooLong, isUnknown: false });
  for (const query of ["type=counter", "count=1001", "skip=-1"]) {
    const response = await fetch(`${base}/cluster?${query}`);
    await response.body?.cancel();
    assertEquals(response.status, 400, query);
  }

  // On a page; the entity's actor stands in the tree.
  await using page = new TestPage(seen.port);
  await page.told("tick", ({ isInCluster }) => isInCluster);
  page.send({ type: "look", host: "demo", views: [], cluster: { skip: 0, count: 100 } });
  const { seen: shown } = await page.told("seen", ({ seen }) => seen.cluster?.hosts?.length === 2);
  const [first] = shown.cluster?.entities ?? [];
  assertEquals([first?.id, first?.path.startsWith("/demo/cluster/")], ["a", true]);
  assert(seen.system.subtree(first?.path ?? "") !== undefined);
  page.send({ type: "where", entityType: "counter", id: "away" });
  const { place: placed } = await page.told("placed");
  assertEquals([placed.host, placed.isUnknown], ["far", false]);

  // One that leaves is gone from the list.
  await far.leave();
  await until(async () => (await (await fetch(`${base}/cluster`)).json()).hosts.length === 1, "it has left");
  await near.leave();
  assertEquals(
    (await fetch(`${base}/cluster`).then((response) => response.text())).trim(),
    "The system is in no cluster.",
  );
});

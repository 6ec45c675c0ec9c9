/**
 * What a node is asked for that it has already, under another name.
 */
import { assertEquals } from "@std/assert";
import type { World } from "../../actors/world/world.ts";
import { SharingNetwork, someBytes } from "./_network.ts";

const bytes = someBytes(2_000_000);
const SLOW_MS = 600;

/** Nodes 2 and 3 have the same bytes, each under a name of its own; Node 1 leads. */
async function start(maxUpload?: number): Promise<SharingNetwork> {
  const network = await SharingNetwork.create(3);
  await network.write(2, "b.bin", bytes);
  await network.write(3, "c.bin", bytes);
  for (const id of [1, 2, 3]) network.start(id, maxUpload === undefined ? {} : { maxUpload });
  network.lead(1);
  for (const name of ["b.bin", "c.bin"]) await network.offers(name, 2);
  return network;
}

Deno.test("sharing: two that have the same bytes, and are asked for them by each other's name at once, both have both", async () => {
  await using network = await start();
  const asked = [[2, "c.bin"], [3, "b.bin"]] as const;
  const got = await Promise.all(asked.map(([id, name]) => network.running.get(id)?.get(name)));
  for (const [index, [id, name]] of asked.entries()) {
    assertEquals(got[index]?.end, { type: "download-done", name });
    assertEquals(await network.read(id, name), bytes);
  }
});

Deno.test("sharing: what is here under another name is copied, and nothing of it comes from others", async () => {
  // From there it would take half an hour.
  await using network = await start(1000);
  const got = await network.running.get(2)?.get("c.bin");
  assertEquals(got?.end, { type: "download-done", name: "c.bin" });
  for (const name of ["b.bin", "c.bin"]) assertEquals(await network.read(2, name), bytes);
});

Deno.test("sharing: bytes that come here by another name while they are fetched end that", async () => {
  await using network = await SharingNetwork.create(3);
  await network.write(2, "b.bin", bytes);
  network.start(1);
  // So slowly that it would never end.
  network.start(2, { maxUpload: 1000 });
  const taker = network.start(3);
  network.lead(1);
  await network.offers("b.bin");
  let copying: Promise<void> | undefined;
  const { end } = await taker.get("b.bin", (notice) => {
    if (notice.type === "download-progress") copying ??= network.write(3, "by hand.bin", bytes);
  });
  await copying;
  assertEquals(end, { type: "download-done", name: "b.bin" });
  assertEquals(await network.read(3, "b.bin"), bytes);
});

Deno.test("sharing: what has just been fetched is not taken for bytes that came by another name", async () => {
  await using network = await SharingNetwork.create(3);
  await network.write(2, "b.bin", bytes);
  network.start(1);
  network.start(2);
  // It is found in the folder before all is done that makes it sure.
  const taker = network.start(3, {}, (world) => slowly(world, network.directory(3)));
  network.lead(1);
  await network.offers("b.bin");
  const { end } = await taker.get("b.bin");
  assertEquals(end, { type: "download-done", name: "b.bin" });
  assertEquals(await Array.fromAsync(Deno.readDir(`${network.directory(3)}/.parts`)), []);
});

/** A world in which the sync of a directory takes longer than it takes to find what is new in it. */
function slowly(world: World, directory: string): World {
  const syncDirectory = async (path: string) => {
    await world.disk.syncDirectory(path);
    if (path === directory) await new Promise((resolve) => setTimeout(resolve, SLOW_MS));
  };
  return { ...world, disk: { ...world.disk, syncDirectory } };
}

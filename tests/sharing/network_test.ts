import { assert, assertEquals } from "@std/assert";
import { networkFiles, shareFile } from "../../actors/sharing/mod.ts";
import { denoWorld } from "../../actors/world/deno/mod.ts";
import type { Log } from "../../actors/world/world.ts";
import { until } from "../_helpers.ts";
import { SharingNetwork, someBytes, startNetwork } from "./_network.ts";

Deno.test("sharing: the files of all are listed by every node, with who has them", async () => {
  await using network = await startNetwork(3);
  await network.write(1, "a.txt", someBytes(1000));
  await network.write(2, "b.txt", someBytes(1000));
  await network.write(3, "c.txt", someBytes(2000, 2));
  await network.offers("a.txt", 2);
  await network.offers("c.txt");
  const answer = await fetch(network.url(3, "/files"), { redirect: "manual" });
  assertEquals([answer.status, answer.headers.get("location")], [307, network.url(1, "/files")]);
  await answer.body?.cancel();
  const files = await network.files();
  assertEquals(files.map(({ name, bytes, nodes, holders }) => [name, bytes, nodes, holders]), [
    ["a.txt", 1000, [1], [1, 2]],
    ["b.txt", 1000, [2], [1, 2]],
    ["c.txt", 2000, [3], [3]],
  ]);
  assertEquals(files[0]?.infoHash, files[1]?.infoHash, "the same bytes are one torrent");
});

Deno.test("sharing: a file is fetched from all that have it, and is then given by its new holder too", async () => {
  await using network = await startNetwork(4);
  const bytes = someBytes(3_000_001);
  for (const id of [1, 2, 3]) await network.write(id, id === 3 ? "other name.bin" : "big.bin", bytes);
  await network.offers("big.bin", 3);
  const fetching = network.running.get(4);
  assert(fetching !== undefined);
  const { end } = await fetching.get("big.bin");
  assertEquals(end, { type: "download-done", name: "big.bin" });
  assertEquals(await network.read(4, "big.bin"), bytes);
  await network.offers("big.bin", 4);
});

Deno.test("sharing: what was fetched, and taken out of the folder, is fetched again by its magnet link", async () => {
  await using network = await startNetwork(2);
  const bytes = someBytes(100_000);
  await network.write(1, "a.bin", bytes);
  const { infoHash } = await network.offers("a.bin");
  const node = network.running.get(2);
  assert(node !== undefined);
  const magnet = `magnet:?xt=urn:btih:${infoHash}`;
  const taken = {
    type: "download-failed",
    reason: "Cannot fetch a.bin: a file of that name is there",
  } as const;
  assertEquals((await node.get("a.bin")).end.type, "download-done");
  assertEquals((await node.get(magnet)).end, taken);
  await Deno.remove(`${network.directory(2)}/a.bin`);
  assertEquals((await node.get(magnet)).end, { type: "download-done", name: "a.bin" });
  assertEquals(await network.read(2, "a.bin"), bytes);
});

Deno.test("sharing: what was fetched, and is removed or changed, is given and listed no longer", async () => {
  const { promise: said, resolve: say } = Promise.withResolvers<void>();
  await using network = await SharingNetwork.create(2);
  const log: Log = {
    enabled: () => true,
    write: ({ message }) => message.startsWith("No longer sharing b.bin") ? say() : undefined,
  };
  network.start(1);
  const node = network.start(2, {}, (world) => ({ ...world, log }));
  network.lead(1);
  const names = ["a.bin", "b.bin"];
  for (const [index, name] of names.entries()) await network.write(1, name, someBytes(100_000, index));
  for (const name of names) {
    await network.offers(name);
    assertEquals((await node.get(name)).end.type, "download-done");
    await network.offers(name, 2);
  }
  const torrents = async () => {
    const status: { name: string }[] = await (await fetch(network.url(2, "/swarm/status"))).json();
    return status.map(({ name }) => name).sort();
  };
  assertEquals(await torrents(), names);
  await network.write(2, "a.bin", someBytes(50_000));
  await until(async () => (await torrents()).join() === "b.bin", "the torrent of what was changed to end");
  await Deno.remove(`${network.directory(2)}/b.bin`);
  await until(async () => (await torrents()).length === 0, "the torrent of what was removed to end");
  await said;
  for (const name of names) assertEquals((await network.offers(name, 1)).holders, [1]);
});

Deno.test("sharing: files of no bytes, of one, of a block, of a piece and one byte more are fetched", async () => {
  await using network = await startNetwork(2);
  const sizes = [0, 1, 16383, 16384, 16385, 32768, 100_000];
  for (const size of sizes) await network.write(1, `${size}.bin`, someBytes(size, size + 1));
  for (const size of sizes) await network.offers(`${size}.bin`);
  const node = network.running.get(2);
  for (const size of sizes) {
    assertEquals((await node?.get(`${size}.bin`))?.end.type, "download-done", `${size} bytes`);
    assertEquals(await network.read(2, `${size}.bin`), someBytes(size, size + 1));
  }
});

Deno.test("sharing: why nothing can be asked is what a node answers, not that another is down", async () => {
  await using network = await SharingNetwork.create(2);
  const { nodes } = network;
  network.start(1);
  const { signal } = new AbortController();
  const world = denoWorld();
  const asked = () => networkFiles({ world, nodes, signal }).then(() => "", (error: Error) => error.message);
  await until(async () => !(await asked()).includes("refused"), "the first node answering");
  assertEquals(await asked(), "Cannot ask the nodes: no leader is elected now");
});

Deno.test("sharing: a file that is not there, and one beside the folder, cannot be shared, and that is said apart", async () => {
  await using network = await SharingNetwork.create(1);
  const [world, directory] = [denoWorld(), network.directory(1)];
  const { signal } = new AbortController();
  const beside = network.file("beside.bin");
  await Deno.writeFile(beside, someBytes(5));
  for (
    const [path, why] of [
      [`${directory}/nowhere.bin`, "there is no such file"],
      [beside, `put it into ${directory}, whose files are given`],
    ] as const
  ) {
    const outcome = await shareFile(path, { world, nodes: network.nodes, directory, signal })
      .catch((error: Error) => error.message);
    assertEquals(outcome, `Cannot share ${path}: ${why}`);
  }
});

/**
 * What a node leaves of a torrent's files when it stops, and a disk that fails while it looks at them.
 */
import { assert, assertEquals } from "@std/assert";
import { STRETCH_BYTES } from "../../actors/sharing/block_cache.ts";
import { OpenFiles } from "../../actors/sharing/open_files.ts";
import { torrentResources } from "../../actors/sharing/resources.ts";
import { storage } from "../../actors/sharing/storage.ts";
import type { PiecesFound, StorageCommand, StoragePlace } from "../../actors/sharing/storage_commands.ts";
import { denoWorld } from "../../actors/world/deno/mod.ts";
import { simulate, type SimWorld } from "../../actors/world/sim/mod.ts";
import { type DiskFile, WorldError } from "../../actors/world/world.ts";
import { ActorSystem, type Ref } from "../../mod.ts";
import { PATIENCE_MS, tempDirectory } from "../_helpers.ts";
import { overridden } from "../_overridden.ts";
import { someBytes } from "./_network.ts";
import { torrentOf } from "./_torrent.ts";

const PIECE_BYTES = 2 * STRETCH_BYTES;
const bytes = someBytes(2 * PIECE_BYTES);
const PLACES: readonly StoragePlace[] = [
  {
    type: "shared",
    directory: "/data",
    expected: { isFile: true, isDirectory: false, isLink: false, size: bytes.length, modifiedAtMs: 0, id: 1 },
  },
  { type: "fetched", directory: "/data", partDirectory: "/data/.parts" },
];

/** The storage of a torrent of one file, which is there or is to be fetched. */
function start(sim: SimWorld, place: StoragePlace): { system: ActorSystem; ref: Ref<StorageCommand> } {
  const host = sim.host("node");
  const { info } = torrentOf(host.world.hash, "a.bin", bytes, PIECE_BYTES);
  if (place.type === "shared") host.disk.write("/data/a.bin", bytes);
  else host.disk.makeDirectory("/data");
  const system = host.start((world) => new ActorSystem("node", { world }));
  const { cache, openFiles } = torrentResources(host.world);
  const ref = system.spawn("storage", storage({ info, place, blocks: cache.region(), openFiles }));
  return { system, ref };
}

function nobody(system: ActorSystem): Ref<unknown> {
  return system.spawn<unknown>("nobody", () => () => {});
}

for (const place of PLACES) {
  Deno.test(`storage: what is ${place.type} is closed when it stops, whatever is read or written of it`, async () => {
    await simulate("storage: a stop", { seeds: 80 }, async (sim) => {
      const { system, ref } = start(sim, place);
      const replyTo = nobody(system);
      ref.tell({ type: "scan", replyTo });
      if (sim.random.chance(0.7)) await sim.advance(50);
      if (place.type === "fetched") {
        ref.tell({ type: "write", piece: 0, bytes: bytes.slice(0, PIECE_BYTES), replyTo });
      }
      for (const offset of [0, PIECE_BYTES]) ref.tell({ type: "read-ahead", offset });
      await sim.advance(sim.random.next() * 0.2);
    });
  });
}

Deno.test("storage: a disk that does not answer keeps nobody from stopping", async () => {
  await simulate("storage: a disk that stands still", { seeds: 3 }, async (sim) => {
    const [place] = PLACES;
    assert(place !== undefined);
    const { system, ref } = start(sim, place);
    sim.host("node").disk.slowness = 1e9;
    ref.tell({ type: "read-ahead", offset: 0 });
    await sim.advance(10);
    const beforeMs = sim.now;
    await sim.settle(system.stop());
    assert(sim.now - beforeMs < 4500, `the stop took ${sim.now - beforeMs} ms`);
    // What it has given up is nothing to be asked for once more.
    sim.host("node").kill();
  });
});

Deno.test("storage: a lock that cannot be had is not left open", async () => {
  await simulate("storage: a lock that fails", { seeds: 10 }, async (sim) => {
    const [, place] = PLACES;
    assert(place !== undefined);
    const { system, ref } = start(sim, place);
    const replyTo = nobody(system);
    sim.host("node").disk.failNext("lock", "other");
    for (let tries = 0; tries < 2; tries++) {
      ref.tell({ type: "scan", replyTo });
      await sim.advance(50);
    }
  });
});

Deno.test("storage: a read that fails while others have their turn ends no process", async () => {
  await using directory = await tempDirectory();
  const world = denoWorld({ log: { level: "error" } });
  await Deno.writeFile(directory.file("a.bin"), bytes);
  const expected = await world.disk.stat(directory.file("a.bin"));
  const read = (file: DiskFile): DiskFile["read"] => (buffer, offset) =>
    offset === STRETCH_BYTES ? Promise.reject(new WorldError("other", "a test")) : file.read(buffer, offset);
  const disk = overridden(world.disk, {
    async open(path, options) {
      const file = await world.disk.open(path, options);
      return overridden(file, { read: read(file) });
    },
  });
  let nowMs = 0;
  // Each step is followed by a look at the sockets.
  const clock = overridden(world.clock, { monotonic: () => nowMs += 10 });
  await using system = new ActorSystem("node", { world: { ...world, disk, clock } });
  const { cache } = torrentResources(world);
  const { info } = torrentOf(world.hash, "a.bin", bytes, PIECE_BYTES);
  const place: StoragePlace = { type: "shared", directory: directory.path, expected };
  const ref = system.spawn(
    "storage",
    storage({ info, place, blocks: cache.region(), openFiles: new OpenFiles(disk, 4) }),
  );
  const found: PiecesFound = await ref.ask((replyTo: Ref<PiecesFound>) => ({ type: "scan", replyTo }), {
    timeoutMs: PATIENCE_MS,
  });
  assertEquals(found.failure, "a test");
});

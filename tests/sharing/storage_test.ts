/**
 * What a node reads for its peers: from where, how much of it at once, and what becomes of it meanwhile.
 */
import { assert, assertEquals } from "@std/assert";
import { BlockBuffers } from "../../actors/sharing/block_buffers.ts";
import { BlockCache, STRETCH_BYTES } from "../../actors/sharing/block_cache.ts";
import type { PeerCommand } from "../../actors/sharing/messages.ts";
import { OpenFiles } from "../../actors/sharing/open_files.ts";
import { torrentResources } from "../../actors/sharing/resources.ts";
import { storage } from "../../actors/sharing/storage.ts";
import type { StorageCommand, StoragePlace } from "../../actors/sharing/storage_commands.ts";
import { type Drained, Uploads } from "../../actors/sharing/uploads.ts";
import { denoWorld } from "../../actors/world/deno/mod.ts";

import { type DiskFile, type World, WorldError } from "../../actors/world/world.ts";
import { encodeInfo, HASH_BYTES, parseInfo, type TorrentInfo } from "../../protocols/metainfo.ts";
import { BLOCK_BYTES, type BlockPlace } from "../../protocols/peer_wire.ts";
import { type SimDisk, type SimWorld, simWorld } from "../../actors/world/sim/mod.ts";
import { ActorSystem, type Ref } from "../../mod.ts";
import { deadline, tempDirectory, until } from "../_helpers.ts";
import { overridden } from "../_overridden.ts";
import { someBytes } from "./_network.ts";

const NAME = "a.bin";
const PIECE = 65_536;
const world = denoWorld({ log: { level: "error" } });

/** A torrent of these bytes: of one file, or of files of these lengths. */
function infoOf(
  bytes: Uint8Array,
  pieceLength: number,
  lengths: readonly number[] = [],
  padding?: number,
): TorrentInfo {
  const count = Math.ceil(bytes.length / pieceLength);
  const pieces = new Uint8Array(HASH_BYTES * count);
  for (let piece = 0; piece < count; piece++) {
    const content = bytes.subarray(piece * pieceLength, (piece + 1) * pieceLength);
    pieces.set(world.hash.digest("SHA-1", content), HASH_BYTES * piece);
  }
  const files = lengths.map((length, index) => ({
    path: [String(index)],
    length,
    ...(index === padding ? { attr: "p" } : {}),
  }));
  const content = files.length > 0 ? { files } : { length: bytes.length };
  return parseInfo(encodeInfo({ name: NAME, pieceLength, pieces, ...content }));
}

/** A world in which something is awaited before, or after, each read of a file. */
function withReads(
  { before, after }: { readonly before?: () => Promise<void>; readonly after?: () => Promise<void> },
): World {
  const slow = (file: DiskFile): DiskFile =>
    overridden(file, {
      async read(buffer, offset) {
        await before?.();
        const count = await file.read(buffer, offset);
        await after?.();
        return count;
      },
    });
  const disk = overridden(world.disk, { open: async (...args) => slow(await world.disk.open(...args)) });
  return { ...world, disk };
}

/** A storage, with what it reads into. */
function start(system: ActorSystem, info: TorrentInfo, place: StoragePlace, world: World) {
  const { cache, openFiles } = torrentResources(world);
  const blocks = cache.region();
  let changes = 0;
  const changed = () => changes++;
  const ref = system.spawn("storage", storage({ info, place, blocks, openFiles, changed }));
  return { ref, blocks, changes: () => changes };
}

const LIMITS = { timeoutMs: 60_000 };
const read = (ref: Ref<StorageCommand>, place: BlockPlace) => ref.ask({ type: "read", place }, LIMITS);

Deno.test("storage: a block that is read while the finished files move into place is read from there", async () => {
  await using temp = await tempDirectory();
  const bytes = someBytes(50_000);
  // The first file is read when they move, and the second one is still to be read.
  const info = infoOf(bytes, PIECE, [30_000, 20_000]);
  const [arrived, moved] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let isHolding = false;
  const slow = withReads({
    before: async () => {
      if (!isHolding) return;
      isHolding = false;
      arrived.resolve();
      await moved.promise;
    },
  });
  await using system = new ActorSystem("test", { world: slow });
  const place = { type: "fetched", directory: temp.path, partDirectory: temp.file(".parts") } as const;
  const { ref, blocks, changes } = start(system, info, place, slow);
  assertEquals((await ref.ask({ type: "scan" }, LIMITS)).failure, undefined);
  assertEquals((await ref.ask({ type: "write", piece: 0, bytes }, LIMITS)).failure, undefined);

  isHolding = true;
  const block = { piece: 0, begin: BLOCK_BYTES, length: BLOCK_BYTES };
  const reading = read(ref, block);
  await deadline(arrived.promise);
  assertEquals(await ref.ask({ type: "finish" }, LIMITS), { type: "finished" });
  assertEquals(await Deno.readFile(temp.file(`${NAME}/1`)), bytes.subarray(30_000));
  moved.resolve();
  assertEquals(await reading, { type: "block-ready" });
  assertEquals(blocks.find(block.begin, block.length), bytes.subarray(BLOCK_BYTES, 2 * BLOCK_BYTES));
  assertEquals(changes(), 0, "they are the files that they were");
});

/** A torrent of these files, one of which may be padding, that was fetched in the simulator. */
async function fetched(sim: SimWorld, lengths: readonly number[], padding?: number) {
  const host = sim.host("node");
  const system = new ActorSystem("test", { world: host.world });
  const place = { type: "fetched", directory: "/files", partDirectory: "/files/.parts" } as const;
  host.disk.makeDirectory(place.directory);
  const bytes = someBytes(lengths.reduce((sum, length) => sum + length, 0));
  const info = infoOf(bytes, PIECE, lengths.length > 1 ? lengths : [], padding);
  const { ref, changes } = start(system, info, place, host.world);
  assertEquals((await sim.settle(ref.ask({ type: "scan" }, LIMITS))).failure, undefined);
  if (bytes.length > 0) await sim.settle(ref.ask({ type: "write", piece: 0, bytes }, LIMITS));
  assertEquals(await sim.settle(ref.ask({ type: "finish" }, LIMITS)), { type: "finished" });
  await sim.advance(12_000);
  assertEquals(changes(), 0);
  return { disk: host.disk, changes };
}

Deno.test("storage: what was fetched is not given for long once it is another's file, or has gone, though nobody reads it", async () => {
  const another = (path: string, length: number) => (disk: SimDisk) =>
    disk.write(`/files/${NAME}${path}`, someBytes(length, 2));
  const cases: [number[], number | undefined, (disk: SimDisk) => void][] = [
    [[50_000], undefined, another("", 50_000)],
    [[0], undefined, another("", 10)],
    [[50_000], undefined, (disk) => disk.remove(`/files/${NAME}`)],
    [[10_000, 20_000, 5000], 1, another("/2", 5000)],
  ];
  for (const [lengths, padding, change] of cases) {
    const sim = simWorld({ seed: 1 });
    const { disk, changes } = await fetched(sim, lengths, padding);
    change(disk);
    await sim.advance(10_000);
    assertEquals(changes(), 1, lengths.join());
    await sim.advance(12_000);
    assertEquals(changes(), 1, "that is told once");
    sim.close();
  }
});

Deno.test("storage: what was fetched is given still where it could not be looked at, or was not there once", async () => {
  const sim = simWorld({ seed: 1 });
  const { disk, changes } = await fetched(sim, [50_000]);
  for (let looks = 0; looks < 3; looks++) {
    disk.failNext("stat", "other");
    await sim.advance(5000);
  }
  const path = `/files/${NAME}`;
  for (const [from, to] of [[path, "/away"], ["/away", path]] as const) {
    disk.rename(from, to);
    await sim.advance(5000);
  }
  await sim.advance(10_000);
  assertEquals(changes(), 0);
  sim.close();
});

Deno.test("storage: what was read beside a piece before that was written is read anew for those who ask for it", async () => {
  await using temp = await tempDirectory();
  const bytes = someBytes(2 * PIECE);
  const info = infoOf(bytes, PIECE);
  const [arrived, written] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let isHolding = false;
  const slow = withReads({
    after: async () => {
      if (!isHolding) return;
      isHolding = false;
      arrived.resolve();
      await written.promise;
    },
  });
  await using system = new ActorSystem("test", { world: slow });
  const place = { type: "fetched", directory: temp.path, partDirectory: temp.file(".parts") } as const;
  const { ref, blocks } = start(system, info, place, slow);
  const write = (piece: number) =>
    ref.ask({ type: "write", piece, bytes: bytes.subarray(piece * PIECE, (piece + 1) * PIECE) }, LIMITS);
  await ref.ask({ type: "scan" }, LIMITS);
  await write(0);

  isHolding = true;
  const reading = read(ref, { piece: 0, begin: 0, length: BLOCK_BYTES });
  await deadline(arrived.promise);
  const writing = write(1);
  written.resolve();
  assertEquals((await writing).failure, undefined);
  assertEquals(await reading, { type: "block-ready" });
  for (const piece of [0, 1]) {
    assertEquals(await read(ref, { piece, begin: 0, length: PIECE }), { type: "block-ready" });
    assertEquals(blocks.find(piece * PIECE, PIECE), bytes.subarray(piece * PIECE, (piece + 1) * PIECE));
  }
});

for (const [what, length] of [["cut short", 10], ["written over", 3 * STRETCH_BYTES]] as const) {
  Deno.test(`storage: a shared file that was ${what} is read no more, and that is told once`, async () => {
    await using temp = await tempDirectory();
    const bytes = someBytes(3 * STRETCH_BYTES);
    const info = infoOf(bytes, STRETCH_BYTES);
    await Deno.writeFile(temp.file(NAME), bytes);
    const expected = await world.disk.stat(temp.file(NAME));
    await using system = new ActorSystem("test", { world });
    const { ref, blocks, changes } = start(
      system,
      info,
      { type: "shared", directory: temp.path, expected },
      world,
    );
    const blockOf = (piece: number) => ({ piece, begin: 0, length: BLOCK_BYTES });
    assertEquals(await read(ref, blockOf(0)), { type: "block-ready" });
    await Deno.writeFile(temp.file(NAME), someBytes(length).reverse());
    // Soon after another write, a machine may give it the same time.
    await Deno.utime(temp.file(NAME), 1, 1);
    for (const piece of [2, 1, 0]) {
      assertEquals(await read(ref, blockOf(piece)), { type: "block-unreadable", place: blockOf(piece) });
    }
    assertEquals(blocks.find(0, BLOCK_BYTES), undefined, "what was in memory is not given either");
    assertEquals(changes(), 1);
  });
}

Deno.test("cache: two hundred torrents take no more memory than one, and who waits for a buffer gets one in turn", async () => {
  const cache = new BlockCache(4 * STRETCH_BYTES);
  const regions = Array.from({ length: 200 }, () => cache.region());
  const [full, go] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const begun: number[] = [];
  const loads = regions.map((region, index) =>
    region.load(0, async (buffer) => {
      begun.push(index);
      if (begun.length === 4) full.resolve();
      buffer[0] = index;
      await go.promise;
    })
  );
  await full.promise;
  assertEquals([begun, cache.bytes], [[0, 1, 2, 3], 4 * STRETCH_BYTES]);
  go.resolve();
  await Promise.all(loads);
  assertEquals(begun, regions.map((_, index) => index), "in the order in which they came");
  assertEquals(cache.bytes, 4 * STRETCH_BYTES);
  const kept = regions.flatMap((region, index) => region.find(0, 1)?.[0] === index ? [index] : []);
  assertEquals(kept, [196, 197, 198, 199], "what was read last");
  for (const region of regions) region.close();
  assertEquals(cache.bytes, 0, "and nothing once nobody shares");
});

Deno.test("cache: a read that fails, and one that ends after its torrent, give their buffers back", async () => {
  const cache = new BlockCache(STRETCH_BYTES);
  const [first, second] = [cache.region(), cache.region()];
  const failing = first.load(0, () => Promise.reject(new Error("a bad disk")));
  assertEquals(await failing.catch((error: Error) => error.message), "a bad disk");
  const go = Promise.withResolvers<void>();
  const late = first.load(0, () => go.promise);
  first.close();
  const next = second.load(0, (buffer) => Promise.resolve(void buffer.fill(7)));
  go.resolve();
  await Promise.all([late, next]);
  assertEquals([first.find(0, 1), second.find(3, 2)], [undefined, Uint8Array.of(7, 7)]);
});

Deno.test("open files: however many are used, few stay open, and none is closed under who uses it", async () => {
  await using temp = await tempDirectory();
  const paths = Array.from({ length: 50 }, (_, index) => temp.file(`${index}`));
  for (const path of paths) await Deno.writeTextFile(path, path);
  const files = new OpenFiles(world.disk, 8);
  const group = files.group({ read: true });
  const readAll = async (path: string) => {
    const buffer = new Uint8Array(1000);
    const count = await group.use(path, (file) => file.read(buffer, 0)) ?? 0;
    assertEquals(new TextDecoder().decode(buffer.subarray(0, count)), path);
  };
  for (const path of paths) await readAll(path);
  assertEquals(files.size, 8);
  // All at once: none is closed while it is read.
  await Promise.all([...paths, ...paths].map(readAll));
  await readAll(paths[0] ?? "");
  assert(files.size <= 8, `${files.size} are open`);

  const go = Promise.withResolvers<void>();
  const slow = group.use(paths[1] ?? "", async (file) => {
    await go.promise;
    return await file.size();
  });
  group.close();
  assertEquals(files.size, 0);
  go.resolve();
  assertEquals(await slow, (paths[1] ?? "").length);
  const refused = await group.use(paths[2] ?? "", (file) => file.size()).catch((error: Error) =>
    error.message
  );
  assertEquals(refused, `Cannot use ${paths[2]}: it is closed`);
});

Deno.test("open files: one that could not be opened is opened anew by the next who uses it", async () => {
  const sim = simWorld({ seed: 1 });
  const host = sim.host("node");
  host.disk.write("/a", "a");
  host.disk.failNext("open", "other", { path: "/a" });
  const group = new OpenFiles(host.world.disk, 8).group({ read: true });
  const size = () => group.use("/a", (file) => file.size()).catch(() => "not opened");
  assertEquals(await sim.settle(size()), "not opened");
  assertEquals(await sim.settle(size()), 1);
  sim.close();
});

Deno.test("open files: a close that fails is nobody's failure", async () => {
  await using temp = await tempDirectory();
  const path = temp.file("a");
  await Deno.writeTextFile(path, "a");
  let closes = 0;
  const open = async (...options: Parameters<typeof world.disk.open>) => {
    const file = await world.disk.open(...options);
    return {
      ...{ read: file.read.bind(file), write: file.write.bind(file), sync: file.sync.bind(file) },
      ...{ size: file.size.bind(file), truncate: file.truncate.bind(file), tryLock: file.tryLock.bind(file) },
      close: () => {
        closes++;
        file.close();
        throw new WorldError("other", "Cannot close it");
      },
    };
  };
  const group = new OpenFiles({ open }, 1).group({ read: true });
  assertEquals(await group.use(path, (file) => file.size()), 1);
  group.close();
  await until(() => closes === 1, "the file being closed");
});

Deno.test("uploads: who asks and cancels as fast as it can has one block read at a time, and one stretch ahead", async () => {
  await using system = new ActorSystem("test", { world });
  const told: StorageCommand[] = [];
  const store = system.spawn("storage", () => (command: StorageCommand) => void told.push(command));
  let uploads: Uploads | undefined;
  system.spawn<PeerCommand | Drained>("peer", (self) => {
    uploads = new Uploads({
      connection: {
        ...{ self: self.self, context: self, queuedBytes: 0 },
        send: () => {},
        drained: () => Promise.resolve(),
      },
      source: {
        blocks: { find: () => undefined },
        storage: store,
        received: new BlockBuffers(),
        pace: { mustWait: () => false },
      },
      pieceLength: STRETCH_BYTES,
      upload: undefined,
      fast: true,
      sent: () => {},
    });
    return () => {};
  });
  await until(() => uploads !== undefined, "the peer being there");
  for (let piece = 0; piece < 1000; piece++) {
    const place = { piece, begin: 0, length: BLOCK_BYTES };
    assert(uploads?.ask(place));
    if (piece % 2 === 0) uploads?.cancel(place);
  }
  await until(() => told.length >= 2, "the storage being asked");
  assertEquals(told.map(({ type }) => type), ["read", "read-ahead"]);
  uploads?.onReady();
  await until(() => told.length >= 4, "the storage being asked again");
  assertEquals(told.map(({ type }) => type), ["read", "read-ahead", "read", "read-ahead"]);
});

Deno.test("received blocks: what is given back is used again, whatever its length, and none is given twice", () => {
  const buffers = new BlockBuffers();
  const first = buffers.copy(someBytes(BLOCK_BYTES, 1));
  const short = buffers.copy(someBytes(100, 2));
  assertEquals([first, short], [someBytes(BLOCK_BYTES, 1), someBytes(100, 2)]);
  buffers.give(short);
  const second = buffers.copy(someBytes(BLOCK_BYTES, 3));
  assert(second.buffer === short.buffer);
  assertEquals([first, second], [someBytes(BLOCK_BYTES, 1), someBytes(BLOCK_BYTES, 3)]);
  const large = buffers.copy(someBytes(2 * BLOCK_BYTES, 4));
  buffers.give(large);
  assert(buffers.copy(someBytes(1)).buffer !== large.buffer, "only those of a block's length");
});

import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { type World, WorldError, type WorldErrorKind } from "../../actors/world/world.ts";
import { FLAVOURS } from "./_flavours.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

async function write(world: World, path: string, text: string): Promise<void> {
  const file = await world.disk.open(path, { write: true, create: true, truncate: true });
  await file.write(encoder.encode(text), 0);
  await file.sync();
  file.close();
}

async function text(world: World, path: string): Promise<string> {
  return decoder.decode(await world.disk.readFile(path));
}

async function assertFails(promise: Promise<unknown>, kind: WorldErrorKind): Promise<void> {
  const error = await assertRejects(() => promise);
  assertInstanceOf(error, WorldError);
  assertEquals(error.kind, kind);
  assert(error.message.startsWith("Cannot "), error.message);
}

for (const { name, run } of FLAVOURS) {
  Deno.test(`${name}: what was written at an offset is read from there, and gaps are zeros`, () =>
    run(async (world, folder) => {
      const file = await world.disk.open(`${folder}/a`, { write: true, create: true });
      await file.write(encoder.encode("hello"), 3);
      await file.write(encoder.encode("HE"), 3);
      assertEquals(await file.size(), 8);
      const buffer = new Uint8Array(16);
      assertEquals(await file.read(buffer, 0), 8);
      assertEquals(buffer.subarray(0, 8), Uint8Array.from([0, 0, 0, ...encoder.encode("HEllo")]));
      assertEquals(await file.read(buffer.subarray(0, 2), 6), 2);
      assertEquals(decoder.decode(buffer.subarray(0, 2)), "lo");
      assertEquals(await file.read(buffer, 8), null);
      file.close();
    }));

  Deno.test(`${name}: writes that are under way together on one file land in the order in which they were asked for`, () =>
    run(async (world, folder) => {
      const file = await world.disk.open(`${folder}/a`, { write: true, create: true });
      await Promise.all([
        file.write(encoder.encode("aaaa"), 0),
        file.write(encoder.encode("bb"), 1),
        file.write(encoder.encode("c"), 2),
        file.sync(),
      ]);
      file.close();
      assertEquals(await text(world, `${folder}/a`), "abca");
    }));

  Deno.test(`${name}: what is done at once, where it is to be had, is as what is waited for`, () =>
    run(async (world, folder) => {
      const path = `${folder}/a`;
      const file = await world.disk.open(path, { write: true, create: true });
      await file.write(encoder.encode("abcdef"), 0);
      file.writeNow?.(encoder.encode("XY"), 2);
      assertEquals(await text(world, path), file.writeNow === undefined ? "abcdef" : "abXYef");
      assertEquals(world.disk.statNow?.(path).size ?? 6, 6);
      assertEquals(file.sizeNow?.() ?? 6, 6);
      file.writeNow?.(encoder.encode("Z"), 0);
      assertEquals(await text(world, path), file.writeNow === undefined ? "abcdef" : "ZbXYef");
      const reading = file.read(new Uint8Array(1), 0);
      const busy = await Promise.try(() => file.writeNow?.(encoder.encode("Z"), 0)).catch((error) => error);
      assertEquals(busy === undefined, file.writeNow === undefined);
      await reading;
      file.close();
      const closed = await Promise.try(() => file.writeNow?.(encoder.encode("Z"), 0)).catch((error) => error);
      assertEquals(closed?.kind, file.writeNow === undefined ? undefined : "closed");
      const lost = await Promise.try(() => world.disk.statNow?.(`${folder}/none`)).catch((error) => error);
      assertEquals(lost?.kind, world.disk.statNow === undefined ? undefined : "not-found");
    }));

  Deno.test(`${name}: a locked file is locked until it is closed, which hinders nobody who does not ask`, () =>
    run(async (world, folder) => {
      const path = `${folder}/a`;
      const file = await world.disk.open(path, { write: true, create: true });
      const other = await world.disk.open(path, { write: true });
      assertEquals([await file.tryLock(), await other.tryLock()], [true, false]);
      await other.write(encoder.encode("abc"), 0);
      assertEquals(await text(world, path), "abc");
      file.close();
      assertEquals(await other.tryLock(), true);
      other.close();
    }));

  Deno.test(`${name}: a locked name or directory is locked until it is released, by whatever path`, () =>
    run(async (world, folder) => {
      const { disk } = world;
      await disk.makeFolder(`${folder}/sub`);
      const lock = await disk.lock(`${folder}/.data.lock`);
      assert(lock !== undefined);
      assertEquals(await disk.lock(`${folder}/sub/../.data.lock`), undefined);
      const another = await disk.lock(`${folder}/.other.lock`);
      assert(another !== undefined);
      lock.release();
      lock.release();
      const next = await disk.lock(`${folder}//.data.lock`);
      assert(next !== undefined);
      next.release();
      another.release();
      const directory = await disk.lock(`${folder}/sub`);
      assertEquals(await disk.lock(`${folder}/./sub/../sub/`), undefined);
      directory?.release();
      directory?.release();
      const again = await disk.lock(`${folder}/sub`);
      assert(again !== undefined);
      again.release();
      assertEquals((await disk.list(folder)).map((entry) => entry.name), ["sub"]);
    }));

  Deno.test(`${name}: a file that replaces another waits beside it under a name of its own`, () =>
    run(async (world, folder) => {
      const { disk } = world;
      const names = new Set<string>();
      for (let i = 0; i < 5; i++) {
        const { path, target, file } = await disk.createReplacement(`${folder}/a.txt`);
        await file.write(encoder.encode(`${i}`), 0);
        file.close();
        names.add(path);
        await disk.rename(path, target);
        assertEquals(await text(world, `${folder}/a.txt`), `${i}`);
      }
      assertEquals(names.size, 5);
      await assertFails(disk.createReplacement(folder), "is-a-directory");
      await assertFails(disk.createReplacement(`${folder}/none/a.txt`), "not-found");
      await assertFails(disk.createReplacement(`${folder}/a.txt`, { within: `${folder}/none` }), "not-found");
      await disk.makeFolder(`${folder}/sub`);
      await assertFails(disk.createReplacement(`${folder}/a.txt`, { within: `${folder}/sub` }), "not-a-file");
    }));

  Deno.test(`${name}: a file is read up to a limit, and from within a folder alone`, () =>
    run(async (world, folder) => {
      const { disk } = world;
      await disk.makeFolder(`${folder}/sub`);
      const file = await disk.open(`${folder}/a`, { write: true, create: true });
      await file.write(encoder.encode("abc"), 0);
      file.close();
      assertEquals((await disk.readFile(`${folder}/a`, { maxBytes: 3, within: folder })).length, 3);
      await assertFails(disk.readFile(`${folder}/a`, { maxBytes: 2 }), "too-large");
      await assertFails(disk.readFile(`${folder}/a`, { within: `${folder}/sub` }), "not-a-file");
      await assertFails(disk.open(`${folder}/sub/../a`, { within: `${folder}/sub` }), "not-a-file");
    }));

  Deno.test(`${name}: truncate cuts, and grows with zeros where there was something before`, () =>
    run(async (world, folder) => {
      const file = await world.disk.open(`${folder}/a`, { write: true, create: true });
      await file.write(encoder.encode("abcdef"), 0);
      await file.truncate(2);
      await file.truncate(4);
      file.close();
      assertEquals(await world.disk.readFile(`${folder}/a`), Uint8Array.from([97, 98, 0, 0]));
    }));

  Deno.test(`${name}: open finds, makes, empties, and refuses as it is told`, () =>
    run(async (world, folder) => {
      const path = `${folder}/a`;
      await assertFails(world.disk.open(path), "not-found");
      await assertFails(world.disk.open(path, { write: true }), "not-found");
      await write(world, path, "one");
      (await world.disk.open(path, { write: true, create: true })).close();
      assertEquals(await text(world, path), "one");
      await assertFails(
        world.disk.open(path, { write: true, create: true, exclusive: true }),
        "already-exists",
      );
      (await world.disk.open(path, { write: true, truncate: true })).close();
      assertEquals(await text(world, path), "");
      await assertFails(world.disk.open(folder), "is-a-directory");
      await assertFails(world.disk.open(folder, { write: true }), "is-a-directory");
      await assertFails(world.disk.readFile(folder), "is-a-directory");
      await assertFails(world.disk.open(`${path}/b`), "not-a-directory");
      await assertFails(world.disk.readFile(`${folder}/none`), "not-found");
    }));

  Deno.test(`${name}: a closed file does nothing more, and closing twice is fine`, () =>
    run(async (world, folder) => {
      const file = await world.disk.open(`${folder}/a`, { write: true, create: true });
      file.close();
      file.close();
      await assertFails(file.write(new Uint8Array(1), 0), "closed");
      await assertFails(file.read(new Uint8Array(1), 0), "closed");
      await assertFails(file.sync(), "closed");
    }));

  Deno.test(`${name}: rename replaces, an open file goes with its content, and nothing is left under the old name`, () =>
    run(async (world, folder) => {
      await write(world, `${folder}/old`, "old");
      await write(world, `${folder}/new`, "new");
      const open = await world.disk.open(`${folder}/old`);
      await world.disk.rename(`${folder}/new`, `${folder}/old`);
      await world.disk.syncFolder(folder);
      assertEquals(await text(world, `${folder}/old`), "new");
      await assertFails(world.disk.stat(`${folder}/new`), "not-found");
      const buffer = new Uint8Array(8);
      assertEquals(await open.read(buffer, 0), 3);
      assertEquals(decoder.decode(buffer.subarray(0, 3)), "old");
      open.close();
      await assertFails(world.disk.rename(`${folder}/none`, `${folder}/x`), "not-found");
    }));

  Deno.test(`${name}: folders are made, listed, and removed when empty`, () =>
    run(async (world, folder) => {
      const { disk } = world;
      await assertFails(disk.makeFolder(`${folder}/a/b`), "not-found");
      await disk.makeFolder(`${folder}/a/b`, { recursive: true });
      await disk.makeFolder(`${folder}/a/b`, { recursive: true });
      await assertFails(disk.makeFolder(`${folder}/a`), "already-exists");
      await write(world, `${folder}/a/file`, "x");
      const entries = (await disk.list(`${folder}/a`)).toSorted((left, right) =>
        left.name < right.name ? -1 : 1
      );
      assertEquals(entries, [
        { name: "b", isFile: false, isFolder: true, isLink: false },
        { name: "file", isFile: true, isFolder: false, isLink: false },
      ]);
      await assertFails(disk.remove(`${folder}/a`), "already-exists");
      await disk.remove(`${folder}/a/b`);
      await disk.remove(`${folder}/a/file`);
      await disk.remove(`${folder}/a`);
      await assertFails(disk.list(`${folder}/a`), "not-found");
      await assertFails(disk.remove(`${folder}/a`), "not-found");
      await write(world, `${folder}/file`, "x");
      await assertFails(disk.list(`${folder}/file`), "not-a-directory");
      await assertFails(disk.syncFolder(`${folder}/none`), "not-found");
    }));

  Deno.test(`${name}: stat tells kind, size and time`, () =>
    run(async (world, folder) => {
      const before = world.clock.now();
      await write(world, `${folder}/a`, "four");
      const info = await world.disk.stat(`${folder}/a`);
      assertEquals([info.isFile, info.isFolder, info.isLink, info.size], [true, false, false, 4]);
      // File systems take their time from a coarser clock.
      assert(info.modifiedAtMs !== null && Math.abs(info.modifiedAtMs - before) < 5000);
      assertEquals((await world.disk.stat(folder)).isFolder, true);
    }));

  Deno.test(`${name}: the real path has no detours, and must exist`, () =>
    run(async (world, folder) => {
      const real = await world.disk.realPath(folder);
      await world.disk.makeFolder(`${folder}/a`);
      await write(world, `${folder}/f`, "x");
      assertEquals(await world.disk.realPath(`${folder}/a/.././f`), `${real}/f`);
      await assertFails(world.disk.realPath(`${folder}/none`), "not-found");
    }));

  Deno.test(`${name}: a watcher is told of a new file, a changed one, a renamed one and a removed one`, () =>
    run(async (world, folder) => {
      let waiting = () => {};
      const watching = world.disk.watch(folder, () => waiting(), (error) => {
        throw error;
      });
      const told = async (change: () => Promise<void>) => {
        const { promise, resolve } = Promise.withResolvers<void>();
        waiting = resolve;
        await change();
        await promise;
        waiting = () => {};
        // What comes late of this change must not be taken for the next.
        await delay(world, 50);
      };
      await told(() => write(world, `${folder}/a`, "1"));
      await told(() => write(world, `${folder}/a`, "2"));
      await told(() => world.disk.rename(`${folder}/a`, `${folder}/b`));
      await told(() => world.disk.remove(`${folder}/b`));
      watching.cancel();
      watching.cancel();
      let late = 0;
      waiting = () => late++;
      await write(world, `${folder}/c`, "3");
      await delay(world, 50);
      assertEquals(late, 0);
    }));

  Deno.test(`${name}: watching what is not there fails, by the callback`, () =>
    run(async (world, folder) => {
      const { promise, resolve } = Promise.withResolvers<WorldError>();
      const watching = world.disk.watch(`${folder}/none`, () => {}, resolve);
      assertEquals((await promise).kind, "not-found");
      watching.cancel();
    }));
}

function delay(world: World, ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  world.clock.timer(ms, resolve);
  return promise;
}

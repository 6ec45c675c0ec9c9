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
    run(async (world, directory) => {
      const file = await world.disk.open(`${directory}/a`, { write: true, create: true });
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
    run(async (world, directory) => {
      const file = await world.disk.open(`${directory}/a`, { write: true, create: true });
      await Promise.all([
        file.write(encoder.encode("aaaa"), 0),
        file.write(encoder.encode("bb"), 1),
        file.write(encoder.encode("c"), 2),
        file.sync(),
      ]);
      file.close();
      assertEquals(await text(world, `${directory}/a`), "abca");
    }));

  Deno.test(`${name}: what is done at once, where the world can, is as what is waited for`, () =>
    run(async (world, directory) => {
      const path = `${directory}/a`;
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
      const lost = await Promise.try(() => world.disk.statNow?.(`${directory}/none`)).catch((error) => error);
      assertEquals(lost?.kind, world.disk.statNow === undefined ? undefined : "not-found");
    }));

  Deno.test(`${name}: a locked file is locked until it is closed, which hinders nobody who does not ask`, () =>
    run(async (world, directory) => {
      const path = `${directory}/a`;
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
    run(async (world, directory) => {
      const { disk } = world;
      await disk.makeDirectory(`${directory}/sub`);
      const lock = await disk.lock(`${directory}/.data.lock`);
      assert(lock !== undefined);
      assertEquals(await disk.lock(`${directory}/sub/../.data.lock`), undefined);
      const another = await disk.lock(`${directory}/.other.lock`);
      assert(another !== undefined);
      lock.release();
      lock.release();
      const next = await disk.lock(`${directory}//.data.lock`);
      assert(next !== undefined);
      next.release();
      another.release();
      const below = await disk.lock(`${directory}/sub`);
      assertEquals(await disk.lock(`${directory}/./sub/../sub/`), undefined);
      below?.release();
      below?.release();
      const again = await disk.lock(`${directory}/sub`);
      assert(again !== undefined);
      again.release();
      assertEquals((await disk.list(directory)).map((entry) => entry.name), ["sub"]);
    }));

  Deno.test(`${name}: a file that replaces another waits beside it under a name of its own`, () =>
    run(async (world, directory) => {
      const { disk } = world;
      const names = new Set<string>();
      for (let i = 0; i < 5; i++) {
        const { path, target, file } = await disk.createReplacement(`${directory}/a.txt`);
        await file.write(encoder.encode(`${i}`), 0);
        file.close();
        names.add(path);
        await disk.rename(path, target);
        assertEquals(await text(world, `${directory}/a.txt`), `${i}`);
      }
      assertEquals(names.size, 5);
      await assertFails(disk.createReplacement(directory), "is-a-directory");
      await assertFails(disk.createReplacement(`${directory}/none/a.txt`), "not-found");
      await assertFails(
        disk.createReplacement(`${directory}/a.txt`, { within: `${directory}/none` }),
        "not-found",
      );
      await disk.makeDirectory(`${directory}/sub`);
      await assertFails(
        disk.createReplacement(`${directory}/a.txt`, { within: `${directory}/sub` }),
        "not-a-file",
      );
    }));

  Deno.test(`${name}: a file is read up to a limit, and from within a folder alone`, () =>
    run(async (world, directory) => {
      const { disk } = world;
      await disk.makeDirectory(`${directory}/sub`);
      const file = await disk.open(`${directory}/a`, { write: true, create: true });
      await file.write(encoder.encode("abc"), 0);
      file.close();
      assertEquals((await disk.readFile(`${directory}/a`, { maxBytes: 3, within: directory })).length, 3);
      await assertFails(disk.readFile(`${directory}/a`, { maxBytes: 2 }), "too-large");
      await assertFails(disk.readFile(`${directory}/a`, { within: `${directory}/sub` }), "not-a-file");
      await assertFails(disk.open(`${directory}/sub/../a`, { within: `${directory}/sub` }), "not-a-file");
    }));

  Deno.test(`${name}: truncate cuts, and grows with zeros where there was something before`, () =>
    run(async (world, directory) => {
      const file = await world.disk.open(`${directory}/a`, { write: true, create: true });
      await file.write(encoder.encode("abcdef"), 0);
      await file.truncate(2);
      await file.truncate(4);
      file.close();
      assertEquals(await world.disk.readFile(`${directory}/a`), Uint8Array.from([97, 98, 0, 0]));
    }));

  Deno.test(`${name}: open finds, makes, empties, and refuses as it is told`, () =>
    run(async (world, directory) => {
      const path = `${directory}/a`;
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
      await assertFails(world.disk.open(directory), "is-a-directory");
      await assertFails(world.disk.open(directory, { write: true }), "is-a-directory");
      await assertFails(world.disk.readFile(directory), "is-a-directory");
      await assertFails(world.disk.open(`${path}/b`), "not-a-directory");
      await assertFails(world.disk.readFile(`${directory}/none`), "not-found");
    }));

  Deno.test(`${name}: a closed file does nothing more, and closing twice is fine`, () =>
    run(async (world, directory) => {
      const file = await world.disk.open(`${directory}/a`, { write: true, create: true });
      file.close();
      file.close();
      await assertFails(file.write(new Uint8Array(1), 0), "closed");
      await assertFails(file.read(new Uint8Array(1), 0), "closed");
      await assertFails(file.sync(), "closed");
    }));

  Deno.test(`${name}: rename replaces, an open file goes with its content, and nothing is left under the old name`, () =>
    run(async (world, directory) => {
      await write(world, `${directory}/old`, "old");
      await write(world, `${directory}/new`, "new");
      const open = await world.disk.open(`${directory}/old`);
      await world.disk.rename(`${directory}/new`, `${directory}/old`);
      await world.disk.syncDirectory(directory);
      assertEquals(await text(world, `${directory}/old`), "new");
      await assertFails(world.disk.stat(`${directory}/new`), "not-found");
      const buffer = new Uint8Array(8);
      assertEquals(await open.read(buffer, 0), 3);
      assertEquals(decoder.decode(buffer.subarray(0, 3)), "old");
      open.close();
      await assertFails(world.disk.rename(`${directory}/none`, `${directory}/x`), "not-found");
      if (world.disk.renameNow === undefined) return;
      await write(world, `${directory}/newer`, "newer");
      world.disk.renameNow(`${directory}/newer`, `${directory}/old`);
      assertEquals(await text(world, `${directory}/old`), "newer");
      await assertFails(world.disk.stat(`${directory}/newer`), "not-found");
      const { renameNow } = world.disk;
      const lost = Promise.try(() => renameNow.call(world.disk, `${directory}/none`, `${directory}/x`));
      await assertFails(lost, "not-found");
    }));

  Deno.test(`${name}: folders are made, listed, and removed when empty`, () =>
    run(async (world, directory) => {
      const { disk } = world;
      await assertFails(disk.makeDirectory(`${directory}/a/b`), "not-found");
      await disk.makeDirectory(`${directory}/a/b`, { recursive: true });
      await disk.makeDirectory(`${directory}/a/b`, { recursive: true });
      await assertFails(disk.makeDirectory(`${directory}/a`), "already-exists");
      await write(world, `${directory}/a/file`, "x");
      const entries = (await disk.list(`${directory}/a`)).toSorted((left, right) =>
        left.name < right.name ? -1 : 1
      );
      assertEquals(entries, [
        { name: "b", isFile: false, isDirectory: true, isLink: false },
        { name: "file", isFile: true, isDirectory: false, isLink: false },
      ]);
      await assertFails(disk.remove(`${directory}/a`), "already-exists");
      await disk.remove(`${directory}/a/b`);
      await disk.remove(`${directory}/a/file`);
      await disk.remove(`${directory}/a`);
      await assertFails(disk.list(`${directory}/a`), "not-found");
      await assertFails(disk.remove(`${directory}/a`), "not-found");
      await write(world, `${directory}/file`, "x");
      await assertFails(disk.list(`${directory}/file`), "not-a-directory");
      await assertFails(disk.syncDirectory(`${directory}/none`), "not-found");
    }));

  Deno.test(`${name}: stat tells kind, size and time`, () =>
    run(async (world, directory) => {
      const before = world.clock.now();
      await write(world, `${directory}/a`, "four");
      const info = await world.disk.stat(`${directory}/a`);
      assertEquals([info.isFile, info.isDirectory, info.isLink, info.size], [true, false, false, 4]);
      // File systems take their time from a coarser clock.
      assert(info.modifiedAtMs !== null && Math.abs(info.modifiedAtMs - before) < 5000);
      assertEquals((await world.disk.stat(directory)).isDirectory, true);
    }));

  Deno.test(`${name}: the real path has no detours, and must exist`, () =>
    run(async (world, directory) => {
      const real = await world.disk.realPath(directory);
      await world.disk.makeDirectory(`${directory}/a`);
      await write(world, `${directory}/f`, "x");
      assertEquals(await world.disk.realPath(`${directory}/a/.././f`), `${real}/f`);
      await assertFails(world.disk.realPath(`${directory}/none`), "not-found");
    }));

  Deno.test(`${name}: a watcher is told of a new file, a changed one, a renamed one and a removed one`, () =>
    run(async (world, directory) => {
      let waiting = () => {};
      const watching = world.disk.watch(directory, () => waiting(), (error) => {
        throw error;
      });
      using _ = { [Symbol.dispose]: () => watching.cancel() };
      const told = async (change: () => Promise<void>) => {
        const { promise, resolve } = Promise.withResolvers<void>();
        waiting = resolve;
        await change();
        await promise;
        waiting = () => {};
        // What comes late of this change must not be taken for the next.
        await delay(world, 50);
      };
      await told(() => write(world, `${directory}/a`, "1"));
      await told(() => write(world, `${directory}/a`, "2"));
      await told(() => world.disk.rename(`${directory}/a`, `${directory}/b`));
      await told(() => world.disk.remove(`${directory}/b`));
      watching.cancel();
      watching.cancel();
      let late = 0;
      waiting = () => late++;
      await write(world, `${directory}/c`, "3");
      await delay(world, 50);
      assertEquals(late, 0);
    }));

  Deno.test(`${name}: watching what is not there fails, by the callback`, () =>
    run(async (world, directory) => {
      const { promise, resolve } = Promise.withResolvers<WorldError>();
      const watching = world.disk.watch(`${directory}/none`, () => {}, resolve);
      assertEquals((await promise).kind, "not-found");
      watching.cancel();
    }));
}

function delay(world: World, ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  world.clock.timer(ms, resolve);
  return promise;
}

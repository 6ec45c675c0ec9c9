import { assertEquals, assertRejects } from "@std/assert";
import { FolderSync, removeTemporaries, writeAtomic } from "../../actors/store/mod.ts";
import { denoWorld } from "../../actors/world/deno/mod.ts";
import { type Disk, type DiskFile, WorldError } from "../../actors/world/world.ts";
import { tempFolder } from "../_helpers.ts";

const { disk } = denoWorld();
const bytes = (text: string) => new TextEncoder().encode(text);

async function names(folder: string): Promise<string[]> {
  return (await disk.list(folder)).map(({ name }) => name).sort();
}

/** The real disk, with some of what it does done otherwise. */
function diskWith(overrides: Partial<Disk>): Disk {
  return new Proxy(disk, {
    get: (target, name, receiver) => Reflect.get(name in overrides ? overrides : target, name, receiver),
  });
}

/** An open file, with some of what it does done otherwise. */
function fileWith(file: DiskFile, overrides: Partial<DiskFile>): DiskFile {
  return {
    read: (buffer, offset) => file.read(buffer, offset),
    write: (part, offset) => file.write(part, offset),
    sync: () => file.sync(),
    truncate: (length) => file.truncate(length),
    size: () => file.size(),
    close: () => file.close(),
    ...overrides,
  };
}

Deno.test("atomic file: it is made, then replaced whole, and nothing else is left in the folder", async () => {
  await using folder = await tempFolder();
  const path = folder.file("a.txt");
  await writeAtomic(disk, path, bytes("first, and long"));
  assertEquals(await Deno.readTextFile(path), "first, and long");
  await writeAtomic(disk, path, [bytes("sec"), bytes("ond")]);
  assertEquals(await Deno.readTextFile(path), "second");
  await writeAtomic(disk, path, []);
  assertEquals(await Deno.readTextFile(path), "");
  assertEquals(await names(folder.path), ["a.txt"]);
});

Deno.test("atomic file: the content is synced before it gets its name, and the name after", async () => {
  await using folder = await tempFolder();
  const steps: string[] = [];
  const traced = diskWith({
    async open(path, options) {
      const file = await disk.open(path, options);
      return fileWith(file, {
        write: (part, offset) => (steps.push("write"), file.write(part, offset)),
        sync: () => (steps.push("sync"), file.sync()),
      });
    },
    rename: (from, to) => (steps.push("rename"), disk.rename(from, to)),
    syncFolder: (path) => (steps.push("sync folder"), disk.syncFolder(path)),
  });
  await writeAtomic(traced, folder.file("a.txt"), bytes("x"));
  assertEquals(steps, ["write", "sync", "rename", "sync folder"]);
});

Deno.test("atomic file: what fails leaves the old file and nothing beside it", async () => {
  await using folder = await tempFolder();
  const path = folder.file("a.txt");
  await writeAtomic(disk, path, bytes("old"));
  const full = () => Promise.reject(new WorldError("no-space", "Cannot write: no space"));
  const failing = diskWith({
    open: async (name, options) => fileWith(await disk.open(name, options), { sync: full }),
  });
  await assertRejects(() => writeAtomic(failing, path, bytes("new")), WorldError, "no space");
  await assertRejects(
    () => writeAtomic(diskWith({ rename: full }), path, bytes("new")),
    WorldError,
    "no space",
  );
  await assertRejects(() => writeAtomic(disk, folder.file("none/a.txt"), bytes("new")), WorldError);
  assertEquals(await Deno.readTextFile(path), "old");
  assertEquals(await names(folder.path), ["a.txt"]);
});

Deno.test("atomic file: what a crash has left is removed, what is not ours is not", async () => {
  await using folder = await tempFolder();
  for (const name of [".1.txt.tmp", ".2.txt.tmp", ".other.tmp", "1.txt", ".tmp", "3.txt.tmp"]) {
    await Deno.writeTextFile(folder.file(name), "");
  }
  await Deno.mkdir(folder.file(".4.txt.tmp"));
  assertEquals(await removeTemporaries(disk, folder.path, (name) => /^\d\.txt$/.test(name)), 2);
  assertEquals(await names(folder.path), [".4.txt.tmp", ".other.tmp", ".tmp", "1.txt", "3.txt.tmp"]);
});

Deno.test("folder sync: all that wait share one sync, which begins after they asked", async () => {
  const begun: PromiseWithResolvers<void>[] = [];
  const sync = new FolderSync(
    diskWith({
      syncFolder() {
        const run = Promise.withResolvers<void>();
        begun.push(run);
        return run.promise;
      },
    }),
    ".",
  );
  const settled: string[] = [];
  const note = (name: string) =>
    sync.sync().then(() => settled.push(name), () => settled.push(`${name} failed`));
  const first = note("first");
  const [second, third] = [note("second"), note("third")];
  assertEquals(begun.length, 1);
  begun[0]?.reject(new WorldError("other", "Cannot sync"));
  await first;
  assertEquals(settled, ["first failed"]);
  await Promise.resolve();
  assertEquals(begun.length, 2);
  const fourth = note("fourth");
  begun[1]?.resolve();
  await Promise.all([second, third]);
  assertEquals(settled, ["first failed", "second", "third"]);
  await Promise.resolve();
  begun[2]?.resolve();
  await fourth;
  assertEquals(begun.length, 3);
});

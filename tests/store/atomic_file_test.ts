import { assert, assertEquals, assertRejects } from "@std/assert";
import { DirectorySync, removeTemporaries, writeAtomic } from "../../actors/store/mod.ts";
import { denoWorld } from "../../actors/world/deno/mod.ts";
import { type Disk, type DiskFile, WorldError } from "../../actors/world/world.ts";
import { tempDirectory } from "../_helpers.ts";
import { symlink } from "./_special_files.ts";

const { disk } = denoWorld();
const bytes = (text: string) => new TextEncoder().encode(text);

async function names(directory: string): Promise<string[]> {
  return (await disk.list(directory)).map(({ name }) => name).sort();
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
    tryLock: () => file.tryLock(),
    close: () => file.close(),
    ...overrides,
  };
}

Deno.test("atomic file: it is made, then replaced whole, and nothing else is left in the folder", async () => {
  await using directory = await tempDirectory();
  const path = directory.file("a.txt");
  await writeAtomic(disk, path, bytes("first, and long"));
  assertEquals(await Deno.readTextFile(path), "first, and long");
  await writeAtomic(disk, path, [bytes("sec"), bytes("ond")]);
  assertEquals(await Deno.readTextFile(path), "second");
  await writeAtomic(disk, path, []);
  assertEquals(await Deno.readTextFile(path), "");
  assertEquals(await names(directory.path), ["a.txt"]);
});

Deno.test("atomic file: the content is synced before it gets its name, and the name after", async () => {
  await using directory = await tempDirectory();
  const steps: string[] = [];
  const traced = diskWith({
    async createReplacement(path, options) {
      const replacement = await disk.createReplacement(path, options);
      const { file } = replacement;
      return {
        ...replacement,
        file: fileWith(file, {
          write: (part, offset) => (steps.push("write"), file.write(part, offset)),
          sync: () => (steps.push("sync"), file.sync()),
        }),
      };
    },
    rename: (from, to) => (steps.push("rename"), disk.rename(from, to)),
    syncDirectory: (path) => (steps.push("sync folder"), disk.syncDirectory(path)),
  });
  await writeAtomic(traced, directory.file("a.txt"), bytes("x"));
  assertEquals(steps, ["write", "sync", "rename", "sync folder"]);
});

Deno.test("atomic file: what fails leaves the old file and nothing beside it", async () => {
  await using directory = await tempDirectory();
  const path = directory.file("a.txt");
  await writeAtomic(disk, path, bytes("old"));
  const full = () => Promise.reject(new WorldError("no-space", "Cannot write: no space"));
  const failing = diskWith({
    async createReplacement(name, options) {
      const replacement = await disk.createReplacement(name, options);
      return { ...replacement, file: fileWith(replacement.file, { sync: full }) };
    },
  });
  await assertRejects(() => writeAtomic(failing, path, bytes("new")), WorldError, "no space");
  await assertRejects(
    () => writeAtomic(diskWith({ rename: full }), path, bytes("new")),
    WorldError,
    "no space",
  );
  await assertRejects(() => writeAtomic(disk, directory.file("none/a.txt"), bytes("new")), WorldError);
  assertEquals(await Deno.readTextFile(path), "old");
  assertEquals(await names(directory.path), ["a.txt"]);
});

Deno.test("atomic file: what a crash has left is removed, what is not ours or is being written is not", async () => {
  await using directory = await tempDirectory();
  const random = "7c9e6679-7425-40de-944b-e07fc1f90ae7";
  const ours = [".1.txt.tmp", ".2.txt.tmp", `.1.txt.${random}.tmp`];
  const others = [".other.tmp", `.other.${random}.tmp`, "1.txt", ".tmp", "3.txt.tmp"];
  for (const name of [...ours, ...others]) await Deno.writeTextFile(directory.file(name), "");
  await symlink("1.txt", directory.file(`.2.txt.${random}.tmp`));
  await Deno.mkdir(directory.file(".4.txt.tmp"));
  const underWay = await disk.createReplacement(directory.file("5.txt"));
  await underWay.file.tryLock();
  const isOurs = (name: string) => /^\d\.txt$/.test(name);
  assertEquals(await removeTemporaries(disk, directory.path, isOurs), 4);
  const left = [".4.txt.tmp", ...others, underWay.path.slice(directory.path.length + 1)];
  assertEquals(await names(directory.path), left.sort());
  underWay.file.close();
  assertEquals(await removeTemporaries(disk, directory.path, isOurs), 1);
});

Deno.test("atomic file: a link under the name that a temporary file had is not followed", async () => {
  await using directory = await tempDirectory();
  const outside = directory.file("outside");
  await Deno.writeTextFile(outside, "somebody's");
  await Deno.mkdir(directory.file("data"));
  for (const name of [".5.txt.tmp", ".5.txt..tmp", "5.txt.tmp"]) {
    await symlink(outside, directory.file(`data/${name}`));
  }
  await writeAtomic(disk, directory.file("data/5.txt"), bytes("a stranger's"));
  assertEquals(await Deno.readTextFile(outside), "somebody's");
  assertEquals(await Deno.readTextFile(directory.file("data/5.txt")), "a stranger's");
});

Deno.test("atomic file: what is replaced keeps its mode, and a new one has the usual one", async () => {
  await using directory = await tempDirectory();
  const path = directory.file("a.txt");
  await writeAtomic(disk, path, bytes("new"));
  const usual = directory.file("usual");
  await Deno.writeTextFile(usual, "");
  const modeOf = async (name: string) => ((await Deno.stat(name)).mode ?? 0) & 0o7777;
  assertEquals(await modeOf(path), await modeOf(usual));
  for (const mode of [0o600, 0o640, 0o664, 0o400, 0o777]) {
    await Deno.chmod(path, mode);
    await writeAtomic(disk, path, bytes("again"));
    assertEquals(await modeOf(path), mode);
  }
});

Deno.test("atomic file: what is replaced keeps its owner, where this process may give it", async () => {
  await using directory = await tempDirectory();
  const path = directory.file("a.txt");
  await writeAtomic(disk, path, bytes("new"));
  const mayGive = await Deno.chown(path, 12345, 23456).then(() => true, () => false);
  await writeAtomic(disk, path, bytes("again"));
  const { uid, gid } = await Deno.stat(path);
  if (mayGive) assertEquals([uid, gid], [12345, 23456]);
  else assertEquals(uid, (await Deno.stat(directory.path)).uid);
});

Deno.test("atomic file: where the name is a link the link stays and what it leads to is replaced, unless that is outside", async () => {
  await using directory = await tempDirectory();
  for (const name of ["data", "data/sub", "elsewhere"]) await Deno.mkdir(directory.file(name));
  const within = directory.file("data");
  await Deno.writeTextFile(directory.file("data/sub/real.txt"), "old", { mode: 0o600 });
  await symlink("sub/real.txt", directory.file("data/link.txt"));
  await symlink("link.txt", directory.file("data/twice.txt"));
  await symlink("sub/none.txt", directory.file("data/dangling.txt"));
  await symlink(directory.file("elsewhere/real.txt"), directory.file("data/out.txt"));
  await Deno.writeTextFile(directory.file("elsewhere/real.txt"), "somebody's");
  for (const name of ["link.txt", "twice.txt", "dangling.txt"]) {
    await writeAtomic(disk, directory.file(`data/${name}`), bytes(name), { within });
    assert((await Deno.lstat(directory.file(`data/${name}`))).isSymlink);
    assertEquals(await Deno.readTextFile(directory.file(`data/${name}`)), name);
  }
  assertEquals(await Deno.readTextFile(directory.file("data/sub/real.txt")), "twice.txt");
  assertEquals(((await Deno.stat(directory.file("data/sub/real.txt"))).mode ?? 0) & 0o777, 0o600);
  const out = () => writeAtomic(disk, directory.file("data/out.txt"), bytes("x"), { within });
  await assertRejects(out, WorldError, "a link out of its folder");
  assertEquals(await Deno.readTextFile(directory.file("elsewhere/real.txt")), "somebody's");
  assertEquals(await names(directory.file("data/sub")), ["none.txt", "real.txt"]);
});

Deno.test("folder sync: all that wait share one sync, which begins after they asked", async () => {
  const begun: PromiseWithResolvers<void>[] = [];
  const sync = new DirectorySync(
    diskWith({
      syncDirectory() {
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

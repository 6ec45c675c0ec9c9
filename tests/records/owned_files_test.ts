import { assert, assertEquals, assertMatch } from "@std/assert";
import { simWorld } from "../../actors/world/sim/mod.ts";
import { denoWorld } from "../../mod.ts";
import { tempDirectory } from "../_helpers.ts";
import { prepare, recordText, STAMP, startStore } from "./_store.ts";

Deno.test("records store: a second one on the same folders is refused, by whatever path, until the first has stopped", async () => {
  const sim = simWorld({ seed: 1 });
  const host = prepare(sim, { "7.txt": recordText(STAMP, "x") });
  host.disk.link("/also", "/files");
  const first = startStore(host.world);
  assertEquals((await sim.settle(first.opened)).type, "opened");
  for (const filesDirectory of ["/files", "/files/", "/record/../files", "/also"]) {
    const second = startStore(host.world, { filesDirectory });
    const opened = await sim.settle(second.opened);
    assert(opened.type === "not-opened");
    assertMatch(String(opened.error), /^WorldError: Cannot use .*: another process has it$/);
    assertEquals((await sim.settle(second.write("7", "x"))).type, "error");
    await sim.settle(second.system.stop());
  }
  await sim.settle(first.system.stop());
  const next = startStore(host.world, { filesDirectory: "/also" });
  assertEquals((await sim.settle(next.opened)).type, "opened");
  // A process that is killed locks nothing.
  host.kill();
  host.restart(() => {});
  const after = startStore(host.world);
  assertEquals((await sim.settle(after.opened)).type, "opened");
  await sim.settle(after.system.stop());
  sim.close();
});

Deno.test("records store: a link out of the folder is never followed, one within is served and stays a link", async () => {
  const sim = simWorld({ seed: 1 });
  const host = prepare(sim, { "7.txt": recordText(STAMP, "x") });
  host.disk.write("/secret", "a secret");
  host.disk.link("/files/5.txt", "/secret");
  host.disk.link("/files/6.txt", "../secret");
  host.disk.link("/files/8.txt", "7.txt");
  host.disk.link("/files/9.txt", "none");
  const store = startStore(host.world);
  await sim.settle(store.opened);
  for (const id of ["5", "6"]) {
    assertEquals(await sim.settle(store.read(id)), {
      type: "error",
      clientId: id,
      data: "Cannot read the file: not a file.",
    });
    assertEquals((await sim.settle(store.write(id, recordText(STAMP, "mine")))).type, "error");
    assertMatch(
      host.log.lines().join("\n"),
      new RegExp(`${id}\\.txt is left alone: it is a link out of its folder`),
    );
  }
  assertEquals(host.disk.readText("/secret"), "a secret");
  await sim.settle(store.write("8", recordText(STAMP, "through the link")));
  assertEquals(host.disk.readText("/files/7.txt"), recordText(STAMP, "through the link"));
  assertEquals((await sim.settle(store.read("8"))).data, recordText(STAMP, "through the link"));
  assertEquals(await sim.settle(store.count()), 2);
  await sim.settle(store.system.stop());
  sim.close();
});

Deno.test("records store: a read shows what another program has written since the last, at any time", async () => {
  // Half of the hosts can read at once.
  for (let seed = 1; seed <= 6; seed++) await readsBesideAnotherProgram(seed);
});

async function readsBesideAnotherProgram(seed: number): Promise<void> {
  const sim = simWorld({ seed });
  const host = prepare(sim, { "7.txt": recordText(STAMP, "0") });
  const store = startStore(host.world);
  await sim.settle(store.opened);
  const read = async () => (await sim.settle(store.read("7"))).data;
  for (const pauseMs of [0, 1, 2500, 5000]) {
    await sim.settle(store.write("7", recordText(STAMP, "a")));
    await sim.advance(pauseMs);
    // The second one answers from what the first one has read; the others write texts of the same length.
    assertEquals([await read(), await read()], [recordText(STAMP, "a"), recordText(STAMP, "a")]);
    await sim.advance(pauseMs);
    for (const text of ["b", "c"]) {
      host.disk.write("/files/7.txt", recordText(STAMP, text));
      assertEquals([await read(), await read()], [recordText(STAMP, text), recordText(STAMP, text)]);
    }
  }
  host.disk.remove("/files/7.txt");
  assertEquals(await read(), "Client not found.");
  await sim.settle(store.system.stop());
  sim.close();
}

Deno.test("records store: of folders that are moved away and made anew, one store has the new ones", async () => {
  await using directory = await tempDirectory();
  const options = { filesDirectory: directory.file("a/f"), recordDirectory: directory.file("a/r") };
  const make = async () => {
    await Deno.mkdir(options.filesDirectory, { recursive: true });
    await Deno.mkdir(options.recordDirectory);
  };
  const start = async () => {
    const store = startStore(denoWorld({ log: { level: "error" } }), options);
    assertEquals((await store.opened).type, "opened");
    return store;
  };
  const write = async (store: Awaited<ReturnType<typeof start>>, id: string) =>
    (await store.write(id, recordText(STAMP, "x"))).type;
  const kept = async () =>
    Object.keys(JSON.parse(await Deno.readTextFile(`${options.recordDirectory}/records.json`)));
  await make();
  const first = await start();
  assertEquals(await write(first, "1"), "success");
  await Deno.rename(directory.file("a"), directory.file("a.old"));
  await make();
  const second = await start();
  // Of an id that its journal has, too.
  for (const id of ["1", "2"]) assertEquals(await write(first, id), "error");
  assertEquals(await write(second, "3"), "success");
  assertEquals(await kept(), ["3"]);
  await second.system.stop();
  // Nobody has them now: the first one takes them, and nobody else can.
  assertEquals(await write(first, "4"), "success");
  const third = startStore(denoWorld({ log: { level: "error" } }), options);
  assertEquals((await third.opened).type, "not-opened");
  await third.system.stop();
  await first.system.stop();
  assertEquals((await kept()).includes("4"), true);
});

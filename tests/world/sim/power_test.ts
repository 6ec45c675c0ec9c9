import { assert, assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import { type SimHost, type SimWorld, simWorld } from "../../../actors/world/sim/mod.ts";
import { WorldError } from "../../../actors/world/world.ts";
import { outcomes } from "./_worlds.ts";

const encoder = new TextEncoder();

/** Writes texts one after the other, with a sync where there is a `null`, and leaves the file open. */
async function append(
  sim: SimWorld,
  host: SimHost,
  path: string,
  ...texts: (string | null)[]
): Promise<void> {
  const { disk } = host.world;
  const file = await sim.settle(disk.open(path, { write: true, create: true }));
  let end = await sim.settle(file.size());
  for (const text of texts) {
    if (text === null) {
      await sim.settle(file.sync());
    } else {
      await sim.settle(file.write(encoder.encode(text), end));
      end += text.length;
    }
  }
}

function assertSome(counts: Map<string, number>, ...expected: string[]): void {
  for (const outcome of expected) {
    assert(counts.has(outcome), `${outcome} not among ${[...counts.keys()].join(", ")}`);
  }
}

Deno.test("power cut: a test can read what is durable, which every cut leaves", async () => {
  const sim = simWorld({ seed: 1 });
  const host = sim.host("a");
  const { disk } = host.world;
  await append(sim, host, "/d", "synced ", null, "and not");
  // The name is not durable yet.
  assertEquals([host.disk.readText("/d"), host.disk.readDurableText("/d")], ["synced and not", undefined]);
  await sim.settle(disk.syncDirectory("/"));
  assertEquals(host.disk.readDurableText("/d"), "synced ");
  await sim.settle(disk.rename("/d", "/e"));
  assertEquals([host.disk.readDurableText("/d"), host.disk.readDurableText("/e")], ["synced ", undefined]);
  await sim.settle(disk.syncDirectory("/"));
  assertEquals([host.disk.readDurableText("/d"), host.disk.readDurableText("/e")], [undefined, "synced "]);
});

Deno.test("power cut: what was synced is there; of the rest a beginning is, torn anywhere", async () => {
  const counts = await outcomes(async (sim) => {
    const host = sim.host("a");
    host.disk.write("/f", "");
    await append(sim, host, "/f", "synced ", null, "abc", "def");
    host.crash();
    return host.disk.readText("/f") ?? "gone";
  });
  for (const outcome of counts.keys()) {
    assert("synced abcdef".startsWith(outcome) && outcome.length >= 7, outcome);
  }
  assertSome(
    counts,
    "synced ",
    "synced a",
    "synced ab",
    "synced abc",
    "synced abcd",
    "synced abcde",
    "synced abcdef",
  );
});

Deno.test("power cut: of overwrites that were not synced each has happened or not", async () => {
  const counts = await outcomes(async (sim) => {
    const host = sim.host("a");
    host.disk.write("/f", "........");
    const file = await sim.settle(host.world.disk.open("/f", { write: true }));
    await sim.settle(file.write(encoder.encode("aa"), 0));
    await sim.settle(file.write(encoder.encode("bb"), 4));
    host.crash();
    return host.disk.readText("/f") ?? "gone";
  });
  assertSome(counts, "........", "aa......", "....bb..", "aa..bb..");
});

Deno.test("power cut: a name is sure once its folder is synced, and a rename happens whole or not at all", async () => {
  const counts = await outcomes(async (sim) => {
    const host = sim.host("a");
    host.disk.write("/f", "old");
    await append(sim, host, "/f.new", "new", null);
    await sim.settle(host.world.disk.rename("/f.new", "/f"));
    host.crash();
    return `${host.disk.names("/")} ${host.disk.readText("/f")}`;
  });
  assertEquals(new Set(counts.keys()), new Set(["f old", "f,f.new old", "f new"]));
  const sure = await outcomes(async (sim) => {
    const host = sim.host("a");
    host.disk.write("/f", "old");
    await append(sim, host, "/f.new", "new", null);
    await sim.settle(host.world.disk.rename("/f.new", "/f"));
    await sim.settle(host.world.disk.syncDirectory("/"));
    host.crash();
    return `${host.disk.names("/")} ${host.disk.readText("/f")}`;
  });
  assertEquals([...sure.keys()], ["f new"]);
});

Deno.test("power cut: a file that was renamed without being synced may be empty", async () => {
  const counts = await outcomes(async (sim) => {
    const host = sim.host("a");
    host.disk.write("/f", "old");
    await append(sim, host, "/f.new", "new");
    await sim.settle(host.world.disk.rename("/f.new", "/f"));
    await sim.settle(host.world.disk.syncDirectory("/"));
    host.crash();
    return host.disk.readText("/f") ?? "gone";
  });
  assertSome(counts, "", "n", "new");
});

Deno.test("power cut: a sync or a write under way has happened or not", async () => {
  const counts = await outcomes(async (sim) => {
    const host = sim.host("a");
    host.disk.write("/f", "");
    const file = await sim.settle(host.world.disk.open("/f", { write: true }));
    await sim.settle(file.write(encoder.encode("x"), 0));
    file.sync();
    await sim.advance(0.01);
    host.crash();
    return host.disk.readText("/f") ?? "gone";
  });
  assertSome(counts, "", "x");
});

Deno.test("killed: all that was written is there, synced or not", async () => {
  const counts = await outcomes(async (sim) => {
    const host = sim.host("a");
    await append(sim, host, "/f", "written");
    await sim.settle(host.world.disk.rename("/f", "/g"));
    host.kill();
    return `${host.disk.names("/")} ${host.disk.readText("/g")}`;
  });
  assertEquals([...counts.keys()], ["g written"]);
});

Deno.test("simulated disk: an operation fails on demand, once, and only where it is to", async () => {
  const sim = simWorld({ seed: 1 });
  const { disk, world } = sim.host("a");
  disk.write("/f", "");
  disk.write("/g", "");
  disk.failNext("write", "no-space", { path: "/f" });
  disk.failNext("rename", "permission-denied", { count: 2 });
  const f = await sim.settle(world.disk.open("/f", { write: true }));
  const g = await sim.settle(world.disk.open("/g", { write: true }));
  await sim.settle(g.write(encoder.encode("well"), 0));
  const error = await assertRejects(() => sim.settle(f.write(encoder.encode("badly"), 0)));
  assertInstanceOf(error, WorldError);
  assertEquals(error.kind, "no-space");
  assert("badly".startsWith(disk.readText("/f") ?? "?"));
  await sim.settle(f.write(encoder.encode("fine"), 0));
  for (let i = 0; i < 2; i++) {
    await assertRejects(() => sim.settle(world.disk.rename("/f", "/h")), WorldError);
  }
  await sim.settle(world.disk.rename("/f", "/h"));
  sim.close();
});

Deno.test("simulated disk: a full one takes what there is room for and says so, and takes more when there is room again", async () => {
  const sim = simWorld({ seed: 1 });
  const { disk, world } = sim.host("a");
  disk.write("/other", "12345");
  disk.capacityBytes = 10;
  const file = await sim.settle(world.disk.open("/f", { write: true, create: true }));
  await sim.settle(file.write(encoder.encode("abc"), 0));
  const error = await assertRejects(() => sim.settle(file.write(encoder.encode("defg"), 3)));
  assertInstanceOf(error, WorldError);
  assertEquals(error.kind, "no-space");
  assertEquals(disk.readText("/f"), "abcde");
  await sim.settle(file.write(encoder.encode("XYZ"), 0));
  await sim.settle(world.disk.remove("/other"));
  await sim.settle(file.write(encoder.encode("defg"), 3));
  assertEquals([disk.readText("/f"), disk.usedBytes], ["XYZdefg", 7]);
  sim.close();
});

Deno.test("simulated disk: links are followed, and the real path shows where they lead", async () => {
  const sim = simWorld({ seed: 1 });
  const { disk, world } = sim.host("a");
  disk.write("/secret/key", "k");
  disk.makeDirectory("/share");
  disk.link("/share/out", "../secret");
  disk.link("/share/round", "round");
  assertEquals(new TextDecoder().decode(await sim.settle(world.disk.readFile("/share/out/key"))), "k");
  assertEquals(await sim.settle(world.disk.realPath("/share/out/key")), "/secret/key");
  const entries = await sim.settle(world.disk.list("/share"));
  assertEquals(entries.map((entry) => entry.isLink), [true, true]);
  await assertRejects(() => sim.settle(world.disk.stat("/share/round")), WorldError);
  sim.close();
});

Deno.test("simulated disk: a file that a test gives another name, or a second one, is that file, and stays it", async () => {
  const sim = simWorld({ seed: 1 });
  const host = sim.host("a");
  const { disk } = host;
  disk.write("/f", "one");
  disk.write("/other", "two");
  const { id } = await sim.settle(host.world.disk.stat("/f"));
  disk.addName("/f", "/second");
  disk.rename("/f", "/other");
  disk.rename("/other", "/second");
  disk.write("/second", "new");
  host.crash();
  host.restart();
  assertEquals(disk.names("/"), ["other", "second"]);
  assertEquals([disk.readText("/other"), disk.readText("/second")], ["new", "new"]);
  for (const path of ["/other", "/second"]) {
    assertEquals((await sim.settle(host.world.disk.stat(path))).id, id);
  }
  assertThrows(() => disk.rename("/", "/x"), TypeError);
  sim.close();
});

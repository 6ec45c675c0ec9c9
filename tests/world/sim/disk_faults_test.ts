import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { type DiskOperation, type SimHost, type SimWorld } from "../../../actors/world/sim/mod.ts";
import { type DiskFile, WorldError } from "../../../actors/world/world.ts";
import { inWorlds, outcomes } from "./_worlds.ts";

const encoder = new TextEncoder();

const decoder = new TextDecoder();
async function opened(sim: SimWorld, host: SimHost, path: string): Promise<DiskFile> {
  return await sim.settle(host.world.disk.open(path, { write: true, create: true }));
}

async function written(sim: SimWorld, host: SimHost, path: string, text: string): Promise<DiskFile> {
  const file = await opened(sim, host, path);
  await sim.settle(file.write(encoder.encode(text), 0));
  await sim.settle(host.world.disk.syncDirectory("/"));
  return file;
}

Deno.test("simulated disk: a failed sync that dropped its pages is not made good by the next one", async () => {
  await inWorlds(async (sim) => {
    const host = sim.host("a");
    const file = await written(sim, host, "/x", "old ");
    await sim.settle(file.sync());
    await sim.settle(file.write(encoder.encode("lost"), 4));
    host.disk.failNext("sync", "other", { dropsPages: true });
    await assertRejects(() => sim.settle(file.sync()), WorldError);
    await sim.settle(file.write(encoder.encode(" new"), 8));
    await sim.settle(file.sync());
    host.crash();
    host.restart();
    // The length came through, and what was written after the failure; where the pages were there are zeros.
    assertEquals(host.disk.readText("/x"), "old \0\0\0\0 new");
    assert(sim.tally.get("fault: sync fails, pages dropped") === 1);
  });
});

Deno.test("simulated disk: what was written anew after a failed sync is durable", async () => {
  await inWorlds(async (sim) => {
    const host = sim.host("a");
    const file = await written(sim, host, "/x", "text");
    host.disk.failNext("sync", "other", { dropsPages: true });
    await assertRejects(() => sim.settle(file.sync()));
    await sim.settle(file.write(encoder.encode("text"), 0));
    await sim.settle(file.sync());
    host.crash();
    host.restart();
    assertEquals(host.disk.readText("/x"), "text");
  });
});

Deno.test("simulated disk: after a failed sync some file systems show what is on the disk, some what was written", async () => {
  const counts = await outcomes(async (sim) => {
    const host = sim.host("a");
    const file = await written(sim, host, "/x", "old");
    await sim.settle(file.sync());
    await sim.settle(file.write(encoder.encode("new"), 0));
    host.disk.failNext("sync", "other", { dropsPages: true });
    await assertRejects(() => sim.settle(file.sync()));
    return host.disk.readText("/x") ?? "";
  });
  assertEquals([...counts.keys()].sort(), ["new", "old"]);
});

Deno.test("simulated disk: sectors of one write reach the disk in any order, where that is asked for", async () => {
  const sectorsKept = async (sim: SimWorld, sectorsOutOfOrder: number) => {
    const host = sim.host("a");
    host.disk.tearing = { sectorsOutOfOrder };
    const file = await written(sim, host, "/x", "-".repeat(2048));
    await sim.settle(file.sync());
    await sim.settle(file.write(encoder.encode("+".repeat(2048)), 0));
    host.crash();
    host.restart();
    const text = host.disk.readText("/x") ?? "";
    assertEquals(text.length, 2048);
    return [0, 512, 1024, 1536].map((at) => text.slice(at, at + 512)).map((sector) =>
      sector === "+".repeat(512) ? "+" : sector === "-".repeat(512) ? "-" : "?"
    ).join("");
  };
  const torn = await outcomes((sim) => sectorsKept(sim, 1));
  assert(torn.has("-+-+") || torn.has("--+-") || torn.has("-+--"), [...torn.keys()].join());
  const ordered = await outcomes((sim) => sectorsKept(sim, 0));
  assert([...ordered.keys()].every((kept) => /^\+*\??-*$/.test(kept)), [...ordered.keys()].join());
});

Deno.test("simulated disk: a file may have its length before its data, with zeros or garbage where it is asked for", async () => {
  const ending = async (sim: SimWorld, garbage: number) => {
    const host = sim.host("a");
    host.disk.tearing = { lengthBeforeData: 1, garbage };
    const file = await written(sim, host, "/x", "start");
    await sim.settle(file.sync());
    await sim.settle(file.write(encoder.encode("+".repeat(100)), 5));
    host.crash();
    host.restart();
    const end = (host.disk.readText("/x") ?? "").slice(5);
    if (end === "" || /^\++$/.test(end)) return "kept or not";
    return /^\0+$/.test(end) ? "zeros" : "garbage";
  };
  assertEquals([...(await outcomes((sim) => ending(sim, 0))).keys()].sort(), ["kept or not", "zeros"]);
  assertEquals([...(await outcomes((sim) => ending(sim, 1))).keys()].sort(), ["garbage", "kept or not"]);
});

Deno.test("simulated disk: bits of files at rest turn over, of those that are meant and of no other", async () => {
  await inWorlds(async (sim) => {
    const host = sim.host("a");
    host.disk.write("/data/one.log", "one");
    host.disk.write("/data/two.txt", "two");
    assertEquals(host.disk.rot(/\.log$/), "/data/one.log");
    assert(host.disk.readText("/data/one.log") !== "one");
    assertEquals(host.disk.readText("/data/two.txt"), "two");
    assertEquals(host.disk.rot("/nothing"), undefined);
    const bytes = await sim.settle(host.world.disk.readFile("/data/one.log"));
    assert(decoder.decode(bytes) !== "one");
  }, 5);
});

Deno.test("simulated disk: every operation can fail, closing too", async () => {
  await inWorlds(async (sim) => {
    const host = sim.host("a");
    const { disk } = host.world;
    host.disk.write("/there", "text");
    const file = await opened(sim, host, "/x");
    const operations: readonly (readonly [DiskOperation, () => Promise<unknown>])[] = [
      ["open", () => disk.open("/x")],
      ["read", () => disk.readFile("/there")],
      ["write", () => file.write(encoder.encode("x"), 0)],
      ["sync", () => file.sync()],
      ["truncate", () => file.truncate(0)],
      ["rename", () => disk.rename("/x", "/y")],
      ["remove", () => disk.remove("/x")],
      ["list", () => disk.list("/")],
      ["stat", () => disk.stat("/there")],
      ["makeDirectory", () => disk.makeDirectory("/f")],
      ["syncDirectory", () => disk.syncDirectory("/")],
      ["lock", () => disk.lock("/lock")],
    ];
    for (const [operation, work] of operations) {
      host.disk.failNext(operation, "other");
      await assertRejects(() => sim.settle(work()), WorldError, "Cannot", operation);
      assertEquals(sim.tally.get(`fault: ${operation} fails`), 1);
    }
    host.disk.failNext("close", "other");
    assertThrows(() => file.close(), WorldError, "Cannot close /x");
    file.close();
  }, 5);
});

for (const when of ["before", "during", "after"] as const) {
  for (const how of ["crash", "kill"] as const) {
    Deno.test(`simulated disk: a ${how} ${when} an operation comes there and nowhere else, and nobody is answered`, async () => {
      const found = new Set<string>();
      await inWorlds(async (sim) => {
        const host = sim.host("a");
        const file = await written(sim, host, "/x", "old");
        await sim.settle(file.sync());
        let ended = 0;
        host.crashAt({ operation: "write", path: /x$/, when, how, skip: 1, ended: () => ended++ });
        await sim.settle(host.world.disk.stat("/x"));
        await sim.settle(file.write(encoder.encode("mid"), 0));
        assertEquals([ended, host.isUp], [0, true]);
        let answered = false;
        file.write(encoder.encode("new"), 0).then(() => answered = true, () => answered = true);
        await sim.advance(10);
        assertEquals([ended, host.isUp, answered], [1, false, false]);
        assertEquals(sim.tally.get(`fault: ${how} ${when} write`), 1);
        host.restart();
        found.add(host.disk.readText("/x") ?? "");
      });
      if (when === "before" && how === "kill") assertEquals([...found], ["mid"]);
      if (when === "after" && how === "kill") assertEquals([...found], ["new"]);
      if (when === "during") {
        assert([...found].some((text) => text !== "mid" && text !== "new"), [...found].join());
      }
    });
  }
}

Deno.test("simulated disk: changes in a watched folder go unnoticed where that is asked for", async () => {
  await inWorlds(async (sim) => {
    const host = sim.host("a");
    let told = 0;
    host.world.disk.watch("/", () => told++, () => {});
    host.disk.write("/one", "");
    await sim.advance(10);
    assertEquals(told, 1);
    host.disk.lostWatchEvents = 1;
    host.disk.write("/two", "");
    await sim.advance(10);
    assertEquals(told, 1);
    assert(sim.tally.get("fault: watch event lost") > 0);
  }, 5);
});

Deno.test("simulated disk: the text of a file that was looked at before is that of now, whatever changed it", async () => {
  await inWorlds(async (sim) => {
    const host = sim.host("a");
    const look = () => {
      const bytes = host.disk.read("/x");
      assertEquals(host.disk.readText("/x"), bytes && decoder.decode(bytes));
      return [host.disk.readText("/x"), host.disk.readDurableText("/x")];
    };
    const file = await written(sim, host, "/x", "first");
    assertEquals(look(), ["first", ""]);
    await sim.settle(file.sync());
    assertEquals(look(), ["first", "first"]);
    await sim.settle(file.truncate(2));
    assertEquals(look(), ["fi", "first"]);
    await sim.settle(file.sync());
    assertEquals(look(), ["fi", "fi"]);
    host.disk.rot("/x", 1);
    const [rotten, durable] = look();
    assert(rotten !== "fi" && durable !== "fi");
    await sim.settle(file.write(encoder.encode("never"), 0));
    look();
    host.disk.failNext("sync", "other", { dropsPages: true });
    await assertRejects(() => sim.settle(file.sync()));
    look();
    host.crash();
    host.restart();
    const [after, kept] = look();
    assertEquals(after, kept);
    host.disk.write("/x", "anew");
    assertEquals(look(), ["anew", "anew"]);
  });
});

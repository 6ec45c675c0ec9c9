import { assert, assertEquals, assertMatch } from "@std/assert";
import { type SimHost, simulate, type SimWorld, simWorld } from "../../actors/world/sim/mod.ts";
import type { Disk, DiskFile, World } from "../../mod.ts";
import { assertAgree, onDisk, prepare, recordText, STAMP, startStore, type Store } from "./_store.ts";

const OLD = "2025-01-01 00:00:00";

async function open(sim: SimWorld, host: SimHost): Promise<Store> {
  const store = startStore(host.world);
  await sim.settle(store.opened);
  return store;
}

function test(
  name: string,
  files: Record<string, string>,
  recordFile: string | undefined,
  body: (sim: SimWorld, host: SimHost, store: Store) => Promise<void>,
): void {
  Deno.test(name, async () => {
    const sim = simWorld({ seed: 1 });
    try {
      const host = prepare(sim, files, recordFile);
      const store = await open(sim, host);
      await body(sim, host, store);
      await sim.settle(store.system.stop());
    } finally {
      sim.close();
    }
  });
}

const success = (id: string, data: string) => ({ type: "success", clientId: id, data }) as const;
const stored = (id: string) => success(id, "File updated successfully.");

test(
  "records store: what was written is read, and stands in the record file at once",
  {},
  undefined,
  async (sim, host, store) => {
    const text = recordText(STAMP, "first");
    assertEquals(await sim.settle(store.write("7", text)), stored("7"));
    assertEquals(onDisk(host), { texts: new Map([["7", text]]), records: new Map([["7", STAMP]]) });
    assertEquals(await sim.settle(store.read("7")), success("7", text));
    assertEquals(await sim.settle(store.read("8")), {
      type: "error",
      clientId: "8",
      data: "Client not found.",
    });
    assertEquals(await sim.settle(store.count()), 1);
  },
);

test(
  "records store: a text without a datestamp gets the present time in the record file, and is kept as it is",
  {},
  undefined,
  async (sim, host, store) => {
    await sim.settle(store.write("7", "hello"));
    const { texts, records } = onDisk(host);
    assertEquals(texts.get("7"), "hello");
    assert(/^202[56]-\d\d-\d\d \d\d:\d\d:\d\d$/.test(records.get("7") ?? ""));
  },
);

test(
  "records store: two seconds after the last change the journal is gone",
  {},
  undefined,
  async (sim, host, store) => {
    await sim.settle(store.write("7", recordText(STAMP, "x")));
    assertEquals(host.disk.names("/record"), [".records.json.journal", "records.json"]);
    await sim.advance(2000);
    assertEquals(host.disk.names("/record"), ["records.json"]);
  },
);

test(
  "records store: requests for one file are done in order, however many wait",
  {},
  undefined,
  async (sim, host, store) => {
    const answers = Array.from({ length: 50 }, (_, turn) => [
      store.write("7", recordText(STAMP, `turn ${turn}`)),
      store.read("7"),
    ]).flat();
    const texts = (await sim.settle(Promise.all(answers))).filter((_, at) => at % 2 === 1);
    assertEquals(
      texts,
      Array.from({ length: 50 }, (_, turn) => success("7", recordText(STAMP, `turn ${turn}`))),
    );
    await sim.advance(2000);
    assertAgree(host);
  },
);

test(
  "records store: more files at once than may be in use are all served, each in order",
  {},
  undefined,
  async (sim, host, store) => {
    const answers: Promise<unknown>[] = [];
    for (const turn of [1, 2, 3]) {
      for (let id = 0; id < 200; id++) {
        answers.push(
          store.write(`${id}`, recordText(STAMP, `turn ${turn} of ${id}`)),
        );
      }
    }
    await sim.settle(Promise.all(answers));
    const { texts } = onDisk(host);
    assertEquals(texts.size, 200);
    for (const [id, text] of texts) assertEquals(text, recordText(STAMP, `turn 3 of ${id}`));
    await sim.advance(2000);
    assertAgree(host);
  },
);

test(
  "records store: a record file is believed where a file says otherwise and no crash explains it",
  {
    "7.txt": recordText(OLD, "x"),
  },
  `{"7": "${STAMP}"}`,
  (_sim, host) => {
    assertEquals(onDisk(host).records, new Map([["7", STAMP]]));
    return Promise.resolve();
  },
);

test(
  "records store: at the start, files that the record file does not know are taken up, and records without a file go",
  {
    "7.txt": recordText(STAMP, "x"),
    "8.txt": recordText(OLD, "x"),
    "notes.md": "not ours",
    ".9.txt.tmp": "half writ",
    ".9.txt.7c9e6679-7425-40de-944b-e07fc1f90ae7.tmp": "half writ",
    "9.txt.tmp": "somebody else's",
  },
  `{"8": "${OLD}", "9": "${OLD}"}`,
  (_sim, host) => {
    assertEquals(host.disk.names("/files"), ["7.txt", "8.txt", "9.txt.tmp", "notes.md"]);
    const records = JSON.parse(host.disk.readText("/record/records.json") ?? "");
    assertEquals(records, { "7": STAMP, "8": OLD });
    assertEquals(host.log.lines(), [
      "[WARN] 2 half-written files removed",
      "[WARN] 1 record without a file dropped",
    ]);
    return Promise.resolve();
  },
);

test(
  "records store: what is no datestamp or no client ID in the record file is said, and mended",
  { "7.txt": recordText(STAMP, "x"), "8.txt": "no datestamp" },
  `\uFEFF{"7": 5, "8": "yesterday", "__proto__": "${OLD}", "../x": "${OLD}"}`,
  (_sim, host) => {
    const { records } = onDisk(host);
    assertEquals(records.get("7"), STAMP);
    assertEquals([...records.keys()].sort(), ["7", "8"]);
    assertEquals(host.log.lines(), [
      "[WARN] /record/records.json holds what is no record: it is kept in " +
      "/record/records.json.damaged-20260101T000000Z",
      "[WARN] 2 records had no datestamp",
      "[WARN] 2 names that are no client ID dropped",
    ]);
    return Promise.resolve();
  },
);

for (const [what, recordFile] of [["missing", undefined], ["empty", ""], ["{}", "{}"]] as const) {
  test(
    `records store: a record file that is ${what} is made anew from the files`,
    { "7.txt": recordText(STAMP, "x") },
    recordFile,
    (_sim, host) => {
      assertAgree(host);
      return Promise.resolve();
    },
  );
}

Deno.test("records store: what can still be read of a damaged record file counts, and the file is kept", async () => {
  const fresh = "2025-12-31 23:00:00";
  for (const text of ["{", "[]", '"text"', `{"7": "${fresh}",}`, `{"7":"${fresh}", "8": "20\uFFFD4-03-18`]) {
    const sim = simWorld({ seed: 1 });
    const host = prepare(sim, { "7.txt": recordText(STAMP, "x"), "8.txt": recordText(STAMP, "y") }, text);
    const store = startStore(host.world);
    assertEquals((await sim.settle(store.opened)).type, "opened");
    // Of the record whose line is whole the record file is believed, of the other one its own file.
    const expected = { 7: text.includes(fresh) ? fresh : STAMP, 8: STAMP };
    assertEquals(JSON.parse(host.disk.readText("/record/records.json") ?? ""), expected);
    assertEquals(host.disk.readText("/record/records.json.damaged-20260101T000000Z"), text);
    assertMatch(host.log.lines().join("\n"), /records\.json cannot be read \(.*\): it is kept in /);
    assertEquals((await sim.settle(store.write("7", recordText(STAMP, "z")))).type, "success");
    await sim.settle(store.system.stop());
    sim.close();
  }
});

for (
  const [what, operation, path] of [
    ["the file cannot be written", "write", /^\/files\/\.7\.txt\..*tmp$/],
    ["the file cannot be synced", "sync", /^\/files\/\.7\.txt\..*tmp$/],
    ["the file cannot be put in place", "rename", undefined],
    ["the journal cannot be written", "write", "/record/.records.json.journal"],
    ["the journal cannot be synced", "sync", "/record/.records.json.journal"],
  ] as const
) {
  test(
    `records store: when ${what}, the client is told, the old file stays, and the store goes on`,
    {
      "7.txt": recordText(OLD, "old"),
    },
    undefined,
    async (sim, host, store) => {
      host.disk.failNext(operation, "no-space", path === undefined ? {} : { path });
      const answer = await sim.settle(store.write("7", recordText(STAMP, "new")));
      assertEquals(answer, { type: "error", clientId: "7", data: "Cannot write the file: no space." });
      assertEquals(onDisk(host), {
        texts: new Map([["7", recordText(OLD, "old")]]),
        records: new Map([["7", OLD]]),
      });
      assertEquals(await sim.settle(store.write("7", recordText(STAMP, "new"))), stored("7"));
      await sim.advance(2000);
      assertAgree(host);
    },
  );
}

test(
  "records store: when the record file cannot be updated, the write stands, and it is mended within seconds",
  {
    "7.txt": recordText(OLD, "old"),
    "8.txt": recordText(OLD, "old"),
  },
  undefined,
  async (sim, host, store) => {
    host.disk.failNext("write", "no-space", { path: "/record/records.json" });
    assertEquals(await sim.settle(store.write("7", recordText(STAMP, "new"))), stored("7"));
    assert(host.log.lines().some((line) => line.startsWith("[ERROR] Cannot update the record file")));
    await sim.advance(5000);
    assertAgree(host);
  },
);

for (
  const [what, change] of [
    ["removed", (host: SimHost) => host.disk.remove("/record/records.json")],
    ["emptied", (host: SimHost) => host.disk.write("/record/records.json", "")],
    ["made longer", (host: SimHost) => host.disk.write("/record/records.json", "{}".padEnd(500))],
  ] as const
) {
  test(
    `records store: a record file that is ${what} while the server runs is written anew at the next change`,
    {
      "7.txt": recordText(OLD, "old"),
      "8.txt": recordText(OLD, "old"),
    },
    undefined,
    async (sim, host, store) => {
      change(host);
      await sim.settle(store.write("7", recordText(STAMP, "new")));
      await sim.advance(2000);
      assertAgree(host);
    },
  );
}

test(
  "records store: a record file that is removed after the last change is written anew",
  {
    "8.txt": recordText(OLD, "old"),
  },
  undefined,
  async (sim, host, store) => {
    await sim.settle(store.write("7", recordText(STAMP, "new")));
    host.disk.remove("/record/records.json");
    await sim.advance(5000);
    assertAgree(host);
  },
);

Deno.test("records store: a refresh drops records whose file is gone, reports what fails, and tries that again", async () => {
  await simulate("records refresh trouble", { seeds: 3 }, async (sim) => {
    const host = prepare(sim, {
      "7.txt": recordText(OLD, "seven"),
      "8.txt": recordText(OLD, "eight"),
      "9.txt": "hello",
    }, `{"7": "${OLD}", "8": "${OLD}", "9": "${OLD}"}`);
    const store = startStore(host.world, { refresh: { intervalMs: 60_000, thresholdMs: 900_000 } });
    await sim.settle(store.opened);
    host.disk.remove("/files/7.txt");
    host.disk.failNext("write", "no-space", { path: /^\/files\/\.8\.txt\..*tmp$/ });
    await sim.advance(65_000);
    const lines = host.log.lines();
    assertEquals(lines[0], "Updating files...");
    assertEquals(lines.at(-1), "Files updated.");
    assert(lines.includes("[WARN] File of client 7 is gone: dropped from the record file"), lines.join("\n"));
    assert(
      lines.some((line) => line.startsWith("[ERROR] Cannot update the file of client 8: ")),
      lines.join("\n"),
    );
    assert(lines.includes("File of client 9 updated."), lines.join("\n"));
    assertEquals(host.disk.readText("/files/9.txt")?.split("\n")[1], "hello");
    await sim.advance(60_000);
    assert(host.log.lines().includes("File of client 8 updated."));
    assertAgree(host);
    const before = host.log.lines().length;
    await sim.advance(60_000);
    assertEquals(host.log.lines().slice(before), ["Updating files...", "Files updated."]);
    await sim.settle(store.system.stop());
  });
});

/** A world that counts what is done on its disk: calls, and bytes written. */
function counting(world: World): { world: World; work: () => { calls: number; bytes: number } } {
  let calls = 0;
  let bytes = 0;
  const disk = new Proxy(world.disk, {
    get(target, name: keyof Disk) {
      calls++;
      if (name !== "open") return target[name]?.bind(target);
      return async (...args: Parameters<Disk["open"]>): Promise<DiskFile> => {
        const file = await target.open(...args);
        return {
          read: (buffer, offset) => file.read(buffer, offset),
          write: (part, offset) => (bytes += part.length, file.write(part, offset)),
          sync: () => file.sync(),
          truncate: (length) => file.truncate(length),
          size: () => file.size(),
          tryLock: () => file.tryLock(),
          close: () => file.close(),
        };
      };
    },
  });
  return { world: { ...world, disk }, work: () => ({ calls, bytes }) };
}

Deno.test("records store: the disk work of a write and of a refresh does not grow with the number of records", async () => {
  const costs: { calls: number; bytes: number }[] = [];
  for (const stored of [30, 3000]) {
    const sim = simWorld({ seed: 1 });
    const records: Record<string, string> = {};
    for (let id = 0; id < stored; id++) records[id] = id < 10 ? OLD : "2026-01-01 00:00:00";
    const files = Object.fromEntries(
      Object.entries(records).map(([id, at]) => [`${id}.txt`, recordText(at, "x")]),
    );
    const host = prepare(sim, files, JSON.stringify(records));
    const { world, work } = counting(host.world);
    const store = startStore(world, { refresh: { intervalMs: 60_000, thresholdMs: 86_400_000 } });
    await sim.settle(store.opened);
    const before = work();
    await sim.settle(store.write("20", recordText("2026-01-01 00:00:01", "x")));
    await sim.advance(70_000);
    const after = work();
    assertEquals(host.log.lines().filter((line) => line.startsWith("File of client")).length, 10);
    costs.push({ calls: after.calls - before.calls, bytes: after.bytes - before.bytes });
    await sim.settle(store.system.stop());
    sim.close();
  }
  const [few, many] = costs;
  assert(few !== undefined && many !== undefined);
  // How many share a sync is a matter of chance.
  assert(many.calls < few.calls * 1.5 && many.bytes < few.bytes * 1.5, JSON.stringify(costs));
});

test(
  "records store: the journal stays until the record file is durable",
  {},
  undefined,
  async (sim, host, store) => {
    await sim.settle(store.write("7", recordText(STAMP, "x")));
    host.disk.failNext("sync", "other", { path: "/record/records.json" });
    const isTold = () =>
      host.log.lines().some((line) => line.startsWith("[ERROR] Cannot make the record file durable"));
    await sim.until(isTold, 5000);
    assertEquals(host.disk.names("/record").includes(".records.json.journal"), true);
    await sim.advance(5000);
    assertAgree(host);
  },
);

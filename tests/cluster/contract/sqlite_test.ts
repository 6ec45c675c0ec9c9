import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { SqliteRecords } from "../../../actors/cluster/engines/_sqlite_records.ts";
import { RECORD_TABLES } from "../../../actors/cluster/engines/_sqlite_tables.ts";
import { composeEngine, Conflict, Fenced, sqliteDriver, sqliteEngine } from "../../../actors/cluster/mod.ts";
import { denoWorld, WorldError } from "../../../mod.ts";
import { tempDirectory } from "../../_helpers.ts";
import { testContract } from "./_contract.ts";

const world = denoWorld();

testContract("sqlite", world, async (leaseTtlMs) => {
  const directory = await tempDirectory();
  const driver = sqliteDriver({
    file: directory.file("entities.sqlite"),
    world,
    leaseTtlMs,
    maxBytes: 100_000,
  });
  const shared = { ...driver, [Symbol.asyncDispose]: () => Promise.resolve() };
  return {
    connect: () => Promise.resolve(shared),
    async [Symbol.asyncDispose]() {
      await driver[Symbol.asyncDispose]();
      await directory[Symbol.asyncDispose]();
    },
  };
});

Deno.test("cluster: sqlite: what was committed is there after the process has gone, and epochs go on", async () => {
  await using directory = await tempDirectory();
  const file = directory.file("entities.sqlite");
  const entity = { type: "thing", id: "a" };
  let epoch: number;
  {
    await using engine = sqliteEngine({ file, world });
    const lease = await engine.placement.join("host");
    ({ epoch } = await engine.placement.claim(entity, lease));
    const { log } = await engine.journal.open(entity, epoch);
    await log.append([{ events: ["a"] }]);
    await log.snapshot("one");
    await log.append([{ events: ["b"] }]);
    await lease.release();
  }
  await using engine = sqliteEngine({ file, world });
  const lease = await engine.placement.join("host");
  const claim = await engine.placement.claim(entity, lease);
  assertEquals([claim.isMine, claim.epoch > epoch], [true, true]);
  await assertRejects(() => engine.journal.open(entity, 0), Fenced);
  const { snapshot, commits } = await engine.journal.open(entity, claim.epoch);
  assertEquals(snapshot?.state, "one");
  assertEquals(commits.flatMap((commit) => commit.entries), [{ events: ["b"] }]);
  await lease.release();
});

Deno.test("cluster: sqlite: a second owner of the file is refused, whoever it is", async () => {
  await using directory = await tempDirectory();
  const file = directory.file("entities.sqlite");
  await using _engine = sqliteEngine({ file, world });
  const error = assertThrows(() => sqliteEngine({ file, world }), WorldError, "another process has it");
  assertEquals(error.kind, "in-use");
});

Deno.test("cluster: sqlite: a file that is no database is refused, and left as it is", async () => {
  await using directory = await tempDirectory();
  const file = directory.file("entities.sqlite");
  await Deno.writeTextFile(file, "precious ".repeat(1000));
  const error = assertThrows(() => sqliteEngine({ file, world }), WorldError, file);
  assertEquals(error.kind, "invalid-data");
  assertEquals(await Deno.readTextFile(file), "precious ".repeat(1000));
});

Deno.test("cluster: sqlite: an engine that is closed commits what was asked for, and takes no more", async () => {
  await using directory = await tempDirectory();
  const file = directory.file("entities.sqlite");
  const driver = sqliteDriver({ file, world });
  const { journal } = composeEngine(driver, world);
  const opening = driver.records.append("thing.a", 0, "last");
  await driver[Symbol.asyncDispose]();
  await opening;
  await assertRejects(() => driver.records.append("thing.a", 1, "late"), WorldError, "closed");
  await driver[Symbol.asyncDispose]();
  await using again = sqliteDriver({ file, world });
  assertEquals((await again.records.read("thing.a")).records, [{ seq: 1, body: "last" }]);
  assertEquals(typeof journal.maxRecordBytes, "number");
});

Deno.test("cluster: sqlite: a log is whole and in order, wherever in the file its records are", async () => {
  await using directory = await tempDirectory();
  const file = directory.file("entities.sqlite");
  // More than are moved at once, and some that go to their log first.
  const bodyOf = (seq: number) => seq % 300 === 0 ? `${seq} `.repeat(2000) : `${seq}`;
  const written = Array.from({ length: 2600 }, (_, index) => ({ seq: index + 1, body: bodyOf(index + 1) }));
  {
    await using driver = sqliteDriver({ file, world });
    const { records } = driver;
    for (const { seq, body } of written) {
      if (seq % 100 !== 1) void records.append("a", seq - 1, body);
      else await records.append("a", seq - 1, body);
    }
    await records.append("b", 0, "of another log");
    assertEquals((await records.read("a")).records, written);
    assertEquals([await records.tail("a"), await records.tail("b"), await records.tail("c")], [2600, 1, 0]);
    await assertRejects(() => records.append("a", 2599, "stale"), Conflict);
    await records.trim("a", 2550);
    assertEquals((await records.read("a")).records, written.slice(2549));
    await records.trim("a", 9999);
    assertEquals((await records.read("a")).records, written.slice(2599));
  }
  await using driver = sqliteDriver({ file, world });
  assertEquals((await driver.records.read("a")).records, written.slice(2599));
  assertEquals((await driver.records.read("b")).records, [{ seq: 1, body: "of another log" }]);
});

Deno.test("cluster: sqlite: what a process left among the newest when it died is in its log again", async () => {
  await using directory = await tempDirectory();
  const file = directory.file("entities.sqlite");
  {
    await using driver = sqliteDriver({ file, world });
    await driver.records.append("a", 0, "moved");
  }
  {
    using database = new DatabaseSync(file);
    assertEquals(database.prepare("SELECT count(*) AS count FROM newest").get()?.["count"], 0);
    // As a commit leaves it.
    database.exec("INSERT INTO newest VALUES ('a', 2, 'left'), ('b', 1, 'left, too')");
  }
  await using driver = sqliteDriver({ file, world });
  const { records } = driver;
  assertEquals((await records.read("a")).records, [{ seq: 1, body: "moved" }, { seq: 2, body: "left" }]);
  await assertRejects(() => records.append("b", 0, "a fork"), Conflict);
  assertEquals(await records.append("b", 1, "goes on"), 2);
});

Deno.test("cluster: sqlite: of a commit that fails nothing is there, and each log goes on where it was", async () => {
  const database = new DatabaseSync(":memory:");
  database.exec(RECORD_TABLES);
  const records = new SqliteRecords(database, world, 1_000_000);
  assertEquals(await records.append("a", 0, "first"), 1);
  const pages = (most: number) =>
    Number(database.prepare(`PRAGMA max_page_count = ${most}`).get()?.["max_page_count"]);
  // The disk is full: SQLite takes no more than it has.
  pages(1);
  const group = [records.append("a", 1, "small"), records.append("b", 0, "x".repeat(200_000))];
  for (const write of group) await assertRejects(() => write, Error, "full");
  assertEquals((await records.read("a")).records, [{ seq: 1, body: "first" }]);
  pages(1_000_000);
  assertEquals([await records.append("a", 1, "second"), await records.append("b", 0, "first")], [2, 1]);
  await records.close();
});

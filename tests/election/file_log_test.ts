import { assertEquals } from "@std/assert";
import { fileLog, type FileLogReply } from "../../actors/election/file_log.ts";
import { ActorSystem, denoWorld, type Ref } from "../../mod.ts";
import { fifo } from "../store/_special_files.ts";
import { tempDirectory, until } from "../_helpers.ts";

type Log = ReturnType<typeof spawnLog>;

function spawnLog(system: ActorSystem, name: string, path: string, leader = 1) {
  const ref = system.spawn(name, fileLog(path, leader));
  const put = (term: number, text: string, fenced = true): Promise<FileLogReply> =>
    ref.ask((replyTo: Ref<FileLogReply>) => ({ type: "write", term, fenced, text, replyTo }), {
      timeoutMs: 10_000,
    });
  return { ref, put };
}

function quietSystem(): ActorSystem {
  return new ActorSystem("logs", { world: denoWorld({ log: { level: "error" } }) });
}

Deno.test("file log: a stale write is refused, by the node's own word and by the file's", async () => {
  await using directory = await tempDirectory();
  await using system = quietSystem();
  const path = directory.file("Peer_files.log");
  const first: Log = spawnLog(system, "first", path);
  const second: Log = spawnLog(system, "second", path, 2);
  assertEquals(await first.put(3, "of term 3\n"), { type: "log-written", term: 3 });
  assertEquals(await first.put(2, "of term 2\n"), { type: "log-refused", term: 2, highest: 3, by: 1 });
  // Another node of the same machine takes over; the first one was frozen, and knows nothing of it.
  assertEquals(await second.put(5, "of term 5\n"), { type: "log-written", term: 5 });
  assertEquals(await first.put(3, "late\n"), { type: "log-refused", term: 3, highest: 5, by: 2 });
  assertEquals(await Deno.readTextFile(path), "of term 5\n");
  // A token names its leader too: in one term only one node writes.
  assertEquals(await first.put(5, "again\n"), { type: "log-refused", term: 5, highest: 5, by: 2 });
  assertEquals(await second.put(5, "again\n"), { type: "log-written", term: 5 });
  // What is remembered outlives the process.
  const third = spawnLog(system, "third", path);
  assertEquals(await third.put(4, "stale\n"), { type: "log-refused", term: 4, highest: 5, by: 2 });
  assertEquals(await third.put(6, "of term 6\n"), { type: "log-written", term: 6 });
  assertEquals(await Deno.readTextFile(path), "of term 6\n");
});

Deno.test("file log: a leader puts back what was replaced or removed, and one that leads no more does not", async () => {
  await using directory = await tempDirectory();
  await using system = quietSystem();
  const path = directory.file("Peer_files.log");
  const log = spawnLog(system, "log", path);
  await log.put(1, "mine\n");
  await Deno.writeTextFile(path, "of a process that was frozen in the middle of a write\n");
  await until(async () => await Deno.readTextFile(path) === "mine\n", "the log is put back");
  await Deno.remove(path);
  await until(
    async () => await Deno.readTextFile(path).catch(() => "") === "mine\n",
    "the log is made again",
  );
  const other = spawnLog(system, "other", path, 2);
  await other.put(2, "theirs\n");
  log.ref.tell({ type: "release" });
  // The next write answers after any check that came before it.
  assertEquals(await log.put(1, "mine\n"), { type: "log-refused", term: 1, highest: 2, by: 2 });
  assertEquals(await Deno.readTextFile(path), "theirs\n");
});

Deno.test("file log: without terms (old nodes) nothing is refused for the file's sake; a damaged term file is ignored", async () => {
  await using directory = await tempDirectory();
  await using system = quietSystem();
  const path = directory.file("Peer_files.log");
  await Deno.writeTextFile(`${path}.term`, "9\n");
  const plain = spawnLog(system, "plain", path);
  assertEquals(await plain.put(0, "plain\n", false), { type: "log-written", term: 0 });
  const fenced = spawnLog(system, "fenced", path);
  for (
    const damage of [
      "nonsense",
      "281474976710656",
      "9007199254740991 1",
      "1e9",
      "-1",
      "9".repeat(400),
      "1\n".padEnd(2 ** 20),
    ]
  ) {
    await Deno.writeTextFile(`${path}.term`, damage);
    assertEquals(await fenced.put(1, "fenced\n"), { type: "log-written", term: 1 }, damage);
    assertEquals(await Deno.readTextFile(`${path}.term`), "1 1\n");
  }
  for (const make of [fifo, (place: string) => Deno.mkdir(place)]) {
    await Deno.remove(`${path}.term`);
    await make(`${path}.term`);
    assertEquals(await fenced.put(1, "fenced\n"), { type: "log-written", term: 1 });
    assertEquals(await Deno.readTextFile(`${path}.term`), "1 1\n");
  }
  await Deno.writeTextFile(`${path}.term`, "nonsense");
  assertEquals(await fenced.put(1, "fenced\n"), { type: "log-written", term: 1 });
  assertEquals(await Deno.readTextFile(`${path}.term`), "1 1\n");
});

Deno.test("file log: a folder that is not there is told, not thrown", async () => {
  await using directory = await tempDirectory();
  await using system = quietSystem();
  const log = spawnLog(system, "log", directory.file("missing/Peer_files.log"));
  assertEquals((await log.put(1, "x\n")).type, "log-failed");
});

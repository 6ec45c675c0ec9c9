/**
 * `kill -9` of each service that keeps something, under load, again and again: what was acknowledged, or
 * heard by somebody, is there afterwards.
 *
 *     deno task kills [ROUNDS] [SECONDS A ROUND]
 *
 * Prints what was counted; ends with 1 at the first that is lost.
 */
import { assert, assertEquals } from "@std/assert";
import { runClient } from "../../tasks/_cli.ts";
import { kills as task } from "../../tasks/_tool_lines.ts";
import { PeerNetwork } from "../election/_peers.ts";
import { tempDirectory, TestClient, until } from "../_helpers.ts";
import { RecordsTestClient, recordText, stampAgo } from "../records/_server.ts";
import { CHAT, EDITOR, type FileOwner, RECORDS, started } from "../store/_services.ts";

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Reads lines until the server is gone. */
async function listen(client: TestClient, into: string[]): Promise<void> {
  for (let line; (line = await client.line().catch(() => null)) !== null;) into.push(line);
}

/** Sends lines, each with a name of its own, until the server is gone. */
async function flood(client: TestClient, name: string): Promise<void> {
  for (let from = 0;; from += 20) {
    const lines = Array.from({ length: 20 }, (_, at) => `<${name}.${from + at}>`);
    try {
      await client.send(lines.join("\n") + "\n");
    } catch {
      return;
    }
    await sleep(1);
  }
}

/** The names of lines, in the order in which they stand. */
const namesIn = (text: string): string[] => [...text.matchAll(/<[a-z0-9.]+>/g)].map(([name]) => name);

/** A round of a service of lines: what two listeners heard before the kill, and how much all were sent. */
async function killUnderLoad(
  owner: FileOwner,
  path: string,
  directory: string,
  round: number,
  ms: number,
): Promise<{ readonly heard: readonly string[][]; readonly deliveries: number }> {
  const { process, port } = await started(owner, path, directory);
  await using server = process;
  const clients = await Promise.all(Array.from({ length: 8 }, () => TestClient.connect(port)));
  const texts: string[][] = clients.map(() => []);
  if (owner === CHAT) await Promise.all(clients.map((client, at) => client.send(`member${at}\n`)));
  const listening = clients.map((client, at) => listen(client, texts[at] ?? []));
  const writing = clients.slice(2).map((client, at) => flood(client, `w${round}.${at}`));
  await sleep(ms * (0.5 + Math.random()));
  server.kill("SIGKILL");
  await server.ended();
  await Promise.all([...listening, ...writing]);
  for (const client of clients) client.close();
  const all = texts.map((lines) => lines.flatMap(namesIn).filter((name) => name.startsWith(`<w${round}.`)));
  return { heard: all.slice(0, 2), deliveries: all.reduce((sum, { length }) => sum + length, 0) };
}

/** Whether all that was heard stands there, once, in that order: `kept` may begin later, or end later. */
function assertKept(heard: readonly string[], kept: readonly string[], mayBeginLater: boolean): void {
  assertEquals(new Set(kept).size, kept.length, "a line is there twice");
  const first = mayBeginLater && kept[0] !== undefined ? Math.max(heard.indexOf(kept[0]), 0) : 0;
  assertEquals(kept.slice(0, heard.length - first), heard.slice(first));
}

async function editor(rounds: number, ms: number): Promise<string> {
  await using directory = await tempDirectory();
  let deliveries = 0;
  for (let round = 0; round < rounds; round++) {
    const result = await killUnderLoad(EDITOR, directory.file("temp.txt"), directory.path, round, ms);
    deliveries += result.deliveries;
    const { process } = await started(EDITOR, directory.file("temp.txt"), directory.path);
    await using _ = process;
    const kept = namesIn(await Deno.readTextFile(directory.file("temp.txt")));
    const ofRound = kept.filter((name) => name.startsWith(`<w${round}.`));
    for (const heard of result.heard) assertKept(heard, ofRound, false);
  }
  return `${deliveries} deliveries`;
}

async function chat(rounds: number, ms: number): Promise<string> {
  await using directory = await tempDirectory();
  let lines = 0;
  for (let round = 0; round < rounds; round++) {
    const result = await killUnderLoad(CHAT, directory.file("history"), directory.path, round, ms);
    lines += Math.max(...result.heard.map(({ length }) => length));
    const { process } = await started(CHAT, directory.file("history"), directory.path);
    await using _ = process;
    const kept = namesIn(await Deno.readTextFile(directory.file("history")));
    const ofRound = kept.filter((name) => name.startsWith(`<w${round}.`));
    assert(ofRound.length > 0, "nothing of the round is kept");
    // The beginning may have made room: the last lines of a room are what can be asked for.
    for (const heard of result.heard) assertKept(heard, ofRound, true);
  }
  return `${lines} lines`;
}

async function records(rounds: number, ms: number): Promise<string> {
  await using directory = await tempDirectory();
  const data = directory.file("data");
  await Deno.mkdir(data);
  const written = new Map<string, { acknowledged: string; sent: string }>();
  let writes = 0;
  const write = async (client: RecordsTestClient, id: string) => {
    for (let turn = 0;; turn++) {
      const sent = recordText(stampAgo(turn % 500), `${writes} `.repeat(1 + (writes * 37) % 2000));
      const entry = written.get(id) ?? { acknowledged: "", sent };
      written.set(id, entry);
      entry.sent = sent;
      const answer = await client.write(id, sent).catch(() => undefined);
      if (answer?.type !== "success") return;
      entry.acknowledged = sent;
      writes++;
    }
  };
  for (let round = 0; round < rounds; round++) {
    const { process, port } = await started(RECORDS, data, directory.path);
    await using server = process;
    const clients = await Promise.all(
      Array.from({ length: 6 }, async () => new RecordsTestClient(await TestClient.connect(port))),
    );
    const writing = clients.map((client, at) => write(client, `${at + 1}`));
    await sleep(ms * (0.5 + Math.random()));
    server.kill("SIGKILL");
    await server.ended();
    await Promise.all(writing);
    for (const client of clients) client[Symbol.dispose]();
    await using again = (await started(RECORDS, data, directory.path)).process;
    const stamps: unknown = JSON.parse(await Deno.readTextFile(`${data}/records.json`));
    for (const [id, { acknowledged, sent }] of written) {
      const text = await Deno.readTextFile(`${data}/${id}.txt`).catch(() => "");
      assert(text === acknowledged || text === sent, `record ${id} is neither the last nor the one before`);
      written.set(id, { acknowledged: text, sent: text });
      const expected = text === "" ? undefined : text.slice(14, 33);
      assertEquals(new Map(Object.entries(stamps ?? {})).get(id), expected, `the stamp of ${id}`);
    }
    again.kill("SIGTERM");
    await again.ended();
  }
  return `${writes} acknowledged writes`;
}

/** The leader is killed while files come: whoever looks at the log sees the old one or the new one, whole. */
async function fileLog(rounds: number, ms: number): Promise<string> {
  await using network = await PeerNetwork.create({ flags: ["--damping-ms", "50"] });
  for (const id of network.ids) await network.start(id);
  await network.agreed(1, network.ids);
  let looks = 0;
  let files = 0;
  let isOver = false;
  const looking = (async () => {
    while (!isOver) {
      const text = await Deno.readTextFile(network.logPath);
      assert(/^(Leader )?Node \d files:\n/.test(text) && text.endsWith("\n"), `half a log: ${text}`);
      for (const part of text.trimEnd().split("\n\n")) {
        const [head = "", ...names] = part.split("\n");
        assert(/^(Leader )?Node [123] files:$/.test(head), head);
        assertEquals(names, [...new Set(names)].sort());
      }
      looks++;
      await sleep(1);
    }
  })();
  for (let round = 0; round < rounds; round++) {
    const until = performance.now() + ms * (0.5 + Math.random());
    while (performance.now() < until) {
      await Deno.writeTextFile(network.directory.file(`Node2/f${String(files++).padStart(6, "0")}.txt`), "x");
      await sleep(20);
    }
    await network.kill(1);
    await network.elected(2, [2, 3]);
    await network.start(1);
    await network.elected(1, network.ids);
  }
  const listed = async () =>
    ((await Deno.readTextFile(network.logPath)).match(/^f\d{6}\.txt$/gm) ?? []).length === files;
  await until(listed, "all files in the log");
  isOver = true;
  await looking;
  return `${looks} looks at the log, ${files} files in it at the end`;
}

if (import.meta.main) {
  await runClient(task, async (_options, { args }) => {
    const [rounds = 10, seconds = 2] = args.map(Number);
    let failed = 0;
    for (const [name, run] of Object.entries({ editor, records, chat, "file log": fileLog })) {
      try {
        console.log(`${name}: killed ${rounds} times, ${await run(rounds, seconds * 1000)}, none lost`);
      } catch (error) {
        failed++;
        console.error(`${name}: ${error instanceof Error ? error.message : error}`);
      }
    }
    return failed === 0 ? 0 : 1;
  });
}

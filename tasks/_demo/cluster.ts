/**
 * The parts of the cluster's demo.
 *
 * @module
 */
import type { LineClient } from "../_line_client.ts";
import { DidNotHappen, type Stage, type StageProcess } from "../_stage.ts";
import { findNatsServer, NatsServers } from "./nats_servers.ts";
import type { Section } from "./section.ts";

/** How long the chat may take to go on without one of its servers, or without one of NATS's. */
const SERVER_GONE_MS = 10_000;
const NATS_GONE_MS = 15_000;

/** Lines that are said while servers go. */
const LINES = 5;

/** The chat on three servers of NATS, or on SQLite where there is no NATS. */
export const clusterSection: Section = {
  name: "cluster",
  title: "One chat of three servers, on three servers of NATS",
  about: "Rooms and names are the cluster's, connections each server's own. One of each is killed: kill -9.",
  async play(stage) {
    const program = await findNatsServer(stage);
    if (program === undefined) return await onSqlite(stage);
    await using nats = await NatsServers.start(stage, program);
    stage.note(`three servers of NATS run, which keep everything three times, on disk: ${nats.addresses}`);
    const engine = `nats://${nats.addresses.join(",")}`;
    const servers: ChatProcess[] = [];
    for (const name of ["one", "two", "three"]) servers.push(await startChat(stage, name, engine));
    await talk(stage, nats, servers);
  },
};

interface ChatProcess {
  readonly process: StageProcess;
  readonly irc: number;
}

async function startChat(stage: Stage, name: string, engine: string): Promise<ChatProcess> {
  const [irc = 0] = stage.freePorts(1);
  const process = await stage.process("tasks/chat_server.ts", [
    ...["--host", "127.0.0.1", "--port", "0", "--irc-port", `${irc}`, "--web-port", "off"],
    ...["--engine", engine],
  ], ["-P=chat"]);
  stage.note(`chat server ${name} listens on 127.0.0.1:${process.port}, for IRC on 127.0.0.1:${irc}`);
  return { process, irc };
}

async function enter(stage: Stage, who: string, port: number): Promise<LineClient> {
  const client = await stage.client({ hostname: "127.0.0.1", port });
  stage.send(who, client, who);
  client.send("/who");
  await heard(stage, who, client, /^In lobby:/);
  return client;
}

async function talk(stage: Stage, nats: NatsServers, servers: readonly ChatProcess[]): Promise<void> {
  const [one, two, three] = servers;
  if (one === undefined || two === undefined || three === undefined) return;
  const ann = await enter(stage, "Ann", one.process.port);
  const bob = await enter(stage, "Bob", two.process.port);
  const carol = await stage.client({ hostname: "127.0.0.1", port: three.irc });
  stage.send("Carol", carol, "NICK Carol");
  stage.send("Carol", carol, "USER carol 0 * :Carol");
  await heard(stage, "Carol", carol, / 001 /);
  stage.send("Carol", carol, "JOIN #lobby");
  await heard(stage, "Carol", carol, / 366 /);
  stage.note("Ann is at server one, Bob at two, Carol at three, with an IRC client: they are in one room");
  const said: string[] = [];
  const say = async (text: string, limitMs?: number) => {
    said.push(text);
    stage.send("Bob", bob, text);
    await heard(stage, "Carol", carol, new RegExp(` PRIVMSG #lobby :${text}$`), limitMs);
  };
  await say("hello from two");
  await heard(stage, "Ann", ann, "Bob: hello from two");

  stage.note("kill -9 of server one, where the room lives, since Ann was there first");
  const killed = stage.world.clock.monotonic();
  await one.process.kill();
  await say("is anybody there", SERVER_GONE_MS);
  const gap = (stage.world.clock.monotonic() - killed) / 1000;
  stage.note(`the room goes on, at another server, ${gap.toFixed(1)} s after`);
  await heard(stage, "Bob", bob, "Ann has left the chat.", SERVER_GONE_MS);
  const again = await enter(stage, "Ann", three.process.port);
  stage.note("Ann is back, at server three, under her name");

  stage.note("kill -9 of a server of NATS, while Bob talks");
  await nats.kill(0);
  for (let n = 1; n <= LINES; n++) await say(`line ${n}`, NATS_GONE_MS);
  const history = await historyOf(stage, again, said.length);
  stage.check(
    said.every((text, index) => history[index] === `Bob: ${text}`),
    `all that was said is there, once, in its order; it is ${history}`,
  );
  stage.note(`all ${said.length} lines that Bob has said are in the history, once, in their order`);
}

/** Where no server of NATS can be installed: two processes, one after the other, on one file. */
async function onSqlite(stage: Stage): Promise<void> {
  stage.note(
    "No server of NATS can be installed here: the same on SQLite, with two processes, one after the other",
  );
  const engine = `sqlite:${await stage.directory()}/chat.db`;
  const one = await startChat(stage, "one", engine);
  const ann = await enter(stage, "Ann", one.process.port);
  const bob = await enter(stage, "Bob", one.process.port);
  await heard(stage, "Ann", ann, "Bob has joined the chat.");
  for (let n = 1; n <= LINES; n++) {
    stage.send("Bob", bob, `line ${n}`);
    await heard(stage, "Ann", ann, `Bob: line ${n}`);
  }
  stage.note("kill -9 of server one");
  await one.process.kill();
  const two = await startChat(stage, "two", engine);
  const again = await enter(stage, "Ann", two.process.port);
  const history = await historyOf(stage, again, LINES);
  stage.check(
    history.every((line, index) => line === `Bob: line ${index + 1}`),
    `all that was said is there; it is ${history}`,
  );
  stage.note(`all ${LINES} lines are in the history of server two`);
}

/** The last lines of the lobby. */
async function historyOf(stage: Stage, client: LineClient, count: number): Promise<string[]> {
  stage.send("Ann", client, `/history ${count}`);
  await heard(stage, "Ann", client, /^The last /);
  const lines: string[] = [];
  while (lines.length < count) lines.push(await stage.hears("Ann", client, /^Bob: /));
  return lines;
}

/** Waits until a client hears something, and prints that; what comes before is of no interest. */
async function heard(
  stage: Stage,
  who: string,
  client: LineClient,
  expected: string | RegExp,
  limitMs = 5000,
): Promise<void> {
  const endsAt = stage.world.clock.monotonic() + limitMs;
  for (;;) {
    const left = Math.max(1, endsAt - stage.world.clock.monotonic());
    const line = await stage.soon(client.next(), `${who} hears ${expected}`, left);
    if (line === null) throw new DidNotHappen(`${who} should hear ${expected}, and the connection is over`);
    const text = line.replace(/\r$/, "");
    if (typeof expected === "string" ? text !== expected : !expected.test(text)) continue;
    return stage.hear(who, text);
  }
}

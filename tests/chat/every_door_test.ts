/**
 * What the chat promises at each of its doors alike: line, IRC and web.
 */
import { assert, assertEquals } from "@std/assert";
import { TestClient, until } from "../_helpers.ts";
import { DOOR_NAMES, DoorMember, type DoorName, type OpenChat, startAll } from "./_doors.ts";

/** So slow that nothing is allowed again while a test runs. */
const SLOW = 0.01;
const BURST = 10;
/** An address has as much as this many members. */
const ADDRESS_SHARE = 10;

/** The lines of a flood that are heard: `atLeast` and those that come before somebody goes. */
async function countFlood(listener: DoorMember, marker: DoorMember, atLeast: number): Promise<number> {
  let count = 0;
  let line: string | null = "";
  while (line !== "marker has left the chat.") {
    line = await listener.hear();
    assert(line !== null, "the listener was cut off");
    if (line.endsWith(": flood") && ++count === atLeast) await marker.send("quit");
  }
  return count;
}

for (const door of DOOR_NAMES) {
  Deno.test(`chat: at the ${door} door a member says no more than its burst at once`, async () => {
    await using chat = await startAll({ rate: { perSecond: SLOW, burst: BURST } });
    using listener = await DoorMember.enter(chat, "line", "ann");
    using marker = await DoorMember.enter(chat, "line", "marker");
    using flooder = await DoorMember.enter(chat, door, "eve");
    for (let index = 0; index < 5 * BURST; index++) await flooder.say("flood");
    const heard = await countFlood(listener, marker, BURST / 2);
    assert(heard <= BURST, `${heard} lines at once`);
  });

  Deno.test(`chat: at the ${door} door an address says no more than ten members, however many it is`, async () => {
    await using chat = await startAll({ rate: { perSecond: SLOW, burst: BURST } });
    using listener = await DoorMember.enter(chat, "line", "ann");
    using marker = await DoorMember.enter(chat, "line", "marker");
    const flooders: DoorMember[] = [];
    try {
      for (let index = 0; index < 18; index++) {
        flooders.push(await DoorMember.enter(chat, door, `eve-${index}`));
      }
      for (const flooder of flooders) {
        for (let line = 0; line < BURST; line++) await flooder.say("flood");
      }
      const heard = await countFlood(listener, marker, ADDRESS_SHARE * BURST / 2);
      assert(heard <= ADDRESS_SHARE * BURST, `${heard} lines at once`);
    } finally {
      for (const flooder of flooders) flooder[Symbol.dispose]();
    }
  });
}

Deno.test("chat: of who comes and goes, at whatever door, the log says the same", async () => {
  for (const door of DOOR_NAMES) {
    const log: string[] = [];
    await using chat = await startAll({ log: { level: "info", write: (line) => void log.push(line) } });
    (await DoorMember.enter(chat, door, "ann"))[Symbol.dispose]();
    await until(() => log.some((line) => line.startsWith("Connection lost")), "the end of it is logged");
    const said = log.map((line) => line.trim().replaceAll(/127\.0\.0\.1:\d+/g, "ADDR"));
    assertEquals(said.filter((line) => /\bann\b|ADDR/.test(line) && !line.includes("listening")), [
      "ADDR has connected",
      "[INFO] ann has logged in",
      "Connection lost with client: ADDR",
    ], door);
  }
});

Deno.test("chat: who does not read, at whatever door, costs nobody else a line", async () => {
  await using chat = await startAll({ limits: { slowClientMs: 300, maxOutboundBytes: 256 * 1024 } });
  using writer = await DoorMember.enter(chat, "line", "writer");
  const deaf = await Promise.all(DOOR_NAMES.map((door) => enterDeaf(chat, door)));
  const readers = await Promise.all(
    DOOR_NAMES.map((door) => DoorMember.enter(chat, door, `reader-${door}`)),
  );
  const hearing = readers.map((reader) => saidByWriter(reader));
  try {
    const left = new Set<string>();
    const watching = untilLeft(writer, deaf.length, left);
    const filling = "x".repeat(60_000);
    let said = 0;
    for (; said < 50 || left.size < deaf.length; said++) {
      if (said >= 1000) throw new Error(`only ${[...left].join(", ")} were cut off`);
      for (const door of DOOR_NAMES) {
        if (!left.has(`deaf-${door}`)) await writer.send(`/msg deaf-${door} ${filling}`);
      }
      await writer.say(String(said));
    }
    await watching;
    await writer.say("over");
    const expected = [...Array.from({ length: said }, (_, line) => `writer: ${line}`), "writer: over"];
    for (const heard of await Promise.all(hearing)) assertEquals(heard, expected);
  } finally {
    for (const member of readers) member[Symbol.dispose]();
    for (const client of deaf) client.close();
  }
});

/** What the writer says, to its end. */
async function saidByWriter(reader: DoorMember): Promise<string[]> {
  const heard: string[] = [];
  while (heard.at(-1) !== "writer: over") {
    const line = await reader.hear(240_000).catch(() => null);
    if (line === null) return [...heard, "(cut off)"];
    if (line.startsWith("writer: ")) heard.push(line);
  }
  return heard;
}

/** Notes who of the deaf has left, until all have. */
async function untilLeft(writer: DoorMember, count: number, left: Set<string>): Promise<void> {
  while (left.size < count) {
    const line = await writer.hear(240_000).catch(() => null);
    if (line === null) return;
    const [, name] = /^(deaf-\w+) has left the chat\.$/.exec(line) ?? [];
    if (name !== undefined) left.add(name);
  }
}

/** Comes in by raw bytes, and reads no more once it is in. */
async function enterDeaf({ ports }: OpenChat, door: DoorName): Promise<TestClient> {
  const name = `deaf-${door}`;
  const client = await TestClient.connect(ports[door]);
  if (door === "line") await client.send(`${name}\n/who\n`);
  if (door === "irc") await client.send(`NICK ${name}\r\nUSER ${name} 0 * :${name}\r\nJOIN #lobby\r\n`);
  if (door === "web") await enterPage(client, name);
  // The room's view has no line end: it is at the head of what comes.
  const isIn = { line: /^In lobby:/, irc: / 366 / };
  if (door === "web") assert((await client.bytes(200)).length > 0);
  else while (!isIn[door].test(await client.line() ?? fail(`${name} was closed`)));
  return client;
}

/** Takes a name and goes into the lobby by WebSocket. */
async function enterPage(client: TestClient, name: string): Promise<void> {
  await client.send(
    "GET /chat HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
  );
  while (await client.line() !== "\r");
  for (const command of [{ type: "name", name }, { type: "join", room: "lobby" }]) {
    await client.send(masked(JSON.stringify(command)));
  }
}

function fail(why: string): never {
  throw new Error(why);
}

/** A text of a client, as RFC 6455 frames it, with a mask of zeros. */
function masked(text: string): Uint8Array {
  return Uint8Array.of(0x81, 0x80 | text.length, 0, 0, 0, 0, ...new TextEncoder().encode(text));
}

Deno.test("chat: 1,000 members of mixed doors hear what is said at each door once, in one order", async () => {
  await using chat = await startAll({ limits: { maxClients: 1000, maxOutboundBytes: 4 * 1024 * 1024 } });
  const members: DoorMember[] = [];
  try {
    for (let index = 0; index < 1000; index += 50) {
      members.push(
        ...await Promise.all(Array.from({ length: 50 }, (_, offset) => {
          const number = index + offset;
          return DoorMember.enter(chat, DOOR_NAMES[number % 3] ?? "line", `m-${number}`);
        })),
      );
    }
    const LINES = 10;
    const speakers = members.slice(0, 3);
    const ears = members.slice(3);
    const hearing = ears.map(async (member) => {
      const heard: string[] = [];
      while (heard.length < speakers.length * LINES) {
        const line = await member.hear(120_000);
        assert(line !== null, "a member was cut off");
        if (/^m-\d+: \d+$/.test(line)) heard.push(line);
      }
      return heard;
    });
    for (let line = 0; line < LINES; line++) {
      for (const speaker of speakers) await speaker.say(String(line));
    }
    const [first = [], ...others] = await Promise.all(hearing);
    assertEquals(new Set(first).size, speakers.length * LINES, "each once");
    for (const heard of others) assertEquals(heard, first);
  } finally {
    for (const member of members) member[Symbol.dispose]();
  }
});

Deno.test("chat: when it stops, each door says so in its own words, and tells of nobody that it left", async () => {
  const chat = await startAll();
  using line = await DoorMember.enter(chat, "line", "ann");
  using irc = await DoorMember.enter(chat, "irc", "bob");
  using web = await DoorMember.enter(chat, "web", "eve");
  await chat.stop();
  const [lines, messages, events] = await Promise.all([line.rest(), irc.rest(), web.rest()]);
  assertEquals(lines.at(-1), "The server is shutting down.");
  assertEquals(messages.at(-1)?.startsWith("ERROR :"), true, messages.at(-1));
  assertEquals(events.at(-1), '{"type":"stopping"}');
  for (const told of [lines, messages, events]) {
    assertEquals(told.filter((what) => what.endsWith("has left the chat.")), []);
  }
});

import { assert, assertEquals, assertMatch } from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import { services } from "../../tasks/services/mod.ts";
import {
  available,
  deadline,
  isTask,
  startTask,
  type TaskName,
  tempDirectory,
  TestClient,
} from "../_helpers.ts";
import { DATAGRAMS, EVERY_PORT, START_DOORS } from "../faults/_every_door.ts";
import { askDatagram } from "../faults/_strangers.ts";
import { Screen } from "./_screen.ts";
import { Unread } from "./_unread.ts";

/** Requests whose log lines are over a mebibyte, and far over what a pipe holds. */
const REQUESTS = 9000;
/** Hundreds of requests: several pipes full. */
const ROUNDS = 20;
const REQUEST = `${"x".repeat(150)}\n`;

Deno.test("log: a pipe that nobody reads costs lines, which are counted, and no answer, and SIGTERM still ends the server", async () => {
  await using server = new Unread("calculator:server", ["--port", "0"]);
  const [, port] = await server.shows(/listening on 127\.0\.0\.1:(\d+)/);
  using client = await TestClient.connect(Number(port));
  await client.send("Adarsh\n");
  for (let sent = 0; sent < REQUESTS; sent += 100) {
    await client.send(REQUEST.repeat(100));
    for (let n = 0; n < 100; n++) assertEquals(await client.line(), "Invalid expression");
  }
  const [, lost] = await server.shows(/^\[WARN\] (\d+) log lines were lost$/m);
  assert(Number(lost) > 100 && Number(lost) < REQUESTS, lost);
  await client.send("1 + 1\n");
  assertEquals(await client.line(), "2.0");
  await server.shows(/^Received request: 1 \+ 1$/m);
  // Full again: nobody reads what the end says.
  for (let sent = 0; sent < 1000; sent += 100) {
    await client.send(REQUEST.repeat(100));
    for (let n = 0; n < 100; n++) await client.line();
  }
  server.child.kill("SIGTERM");
  assertEquals((await deadline(server.child.status)).code, 0);
});

/** What is said at a door, and how it answers. The editor answers nothing: who comes is sent the document. */
const TALKS: ReadonlyMap<string, readonly [string, RegExp]> = new Map([
  ["echo", ["hello\n", /^hello$/]],
  ["knock", ["Knock Knock..\n", /^Whose there\?$/]],
  ["calculator", ["Adarsh\n1 + 1\n", /^2\.0$/]],
  ["chat", ["ann\n/who\n", /^In lobby: ann$/]],
  ["chat, IRC", ["CAP LS 302\r\n", / CAP \* LS /]],
  ["records", ['{"client_ID":"1","type":"read"}\n', /Client not found/]],
  ["http", ["GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", /^HTTP\/1\.1 200 /]],
]);

/** Services that say lines of what they are asked, and a hundred requests whose answers are waited for. */
const TALKATIVE:
  readonly (readonly [TaskName, (client: TestClient, port: number, round: number) => Promise<void>])[] = [
    ["editor:server", async (client, port, round) => {
      await client.send(REQUEST.repeat(100));
      // It is not sent its own updates: who comes is.
      using other = await TestClient.connect(port);
      for (let n = 0; n < 100 * (round + 1); n++) assertEquals(await other.line(), REQUEST.trimEnd());
    }],
    ["records:server", async (client) => {
      await client.send('{"client_ID":"1","type":"read"}\n'.repeat(100));
      for (let n = 0; n < 100; n++) assertMatch(await client.line() ?? "", /Client not found/);
    }],
    ["chat:server", async (client, port, round) => {
      for (let n = 0; n < 100; n++) (await TestClient.connect(port)).close();
      await client.send(round === 0 ? "ann\n/who\n" : "/who\n");
      assertMatch(await client.line() ?? "", /^In lobby: ann/);
    }],
  ];

for (const [task, talk] of TALKATIVE) {
  Deno.test(`log: a pipe that nobody reads holds up nobody whom ${task} serves, and it ends with 0`, async () => {
    await using directory = await tempDirectory();
    const flags = task === "records:server" ? [] : ["--web-port", "off"];
    await using server = new Unread(task, ["--port", "0", "--log-level", "debug", ...flags], directory.path);
    const [, port] = await server.shows(/(?:127\.0\.0\.1:|[Pp]ort )(\d+)/);
    using client = await TestClient.connect(Number(port));
    for (let round = 0; round < ROUNDS; round++) await talk(client, Number(port), round);
    server.child.kill("SIGTERM");
    assertEquals((await deadline(server.child.status)).code, 0);
  });
}

Deno.test("log: a pipe that nobody reads holds up none of all services in one process, on UDP and at the web doors neither", async () => {
  await using directory = await tempDirectory();
  const flags = [...EVERY_PORT, "--without", "peer", "--inspect", "127.0.0.1:0", "--log-level", "debug"];
  const env = { EDITOR_WEB_PORT: "0", CHAT_WEB_PORT: "0", CHAT_IRC_PORT: "0" };
  await using server = new Unread("start", flags, directory.path, env);
  const lines = [...START_DOORS.map(({ line }) => line), ...Object.values(DATAGRAMS)];
  let said = "";
  while (!lines.every((line) => line.test(said))) said += await server.read();
  const port = (line: RegExp) => Number(line.exec(said)?.[1]);
  // From here on nobody reads. Echo says a line of each piece.
  using flood = await TestClient.connect(port(START_DOORS[0]?.line ?? /-/));
  for (let sent = 0; sent < REQUESTS; sent++) {
    await flood.send(REQUEST);
    assertEquals(await flood.line(), REQUEST.trimEnd());
  }
  for (const { name, speaks, line } of START_DOORS) {
    using client = await TestClient.connect(port(line));
    const talk = TALKS.get(name) ?? (speaks === "http" ? TALKS.get("http") : undefined);
    if (talk === undefined) continue;
    await client.send(talk[0]);
    assertMatch(await client.line() ?? "", talk[1], name);
  }
  for (const line of Object.values(DATAGRAMS)) assert(await askDatagram(port(line), "SEND_TIME") !== "");
  server.child.kill("SIGTERM");
  assertEquals((await deadline(server.child.status)).code, 0);
});

Deno.test("log: with --log-format json each service's lines have the same names for the same things", async () => {
  await using server = startTask("calculator:server", [
    ...["--host", "127.0.0.1", "--port", "0", "--log-format", "json"],
  ]);
  const port = Number(/:(\d+)/.exec(JSON.parse(await server.line("listening")).msg)?.[1]);
  using client = await TestClient.connect(port);
  await client.send("Adar\u202esh\n1 + 1\n");
  const { time: _, ...line } = JSON.parse(await server.line("Received request"));
  assertEquals(line, {
    level: "info",
    actor: line.actor,
    event: "request",
    msg: "Received request: 1 + 1",
    client: client.address,
    name: "Adar<U+202E>sh",
  });
});

Deno.test("log: --log-time puts the time before each text line", async () => {
  await using server = startTask("knock:server", ["--host", "127.0.0.1", "--port", "0", "--log-time"]);
  assertMatch(await server.line("listening"), /^\d{4}-\d\d-\d\dT[\d:.]+Z \[INFO\] Server listening on /);
});

for (const { name, task, transport, smoke } of services) {
  if (smoke === undefined || transport === "udp") continue;

  Deno.test(`log: ${name}'s JSON lines say who listens, where, and which client went why`, async () => {
    await using directory = await tempDirectory();
    assert(isTask(task.name));
    const args = ["--host", "127.0.0.1", "--port", "0", "--log-format", "json"];
    await using server = startTask(task.name, args, { cwd: directory.path });
    const { port } = JSON.parse(await server.line('"event":"listening"'));
    using client = await TestClient.connect(port);
    for (const line of smoke.says) await client.send(`${line}\n`);
    for (const pattern of smoke.hears) assertMatch(await client.line() ?? "", pattern);
    const { address } = client;
    client.close();
    const gone = JSON.parse(await server.line('"event":"disconnected"'));
    assertEquals([gone.client, typeof gone.reason], [address, "string"]);
    server.kill("SIGTERM");
    const { stdout } = await server.ended();
    for (const text of stdout.trimEnd().split("\n")) {
      const line = JSON.parse(text);
      for (const field of ["time", "level", "actor", "event", "msg"]) {
        assertEquals(typeof line[field], "string", text);
      }
    }
  });
}

Deno.test({
  name: "log: a terminal that is stopped with Ctrl-S holds up no answer",
  ignore: !await available("tmux", "-V"),
  async fn() {
    await using directory = await tempDirectory();
    await using screen = await Screen.open(directory);
    const [, ...words] = config.tasks["calculator:server"].command.split(" ");
    await screen.run(`stty ixon; ${Deno.execPath()} ${words.join(" ")} --host 127.0.0.1 --port 0`);
    const port = /listening on 127\.0\.0\.1:(\d+)/.exec(await screen.shows("listening on"))?.[1];
    await screen.press("C-s");
    using client = await TestClient.connect(Number(port));
    await client.send("Adarsh\n");
    for (let sent = 0; sent < 1000; sent += 100) {
      await client.send(REQUEST.repeat(100));
      for (let n = 0; n < 100; n++) assertEquals(await client.line(), "Invalid expression");
    }
    assert(!(await screen.text()).includes("Received request"));
    await client.send("q\n");
    assertEquals(await client.line(), "Session ended");
    await screen.press("C-q");
    await screen.shows("Received request: q");
    await screen.press("C-c");
    await screen.shows("Server shut down.");
  },
});

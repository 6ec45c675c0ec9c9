/**
 * What strangers do at the doors beside the lines: IRC, the web, the documents of a folder.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  makeCertificate,
  runTask,
  type TempDirectory,
  tempDirectory,
  TestClient,
  until,
} from "../_helpers.ts";
import { symlink } from "../store/_special_files.ts";
import { count, descriptors, type RunningServer, serve, taskOf } from "./_strangers.ts";

const WEB = /Web door listening on .*/;
const HANDSHAKE = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" +
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
const TLS_GREETING = Uint8Array.of(0x16, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3);

/** A server, and where the door listens whose line this is. */
async function serveDoor(
  service: string,
  directory: TempDirectory,
  line: RegExp,
  flags: readonly string[] = [],
): Promise<RunningServer & { readonly door: number }> {
  const server = await serve(service, directory, ["--web-port", "0", ...flags]);
  await until(() => line.test(server.process.stdout), "the door");
  const [said = ""] = line.exec(server.process.stdout) ?? [];
  return { ...server, door: Number(/:(\d+)$/.exec(said)?.[1]) };
}

/** Opens a WebSocket, and goes on with the bytes. */
async function openSocket(port: number, path: string): Promise<TestClient> {
  const client = await TestClient.connect(port);
  await client.send(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n${HANDSHAKE}\r\n`);
  for (let line = await client.line(); line !== "\r"; line = await client.line()) {
    if (line === null) break;
  }
  return client;
}

Deno.test("chat: a WebSocket that never names itself has the time of a login, whatever else it says", async () => {
  await using directory = await tempDirectory();
  await using server = await serveDoor("chat", directory, WEB, ["--login-timeout-ms", "500"]);
  using silent = await openSocket(server.door, "/chat");
  using talking = await openSocket(server.door, "/chat");
  // Pings of a client, masked with zeros.
  const pinging = setInterval(() => talking.send(Uint8Array.of(0x89, 0x80, 0, 0, 0, 0)).catch(() => {}), 50);
  try {
    for (const client of [silent, talking]) assertMatch(await client.rest(), /you did not log in in time/);
  } finally {
    clearInterval(pinging);
  }
});

for (const service of ["editor", "chat"]) {
  Deno.test(`${service}: a TLS greeting at the plain web door is closed at once, with one warning`, async () => {
    await using directory = await tempDirectory();
    await using server = await serveDoor(service, directory, WEB);
    using client = await TestClient.connect(server.door);
    await client.send(TLS_GREETING);
    assertEquals(await client.rest(), "");
    await server.process.line(/\[WARN\] Closed the connection of .*: it speaks TLS/);
    using browser = await TestClient.connect(server.door);
    await browser.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assertEquals(await browser.line(), "HTTP/1.1 200 OK\r");
  });
}

Deno.test("chat: a browser's page, or TLS, at the IRC door is closed at once with one warning, and says nothing", async () => {
  await using directory = await tempDirectory();
  await using server = await serveDoor("chat", directory, /IRC server listening on .*/, ["--irc-port", "0"]);
  const page =
    "POST / HTTP/1.1\r\nHost: localhost\r\n\r\nNICK evil\r\nUSER evil 0 * :evil\r\nJOIN #lobby\r\n";
  for (const [bytes, protocol] of [[page, "HTTP"], [TLS_GREETING, "TLS"]] as const) {
    using stranger = await TestClient.connect(server.door);
    await stranger.send(bytes);
    assertEquals(await stranger.rest(), "");
    await server.process.line(`[WARN] Closed the connection of ${stranger.address}: it speaks ${protocol}`);
  }
  using member = await TestClient.connect(server.port);
  await member.send("ann\n/who\n");
  assertEquals(await member.line(), "In lobby: ann");
});

Deno.test("editor: who never shakes hands at the web door has its deadline and gives its descriptor back", async () => {
  await using directory = await tempDirectory();
  const { certFile, keyFile } = await makeCertificate(directory);
  await using server = await serveDoor("editor", directory, WEB, [
    ...["--tls-cert", certFile, "--tls-key", keyFile, "--handshake-timeout-ms", "500"],
  ]);
  const before = await descriptors(server.process.pid);
  const all = await Promise.all(Array.from({ length: 20 }, () => TestClient.connect(server.door)));
  try {
    await until(async () => await descriptors(server.process.pid) >= before + 20, "all of them");
    await until(async () => await descriptors(server.process.pid) <= before + 2, "the end of all handshakes");
  } finally {
    for (const client of all) client.close();
  }
});

Deno.test("chat: who says all in one packet with the registration is held to the rate, at the IRC door too", async () => {
  await using directory = await tempDirectory();
  const irc = /IRC server listening on .*/;
  await using server = await serveDoor("chat", directory, irc, [
    "--irc-port",
    "0",
    "--rate",
    "1",
    "--burst",
    "5",
  ]);
  using member = await TestClient.connect(server.port);
  await member.send("ann\n/who\n");
  await member.line();
  using stranger = await TestClient.connect(server.door);
  // A byte order mark, which is dropped, comes first.
  const flood = "PRIVMSG #lobby :flood\r\n".repeat(60);
  await stranger.send(`\ufeffNICK eve\r\nUSER eve 0 * :eve\r\nJOIN #lobby\r\n${flood}`);
  assertEquals(await member.line(), "eve has joined the chat.");
  using other = await TestClient.connect(server.port);
  await other.send("bob\n");
  let heard = 0;
  while (await member.line() === "eve: flood") heard++;
  assert(heard >= 1 && heard <= 10, `${heard} lines of the flood before the next member`);
});

Deno.test("editor: of a folder nothing is served that a link leads out to, and what cannot be opened closes with a reason", async () => {
  await using directory = await tempDirectory();
  await Deno.mkdir(directory.file("docs"));
  await Deno.writeTextFile(directory.file("outside.txt"), "SECRET\n");
  await symlink("../outside.txt", directory.file("docs/link.txt"));
  await symlink("../made.txt", directory.file("docs/dangling.txt"));
  await Deno.writeTextFile(directory.file("docs/good.txt"), "good\n");
  await Deno.writeTextFile(directory.file("docs/history.txt"), "text\n");
  await symlink("../outside.txt", directory.file("docs/history.txt.history"));
  await Deno.mkdir(directory.file("docs/directory.txt"));
  await using server = await serveDoor("editor", directory, WEB, ["--folder", "docs"]);
  const get = async (path: string): Promise<string> => {
    using client = await TestClient.connect(server.door);
    await client.send(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
    return await client.rest();
  };
  for (const name of ["link", "dangling", "history", "directory"]) {
    assertMatch(await get(`/document/${name}`), /^HTTP\/1.1 (404|503) /, name);
    using socket = await openSocket(server.door, `/sync/${name}`);
    assertMatch(await socket.rest(), /the document cannot be opened now/, name);
  }
  assertMatch(await get("/document/good"), /good/);
  // To look at what is not there makes nothing.
  assertMatch(await get("/document/none"), /^HTTP\/1.1 404 /);
  const names = [...Deno.readDirSync(directory.file("docs"))].map(({ name }) => name);
  assert(!names.includes("none.txt"), names.join());
  assertEquals(await Deno.readTextFile(directory.file("outside.txt")), "SECRET\n");
  assert(![...Deno.readDirSync(directory.path)].some(({ name }) => name === "made.txt"));
  assertEquals(count(server.process.stderr, /\n\s+at /g), 0);

  // And a second server has no part of it, whatever its own document.
  const second = ["--port", "0", "--web-port", "0", "--file", "two.txt", "--folder", directory.file("docs")];
  const { code, stderr } = await runTask(taskOf("editor"), second, { cwd: directory.path });
  assertEquals(code, 1);
  assertMatch(stderr, /^\[ERROR\] .*another process has it\n$/);
});

import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  type CloseReason,
  type DialerCommand,
  HttpError,
  type HttpLimits,
  httpServer,
  type HttpServerOptions,
  jsonResponse,
  loadStaticFiles,
  type Route,
  staticRoute,
  type TcpServerCommand,
  textResponse,
  webSocketDialer,
  type WebSocketMessage,
} from "../../actors/net/mod.ts";
import type { LogRecord, World } from "../../actors/world/world.ts";
import { encodeWebSocket } from "../../protocols/web_socket.ts";
import { ActorSystem, type Behavior, escalate } from "../../mod.ts";
import {
  available,
  deadline,
  makeCertificate,
  startProcess,
  tempDirectory,
  TestClient,
  until,
} from "../_helpers.ts";
import { quietWorld, run, type Running } from "./_net.ts";
import { inWorlds } from "../_worlds.ts";

interface Door extends Running<TcpServerCommand> {
  readonly port: number;
  readonly base: string;
  readonly log: LogRecord[];
}

const ROUTES: readonly Route[] = [
  {
    method: "GET",
    path: "/hello/:name",
    handle: ({ params }) => textResponse(200, `Hello, ${params["name"]}!`),
  },
  {
    method: "POST",
    path: "/length",
    maxBodyBytes: 100_000,
    handle: ({ body }) => jsonResponse(200, { length: body.length }),
  },
  { method: "GET", path: "/thrown", handle: () => Promise.reject(new Error("on purpose")) },
  { method: "GET", path: "/strange", handle: () => Promise.reject(Object.create(null)) },
  {
    method: "GET",
    path: "/refused",
    handle: () => {
      throw new HttpError(409, "not now");
    },
  },
  { method: "GET", path: "/large", handle: () => ({ status: 200, body: new Uint8Array(3_000_000).fill(7) }) },
  { method: "GET", path: "/pieces", handle: () => ({ status: 200, body: pieces() }) },
  {
    path: "/echo",
    maxMessageBytes: 100_000,
    webSocket: (socket) => ({
      frame: (message) => typeof message === "string" ? socket.sendText(message) : socket.send(message),
      draining: () => socket.sendText("bye"),
    }),
  },
  { path: "/closed", webSocket: (socket) => ({ frame: (message) => socket.close(4001, `${message}`) }) },
  { path: "/private", admit: () => textResponse(401, "who are you?"), webSocket: () => ({ frame() {} }) },
];

async function open(
  options: Partial<HttpServerOptions> & { readonly limits?: Partial<HttpLimits> } = {},
): Promise<Door> {
  const listening = Promise.withResolvers<number>();
  const log: LogRecord[] = [];
  const world: World = {
    ...quietWorld(),
    log: { enabled: () => true, write: (record) => void log.push(record) },
  };
  const running = run(
    httpServer({
      address: { hostname: "127.0.0.1", port: 0 },
      routes: ROUTES,
      onListening: ({ port }) => listening.resolve(port),
      ...options,
    }),
    world,
  );
  const port = await deadline(listening.promise);
  return { ...running, port, base: `${options.tls ? "https" : "http"}://127.0.0.1:${port}`, log };
}

async function* pieces(): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < 5; i++) yield await Promise.resolve(new Uint8Array(50_000).fill(i));
}

async function answer(
  door: Door,
  path: string,
  init?: RequestInit,
): Promise<{ status: number; body: string }> {
  const response = await fetch(door.base + path, init);
  return { status: response.status, body: await response.text() };
}

Deno.test("web door: each request is answered by its route, a wrong one with its status", async () => {
  await using door = await open();
  assertEquals(await answer(door, "/hello/a%20b?x"), { status: 200, body: "Hello, a b!" });
  assertEquals(await answer(door, "/hello/"), { status: 404, body: "There is nothing here.\n" });
  assertEquals((await answer(door, "/hello/x", { method: "DELETE" })).status, 405);
  assertEquals((await answer(door, "/thrown")).status, 500);
  assertEquals((await answer(door, "/strange")).status, 500, "what has no text");
  assertEquals(await answer(door, "/refused"), { status: 409, body: "not now\n" });
  assertEquals((await answer(door, "/echo")).status, 426);
  assertEquals((await answer(door, "/large")).body.length, 3_000_000);
  assertEquals((await answer(door, "/pieces")).body.length, 250_000);
  const body = new Uint8Array(100_000);
  assertEquals(await answer(door, "/length", { method: "POST", body }), {
    status: 200,
    body: '{"length":100000}',
  });
  const head = await fetch(`${door.base}/hello/x`, { method: "HEAD" });
  assertEquals([head.status, head.headers.get("content-length"), await head.text()], [200, "9", ""]);
  assert(door.log.some(({ level, message }) => level === "error" && message.includes("on purpose")));
});

Deno.test("web door: pages may load from and talk to this server alone, and are not guessed at", async () => {
  await using door = await open();
  const { headers, body } = await fetch(`${door.base}/hello/x`);
  await body?.cancel();
  const policy = headers.get("content-security-policy") ?? "";
  assertMatch(policy, /default-src 'self'/);
  assert(policy.includes(`connect-src 'self' ws://127.0.0.1:${door.port};`));
  assert(!policy.includes("unsafe"));
  assertEquals(headers.get("x-content-type-options"), "nosniff");
  assertEquals(headers.get("referrer-policy"), "no-referrer");
});

Deno.test("web door: a host that is not ours and a page of another site are refused, with one warning", async () => {
  await using door = await open({ hosts: ["notes.example"], origins: ["https://friend.example"] });
  const status = async (head: string) => {
    using client = await TestClient.connect(door.port);
    await client.send(`${head}\r\nconnection: close\r\n\r\n`);
    return (await client.line())?.split(" ")[1];
  };
  const get = (host: string) => `GET /hello/x HTTP/1.1\r\nhost: ${host}`;
  const post = (origin: string) =>
    `POST /length HTTP/1.1\r\nhost: localhost:${door.port}\r\ncontent-length: 0\r\norigin: ${origin}`;
  const socket = (origin: string) =>
    `GET /echo HTTP/1.1\r\nhost: localhost:${door.port}\r\nupgrade: websocket\r\nconnection: Upgrade\r\n` +
    `sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\norigin: ${origin}`;
  for (const host of ["localhost", `127.0.0.1:${door.port}`, "[::1]:1", "LOCALHOST:80", "notes.example"]) {
    assertEquals(await status(get(host)), "200", host);
  }
  for (
    const host of [
      "evil.example",
      "127.0.0.1.evil.example",
      "10.1.2.3",
      "localhost.",
      "a@localhost",
      "",
      " x",
    ]
  ) {
    const isEmpty = host.trim() === "";
    assertEquals(await status(get(host)), isEmpty ? "200" : "403", JSON.stringify(host));
  }
  const own = `http://localhost:${door.port}`;
  assertEquals(await status(post(own)), "200");
  assertEquals(await status(post("https://friend.example")), "200");
  const others = [
    "http://evil.example",
    "null",
    "http://localhost",
    `https://localhost:${door.port}`,
    `${own}.evil.example`,
  ];
  for (const origin of others) assertEquals(await status(post(origin)), "403", origin);
  // The head alone: what follows the upgrade is not for this client.
  for (const origin of others) {
    assertEquals(await status(socket(origin).replace("Upgrade", "upgrade, close")), "403", origin);
  }
  const warned = door.log.filter(({ level }) => level === "warn").length;
  assertEquals(warned, 6 + 2 * others.length);
  const whole = (target: string) => `GET ${target}/hello/x HTTP/1.1\r\nhost: localhost`;
  assertEquals(await status(whole("http://evil.example")), "403");
  assertEquals(await status(whole("http://notes.example:80")), "200");
});

Deno.test("web door: a request that is too long, too slow or none is told so and closed, and nobody else notices", async () => {
  await using door = await open({ limits: { requestTimeoutMs: 300 } });
  const said = async (sent: string) => {
    using client = await TestClient.connect(door.port);
    await client.send(sent);
    return (await client.rest()).split("\r\n")[0];
  };
  const host = "host: localhost\r\n";
  assertEquals(
    await said(`GET / HTTP/1.1\r\n${host}x: ${"x".repeat(70_000)}\r\n\r\n`),
    "HTTP/1.1 431 Request Header Fields Too Large",
  );
  assertEquals(
    await said(`POST /length HTTP/1.1\r\n${host}content-length: 100001\r\n\r\n`),
    "HTTP/1.1 413 Content Too Large",
  );
  assertEquals(
    await said(`POST /hello/x HTTP/1.1\r\n${host}content-length: 1\r\n\r\nx`),
    "HTTP/1.1 413 Content Too Large",
  );
  assertEquals(await said("\x01\x03\x01\x02\x00\x01\n\n"), "HTTP/1.1 400 Bad Request");
  // What greets in TLS would not understand an answer.
  assertEquals(await said("\x16\x03\x01\x02\x00\x01\n\n"), "");
  assertEquals(await said("GET / HTT"), "HTTP/1.1 408 Request Timeout");
  assertEquals(
    await said(`POST /length HTTP/1.1\r\n${host}content-length: 9\r\n\r\nx`),
    "HTTP/1.1 408 Request Timeout",
  );
  // Silence alone is not worth an answer.
  assertEquals(await said(""), "");
  assertEquals((await answer(door, "/hello/x")).status, 200);
});

Deno.test("web door: requests sent at once are answered in their order on one connection", async () => {
  await using door = await open();
  using client = await TestClient.connect(door.port);
  const get = (name: string, more = "") => `GET /hello/${name} HTTP/1.1\r\nhost: localhost\r\n${more}\r\n`;
  await client.send(get("one") + get("two") + get("three", "connection: close\r\n"));
  const bodies = [...(await client.rest()).matchAll(/Hello, \w+!/g)].map(([body]) => body);
  assertEquals(bodies, ["Hello, one!", "Hello, two!", "Hello, three!"]);
});

Deno.test("web door: it says that it lives and whether it is ready", async () => {
  let isReady = false;
  await using door = await open({ isReady: () => isReady });
  assertEquals((await answer(door, "/healthz")).status, 200);
  assertEquals((await answer(door, "/readyz")).status, 503);
  isReady = true;
  assertEquals((await answer(door, "/readyz")).status, 200);
});

Deno.test("web door: files are sent compressed, once, and kept for ever where their name has their hash", async () => {
  await using directory = await tempDirectory();
  await Deno.mkdir(directory.file("assets"));
  await Deno.writeTextFile(directory.file("index.html"), "<p>page");
  await Deno.writeTextFile(directory.file("assets/a.js"), "let a;");
  await Deno.writeTextFile(directory.file("assets/a.js.br"), "brotli");
  await Deno.writeTextFile(directory.file("assets/a.js.gz"), "gzip");
  const world = quietWorld();
  const files = await loadStaticFiles(world, directory.path);
  const script = files.get("assets/a.js");
  assert(script !== undefined);
  const immutable = `a-${script.hash.slice(0, 8)}.js`;
  const named = new Map(files).set(immutable, script);
  await using door = await open({ routes: [staticRoute("/*", named)] });
  const get = async (path: string, headers: Record<string, string> = {}) => {
    using client = await TestClient.connect(door.port);
    const fields = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join("");
    await client.send(`GET ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n${fields}\r\n`);
    const [head = "", body = ""] = (await client.rest()).split("\r\n\r\n");
    return { status: head.split(" ")[1], head, body, etag: /etag: (.*)/.exec(head)?.[1] ?? "" };
  };
  const page = await get("/");
  assertEquals([page.status, page.body], ["200", "<p>page"]);
  assertMatch(page.head, /content-type: text\/html; charset=utf-8/);
  assertMatch(page.head, /cache-control: no-cache/);
  assertEquals((await get("/", { "if-none-match": page.etag })).status, "304");
  assertEquals((await get("/", { "if-none-match": '"other"' })).status, "200");
  assertEquals((await get("/assets/a.js", { "accept-encoding": "gzip, br" })).body, "brotli");
  assertEquals((await get("/assets/a.js", { "accept-encoding": "gzip, br;q=0" })).body, "gzip");
  assertEquals((await get("/assets/a.js")).body, "let a;");
  assertEquals((await get("/assets/a.js.br")).status, "404");
  assertEquals((await get("/../http_server_test.ts")).status, "404");
  assertMatch((await get(`/${immutable}`)).head, /immutable/);
});

/** What a WebSocket of the platform is told, in order. */
class Socket {
  readonly ws: WebSocket;
  readonly messages: (string | ArrayBuffer)[] = [];
  readonly closed: Promise<CloseEvent>;

  constructor(url: string) {
    this.ws = new WebSocket(url);
    this.ws.binaryType = "arraybuffer";
    this.ws.onmessage = ({ data }) => void this.messages.push(data);
    this.closed = new Promise((resolve) => this.ws.onclose = resolve);
  }

  static async open(url: string): Promise<Socket> {
    const socket = new Socket(url);
    await deadline(
      new Promise((resolve, reject) => {
        socket.ws.onopen = resolve;
        socket.ws.onerror = reject;
      }),
    );
    return socket;
  }
}

Deno.test("web socket: messages go both ways, to the limit and not over it", async () => {
  await using door = await open();
  const socket = await Socket.open(`ws://127.0.0.1:${door.port}/echo`);
  socket.ws.send("é");
  socket.ws.send(new Uint8Array(100_000).fill(3));
  await until(() => socket.messages.length === 2, "two messages");
  assertEquals(socket.messages, ["é", new Uint8Array(100_000).fill(3).buffer]);
  socket.ws.send(new Uint8Array(100_001));
  const { code, reason } = await deadline(socket.closed);
  assertEquals([code, reason], [1009, "a message is longer than 100000 bytes"]);
});

Deno.test("web socket: either end closes with a code, and a stop says goodbye", async () => {
  const door = await open();
  try {
    const ours = await Socket.open(`ws://127.0.0.1:${door.port}/closed`);
    ours.ws.send("enough");
    const { code, reason } = await deadline(ours.closed);
    assertEquals([code, reason], [4001, "enough"]);
    const theirs = await Socket.open(`ws://127.0.0.1:${door.port}/echo`);
    theirs.ws.close(4002, "mine");
    assertEquals((await deadline(theirs.closed)).code, 4002);
    const last = await Socket.open(`ws://127.0.0.1:${door.port}/echo`);
    await door.system.stop();
    assertEquals((await deadline(last.closed)).code, 1001);
    assertEquals(last.messages, ["bye"]);
  } finally {
    await door[Symbol.asyncDispose]();
  }
});

const UPGRADE = "host: localhost\r\nupgrade: websocket\r\nconnection: Upgrade\r\n" +
  "sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

Deno.test("web socket: a route refuses whom it does not admit, and a handshake that is not of the protocol", async () => {
  await using door = await open();
  const refused: [status: string, head: string][] = [
    ["401", `GET /private HTTP/1.1\r\n${UPGRADE}`],
    ["404", `GET /nowhere HTTP/1.1\r\n${UPGRADE}`],
    ["400", `POST /echo HTTP/1.1\r\n${UPGRADE}`],
    ["426", `GET /echo HTTP/1.1\r\n${UPGRADE.replace("13", "8")}`],
    ["400", `GET /echo HTTP/1.1\r\n${UPGRADE.replace("dGhl", "")}`],
  ];
  for (const [status, head] of refused) {
    using client = await TestClient.connect(door.port);
    await client.send(head);
    assertEquals((await client.rest()).split(" ")[1], status);
  }
});

Deno.test("web socket: who vanished is found out by pings, and who answers them stays", async () => {
  await using door = await open({ limits: { pingIntervalMs: 700 } });
  const alive = await Socket.open(`ws://127.0.0.1:${door.port}/echo`);
  using silent = await TestClient.connect(door.port);
  await silent.send(
    `GET /echo HTTP/1.1\r\n${UPGRADE}`,
  );
  // The key and its answer are those of RFC 6455, section 1.3.
  assertMatch(await silent.rest(), /^sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r$/m);
  alive.ws.send("still here");
  await until(() => alive.messages.length === 1, "the echo");
  alive.ws.close();
  await alive.closed;
});

Deno.test("web socket: a message that never ends is cut, though its sender answers each ping", async () => {
  await using door = await open({ limits: { pingIntervalMs: 100 } });
  const slow = await Socket.open(`ws://127.0.0.1:${door.port}/echo`);
  using dripping = await TestClient.connect(door.port);
  await dripping.send(`GET /echo HTTP/1.1\r\n${UPGRADE}`);
  while (await dripping.line() !== "\r");
  // The first part of a binary message, then more of it, each with the answer to a ping before it.
  const mask = new Uint8Array(4);
  await dripping.send(Uint8Array.of(0x02, 0x81, ...mask, 1));
  let isOver = false;
  const closed = dripping.closed().finally(() => isOver = true);
  while (!isOver) {
    await dripping.send(Uint8Array.of(0x8a, 0x80, ...mask, 0x00, 0x81, ...mask, 1)).catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await closed;
  // Who sends whole messages in time is still served.
  slow.ws.send("still here");
  await until(() => slow.messages.length === 1, "the echo");
  slow.ws.close();
  await slow.closed;
});

Deno.test("web socket: a client that does not read is cut by the bytes that wait for it", async () => {
  const over = Promise.withResolvers<CloseReason>();
  const flood: Route = {
    path: "/flood",
    webSocket: (socket) => ({
      frame() {
        for (let i = 0; i < 400; i++) socket.send(new Uint8Array(65_536));
      },
      closed: over.resolve,
    }),
  };
  await using door = await open({ routes: [flood], limits: { maxOutboundBytes: 1 << 20 } });
  using client = await TestClient.connect(door.port);
  await client.send(`GET /flood HTTP/1.1\r\n${UPGRADE}`);
  assertEquals(await client.line(), "HTTP/1.1 101 Switching Protocols\r");
  await client.send(encodeWebSocket("go", { mask: new Uint8Array(4) }));
  assertEquals(await deadline(over.promise), { type: "slow" });
});

Deno.test("web door: with a certificate it is HTTPS and WSS", async () => {
  await using directory = await tempDirectory();
  const { cert, key } = await makeCertificate(directory);
  await using door = await open({ tls: { cert, key } });
  using client = Deno.createHttpClient({ caCerts: [cert] });
  const response = await fetch(`${door.base}/hello/x`, { client });
  assertEquals(await response.text(), "Hello, x!");
  assert(response.headers.get("content-security-policy")?.includes("wss://127.0.0.1"));
  const got: WebSocketMessage[] = [];
  await using _dialer = run(echoClient(`wss://127.0.0.1:${door.port}/echo`, got, [cert]));
  await until(() => got.length === 3, "the echoes");
});

/** Sends three messages, each when the one before has come back. */
function echoClient(
  url: string,
  got: WebSocketMessage[],
  caCerts: readonly string[] = [],
): Behavior<DialerCommand> {
  const messages: WebSocketMessage[] = ["one", new Uint8Array(90_000).fill(1), "three"];
  return webSocketDialer({
    url,
    tls: { caCerts },
    reconnect: { minMs: 10, maxMs: 100 },
    session(socket) {
      let next = 0;
      const send = () => {
        const message = messages[next++];
        if (typeof message === "string") socket.sendText(message);
        else if (message !== undefined) socket.send(message);
      };
      send();
      return {
        frame(message) {
          got.push(message);
          send();
        },
      };
    },
  });
}

Deno.test("web socket: our client and our server understand each other in the simulated world", () =>
  inWorlds(async (sim) => {
    const server = sim.host("server");
    const client = sim.host("client");
    const systems: ActorSystem[] = [];
    server.start((world) => {
      const system = new ActorSystem("server", { world });
      const door = httpServer({ address: { hostname: "::", port: 80 }, routes: ROUTES, hosts: ["server"] });
      system.spawn("door", door, { onFailure: escalate() });
      systems.push(system);
    });
    const got: WebSocketMessage[] = [];
    const system = new ActorSystem("client", { world: client.world });
    system.spawn("dialer", echoClient("ws://server/echo", got));
    await sim.advance(2000);
    assertEquals(got.map((message) => message.length), [3, 90_000, 5]);
    await sim.settle(system.stop());
    await sim.settle(systems[0]?.stop() ?? Promise.resolve());
  }));

const python = await available("python3");

Deno.test({
  name: "web door: Python's client and curl are answered as by any server",
  ignore: !python,
  async fn() {
    await using door = await open();
    const script = `
import http.client
c = http.client.HTTPConnection("127.0.0.1", ${door.port})
for i in range(3):
    c.request("POST", "/length", body=iter([b"a" * 1000] * 20), headers={}, encode_chunked=True)
    r = c.getresponse()
    print(r.status, r.read().decode())
`;
    await using process = startProcess("python3", ["-c", script]);
    const { stdout, stderr } = await process.ended();
    assertEquals([stdout, stderr], ['200 {"length":20000}\n'.repeat(3), ""]);
  },
});

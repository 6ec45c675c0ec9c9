import { assert, assertEquals, assertMatch } from "@std/assert";
import { loadStaticFiles, staticRoute, type WebSocketMessage } from "../../actors/net/mod.ts";
import { available, makeCertificate, startProcess, tempDirectory, TestClient, until } from "../_helpers.ts";
import { quietWorld, run } from "./_net.ts";
import { type Door, echoClient, open } from "./_door.ts";

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

import { assert, assertEquals } from "@std/assert";
import { available, TestClient, until } from "../_helpers.ts";
import { inspected, TestPage } from "./_page.ts";

/** Sends a request as it is, and gives the status of the answer; 0 where there is none. */
async function statusOf(port: number, request: string): Promise<number> {
  using client = await TestClient.connect(port);
  await client.send(request);
  return Number(/^HTTP\/1\.1 (\d+)/.exec(await client.line() ?? "")?.[1] ?? 0);
}

const UPGRADE = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" +
  "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";

Deno.test("inspector: a page of another site, or of a name that leads here, sees nothing", async () => {
  await using seen = await inspected();
  const { port } = seen;
  const own = `127.0.0.1:${port}`;
  for (
    const [status, path, headers] of [
      [101, "/changes", `Host: ${own}\r\nOrigin: http://${own}\r\n${UPGRADE}`],
      [101, "/changes", `Host: localhost:${port}\r\nOrigin: http://localhost:${port}\r\n${UPGRADE}`],
      [403, "/changes", `Host: ${own}\r\nOrigin: http://evil.example\r\n${UPGRADE}`],
      [403, "/changes", `Host: ${own}\r\nOrigin: null\r\n${UPGRADE}`],
      [403, "/changes", `Host: evil.example:${port}\r\nOrigin: http://evil.example:${port}\r\n${UPGRADE}`],
      [403, "/tree", `Host: evil.example:${port}\r\n`],
      [403, "/metrics", `Host: 127.0.0.1.evil.example\r\n`],
      [403, "/", `Host: evil.example\r\n`],
    ] as const
  ) {
    assertEquals(
      await statusOf(port, `GET ${path} HTTP/1.1\r\n${headers}\r\n`),
      status,
      `${path} ${headers}`,
    );
  }
});

Deno.test("inspector: no path leads out of what it serves, and no method writes", async () => {
  await using seen = await inspected();
  const { port } = seen;
  const host = `Host: 127.0.0.1:${port}\r\n`;
  for (
    const path of [
      "/../deno.json",
      "/%2e%2e/deno.json",
      "/assets/../../../../etc/passwd",
      "/assets/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
      "/tree/../../etc/passwd",
      "/tree?path=/../../etc/passwd",
      "/tree?path=%00",
      "/tree?path=/demo/inspect/../inspect",
      `/tree?path=/${"x".repeat(60_000)}`,
    ]
  ) {
    const status = await statusOf(port, `GET ${path} HTTP/1.1\r\n${host}\r\n`);
    assert(status === 404 || status === 400, `${path.slice(0, 60)}: ${status}`);
  }
  for (const method of ["POST", "PUT", "DELETE", "PATCH"]) {
    for (const path of ["/tree", "/metrics"]) {
      assertEquals(
        await statusOf(port, `${method} ${path} HTTP/1.1\r\n${host}Content-Length: 0\r\n\r\n`),
        405,
      );
    }
  }
  assertEquals(await statusOf(port, `GET /tree?levels=0 HTTP/1.1\r\n${host}\r\n`), 200);
});

const PYTHON = "/usr/bin/python3";

/** The status of /healthz as it is told to another address of this machine. */
async function healthFrom(hostname: string, port: number): Promise<string> {
  const asking = "import http.client, sys\n" +
    `asking = http.client.HTTPConnection("127.0.0.1", ${port}, 10, ("${hostname}", 0))\n` +
    'asking.request("GET", "/healthz")\nprint(asking.getresponse().status)';
  const { stdout } = await new Deno.Command(PYTHON, { args: ["-c", asking], stdin: "null" }).output();
  return new TextDecoder().decode(stdout).trim();
}

Deno.test({
  name:
    "inspector: a thousand sockets of one address leave room for others, and go: then there is room again",
  ignore: !await available(PYTHON, "--version"),
}, async () => {
  await using seen = await inspected();
  const { port } = seen;
  const clients: TestClient[] = [];
  try {
    for (let index = 0; index < 1000; index++) clients.push(await TestClient.connect(port));
    const served = () => seen.system.subtree("/demo/inspect/server")?.childCount ?? 0;
    await until(() => served() >= 64, "those that are let in");
    assertEquals(served(), 64);
    await until(async () => {
      const response = await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => undefined);
      await response?.body?.cancel();
      return response?.status === 503;
    }, "one more is told that there is no room");
    assertEquals(await healthFrom("127.0.0.2", port), "200");
  } finally {
    for (const client of clients) client[Symbol.dispose]();
  }
  await until(async () => {
    const response = await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => undefined);
    await response?.body?.cancel();
    return response?.status === 200;
  }, "room again");
});

Deno.test("inspector: a tree that is deep and wide, with long names, is answered in bounds", async () => {
  await using seen = await inspected();
  const { system, port } = seen;
  const name = (index: number) => `${"n".repeat(240)}-${index}`;
  const nest = (depth: number) => (self: { spawn: typeof system.spawn }) => {
    if (depth > 0) self.spawn(name(depth), nest(depth - 1));
    return () => {};
  };
  system.spawn("deep", nest(300));
  for (let group = 0; group < 30; group++) {
    system.spawn(`wide-${group}`, (self) => {
      for (let index = 0; index < 1000; index++) self.spawn(name(index), () => () => {});
      return () => {};
    });
  }
  await using page = new TestPage(port);
  await page.told("tick", ({ tick }) => tick.actors > 30_000);
  const response = await fetch(`http://127.0.0.1:${port}/tree?levels=16&children=1000`);
  const text = await response.text();
  assertEquals(text.match(/"path":/g)?.length, 10_000);
  page.send({ type: "search", host: "demo", text: "n-1" });
  const { rows } = await page.told("found");
  assert(rows.length > 0 && rows.every((row) => row.name.length <= 4001));
});

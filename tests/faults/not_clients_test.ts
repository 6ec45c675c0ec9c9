import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  available,
  makeCertificate,
  PATIENCE_MS,
  startProcess,
  tempDirectory,
  TestClient,
  until,
} from "../_helpers.ts";
import { count, serve, SPOKEN_TO } from "./_strangers.ts";

/** What a browser sends for `fetch("http://localhost:PORT", { method: "POST", mode: "no-cors", body })`. */
function posted(body: string): string {
  return [
    "POST / HTTP/1.1",
    "Host: localhost",
    "Content-Type: text/plain;charset=UTF-8",
    `Content-Length: ${body.length}`,
    "Origin: http://evil.example",
    "",
    body,
  ].join("\r\n");
}

const BODY = '{"client_ID":"666","type":"write","data":"x"}\n12 + 13\nKnock Knock..\n';

/** What a page can make a browser send, whole or in pieces. */
const PAGES: readonly (readonly [string, readonly string[]])[] = [
  ["a page that posts", [posted(BODY)]],
  ["a page that posts, byte by byte at first", [...Array.from("POST / HTTP"), "/1.1\r\n", BODY]],
  ["a WebSocket handshake", [`GET /${BODY.length} HTTP/1.1\r\nUpgrade: websocket\r\n\r\n`, BODY]],
  ["a preflight", [`OPTIONS * HTTP/1.0\r\n\r\n${BODY}`]],
];

/** The beginning of what `curl https://…` sends. */
const TLS_HELLO = Uint8Array.of(0x16, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3, 1, 2, 3, 4);

async function listOf(directory: string): Promise<string[]> {
  const names: string[] = [];
  for await (const entry of Deno.readDir(directory)) names.push(entry.name);
  return names;
}

for (const service of SPOKEN_TO) {
  Deno.test(`${service}: whoever speaks HTTP or TLS is closed at once with one warning each, and nothing is done`, async () => {
    await using directory = await tempDirectory();
    await using server = await serve(service, directory);
    for (const [what, pieces] of PAGES) {
      using client = await TestClient.connect(server.port);
      // The server may have closed before all of it is sent.
      for (const piece of pieces) {
        await client.send(piece).catch(() => {});
        if (pieces.length > 2) await new Promise((resolve) => setTimeout(resolve, 1));
      }
      // Of what came before it was known for HTTP, it may have been told that it is no message.
      const heard = await client.rest().catch(() => "");
      assertEquals(heard.replace(/^(Error: .*|.*"type":"error".*)\n/gm, ""), "", what);
    }
    using hello = await TestClient.connect(server.port);
    await hello.send(TLS_HELLO);
    assertEquals(await hello.rest().catch(() => ""), "");
    const warnings = () => count(server.process.stdout, /^\[WARN\] .*it speaks (HTTP|TLS)/gm);
    await until(() => warnings() === PAGES.length + 1, `${PAGES.length + 1} warnings`);
    assert(!(await listOf(directory.path)).includes("666.txt"));
    if (service === "editor") assertEquals(await Deno.readTextFile(directory.file("temp.txt")), "");
    // The next client is served as ever.
    using client = await TestClient.connect(server.port);
    assert(client.address !== "");
    server.process.kill("SIGTERM");
    assertEquals((await server.process.ended()).code, 0);
    assertEquals(warnings(), PAGES.length + 1);
  });
}

Deno.test("echo: an HTTP request and a TLS greeting are bytes like others, and come back", async () => {
  await using directory = await tempDirectory();
  await using server = await serve("echo", directory);
  for (const bytes of [new TextEncoder().encode(posted(BODY)), TLS_HELLO]) {
    using client = await TestClient.connect(server.port);
    await client.send(bytes);
    assertEquals(await client.bytes(bytes.length), bytes);
  }
});

Deno.test({
  name: "records: HTTP inside TLS is closed as well, and plain HTTP on a TLS port harms nobody",
  fn: async () => {
    await using directory = await tempDirectory();
    const { certFile, keyFile, cert } = await makeCertificate(directory);
    await using server = await serve("records", directory, ["--tls-cert", certFile, "--tls-key", keyFile]);
    using plain = await TestClient.connect(server.port);
    await plain.send(posted(BODY));
    await plain.closed();
    const conn = await Deno.connectTls({ hostname: "127.0.0.1", port: server.port, caCerts: [cert] });
    using inside = new TestClient(conn);
    await inside.send(posted(BODY));
    assertEquals(await inside.rest().catch(() => ""), "");
    await server.process.line(/\[WARN\] .*it speaks HTTP/);
    assert(!(await listOf(directory.path)).includes("666.txt"));
  },
});

Deno.test({
  name: "curl gets nothing of a service of lines, and soon",
  ignore: !await available("curl", "--version"),
  fn: async () => {
    await using directory = await tempDirectory();
    await using server = await serve("chat", directory);
    await using curl = startProcess("curl", [
      ...["-s", "-S", "-m", String(PATIENCE_MS / 1000), `http://127.0.0.1:${server.port}/`],
    ]);
    const { code, stdout, stderr } = await curl.ended();
    assert(code !== 0 && code !== 28, stderr);
    assertEquals(stdout, "");
    assertMatch(await server.process.line(/it speaks/), /^\[WARN\] .*HTTP/);
  },
});

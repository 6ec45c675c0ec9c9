import { assert, assertEquals, assertFalse, assertMatch, assertRejects } from "@std/assert";
import { makeCertificate, runTask, startTask, tempDirectory, TestClient } from "../_helpers.ts";

const HERE = ["--host", "127.0.0.1", "--port", "0", "--inspect", "127.0.0.1:0"];

/** The status of a request under a name, over a plain connection. */
async function statusUnder(port: number, host: string, headers = ""): Promise<string | null> {
  using client = await TestClient.connect(port);
  await client.send(`GET /tree?levels=0 HTTP/1.1\r\nHost: ${host}\r\n${headers}\r\n`);
  return (await client.line())?.slice(0, 12) ?? null;
}

Deno.test("inspector: with the server's certificate it speaks TLS alone, and top looks through it", async () => {
  await using folder = await tempDirectory();
  const { certFile, keyFile, cert } = await makeCertificate(folder);
  await using server = startTask("echo:server", [
    ...HERE,
    ...["--inspect-token", "s3cret", "--tls-cert", certFile, "--tls-key", keyFile],
  ]);
  const port = await server.port("Inspector listening");
  await server.line("Open https://127.0.0.1");
  using client = Deno.createHttpClient({ caCerts: [cert] });
  const headers = { authorization: "Bearer s3cret" };
  const response = await fetch(`https://localhost:${port}/tree?levels=0`, { client, headers });
  assertEquals((await response.json()).path, "/echo");
  await assertRejects(() => fetch(`http://127.0.0.1:${port}/tree`, { headers }));
  const table = await runTask("top", [`localhost:${port}`, "--token", "s3cret", "--ca", certFile]);
  assertEquals([table.code, table.stderr], [0, ""]);
  assertMatch(table.stdout, /\/echo\/server/);
  const untrusted = await runTask("top", [`localhost:${port}`, "--token", "s3cret", "--tls"]);
  assertMatch(untrusted.stderr, /its certificate is not trusted: see --ca/);
  assertFalse(`${server.stdout}${server.stderr}`.includes("s3cret"), "no token is logged");
});

Deno.test("inspector: a certificate of its own makes it speak TLS, and the server not", async () => {
  await using folder = await tempDirectory();
  const { certFile, keyFile, cert } = await makeCertificate(folder);
  await using server = startTask("echo:server", [
    ...HERE,
    ...["--inspect-tls-cert", certFile, "--inspect-tls-key", keyFile],
  ]);
  const port = await server.port("Inspector listening");
  const plain = await server.port("Server is listening");
  using client = Deno.createHttpClient({ caCerts: [cert] });
  assertEquals(await (await fetch(`https://localhost:${port}/healthz`, { client })).text(), "ok\n");
  using talk = await TestClient.connect(plain);
  await talk.send("hello");
  assertEquals(new TextDecoder().decode(await talk.bytes(5)), "hello");
});

Deno.test("inspector: it is known under the names of --web-host and --inspect-host, and no other", async () => {
  await using folder = await tempDirectory();
  await using server = startTask("editor:server", [
    ...HERE,
    ...["--data-dir", folder.path, "--web-port", "off", "--web-host", "editor.example"],
    ...["--inspect-host", "inspect.example", "--inspect-origin", "https://proxy.example"],
  ]);
  const port = await server.port("Inspector listening");
  assertEquals(await statusUnder(port, `editor.example:${port}`), "HTTP/1.1 200");
  assertEquals(await statusUnder(port, "inspect.example"), "HTTP/1.1 200");
  assertEquals(await statusUnder(port, "evil.example"), "HTTP/1.1 403");
  const upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" +
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";
  const from = (origin: string) => statusUnder(port, "inspect.example", `Origin: ${origin}\r\n${upgrade}`);
  assertEquals(await from("https://evil.example"), "HTTP/1.1 403");
  // Not a path that opens WebSockets, but let in.
  assertEquals(await from("https://proxy.example"), "HTTP/1.1 404");
});

Deno.test("inspector: a port that is taken is one line, exit 1, and nothing else was started", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const at = ["--inspect", `127.0.0.1:${taken.addr.port}`];
  const line = `[ERROR] Cannot open the inspector: Cannot listen on 127.0.0.1:${taken.addr.port}: ` +
    "the address is already in use\n";
  const echo = await runTask("echo:server", ["--host", "127.0.0.1", "--port", "0", ...at]);
  assertEquals([echo.code, echo.stdout, echo.stderr], [1, "", line]);
  const start = await runTask("start", ["--only", "echo", "--host", "127.0.0.1", "--echo-port", "0", ...at]);
  assertEquals([start.code, start.stdout, start.stderr], [1, "", line]);
});

Deno.test("inspector: flags that do not fit together are refused before anything starts", async () => {
  const at = ["--inspect", "127.0.0.1:0"];
  for (
    const [args, text] of [
      [["--inspect-token", "x"], /^echo:server: --inspect-token needs --inspect HOST:PORT\n/],
      [["--inspect-host", "a.example"], /--inspect-host needs --inspect HOST:PORT\n/],
      [["--inspect-tls-cert", "a.pem"], /--inspect-tls-cert needs --inspect HOST:PORT\n/],
      [[...at, "--inspect-tls-key", "a.pem"], /--inspect-tls-cert and --inspect-tls-key go together\n/],
      [[...at, "--inspect-token", "пароль"], /--inspect-token: .*visible ASCII characters/],
      [[...at, "--inspect-token", "a b"], /--inspect-token: .*visible ASCII characters/],
    ] as const
  ) {
    const { code, stdout, stderr } = await runTask("echo:server", ["--port", "0", ...args]);
    assertEquals([code, stdout], [2, ""], args.join(" "));
    assertMatch(stderr, text);
    assert(!stderr.includes("пароль"), "a token is not shown");
  }
});

import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  available,
  freePort,
  makeCertificate,
  runTask,
  startProcess,
  startTask,
  tempDirectory,
  TestClient,
} from "../_helpers.ts";

const SEND = "Enter message to send (or 'exit' to quit): ";

Deno.test("echo:server: says where it listens, who comes, what comes, and who goes", async () => {
  await using server = startTask("echo:server", ["--port", "0", "--log-level", "debug"]);
  const port = await server.port(/^Server is listening on \[::\]:\d+ \(IPv4 and IPv6\)$/);
  using six = await TestClient.connect(port, "::1");
  await server.line(`Connection from ${six.address} (IPv6)`);
  using four = await TestClient.connect(port);
  await server.line(`Connection from ${four.address} (IPv4)`);
  await four.send("hello\n");
  await server.line(`Received: hello from ${four.address}`);
  assertEquals(await four.line(), "hello");
  // What would drive the operator's terminal is shown instead.
  await six.send("\u001b[2Jx\n");
  await server.line(`Received: ␛[2Jx from ${six.address}`);
  await six.send("y".repeat(300));
  await server.line(`Received: ${"y".repeat(120)}… (300 bytes) from ${six.address}`);
  six.close();
  await server.line(`Connection closed for ${six.address}`);
});

Deno.test("echo:server: what comes is not logged unless asked for", async () => {
  await using server = startTask("echo:server", ["--port", "0"]);
  using client = await TestClient.connect(await server.port());
  await client.send("secret\n");
  assertEquals(await client.line(), "secret");
  client.close();
  await server.line("Connection closed");
  assertEquals(server.stdout.includes("secret"), false);
});

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.test(`echo:server: ${signal} with clients connected closes each, and exits 0`, async () => {
    await using server = startTask("echo:server", ["--port", "0"]);
    const port = await server.port();
    const clients = await Promise.all(["127.0.0.1", "::1"].map((host) => TestClient.connect(port, host)));
    for (const client of clients) {
      await client.send("here\n");
      assertEquals(await client.line(), "here");
    }
    server.kill(signal);
    for (const client of clients) assertEquals(await client.rest(), "");
    const { code, stdout, stderr } = await server.ended();
    assertEquals([code, stderr], [0, ""]);
    const lines = stdout.trimEnd().split("\n");
    assertEquals(lines.includes("Server stopped with user keyboard interrupt."), signal === "SIGINT");
    assert(lines.includes("Shutting down server..."));
    for (const client of clients) {
      assertEquals(
        lines.filter((line) => line === `Connection lost with client: ${client.address}`).length,
        1,
      );
      client.close();
    }
    assertEquals(lines.at(-1), "Server shut down.");
  });
}

Deno.test("echo:server: a port that is taken is one line and exit 1", async () => {
  await using server = startTask("echo:server", ["--port", "0"]);
  const port = await server.port();
  const { code, stdout, stderr } = await runTask("echo:server", ["--port", String(port)]);
  assertEquals([code, stdout], [1, ""]);
  assertMatch(stderr, /^\[ERROR\] Cannot listen on \[::\]:\d+: [^\n]+\n$/);
});

Deno.test("echo:server: each usage mistake has its own message, and exits 2", async () => {
  const messages = new Set<string>();
  for (
    const args of [["--port", "70000"], ["--port"], ["--prot", "1"], ["--max-clients", "0"], [
      "--tls-cert",
      "x",
    ], ["x"]]
  ) {
    const { code, stdout, stderr } = await runTask("echo:server", args);
    assertEquals([code, stdout], [2, ""], args.join(" "));
    messages.add(stderr);
  }
  assertEquals(messages.size, 6);
});

Deno.test("echo:server: one client too many is refused, and the log says so", async () => {
  await using server = startTask("echo:server", ["--port", "0"], { env: { ECHO_MAX_CLIENTS: "1" } });
  const port = await server.port();
  using first = await TestClient.connect(port);
  await server.line("Connection from");
  using second = await TestClient.connect(port);
  assertEquals(await second.rest(), "Server is full. Please try again later.\n");
  await server.line(`[WARN] Server full. Rejected connection from ${second.address}`);
  await first.send("still here\n");
  assertEquals(await first.line(), "still here");
});

Deno.test("echo:client: asks where, says where it is, sends what is typed and prints what comes back", async () => {
  await using server = startTask("echo:server", ["--port", "0"]);
  const port = await server.port();
  await using client = startTask("echo:client", ["--port", String(port)]);
  await client.shows("Enter the server address (e.g., 'localhost', '::1'): ");
  await client.type("::1");
  await client.line(`Connected to server at [::1]:${port}`);
  for (const text of ["hello", "žluťoučký 🐴", ""]) {
    await client.shows(SEND);
    await client.type(text);
    await client.line(`Echo from server: ${text}`);
  }
  await client.type("exit");
  const { code, stderr } = await client.ended();
  assertEquals([code, stderr], [0, ""]);
});

Deno.test("echo:client: tries every address of a name, in order, until one answers", async () => {
  for (const [host, address] of [["127.0.0.1", "127.0.0.1"], ["::1", "[::1]"]] as const) {
    await using server = startTask("echo:server", ["--host", host, "--port", "0"]);
    const port = await server.port();
    const args = ["--host", "localhost", "--port", String(port)];
    const { code, stdout, stderr } = await runTask("echo:client", args, { input: "hello\n" });
    assertEquals([code, stderr], [0, ""]);
    assert(stdout.includes(`Connected to server at ${address}:${port}\n`), stdout);
    assert(stdout.includes("Echo from server: hello\n"), stdout);
  }
});

Deno.test("echo:client: a refused connection, and a name without address, is one line and exit 1", async () => {
  for (const host of ["127.0.0.1", "localhost"]) {
    const { code, stdout, stderr } = await runTask("echo:client", [
      "--host",
      host,
      "--port",
      String(freePort()),
    ]);
    assertEquals([code, stdout], [1, ""]);
    assertMatch(stderr, /^Cannot connect to [^\n]+: the connection was refused\n$/);
  }
});

Deno.test("echo:client: a server that goes away is one line and exit 1", async () => {
  await using server = startTask("echo:server", ["--port", "0"]);
  const port = await server.port();
  await using client = startTask("echo:client", ["--host", "127.0.0.1", "--port", String(port)]);
  await client.shows(SEND);
  server.kill("SIGTERM");
  await server.ended();
  const { code, stderr } = await client.ended();
  assertEquals([code, stderr], [1, "Connection closed by the server.\n"]);
});

Deno.test("echo:client: --ping measures so many round trips", async () => {
  await using server = startTask("echo:server", ["--port", "0"]);
  const args = ["--host", "127.0.0.1", "--port", String(await server.port()), "--ping", "50"];
  const { code, stdout } = await runTask("echo:client", args);
  assertEquals(code, 0);
  const figures = /^50 round trips: min ([\d.]+) ms, median ([\d.]+) ms, p99 ([\d.]+) ms, max ([\d.]+) ms$/m
    .exec(stdout)?.slice(1).map(Number) ?? [];
  assertEquals(figures.length, 4, stdout);
  assertEquals(figures, figures.toSorted((a, b) => a - b));
});

Deno.test("echo: server and client over TLS, and not with a stranger's certificate", async () => {
  await using directory = await tempDirectory();
  const { certFile, keyFile } = await makeCertificate(directory);
  const tls = ["--tls-cert", certFile, "--tls-key", keyFile];
  await using server = startTask("echo:server", ["--port", "0", ...tls]);
  const args = ["--host", "localhost", "--port", String(await server.port())];
  const trusting = await runTask("echo:client", [...args, "--ca", certFile], { input: "hello\n" });
  assertEquals([trusting.code, trusting.stderr], [0, ""]);
  assert(trusting.stdout.includes("Echo from server: hello\n"), trusting.stdout);
  const wary = await runTask("echo:client", [...args, "--tls"], { input: "hello\n" });
  assertEquals([wary.code, wary.stdout, wary.stderr.trimEnd().split("\n").length], [1, "", 1]);
});

/** Both families, a message without end, bytes that are no text, and datagrams. */
const PYTHON_CLIENT = `
import os, socket, sys
port = int(sys.argv[1])
for host in ("127.0.0.1", "::1"):
    with socket.create_connection((host, port), timeout=15) as s:
        s.sendall(b"no end")
        assert s.recv(100) == b"no end"
        data = os.urandom(50000)
        s.sendall(data)
        s.shutdown(socket.SHUT_WR)
        back = b""
        while part := s.recv(65536):
            back += part
        assert back == data
for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
    with socket.socket(family, socket.SOCK_DGRAM) as s:
        s.settimeout(15)
        s.sendto(b"datagram", (host, port))
        assert s.recvfrom(100)[0] == b"datagram"
print("all came back")
`;

Deno.test({
  name: "echo:server: returns every byte to a client in Python, by TCP and UDP and both families",
  ignore: !await available("python3", "--version"),
  async fn() {
    await using server = startTask("echo:server", ["--port", "0", "--udp"]);
    const port = await server.port();
    await using client = startProcess("python3", ["-c", PYTHON_CLIENT, String(port)]);
    assertEquals(await client.ended(), { code: 0, stdout: "all came back\n", stderr: "" });
  },
});

Deno.test({
  name: "echo:server: returns every byte to netcat",
  ignore: !await available("nc", "-h"),
  async fn() {
    await using server = startTask("echo:server", ["--port", "0"]);
    const port = await server.port();
    await using client = startProcess("nc", ["127.0.0.1", String(port)]);
    await client.type("hello, netcat");
    await client.line("hello, netcat");
    await client.closeInput();
  },
});

import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { echoServer, type EchoServerOptions } from "../../actors/echo/mod.ts";
import { denoWorld } from "../../actors/world/deno/mod.ts";
import { type LogRecord, type SocketAddress, type World, WorldError } from "../../actors/world/world.ts";
import { ActorSystem, escalate } from "../../mod.ts";
import { deadline, makeCertificate, tempDirectory, TestClient, until } from "../_helpers.ts";

/** An echo server, with what it says. */
interface Echo extends AsyncDisposable {
  readonly system: ActorSystem;
  readonly address: SocketAddress;
  readonly port: number;
  readonly said: string[];
}

async function startEcho(options: Partial<EchoServerOptions> = {}, real: World = denoWorld()): Promise<Echo> {
  const said: string[] = [];
  const log = {
    enabled: (level: LogRecord["level"]) => level !== "debug",
    write: ({ message }: LogRecord) => void said.push(message),
  };
  const system = new ActorSystem("echo", { world: { ...real, log } });
  const listening = Promise.withResolvers<SocketAddress>();
  system.terminated.catch(listening.reject);
  const server = echoServer({
    address: { hostname: "::", port: 0 },
    onListening: listening.resolve,
    ...options,
  });
  system.spawn("server", server, { onFailure: escalate() });
  try {
    const address = await deadline(listening.promise, undefined, "listening");
    return { system, address, port: address.port, said, [Symbol.asyncDispose]: () => system.stop() };
  } catch (error) {
    await system.stop();
    throw error;
  }
}

/** The real world on a machine without IPv6. */
function withoutIpv6(): World {
  const real = denoWorld();
  const { net } = real;
  return {
    ...real,
    net: {
      listenTcp(options) {
        if (options.hostname.includes(":")) {
          throw new WorldError("address-not-available", "Cannot listen: no such family");
        }
        return net.listenTcp(options);
      },
      connectTcp: (options) => net.connectTcp(options),
      bindUdp: (options) => net.bindUdp(options),
      resolve: (hostname) => net.resolve(hostname),
      fetch: (request) => net.fetch(request),
    },
  };
}

/** Random bytes, as many as one wants. */
function randomBytes(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += 65536) {
    crypto.getRandomValues(bytes.subarray(at, Math.min(length, at + 65536)));
  }
  return bytes;
}

/** Compares without printing megabytes. */
function assertSameBytes(actual: Uint8Array, expected: Uint8Array): void {
  assertEquals(actual.length, expected.length);
  const first = actual.findIndex((byte, index) => byte !== expected[index]);
  assert(first < 0, `byte ${first} is another one`);
}

/** Sends all, ends its half, and checks what comes back. */
async function exchange(client: TestClient, bytes: Uint8Array): Promise<void> {
  const received = client.bytes(Infinity, 60_000);
  await client.send(bytes);
  await client.closeWrite();
  assertSameBytes(await received, bytes);
}

Deno.test("echo: one socket serves IPv4, IPv6 and localhost, and prints each by its family", async () => {
  await using echo = await startEcho();
  for (const hostname of ["127.0.0.1", "::1", "localhost"]) {
    using client = await TestClient.connect(echo.port, hostname);
    await client.send("hello\n");
    assertEquals(await client.line(), "hello");
    const family = client.address.startsWith("[") ? "IPv6" : "IPv4";
    assert(echo.said.includes(`Connection from ${client.address} (${family})`), echo.said.join("\n"));
    client.close();
    await until(() => echo.said.includes(`Connection closed for ${client.address}`), "the close");
  }
  assertEquals(echo.said[0], `Server is listening on [::]:${echo.port} (IPv4 and IPv6)`);
});

Deno.test("echo: on one family it serves that family, and says which", async () => {
  for (const [hostname, shown] of [["127.0.0.1", "127.0.0.1"], ["::1", "[::1]"]] as const) {
    await using echo = await startEcho({ address: { hostname, port: 0 } });
    const family = shown.startsWith("[") ? "IPv6" : "IPv4";
    assertEquals(echo.said, [`Server is listening on ${shown}:${echo.port} (${family})`]);
    using client = await TestClient.connect(echo.port, hostname);
    await exchange(client, randomBytes(1000));
  }
});

Deno.test("echo: where there is no IPv6 it serves IPv4, and says so", async () => {
  await using echo = await startEcho({ udp: true }, withoutIpv6());
  assertEquals(echo.said, [
    "No IPv6 on this machine: listening on IPv4 alone",
    `Server is listening on 0.0.0.0:${echo.port} (IPv4)`,
  ]);
  using client = await TestClient.connect(echo.port);
  await exchange(client, randomBytes(1000));
});

Deno.test("echo: a port that is taken is no missing family, and fails the start", async () => {
  await using first = await startEcho();
  const failure = await startEcho({ address: { hostname: "::", port: first.port } })
    .then(() => undefined, (error) => error);
  assertInstanceOf(failure, WorldError);
  assertEquals(failure.kind, "address-in-use");
});

Deno.test("echo: 6 MB of random bytes come back, all after the client has ended its sending half", async () => {
  await using echo = await startEcho();
  const bytes = randomBytes(6_000_000);
  for (const hostname of ["127.0.0.1", "::1"]) {
    using client = await TestClient.connect(echo.port, hostname);
    await exchange(client, bytes);
  }
});

Deno.test("echo: a client that reads only when it has sent all still gets all that was under way", async () => {
  await using echo = await startEcho();
  using client = await TestClient.connect(echo.port);
  // Less than what the kernel and the server hold: more would be a deadlock of the client's own making.
  const bytes = randomBytes(500_000);
  await client.send(bytes);
  await client.closeWrite();
  assertSameBytes(await client.bytes(Infinity), bytes);
});

Deno.test("echo: 1,000 clients at once each get their own back", async () => {
  await using echo = await startEcho({ limits: { maxClients: 1000 } });
  const clients = await Promise.all(
    Array.from(
      { length: 1000 },
      (_, index) => TestClient.connect(echo.port, index % 2 ? "127.0.0.1" : "::1"),
    ),
  );
  try {
    for (const round of ["one", "two"]) {
      await Promise.all(clients.map((client, index) => client.send(`${round} ${index}\n`)));
      const lines = await Promise.all(clients.map((client) => client.line(60_000)));
      assertEquals(lines, clients.map((_, index) => `${round} ${index}`));
    }
    using late = await TestClient.connect(echo.port);
    assertEquals(await late.rest(), "Server is full. Please try again later.\n");
  } finally {
    for (const client of clients) client.close();
  }
});

Deno.test("echo: clients that never read do not grow the server, and the others do not notice", async () => {
  await using echo = await startEcho();
  const deaf = await Promise.all(Array.from({ length: 20 }, () => TestClient.connect(echo.port)));
  const chunk = randomBytes(65536);
  let sent = 0;
  const sending = deaf.map(async (client) => {
    try {
      for (;;) sent += await client.conn.write(chunk);
    } catch {
      // Closed below.
    }
  });
  using other = await TestClient.connect(echo.port);
  let before = -1;
  let rss = 0;
  await until(async () => {
    const isStill = sent === before;
    before = sent;
    await other.send("still here\n");
    assertEquals(await other.line(), "still here");
    await new Promise((resolve) => setTimeout(resolve, 200));
    rss ||= Deno.memoryUsage().rss;
    return isStill;
  }, "the server stops reading");
  const grown = Deno.memoryUsage().rss - rss;
  assert(grown < 64_000_000, `grown by ${grown} bytes while ${sent} were sent`);
  for (const client of deaf) client.close();
  await Promise.all(sending);
  await until(
    () => echo.said.filter((line) => line.startsWith("Connection closed")).length === 20,
    "the closes",
  );
});

Deno.test("echo: over TLS, every byte too", async () => {
  await using directory = await tempDirectory();
  const { cert, key } = await makeCertificate(directory);
  await using echo = await startEcho({ tls: { cert, key } });
  const bytes = randomBytes(6_000_000);
  const conn = await Deno.connectTls({ hostname: "localhost", port: echo.port, caCerts: [cert] });
  using client = new TestClient(conn);
  const received = client.bytes(bytes.length, 60_000);
  await client.send(bytes);
  assertSameBytes(await received, bytes);
});

Deno.test("echo: who does not speak TLS to a TLS server loses its connection, and the server goes on", async () => {
  await using directory = await tempDirectory();
  const { cert, key } = await makeCertificate(directory);
  await using echo = await startEcho({ tls: { cert, key } });
  {
    using stranger = await TestClient.connect(echo.port);
    await stranger.send("hello, is this TLS?\n");
    await stranger.closed();
  }
  const conn = await Deno.connectTls({ hostname: "localhost", port: echo.port, caCerts: [cert] });
  using client = new TestClient(conn);
  await client.send("hello\n");
  assertEquals(await client.line(), "hello");
});

Deno.test("echo: with udp, datagrams come back on the same port, of both families", async () => {
  await using echo = await startEcho({ udp: true });
  for (const hostname of ["127.0.0.1", "::1"]) {
    const socket = Deno.listenDatagram({ hostname, port: 0, transport: "udp" });
    try {
      for (const bytes of [Uint8Array.of(0, 255), new Uint8Array(0), randomBytes(9000)]) {
        await socket.send(bytes, { hostname, port: echo.port, transport: "udp" });
        const [answer] = await deadline(socket.receive(new Uint8Array(10_000)), undefined, "an answer");
        assertSameBytes(answer, bytes);
      }
    } finally {
      socket.close();
    }
  }
});

Deno.test("echo: a datagram from a server's own port is not answered, so that two servers cannot be set on each other", async () => {
  await using echo = await startEcho({ address: { hostname: "127.0.0.1", port: 0 }, udp: true });
  const to = { hostname: "127.0.0.1", port: echo.port, transport: "udp" } as const;
  const forged = Deno.listenDatagram({ hostname: "127.0.0.2", port: echo.port, transport: "udp" });
  const honest = Deno.listenDatagram({ hostname: "127.0.0.2", port: 0, transport: "udp" });
  let heard = false;
  const listening = forged.receive().then(() => heard = true, () => {});
  try {
    for (const text of ["one", "two", "three"]) {
      const bytes = new TextEncoder().encode(text);
      await forged.send(bytes, to);
      await honest.send(bytes, to);
      const [answer] = await deadline(honest.receive(), undefined, "an answer");
      assertSameBytes(answer, bytes);
    }
    assert(!heard, "the forged datagram was answered");
  } finally {
    forged.close();
    honest.close();
    await listening;
  }
});

Deno.test("echo: a stop with clients connected closes each, and says so", async () => {
  const echo = await startEcho();
  const clients = await Promise.all(Array.from({ length: 10 }, () => TestClient.connect(echo.port)));
  for (const client of clients) {
    await client.send("here\n");
    assertEquals(await client.line(), "here");
  }
  await echo.system.stop();
  for (const client of clients) {
    assertEquals(await client.rest(), "");
    for (const line of ["Connection lost with client:", "Connection closed for"]) {
      assertEquals(echo.said.filter((said) => said === `${line} ${client.address}`).length, 1);
    }
    client.close();
  }
});

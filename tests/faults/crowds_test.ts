import { assert, assertEquals, assertMatch } from "@std/assert";
import { deadline, makeCertificate, tempDirectory, TestClient, until } from "../_helpers.ts";
import { count, descriptors, serve, sockets, TCP_SERVERS } from "./_strangers.ts";

const FULL = "Server is full. Please try again later.\n";

for (const service of TCP_SERVERS) {
  Deno.test(`${service}: over --max-clients everybody is told, also who talks at once, and no descriptor stays`, async () => {
    await using directory = await tempDirectory();
    await using server = await serve(service, directory, ["--max-clients", "10"]);
    const before = await descriptors(server.process.pid);
    const listening = await sockets(server.process.pid);
    const served = await Promise.all(Array.from({ length: 10 }, () => TestClient.connect(server.port)));
    await until(async () => await sockets(server.process.pid) >= listening + 10, "ten clients");
    const told = await Promise.all(Array.from({ length: 300 }, async (_, index) => {
      using client = await TestClient.connect(server.port);
      if (index % 2 === 0) await client.send("me too\n".repeat(100)).catch(() => {});
      return await client.rest().catch(() => "");
    }));
    assertEquals(told.filter((text) => text !== FULL), []);
    await until(async () => await descriptors(server.process.pid) <= before + 10, "the descriptors");
    // One line each at first, and then a count of them.
    assert(count(server.process.stdout, /Server full\. Rejected connection from/g) >= 50);
    await server.process.line(/more such lines were left out/);
    for (const client of served) client.close();
  });

  Deno.test(`${service}: --max-per-address bounds the connections of one address, and of no other`, async () => {
    await using directory = await tempDirectory();
    await using server = await serve(service, directory, ["--max-per-address", "3", "--host", "localhost"]);
    const first = await Promise.all(Array.from({ length: 3 }, () => TestClient.connect(server.port)));
    await until(async () => {
      using fourth = await TestClient.connect(server.port);
      return /^Error: too many connections from your address/.test(
        await fourth.line(1000).catch(() => "") ?? "",
      );
    }, "a refusal");
    using elsewhere = await TestClient.connect(server.port, "::1");
    const nothing = await elsewhere.line(200).then((line) => line, () => "still there");
    assertEquals(nothing, "still there");
    for (const client of first) client.close();
  });
}

Deno.test("echo: over --max-clients everybody is told over TLS as well", async () => {
  await using directory = await tempDirectory();
  const { certFile, keyFile, cert } = await makeCertificate(directory);
  await using server = await serve("echo", directory, [
    ...["--tls-cert", certFile, "--tls-key", keyFile, "--max-clients", "1"],
  ]);
  const connect = async () => {
    const conn = await Deno.connectTls({ hostname: "127.0.0.1", port: server.port, caCerts: [cert] });
    await conn.handshake();
    return new TestClient(conn);
  };
  using first = await connect();
  await first.send("in\n");
  assertEquals(await first.line(), "in");
  for (let round = 0; round < 20; round++) {
    using next = await connect();
    assertEquals(await next.rest(), FULL);
  }
});

Deno.test("chat: one stranger that comes back again and again is heard as often as ten members, and cuts off nobody", async () => {
  await using directory = await tempDirectory();
  await using server = await serve("chat", directory, ["--host", "localhost"]);
  const members: TestClient[] = [];
  for (let index = 0; index < 10; index++) {
    const member = await TestClient.connect(server.port, "::1");
    await member.send(`member-${index}\n`);
    members.push(member);
  }
  const [listener] = members;
  assert(listener !== undefined);
  const heard: string[] = [];
  const listening = (async () => {
    for (let line; (line = await listener.line().catch(() => null)) !== null;) heard.push(line);
  })();
  const started = performance.now();
  const flood = async (from: number) => {
    for (let round = 0; performance.now() - started < 2500; round++) {
      const client = await TestClient.connect(server.port);
      await client.send(`s${from}-${round}\n${"buy!\n".repeat(15)}quit\n`).catch(() => {});
      await client.rest().catch(() => {});
      client.close();
    }
  };
  await Promise.all(Array.from({ length: 8 }, (_, from) => flood(from)));
  const seconds = (performance.now() - started) / 1000;
  const said = heard.filter((line) => line.endsWith(": buy!")).length;
  const came = heard.filter((line) => line.endsWith("has joined the chat.")).length - 9;
  assert(said > 0 && said <= 200 + 100 * (seconds + 0.5), `${said} lines in ${seconds} s`);
  assert(came > 0 && came <= 8 + 20 + 5 * (seconds + 0.5), `${came} logins in ${seconds} s`);
  for (const member of members.slice(1)) {
    await member.send("/who\n");
    for (let line: string | null = ""; !/^In lobby:/.test(line);) {
      line = await member.line();
      assert(line !== null);
    }
  }
  for (const member of members) member.close();
  await listening;
  assertEquals(count(server.process.stderr, /./g), 0);
});

for (const service of [...TCP_SERVERS, "clock", "joke"]) {
  Deno.test(`${service}: SIGHUP drains the server as SIGTERM does, and it ends with 0`, async () => {
    await using directory = await tempDirectory();
    await using server = await serve(service, directory);
    const client = service === "clock" || service === "joke"
      ? undefined
      : await TestClient.connect(server.port);
    // Knock and calculator say nothing of who has only connected.
    await client?.send("hello\n");
    if (client !== undefined) await server.process.line(new RegExp(`${client.address}|SERVER RECEIVED`));
    server.process.kill("SIGHUP");
    const { code, stdout } = await server.process.ended();
    assertEquals(code, 0);
    assertMatch(stdout, /Shutting down server\.\.\.\n(.*\n)*Server shut down\.\n$/);
    if (client === undefined) return;
    assertEquals(count(stdout, new RegExp(`Connection lost with client: ${client.address}`, "g")), 1);
    await deadline(client.closed());
    client.close();
  });
}

import { assert, assertEquals, assertMatch } from "@std/assert";
import { makeCertificate, tempDirectory, TestClient, until } from "../_helpers.ts";
import { count, descriptors, type RunningServer, serve, talkOf } from "./_strangers.ts";

async function connectAll(port: number, clients: number): Promise<TestClient[]> {
  return await Promise.all(Array.from({ length: clients }, () => TestClient.connect(port)));
}

/**
 * Connections that a stranger opens to a TLS port: silent ones, and some that begin a handshake and go no
 * further.
 */
async function strangers(port: number, clients: number): Promise<TestClient[]> {
  const all = await connectAll(port, clients);
  const half = Uint8Array.of(0x16, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3);
  await Promise.all(
    all.filter((_, index) => index % 2 === 0).map((client) => client.send(half).catch(() => {})),
  );
  return all;
}

async function untilFewer(server: RunningServer, most: number, what: string): Promise<void> {
  await until(async () => await descriptors(server.process.pid) <= most, what);
}

for (const service of ["echo", "records"]) {
  Deno.test(`${service}: who never shakes hands is a client that counts, has its deadline, and gives its descriptor back`, async () => {
    await using directory = await tempDirectory();
    const { certFile, keyFile, cert } = await makeCertificate(directory);
    await using server = await serve(service, directory, [
      ...["--tls-cert", certFile, "--tls-key", keyFile],
      ...["--max-clients", "40", "--handshake-timeout-ms", "3000"],
    ]);
    const before = await descriptors(server.process.pid);
    const all = await strangers(server.port, 200);
    try {
      await until(async () => await descriptors(server.process.pid) >= before + 40, "the first of them");
      // Nobody of them has gone, and all descriptors are back.
      await untilFewer(server, before + 3, "the end of all handshakes");
      const conn = await Deno.connectTls({ hostname: "127.0.0.1", port: server.port, caCerts: [cert] });
      using client = new TestClient(conn);
      const [hello = ""] = talkOf(service);
      await client.send(`${hello}\n`);
      assertMatch(await client.line() ?? "", /^hello$|Client not found/);
      assertEquals(server.process.stderr, "");
    } finally {
      for (const client of all) client.close();
    }
  });
}

Deno.test("echo: TLS clients that are cut as slow give their descriptors back at once, though they stay", async () => {
  await using directory = await tempDirectory();
  const { certFile, keyFile, cert } = await makeCertificate(directory);
  await using server = await serve("echo", directory, [
    ...["--tls-cert", certFile, "--tls-key", keyFile, "--slow-client-ms", "300"],
  ]);
  const before = await descriptors(server.process.pid);
  const clients: Deno.TlsConn[] = [];
  const sending: Promise<unknown>[] = [];
  try {
    for (let index = 0; index < 3; index++) {
      const conn = await Deno.connectTls({ hostname: "127.0.0.1", port: server.port, caCerts: [cert] });
      clients.push(conn);
      // It sends until nothing goes any more, and reads nothing.
      const flood = async () => {
        const bytes = new Uint8Array(65536);
        while (true) await conn.write(bytes);
      };
      sending.push(flood().catch(() => {}));
    }
    await until(() => count(server.process.stdout, /Connection closed for/g) === 3, "the end of all");
    await untilFewer(server, before + 1, "their descriptors");
  } finally {
    for (const conn of clients) conn.close();
    await Promise.all(sending);
  }
});

/** What a stranger sends, again and again, that is no whole message. */
const NO_MESSAGE: readonly (readonly [service: string, piece: string])[] = [
  ["records", " "],
  ["records", "\r\n"],
  ["chat", "a"],
  ["calculator", "a"],
];

for (const [service, piece] of NO_MESSAGE) {
  Deno.test(`${service}: pieces of ${JSON.stringify(piece)} are no login, and keep nobody's place for long`, async () => {
    await using directory = await tempDirectory();
    await using server = await serve(
      service,
      directory,
      ["--max-clients", "5", "--login-timeout-ms", "600", "--idle-flush-ms", "0"].slice(
        0,
        service === "records" ? 4 : 6,
      ),
      service === "records" ? { AUTH_TOKEN: "s3cret" } : {},
    );
    const all = await connectAll(server.port, 5);
    let isOver = false;
    const trickling = all.map(async (client) => {
      while (!isOver) {
        await client.send(piece).catch(() => {});
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    });
    try {
      const heard = await Promise.all(all.map((client) => client.rest().catch(() => "")));
      assertMatch(heard.join(""), /you did not log in in time/);
      await until(async () => {
        using client = await TestClient.connect(server.port);
        await client.send('{"client_ID":"1","type":"auth","data":"s3cret"}\nann\n');
        return !(await client.line().catch(() => null) ?? "").startsWith("Server is full") ||
          service === "calculator";
      }, "a place");
    } finally {
      isOver = true;
      await Promise.all(trickling);
      for (const client of all) client.close();
    }
  });
}

Deno.test("records: who has shown the token stays, whatever the time for a login", async () => {
  await using directory = await tempDirectory();
  await using server = await serve("records", directory, ["--login-timeout-ms", "2000"], {
    AUTH_TOKEN: "s3cret",
  });
  using client = await TestClient.connect(server.port);
  await client.send('{"type":"auth","data":"s3cret"}\n');
  assertMatch(await client.line() ?? "", /Authenticated/);
  using late = await TestClient.connect(server.port);
  assertMatch(await late.rest(), /"type":"error".*log in in time/);
  await client.send('{"client_ID":"7","type":"read"}\n');
  assertMatch(await client.line() ?? "", /Client not found/);
});

Deno.test("records: wrong tokens are few a second by address, whatever the connections, and each is a line or counted", async () => {
  await using directory = await tempDirectory();
  await using server = await serve("records", directory, ["--max-clients", "100"], { AUTH_TOKEN: "s3cret" });
  const started = performance.now();
  let looked = 0;
  const tryTokens = async () => {
    using client = await TestClient.connect(server.port);
    for (let guess = 0; guess < 3; guess++) {
      await client.send(`{"type":"auth","data":"guess ${guess}"}\n`);
      if (/Wrong token/.test(await client.line() ?? "")) looked++;
    }
  };
  for (let round = 0; round < 20; round++) await Promise.all(Array.from({ length: 10 }, tryTokens));
  const seconds = (performance.now() - started) / 1000;
  assert(
    looked >= 5 && looked <= 5 + 5 * (seconds + 1),
    `${looked} wrong tokens were looked at in ${seconds} s`,
  );
  const warnings = count(server.process.stdout, /^\[WARN\] Refused 127\.0\.0\.1:\d+: (Wrong|Too many)/gm);
  assert(warnings >= 5 && warnings <= 50 + 5 * (seconds + 1), `${warnings} warnings of 600`);
  // The right one is served from elsewhere meanwhile, and from there in a moment.
  await until(async () => {
    using client = await TestClient.connect(server.port);
    await client.send('{"type":"auth","data":"s3cret"}\n');
    return /Authenticated/.test(await client.line() ?? "");
  }, "the right token");
  await server.process.line(/more such lines were left out/);
});

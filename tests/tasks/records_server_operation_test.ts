import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  deadline,
  makeCertificate,
  runTask,
  startTask,
  tempDirectory,
  TestClient,
  until,
} from "../_helpers.ts";
import {
  RecordsTestClient,
  recordText,
  stampAgo,
  startRecords,
  tree,
  writeDotEnv,
} from "../records/_server.ts";

const DONE = "File updated successfully.";

Deno.test("records server: after kill -9 under load, ten times, each acknowledged write is there, whole", async () => {
  await using server = await startRecords();
  /** What each client wrote last and had acknowledged, and what it wrote after that. */
  const written = new Map<string, { acknowledged: string; sent: string }>();
  let serial = 0;
  async function writeUntilKilled(client: RecordsTestClient, ids: readonly string[]): Promise<void> {
    for (let turn = 0;; turn++) {
      const id = ids[turn % ids.length] ?? "0";
      const sent = recordText(stampAgo(turn % 500), `${++serial} `.repeat(1 + (serial * 37) % 2000));
      const entry = written.get(id) ?? { acknowledged: "", sent };
      written.set(id, entry);
      entry.sent = sent;
      try {
        if ((await client.write(id, sent)).data !== DONE) throw new Error("not written");
      } catch {
        return;
      }
      entry.acknowledged = sent;
    }
  }
  for (let round = 0; round < 10; round++) {
    const clients = await Promise.all(Array.from({ length: 6 }, () => server.connect()));
    const before = serial;
    const writing = clients.map((client, at) =>
      writeUntilKilled(client, [`${at}`, `1000${at}`, `2000${at}`])
    );
    await until(() => serial > before + 20 + 13 * round, "some writes");
    await server.kill();
    await deadline(Promise.all(writing));
    for (const client of clients) client[Symbol.dispose]();
    // Readable even before anybody mends it.
    await server.records();
    await server.restart();
    const texts = new Map<string, string>();
    for await (const { name } of Deno.readDir(server.files)) {
      assertMatch(name, /^\d+\.txt$/);
      texts.set(name.slice(0, -4), await Deno.readTextFile(`${server.files}/${name}`));
    }
    for (const [id, { acknowledged, sent }] of written) {
      const text = texts.get(id) ?? "";
      assert(text === acknowledged || text === sent, `round ${round}, ${id}: ${text.slice(0, 200)}`);
      written.set(id, { acknowledged: text, sent: text });
    }
    const stamps = [...texts].map(([id, text]) => [id, text.slice(14, 33)] as const);
    assertEquals(await server.records(), Object.fromEntries(stamps));
    assertEquals((await tree(server.directory.path)).filter((name) => !name.startsWith("/files/")), [
      "/.env",
      "/.records.json.lock",
      "/records.json",
    ]);
  }
  assert(written.size === 18);
});

Deno.test("records server: old records get the present time, in file and record file, and a write meanwhile is kept", async () => {
  const old = stampAgo(5000);
  await using server = await startRecords({ UPDATE_TIMER: "1", UPDATE_TRESH: "1000" }, async (directory) => {
    const records: Record<string, string> = {};
    for (let id = 1; id <= 300; id++) {
      records[id] = old;
      await Deno.writeTextFile(directory.file(`files/${id}.txt`), recordText(old, `of ${id}`));
    }
    records[301] = stampAgo(100);
    await Deno.writeTextFile(directory.file("files/301.txt"), recordText(records[301], "fresh"));
    await Deno.writeTextFile(directory.file("records.json"), JSON.stringify(records));
  });
  using client = await server.connect();
  const before = stampAgo(1);
  await server.process.line("Updating files...");
  const mine = recordText(stampAgo(50), "mine");
  for (let id = 290; id <= 300; id++) assertEquals((await client.write(`${id}`, mine)).data, DONE);
  await server.process.line("Files updated.");
  const lines = server.process.stdout.split("\n");
  assert(lines.includes("File of client 1 updated."));
  assert(!lines.includes("File of client 301 updated."));
  const records = await server.records();
  for (let id = 1; id <= 301; id++) {
    const text = await Deno.readTextFile(`${server.files}/${id}.txt`);
    assertEquals(text.slice(14, 33), records[id]);
    if (id >= 290 && id <= 300) assertEquals(text, mine);
    else if (id === 301) assertEquals(text, recordText(records[301] ?? "", "fresh"));
    else {
      assertEquals(text, recordText(records[id] ?? "", `of ${id}`));
      assert((records[id] ?? "") >= before, records[id]);
    }
  }
});

Deno.test("records server: a refresh of the few that are due among 100,000 goes on beside requests", async () => {
  const old = stampAgo(5000);
  const fresh = stampAgo(60);
  await using server = await startRecords({ UPDATE_TIMER: "2", UPDATE_TRESH: "3000" }, (directory) => {
    const records: Record<string, string> = {};
    for (let id = 0; id < 100_000; id++) {
      const stamp = id % 500 === 0 ? old : fresh;
      records[`5${id}`] = stamp;
      Deno.writeTextFileSync(directory.file(`files/5${id}.txt`), recordText(stamp, `${id}`));
    }
    Deno.writeTextFileSync(directory.file("records.json"), JSON.stringify(records));
  });
  using client = await server.connect();
  assertEquals((await client.ask({ type: "info" })).data, {
    connections: 1,
    max_connections: 10,
    records: 100_000,
  });
  let isOver = false;
  const over = (async () => {
    await server.process.line("Updating files...");
    await server.process.line("Files updated.");
    isOver = true;
  })();
  let reads = 0;
  while (!isOver) {
    const id = (reads++ * 7919) % 100_000;
    const { data } = await client.read(`5${id}`);
    assert(typeof data === "string" && data.endsWith(`Reason: ${id}\n`));
  }
  await over;
  const updated = server.process.stdout.match(/^File of client \d+ updated\.$/gm) ?? [];
  assertEquals(updated.length, 200);
  assert(reads > 10);
  const records = Object.values(await server.records());
  assertEquals(records.length, 100_000);
  assertEquals(records.filter((stamp) => stamp === fresh).length, 99_800);
  assertEquals(records.filter((stamp) => stamp > fresh).length, 200);
});

Deno.test("records server: with a token, nothing is served before it, and three wrong tries end the connection", async () => {
  await using server = await startRecords({ AUTH_TOKEN: "open sesame" });
  using right = await server.connect();
  const refused = await right.ask({ client_ID: "1", type: "write", data: "x" });
  assertEquals(refused, {
    client_ID: "1",
    type: "error",
    data: "Authenticate first: send the auth request.",
  });
  assertEquals((await right.ask({ type: "auth", data: "open sesame" })).type, "success");
  assertEquals((await right.write("1", "x")).data, DONE);
  using wrong = await server.connect();
  for (const token of ["", "open", "open sesame "]) {
    assertEquals(await wrong.ask({ type: "auth", data: token }), {
      client_ID: null,
      type: "error",
      data: "Wrong token.",
    });
  }
  await wrong.raw.closed();
  using stranger = await server.connect();
  await stranger.send(
    '{"client_ID":"1","type":"read"}\nnot json\n{"type":"info"}{"client_ID":"1","type":"write","data":"lost"}',
  );
  const lines = (await stranger.raw.rest()).trim().split("\n");
  assertEquals(lines.map((line) => JSON.parse(line).type), ["error", "error", "error"]);
  assertEquals((await right.read("1")).data, "x");
  assertEquals((await right.ask({ type: "info" })).type, "info");
});

Deno.test(
  "records server: with a certificate it speaks TLS, and to nobody who does not",
  async () => {
    let cert = "";
    await using server = await startRecords(
      { TLS_CERT: "cert.pem", TLS_KEY: "key.pem" },
      async (directory) => {
        ({ cert } = await makeCertificate(directory));
      },
    );
    const connect = () => Deno.connectTls({ hostname: "localhost", port: server.port, caCerts: [cert] });
    using client = new RecordsTestClient(new TestClient(await deadline(connect())));
    const text = recordText(stampAgo(0), "secret".repeat(10_000));
    assertEquals((await client.write("1", text)).data, DONE);
    assertEquals((await client.read("1")).data, text);
    using plain = await server.connect();
    await plain.send({ type: "info" });
    await plain.raw.closed();
    assertEquals((await client.ask({ type: "info" })).type, "info");
  },
);

Deno.test("records server: an idle client is closed at its timeout, one that speaks is not", async () => {
  await using server = await startRecords({ CLIENT_TIMEOUT: "1.5" });
  using idle = await server.connect();
  using busy = await server.connect();
  const { address } = idle.raw;
  const closed = idle.raw.closed();
  let isClosed = false;
  closed.then(() => isClosed = true);
  while (!isClosed) {
    assertEquals((await busy.ask({ type: "info" })).type, "info");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await server.process.line(`Connection lost with client: ${address}`);
  assertEquals((await busy.ask({ type: "info" })).type, "info");
});

Deno.test("records server: MAX_CONNECTION holds, the one over it is told, and a place that is left is free again", async () => {
  await using server = await startRecords({ MAX_CONNECTION: "3" });
  const clients = [await server.connect(), await server.connect(), await server.connect()];
  for (const client of clients) await client.ask({ type: "info" });
  using over = await server.connect();
  assertEquals(await over.raw.rest(), "Server is full. Please try again later.\n");
  await server.process.line(`Server full. Rejected connection from ${over.raw.address}`);
  assertEquals((await clients[0]?.ask({ type: "info" }))?.data, {
    connections: 3,
    max_connections: 3,
    records: 0,
  });
  const address = clients[2]?.raw.address;
  clients[2]?.[Symbol.dispose]();
  await server.process.line(`Connection lost with client: ${address}`);
  using next = await server.connect();
  assertEquals((await next.ask({ type: "info" })).type, "info");
  for (const client of clients) client[Symbol.dispose]();
});

Deno.test("records server: a client that reads nothing is not waited for", async () => {
  await using server = await startRecords({ RECORDS_SLOW_CLIENT_MS: "500" });
  using slow = await server.connect();
  using other = await server.connect();
  await other.write("1", "x".repeat(60_000));
  const request = JSON.stringify({ client_ID: "1", type: "read" });
  const flood = (async () => {
    try {
      for (let turn = 0; turn < 2000; turn++) await slow.send(request);
    } catch {
      // The server has closed.
    }
  })();
  for (let turn = 0; turn < 20; turn++) assertEquals((await other.write("2", `${turn}`)).data, DONE);
  await server.process.line(`Connection lost with client: ${slow.raw.address}`);
  assertEquals((await other.ask({ type: "info" })).data, { connections: 1, max_connections: 10, records: 2 });
  slow[Symbol.dispose]();
  await flood;
});

/** The present time as a client in a time zone stamps it. */
function stampIn(timeZone: string): string {
  return new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short", timeStyle: "medium" }).format();
}

for (const [TZ, zone] of [["UTC", "UTC"], ["Asia/Tokyo", "Asia/Tokyo"], ["JST-9", "Asia/Tokyo"]] as const) {
  Deno.test(`records server: with TZ=${TZ}, stamps of a clock that is ahead, and of the year 9999, are refreshed`, async () => {
    await using directory = await tempDirectory();
    const stamps: Record<string, string> = {
      1: stampIn("Pacific/Kiritimati"),
      2: "9999-12-31 23:59:59",
      3: stampIn(zone),
    };
    for (const [id, stamp] of Object.entries(stamps)) {
      await Deno.writeTextFile(directory.file(`${id}.txt`), recordText(stamp, id));
    }
    await Deno.writeTextFile(directory.file("records.json"), JSON.stringify(stamps));
    const settings = { FILE_PATH: ".", RECORD_PATH: ".", UPDATE_TIMER: "0.5", UPDATE_TRESH: "3600" };
    await writeDotEnv(directory, { SERVER_PORT: "0", SERVER_HOST: "127.0.0.1", ...settings });
    const before = stampIn(zone);
    await using server = startTask("records:server", [], { cwd: directory.path, env: { TZ } });
    const isUpdated = (id: string) => server.stdout.includes(`File of client ${id} updated.`);
    await until(() => isUpdated("1") && isUpdated("2"), "both updates");
    await server.line("Files updated.");
    const after = stampIn(zone);
    for (const id of ["1", "2"]) {
      const [first = ""] = (await Deno.readTextFile(directory.file(`${id}.txt`))).split("\n");
      const refreshed = first.replace("Last updated: ", "");
      assert(before <= refreshed && refreshed <= after, `${before} <= ${first} <= ${after}`);
    }
    assert(!server.stdout.includes("File of client 3 updated."), server.stdout);
  });
}

Deno.test("records server: each mistake in .env names its key and what it takes, exit 2", async () => {
  await using directory = await tempDirectory();
  await makeCertificate(directory);
  const fine = { SERVER_PORT: "0", FILE_PATH: ".", RECORD_PATH: "." };
  const cases: [Record<string, string>, RegExp][] = [
    [{ RECORD_PATH: "." }, /FILE_PATH is missing: it takes the folder of the client files/],
    [{ FILE_PATH: "." }, /RECORD_PATH is missing: it takes the folder of the record file/],
    [{ ...fine, FILE_PATH: "" }, /FILE_PATH is missing/],
    [{ ...fine, FILE_PATH: "nowhere" }, /FILE_PATH: "nowhere" is not there: it takes a folder that exists/],
    [{ ...fine, FILE_PATH: ".env" }, /FILE_PATH: ".env" is not there: it takes a folder that exists/],
    [
      { ...fine, RECORD_PATH: "no/where" },
      /RECORD_PATH: "no\/where" is not there: it takes a folder that exists/,
    ],
    [{ ...fine, SERVER_PORT: "port" }, /SERVER_PORT in .env: "port" is not a port \(0 to 65535\)/],
    [{ ...fine, SERVER_PORT: "65536" }, /SERVER_PORT in .env: "65536" is not a port \(0 to 65535\)/],
    [{ ...fine, SERVER_PORT: "" }, /SERVER_PORT in .env needs a value: a port \(0 to 65535\)/],
    [{ ...fine, SERVER_HOST: "" }, /SERVER_HOST in .env needs a value: a text/],
    [{ ...fine, MAX_CONNECTION: "many" }, /MAX_CONNECTION in .env: "many" is not a whole number/],
    [{ ...fine, MAX_CONNECTION: "0" }, /MAX_CONNECTION in .env: 0 is out of range: it takes 1 or more/],
    [{ ...fine, UPDATE_TIMER: "soon" }, /UPDATE_TIMER in .env: "soon" is not a number/],
    [{ ...fine, UPDATE_TIMER: "0" }, /UPDATE_TIMER in .env: 0 is out of range: it takes 0.1 to 2000000/],
    [
      { ...fine, UPDATE_TRESH: "-1" },
      /UPDATE_TRESH in .env: "-1" is not a number|UPDATE_TRESH in .env: -1 is out of range/,
    ],
    // A threshold of a year is fine; a timer could not be so long.
    [
      { ...fine, UPDATE_TRESH: "10000000001" },
      /UPDATE_TRESH in .env: 10000000001 is out of range: it takes 0 to 10000000000/,
    ],
    [{ ...fine, UPDATE_THRESHOLD: "old" }, /UPDATE_THRESHOLD in .env: "old" is not a number/],
    [{ ...fine, RECORD_FILE: "a/b.json" }, /RECORD_FILE in .env: "a\/b.json" is not the name of a file/],
    [{ ...fine, RECORD_FILE: "7.txt" }, /RECORD_FILE in .env: "7.txt" is not the name of a file/],
    [{ ...fine, CLIENT_TIMEOUT: "x" }, /CLIENT_TIMEOUT in .env: "x" is not a number/],
    [{ ...fine, MAX_DATA_BYTES: "64k" }, /MAX_DATA_BYTES in .env: "64k" is not a whole number/],
    [{ ...fine, TLS_CERT: "cert.pem" }, /TLS_KEY is missing: with TLS_CERT it takes a file/],
    [{ ...fine, TLS_KEY: "key.pem" }, /TLS_CERT is missing: with TLS_KEY it takes a file/],
    [
      { ...fine, TLS_CERT: ".env", TLS_KEY: ".env" },
      /TLS_CERT: ".env" holds no certificate: it takes a file with one \(PEM\)/,
    ],
    [
      { ...fine, TLS_CERT: "cert.pem", TLS_KEY: "cert.pem" },
      /TLS_KEY: "cert.pem" holds no private key: it takes a file with one \(PEM\)/,
    ],
    [
      { ...fine, TLS_CERT: "no.pem", TLS_KEY: "no.pem" },
      /TLS_CERT: "no.pem" is not there: it takes a file that exists/,
    ],
  ];
  for (const [settings, message] of cases) {
    await writeDotEnv(directory, settings);
    const { code, stdout, stderr } = await runTask("records:server", [], { cwd: directory.path });
    assertMatch(stderr, message);
    assertEquals([code, stdout], [2, ""], JSON.stringify(settings));
  }
});

Deno.test("records server: a flag beats the environment, which beats .env", async () => {
  await using directory = await tempDirectory();
  await writeDotEnv(directory, { SERVER_PORT: "bad", FILE_PATH: ".", RECORD_PATH: ".", MAX_CONNECTION: "7" });
  const env = { SERVER_PORT: "worse" };
  const inDotEnv = await runTask("records:server", [], { cwd: directory.path });
  assertMatch(inDotEnv.stderr, /SERVER_PORT in .env: "bad"/);
  const inEnv = await runTask("records:server", [], { cwd: directory.path, env });
  assertMatch(inEnv.stderr, /SERVER_PORT: "worse"/);
  const asFlag = await runTask("records:server", ["--port", "worst"], { cwd: directory.path, env });
  assertMatch(asFlag.stderr, /--port: "worst"/);
});

Deno.test("records server: a second one on the same port leaves the first one's files alone, one line, exit 1", async () => {
  await using server = await startRecords();
  using client = await server.connect();
  await client.write("1", "x");
  const before = await tree(server.directory.path);
  const args = [
    "--port",
    `${server.port}`,
    "--file-path",
    server.files,
    "--record-path",
    server.directory.path,
  ];
  const { code, stdout, stderr } = await runTask("records:server", args);
  assertEquals([code, stdout], [1, ""]);
  assertMatch(stderr, /^\[ERROR\] .*(in use|address).*\n$/i);
  assert(before.includes("/.records.json.journal"));
  assertEquals((await client.read("1")).data, "x");
});

Deno.test("records server: .env.example has every key of the spec, and starts a server", async () => {
  await using directory = await tempDirectory();
  const example = await Deno.readTextFile(new URL("../../.env.example", import.meta.url));
  for (
    const key
      of "SERVER_PORT SERVER_HOST MAX_CONNECTION UPDATE_TIMER UPDATE_TRESH FILE_PATH RECORD_PATH RECORD_FILE CLIENT_TIMEOUT AUTH_TOKEN TLS_CERT TLS_KEY MAX_DATA_BYTES"
        .split(" ")
  ) {
    assertMatch(example, new RegExp(`^#?${key}=`, "m"));
  }
  await Deno.writeTextFile(directory.file(".env"), example.replace(/^SERVER_PORT=.*$/m, "SERVER_PORT=0"));
  await using server = startTask("records:server", [], { cwd: directory.path });
  await server.line("Server host: localhost");
  await server.line("Server max connections: 10");
});

import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  available,
  deadline,
  makeCertificate,
  runTask,
  startTask,
  tempFolder,
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
const HAS_PYTHON = await available("python3", "--version");

Deno.test("records server: it says where it listens, who comes, what is written, who goes, and that it stops", async () => {
  await using server = await startRecords();
  const { process, port } = server;
  await process.line("Server host: 127.0.0.1");
  await process.line("Server max connections: 10");
  await process.line("Press Ctrl+C to quit.");
  const client = await server.connect();
  const { address } = client.raw;
  await client.write("150210710", recordText(stampAgo(0), "x"));
  client[Symbol.dispose]();
  await process.line(`Connection lost with client: ${address}`);
  using second = await server.connect();
  await second.ask({ type: "info" });
  process.kill("SIGINT");
  await second.raw.closed();
  const { code, stdout, stderr } = await process.ended();
  assertEquals(stdout.split("\n"), [
    `The server is ready to receive on port ${port}.`,
    "Server host: 127.0.0.1",
    "Server max connections: 10",
    "Press Ctrl+C to quit.",
    `Connection established with ${address}`,
    "Handling write request of client: 150210710",
    `Connection lost with client: ${address}`,
    `Connection established with ${second.raw.address}`,
    "Server stopped with user keyboard interrupt.",
    "Shutting down server...",
    `Connection lost with client: ${second.raw.address}`,
    "Server shut down.",
    "",
  ]);
  assertEquals(stderr, "");
  assertEquals(code, 0);
});

Deno.test("records server: SIGTERM stops it too, with what was acknowledged on disk and no journal", async () => {
  await using server = await startRecords();
  using client = await server.connect();
  await client.write("7", recordText(stampAgo(0), "x"));
  server.process.kill("SIGTERM");
  const { code, stdout } = await server.process.ended();
  assertEquals(code, 0);
  assert(!stdout.includes("keyboard interrupt"));
  assertEquals(await tree(server.folder.path), ["/.env", "/files/7.txt", "/records.json"]);
});

Deno.test("records server: what is written is stored under the client's id, stands in the record file, and is read", async () => {
  await using server = await startRecords();
  using client = await server.connect();
  const stamp = stampAgo(3);
  const text = recordText(stamp, "first");
  assertEquals(await client.write("150210710", text), {
    client_ID: "150210710",
    type: "success",
    data: DONE,
  });
  assertEquals(await Deno.readTextFile(`${server.files}/150210710.txt`), text);
  assertEquals(await server.records(), { "150210710": stamp });
  assertEquals(await client.read("150210710"), { client_ID: "150210710", type: "success", data: text });
  assertEquals(await client.read("8"), { client_ID: "8", type: "error", data: "Client not found." });
  await client.write("150210710", "short");
  assertEquals(await Deno.readTextFile(`${server.files}/150210710.txt`), "short");
  using other = await server.connect();
  await other.write("00150210710", text);
  assertEquals(await client.ask({ client_ID: "1", type: "info", data: "" }), {
    client_ID: "1",
    type: "info",
    data: { connections: 2, max_connections: 10, records: 2 },
  });
});

Deno.test(
  "records server: a client that sends one object without a delimiter and reads once has its answer",
  { ignore: !HAS_PYTHON },
  async () => {
    await using server = await startRecords();
    const script = `
import json, socket, sys
def ask(request):
    with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as s:
        s.send(json.dumps(request).encode())
        return json.loads(s.recv(4096).decode())
print(json.dumps(ask({"client_ID": "150210710", "type": "write", "data": "Last updated: 2024-03-18 13:14:33\\nName: Zo\\u00eb\\n"})))
print(json.dumps(ask({"client_ID": "150210710", "type": "read"})))
print(json.dumps(ask({"client_ID": "150210710", "type": "info", "data": None})))
`;
    const { stdout, stderr } = await new Deno.Command("python3", { args: ["-c", script, `${server.port}`] })
      .output();
    assertEquals(new TextDecoder().decode(stderr), "");
    const [written, read, info] = new TextDecoder().decode(stdout).trim().split("\n").map((line) =>
      JSON.parse(line)
    );
    assertEquals(written.data, DONE);
    assertEquals(read.data, "Last updated: 2024-03-18 13:14:33\nName: Zo\u00eb\n");
    assertEquals(info.data, { connections: 1, max_connections: 10, records: 1 });
  },
);

Deno.test("records server: a request is found wherever it is split", async () => {
  await using server = await startRecords();
  using client = await server.connect();
  const request = (turn: number) =>
    JSON.stringify({ client_ID: "7", type: "write", data: `{"\u00e9\\" ${turn}` });
  const { length } = new TextEncoder().encode(request(100));
  for (let at = 1; at < length; at++) {
    const bytes = new TextEncoder().encode(request(100 + at));
    await client.raw.send(bytes.slice(0, at));
    // So that the two parts are two packets.
    await new Promise((resolve) => setTimeout(resolve, 1));
    await client.raw.send(bytes.slice(at));
    assertEquals((await client.answer()).data, DONE);
  }
  for (const byte of new TextEncoder().encode(request(900))) await client.raw.send(Uint8Array.of(byte));
  assertEquals((await client.answer()).data, DONE);
  assertEquals((await client.read("7")).data, `{"\u00e9\\" 900`);
});

Deno.test("records server: twenty requests in one packet are answered in order, with or without space between", async () => {
  await using server = await startRecords();
  using client = await server.connect();
  const separators = ["", " ", "\n", "\r\n", "\t\n \n"];
  const requests = Array.from({ length: 20 }, (_, turn) => {
    const client_ID = `${turn % 4}`;
    const request = turn % 3 === 2
      ? { client_ID, type: "read" }
      : { client_ID, type: "write", data: `turn ${turn}` };
    return JSON.stringify(request) + separators[turn % separators.length];
  });
  await client.send(requests.join(""));
  for (let turn = 0; turn < 20; turn++) {
    const { client_ID, data } = await client.answer();
    assertEquals(client_ID, `${turn % 4}`);
    if (turn % 3 !== 2) assertEquals(data, DONE);
  }
  assertEquals((await client.read("3")).data, "turn 19");
  // A count sees all that was asked for before it.
  await client.send(
    requests.join("") + JSON.stringify({ client_ID: "99", type: "write", data: "x" }) + '{"type":"info"}',
  );
  let last;
  for (let turn = 0; turn < 22; turn++) last = await client.answer();
  assertEquals(last?.data, { connections: 1, max_connections: 10, records: 5 });
});

Deno.test("records server: a client that asks without waiting has all answers, in order, however long they are", async () => {
  await using server = await startRecords();
  using client = await server.connect();
  for (const id of [1, 2, 3]) await client.write(`${id}`, `${id}`.repeat(60_000));
  const ids = Array.from({ length: 300 }, (_, turn) => `${1 + (turn * 7) % 3}`);
  const sent = client.send(ids.map((client_ID) => JSON.stringify({ client_ID, type: "read" })).join(""));
  for (const id of ids) assertEquals((await client.answer()).data, id.repeat(60_000));
  await sent;
});

Deno.test("records server: a client that has ended its sending half is still answered, all of it", async () => {
  await using server = await startRecords();
  using client = await server.connect();
  await client.send('{"client_ID":"1","type":"write","data":"x"}{"client_ID":"1","type":"read"}{"type":"inf');
  await client.raw.closeWrite();
  const lines = (await client.raw.rest()).trim().split("\n").map((line) => JSON.parse(line).data);
  assertEquals(lines, [DONE, "x", "Not JSON: it ends in the middle"]);
});

Deno.test("records server: text with braces, quotes, escapes and every script comes back as it was sent", async () => {
  await using server = await startRecords();
  using client = await server.connect();
  const texts = [
    '}{"client_ID": "2", "type": "write", "data": "no"}',
    '\\"\\\\"}]\\u0041\n\r\n\t',
    "\u0000\u0001\u001f\u007f\u2028\u2029",
    "Ελληνικά Кириллица עברית العربية हिन्दी 中文 日本語 한국어 ไทย አማርኛ \u{1f468}\u200d\u{1f469}\u200d\u{1f467} \u{10ffff}",
    "\uFEFFLast updated",
    "",
    "x".repeat(65_536),
    "\u0001".repeat(65_536),
  ];
  for (const text of texts) {
    assertEquals((await client.write("1", text)).data, DONE);
    assertEquals((await client.read("1")).data, text);
    assertEquals(await Deno.readTextFile(`${server.files}/1.txt`), text);
  }
  assertEquals(await tree(server.files), ["/1.txt"]);
});

Deno.test("records server: bad input is told what is wrong with it, and the connection goes on", async () => {
  await using server = await startRecords({ MAX_DATA_BYTES: "100" });
  using client = await server.connect();
  const cases: [string, string][] = [
    ["hello\n", 'Not JSON: unexpected "h" at byte 0'],
    ['{"client_ID": "1", "type": read}\n', 'Not JSON: unexpected "r" at byte 27'],
    ["[1, 2]", "A request must be a JSON object."],
    ['{"client_ID": "1"}', "type is missing."],
    ['{"client_ID": "1", "type": "erase"}', "type must be read, write, info or auth."],
    ['{"type": "read"}', "client_ID is missing."],
    ['{"client_ID": 1, "type": "read"}', "client_ID must be 1 to 20 digits, as a string."],
    ['{"client_ID": "1", "type": "write"}', "data is missing."],
    ['{"client_ID": "1", "type": "write", "data": 5}', "data must be a string."],
    [
      `{"client_ID": "1", "type": "write", "data": "${"x".repeat(101)}"}`,
      "data is over the limit of 100 bytes.",
    ],
    [`{"client_ID": "1", "type": "write", "data": "${"x".repeat(2000)}"}`, "Too long: more than 1624 bytes"],
  ];
  for (const [request, message] of cases) {
    const { type, data } = await client.ask(request);
    assertEquals([type, data], ["error", message]);
  }
  const tail = Uint8Array.of(...new TextEncoder().encode('{"a":"'), 0xff, ...new TextEncoder().encode('"}'));
  assertEquals((await client.ask(tail)).data, "Not JSON: it is not UTF-8");
  assertEquals((await client.write("1", "fine")).data, DONE);
});

Deno.test("records server: 3 MB without an end is an error, and costs neither the connection nor anybody else", async () => {
  await using server = await startRecords();
  using client = await server.connect();
  using other = await server.connect();
  await client.send('{"client_ID":"1","type":"write","data":"');
  const part = "x".repeat(100_000);
  for (let sent = 0; sent < 3_000_000; sent += part.length) {
    await client.send(part);
    if (sent === 1_500_000) assertEquals((await other.write("2", "meanwhile")).data, DONE);
  }
  const { type, data } = await client.answer();
  assertEquals([type, data], ["error", "Too long: more than 394240 bytes"]);
  await client.send('"}');
  assertEquals((await client.write("1", "fine")).data, DONE);
  assertEquals(await tree(server.files), ["/1.txt", "/2.txt"]);
});

Deno.test("records server: tricks in client_ID leave no trace on the disk", async () => {
  await using server = await startRecords();
  using client = await server.connect();
  await client.write("1", "mine");
  const before = await tree(server.folder.path);
  const tricks: unknown[] = [
    "../x",
    "../../x",
    "1/2",
    "1\\2",
    "/etc/x",
    "__proto__",
    "constructor",
    "1\u0000",
    "\u0000",
    "",
    ".",
    "..",
    " 1",
    "1\n",
    "\u0661",
    "1".repeat(21),
    "1".repeat(10_000),
    1,
    1e21,
    null,
    true,
    ["1"],
    { "1": "1" },
  ];
  for (const client_ID of tricks) {
    const { type, client_ID: echoed } = await client.ask({ client_ID, type: "write", data: "x" });
    assertEquals([type, echoed], ["error", null], JSON.stringify(client_ID));
  }
  const { type } = await client.ask('{"__proto__": {"client_ID": "5"}, "type": "write", "data": "x"}');
  assertEquals(type, "error");
  await client.write("1", "mine again");
  assertEquals((await client.ask({ type: "info" })).data, {
    connections: 1,
    max_connections: 10,
    records: 1,
  });
  assertEquals(Object.keys(await server.records()), ["1"]);
  assertEquals(
    (await tree(server.folder.path)).filter((name) => !name.endsWith(".journal")),
    before.filter((name) => !name.endsWith(".journal")),
  );
  assertEquals((await tree(`${server.folder.path}/..`)).filter((name) => /\/x$/.test(name)), []);
});

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
    assertEquals((await tree(server.folder.path)).filter((name) => !name.startsWith("/files/")), [
      "/.env",
      "/.records.json.lock",
      "/records.json",
    ]);
  }
  assert(written.size === 18);
});

Deno.test("records server: old records get the present time, in file and record file, and a write meanwhile is kept", async () => {
  const old = stampAgo(5000);
  await using server = await startRecords({ UPDATE_TIMER: "1", UPDATE_TRESH: "1000" }, async (folder) => {
    const records: Record<string, string> = {};
    for (let id = 1; id <= 300; id++) {
      records[id] = old;
      await Deno.writeTextFile(folder.file(`files/${id}.txt`), recordText(old, `of ${id}`));
    }
    records[301] = stampAgo(100);
    await Deno.writeTextFile(folder.file("files/301.txt"), recordText(records[301], "fresh"));
    await Deno.writeTextFile(folder.file("records.json"), JSON.stringify(records));
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
  await using server = await startRecords({ UPDATE_TIMER: "2", UPDATE_TRESH: "3000" }, (folder) => {
    const records: Record<string, string> = {};
    for (let id = 0; id < 100_000; id++) {
      const stamp = id % 500 === 0 ? old : fresh;
      records[`5${id}`] = stamp;
      Deno.writeTextFileSync(folder.file(`files/5${id}.txt`), recordText(stamp, `${id}`));
    }
    Deno.writeTextFileSync(folder.file("records.json"), JSON.stringify(records));
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
    await using server = await startRecords({ TLS_CERT: "cert.pem", TLS_KEY: "key.pem" }, async (folder) => {
      ({ cert } = await makeCertificate(folder));
    });
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

Deno.test("records server: each mistake in .env names its key and what it takes, exit 2", async () => {
  await using folder = await tempFolder();
  await makeCertificate(folder);
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
    await writeDotEnv(folder, settings);
    const { code, stdout, stderr } = await runTask("records:server", [], { cwd: folder.path });
    assertMatch(stderr, message);
    assertEquals([code, stdout], [2, ""], JSON.stringify(settings));
  }
});

Deno.test("records server: a flag beats the environment, which beats .env", async () => {
  await using folder = await tempFolder();
  await writeDotEnv(folder, { SERVER_PORT: "bad", FILE_PATH: ".", RECORD_PATH: ".", MAX_CONNECTION: "7" });
  const env = { SERVER_PORT: "worse" };
  const inDotEnv = await runTask("records:server", [], { cwd: folder.path });
  assertMatch(inDotEnv.stderr, /SERVER_PORT in .env: "bad"/);
  const inEnv = await runTask("records:server", [], { cwd: folder.path, env });
  assertMatch(inEnv.stderr, /SERVER_PORT: "worse"/);
  const asFlag = await runTask("records:server", ["--port", "worst"], { cwd: folder.path, env });
  assertMatch(asFlag.stderr, /--port: "worst"/);
});

Deno.test("records server: a second one on the same port leaves the first one's files alone, one line, exit 1", async () => {
  await using server = await startRecords();
  using client = await server.connect();
  await client.write("1", "x");
  const before = await tree(server.folder.path);
  const args = ["--port", `${server.port}`, "--file-path", server.files, "--record-path", server.folder.path];
  const { code, stdout, stderr } = await runTask("records:server", args);
  assertEquals([code, stdout], [1, ""]);
  assertMatch(stderr, /^\[ERROR\] .*(in use|address).*\n$/i);
  assert(before.includes("/.records.json.journal"));
  assertEquals((await client.read("1")).data, "x");
});

Deno.test("records server: .env.example has every key of the spec, and starts a server", async () => {
  await using folder = await tempFolder();
  const example = await Deno.readTextFile(new URL("../../.env.example", import.meta.url));
  for (
    const key
      of "SERVER_PORT SERVER_HOST MAX_CONNECTION UPDATE_TIMER UPDATE_TRESH FILE_PATH RECORD_PATH RECORD_FILE CLIENT_TIMEOUT AUTH_TOKEN TLS_CERT TLS_KEY MAX_DATA_BYTES"
        .split(" ")
  ) {
    assertMatch(example, new RegExp(`^${key}=`, "m"));
  }
  await Deno.writeTextFile(folder.file(".env"), example.replace(/^SERVER_PORT=.*$/m, "SERVER_PORT=0"));
  await using server = startTask("records:server", [], { cwd: folder.path });
  await server.line("Server host: localhost");
  await server.line("Server max connections: 10");
});

import { assert, assertEquals } from "@std/assert";
import { available } from "../_helpers.ts";
import { recordText, stampAgo, startRecords, tree } from "../records/_server.ts";

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
  assertEquals(await tree(server.directory.path), ["/.env", "/files/7.txt", "/records.json"]);
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
  const before = await tree(server.directory.path);
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
    (await tree(server.directory.path)).filter((name) => !name.endsWith(".journal")),
    before.filter((name) => !name.endsWith(".journal")),
  );
  // What is below it are directories of other tests, which come and go.
  const beside = [...Deno.readDirSync(`${server.directory.path}/..`)].map(({ name }) => name);
  assertEquals(beside.includes("x"), false);
});

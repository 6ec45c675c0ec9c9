import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  available,
  makeCertificate,
  runTask,
  startProcess,
  startTask,
  tempDirectory,
  TestClient,
} from "../_helpers.ts";
import { Crowd, startEditor, startPython } from "../editor/_play.ts";

const hasPython = await available("python3", "--version");
const hasNetcat = await available("nc", "-h");
const hasOpenssl = await available("openssl", "version");

Deno.test("editor server: says what it did with the file, then where it listens", async () => {
  await using directory = await tempDirectory();
  for (const created of ["[INFO] Created temp.txt file\n", ""]) {
    await using play = await startEditor(directory);
    assertEquals(
      play.server.stdout,
      `${created}[INFO] Loaded existing content from temp.txt\n[INFO] Server listening on port ${play.port}\n`,
    );
    play.server.kill("SIGTERM");
    assertEquals((await play.server.ended()).code, 0);
  }
});

Deno.test("editor server: tells what clients do, and sends an update to all but its sender", async () => {
  await using directory = await tempDirectory();
  await Deno.writeTextFile(directory.file("notes.txt"), "first\n");
  await using play = await startEditor(directory, "--file", "notes.txt");
  using a = await TestClient.connect(play.port);
  assertEquals(await a.line(), "first");
  using b = await TestClient.connect(play.port);
  assertEquals(await b.line(), "first");
  await a.send("hello\n");
  assertEquals(await b.line(), "hello");
  await b.send("hello\r\nto you\n");
  assertEquals(await a.line(), "hello");
  assertEquals(await a.line(), "to you");
  assertEquals(await Deno.readTextFile(directory.file("notes.txt")), "first\nhello\nhello\nto you\n");
  a.close();
  await play.server.line(`[INFO] Client ${a.address} disconnected`);
  const said = play.server.stdout.split("\n").slice(2, -1);
  assertEquals(said, [
    `[INFO] New client connected: ${a.address}`,
    `[INFO] Sent current document to client ${a.address}`,
    `[INFO] New client connected: ${b.address}`,
    `[INFO] Sent current document to client ${b.address}`,
    `[INFO] Received update from client ${a.address}: hello`,
    "[INFO] Broadcasting update to all clients",
    `[INFO] Received update from client ${b.address}: hello`,
    `[INFO] Received update from client ${b.address}: to you`,
    "[INFO] Broadcasting update to all clients",
    "[INFO] Broadcasting update to all clients",
    `[INFO] Client ${a.address} disconnected`,
  ]);
});

Deno.test("editor server: an empty document is sent as nothing", async () => {
  await using directory = await tempDirectory();
  await using play = await startEditor(directory);
  using client = await TestClient.connect(play.port);
  await play.server.line(`Sent current document to client ${client.address}`);
  await client.closeWrite();
  assertEquals(await client.rest(), "");
});

Deno.test("editor server: a client that only asks gets the whole document, however long", async () => {
  await using directory = await tempDirectory();
  const document = `${"a line of the document\n".repeat(400_000)}and one with no end`;
  await Deno.writeTextFile(directory.file("temp.txt"), document);
  await using play = await startEditor(directory);
  using client = await Crowd.join(play.port);
  await client.conn.closeWrite();
  await client.ended();
  assert(client.text === document);
});

Deno.test("editor server: no document and no update is too long for a queue that is shorter", async () => {
  await using directory = await tempDirectory();
  const document = "a line of the document\n".repeat(50_000);
  await Deno.writeTextFile(directory.file("temp.txt"), document);
  await using play = await startEditor(directory, "--max-outbound-bytes", "1000");
  using reader = await Crowd.join(play.port);
  await reader.until(() => reader.length === document.length, "the document");
  using writer = await Crowd.join(play.port);
  const update = `${"x".repeat(60_000)}\n`;
  await writer.send(update.repeat(3));
  await reader.until(() => reader.length === document.length + 3 * update.length, "the updates");
  assert(reader.text === document + update.repeat(3));
});

Deno.test("editor server: whoever joins in the middle sees no gap and no repeat", async () => {
  await using directory = await tempDirectory();
  const path = directory.file("temp.txt");
  await Deno.writeTextFile(path, "a long document\n".repeat(200_000));
  await using play = await startEditor(directory, "--max-clients", "100");
  using writer = await Crowd.join(play.port);
  let { size } = await Deno.stat(path);
  let writing = true;
  const wrote = (async () => {
    for (let i = 0; writing; i++) {
      const line = `update ${i}\n`;
      size += line.length;
      await writer.send(line);
      await new Promise((resolve) => setTimeout(resolve, i % 3));
    }
  })();
  const own = (i: number) => `joiner ${i} is here\n`;
  const joiners: Crowd[] = [];
  for (let i = 0; i < 20; i++) {
    const joiner = await Crowd.join(play.port);
    joiners.push(joiner);
    // It writes while its own snapshot is under way, too.
    size += own(i).length;
    await joiner.send(own(i));
    await new Promise((resolve) => setTimeout(resolve, 7));
  }
  writing = false;
  await wrote;
  await Promise.all(
    joiners.map((joiner, i) =>
      joiner.until(() => joiner.length >= size - own(i).length, "all that others wrote")
    ),
  );
  const document = await Deno.readTextFile(path);
  for (const [i, joiner] of joiners.entries()) {
    assert(joiner.text === document.replace(own(i), ""), `joiner ${i}`);
    joiner[Symbol.dispose]();
  }
});

Deno.test("editor server: text typed by hand with no end is kept, and the next update is a line of its own for everybody", async () => {
  await using directory = await tempDirectory();
  await Deno.writeTextFile(directory.file("temp.txt"), "by hand");
  await using play = await startEditor(directory);
  using a = await TestClient.connect(play.port);
  using b = await TestClient.connect(play.port);
  assertEquals(new TextDecoder().decode(await b.bytes(7)), "by hand");
  await play.server.line(`Sent current document to client ${b.address}`);
  await a.send("one\n");
  assertEquals(await b.line(), "");
  assertEquals(await b.line(), "one");
  await b.send("two\n");
  await a.bytes(7);
  // The sender of the first update was not sent it: the line end that it lacked comes with the next.
  assertEquals(await a.line(), "");
  assertEquals(await a.line(), "two");
  assertEquals(await Deno.readTextFile(directory.file("temp.txt")), "by hand\none\ntwo\n");
});

Deno.test("editor server: a file that cannot be opened is one line and exit 1", async () => {
  await using directory = await tempDirectory();
  await Deno.mkdir(directory.file("folder"));
  for (const file of ["folder", "missing/temp.txt"]) {
    const ended = await startTask("editor:server", ["--port", "0", "--file", file], { cwd: directory.path })
      .ended();
    assertEquals(ended, { code: 1, stdout: "", stderr: `[ERROR] Error opening file ${file}\n` });
  }
});

Deno.test("editor server: a second server cannot have the first one's file, and leaves its journal alone; killed, the first gives it up", async () => {
  await using directory = await tempDirectory();
  const second = () => startTask("editor:server", ["--port", "0"], { cwd: directory.path });
  const stderr = "[ERROR] Error opening file temp.txt: another process has it\n";
  {
    await using first = await startEditor(directory);
    using client = await TestClient.connect(first.port);
    await client.send("one\n");
    await first.server.line("Broadcasting update to all clients");
    const journal = await Deno.readFile(directory.file("temp.txt.journal"));
    assertEquals(await second().ended(), { code: 1, stdout: "", stderr });
    assertEquals(await Deno.readFile(directory.file("temp.txt.journal")), journal);
    first.server.kill("SIGKILL");
  }
  await using again = await startEditor(directory);
  using client = await TestClient.connect(again.port);
  assertEquals(await client.line(), "one");
});

Deno.test("editor server: a journal's name that somebody's file has is told to the operator", async () => {
  await using directory = await tempDirectory();
  await Deno.writeTextFile(directory.file("temp.txt.journal"), "Dear diary\n");
  const ended = await startTask("editor:server", ["--port", "0"], { cwd: directory.path }).ended();
  const why = "temp.txt.journal is not a journal, but somebody's file";
  assertEquals(ended, { code: 1, stdout: "", stderr: `[ERROR] Error opening file temp.txt: ${why}\n` });
});

Deno.test("editor server: a port that is taken is one line and exit 1", async () => {
  await using directory = await tempDirectory();
  const taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr;
  const ended = await startTask("editor:server", ["--host", "127.0.0.1", "--port", String(port)], {
    cwd: directory.path,
  })
    .ended();
  taken.close();
  assertEquals(ended.code, 1);
  assertEquals(
    ended.stdout,
    "[INFO] Created temp.txt file\n[INFO] Loaded existing content from temp.txt\n",
  );
  assertMatch(
    ended.stderr,
    new RegExp(`^\\[ERROR\\] Server error: Unable to start server on port ${port}: [^\n]+\n$`),
  );
});

Deno.test("editor server: usage mistakes are exit 2", async () => {
  for (const args of [["--sync", "often"], ["--port", "high"], ["--file"], ["--nonsense"]]) {
    const { code, stderr } = await runTask("editor:server", args);
    assertEquals(code, 2);
    assertMatch(stderr, /^editor:server: .+\nTry: /);
  }
});

Deno.test("editor server: the eleventh client is told that there is no room, and the tenth's leaving makes some", async () => {
  await using directory = await tempDirectory();
  await using play = await startEditor(directory);
  const ten = await Promise.all(Array.from({ length: 10 }, () => TestClient.connect(play.port)));
  for (const { address } of ten) await play.server.shows(`New client connected: ${address}`);
  {
    using eleventh = await TestClient.connect(play.port);
    assertEquals(await eleventh.rest(), "Server is full. Please try again later.\n");
    await play.server.line(`[WARN] Server full. Rejected connection from ${eleventh.address}`);
  }
  ten[9]?.close();
  await play.server.line("disconnected");
  using another = await TestClient.connect(play.port);
  await play.server.line(`New client connected: ${another.address}`);
  for (const client of ten) client.close();
});

Deno.test("editor server: Ctrl-C tells everything, closes everything and exits 0", async () => {
  await using directory = await tempDirectory();
  await using play = await startEditor(directory);
  using a = await TestClient.connect(play.port);
  using b = await TestClient.connect(play.port);
  await a.send("last words\n");
  assertEquals(await b.line(), "last words");
  play.server.kill("SIGINT");
  assertEquals(await b.line(), null);
  const { code, stdout } = await play.server.ended();
  assertEquals(code, 0);
  const end = stdout.split("\n").slice(-6, -1);
  assertEquals(end.slice(0, 2), ["Server stopped with user keyboard interrupt.", "Shutting down server..."]);
  assertEquals(
    end.slice(2, 4).sort(),
    [a, b].map(({ address }) => `Connection lost with client: ${address}`).sort(),
  );
  assertEquals(end[4], "Server shut down.");
  assertEquals(await Deno.readTextFile(directory.file("temp.txt")), "last words\n");
});

Deno.test("editor server: what is too long or no UTF-8 gets an error and the close, and nobody else notices", async () => {
  await using directory = await tempDirectory();
  await using play = await startEditor(directory, "--max-frame-bytes", "100");
  using good = await TestClient.connect(play.port);
  for (const bad of ["x".repeat(101) + "\n", new Uint8Array([0xff, 0xfe, 0x0a])]) {
    using client = await TestClient.connect(play.port);
    await client.send(bad);
    assertMatch(await client.rest(), /^Error: [^\n]+\n$/);
  }
  using other = await TestClient.connect(play.port);
  await other.send(`${"y".repeat(100)}\n`);
  assertEquals(await good.line(), "y".repeat(100));
  assertEquals(await Deno.readTextFile(directory.file("temp.txt")), `${"y".repeat(100)}\n`);
});

Deno.test("editor server: an error is a line of its own, also after a document whose last line has no end", async () => {
  await using directory = await tempDirectory();
  await Deno.writeTextFile(directory.file("temp.txt"), "by hand");
  await using play = await startEditor(directory);
  using client = await TestClient.connect(play.port);
  await client.bytes(7);
  await client.send(Uint8Array.of(0xff, 0x0a));
  assertEquals(await client.rest(), "\nError: message is not UTF-8\n");
});

Deno.test("editor server: what a client types cannot forge a line of the log", async () => {
  await using directory = await tempDirectory();
  await using play = await startEditor(directory);
  using client = await TestClient.connect(play.port);
  await client.send("\u001b[2J\r[ERROR] forged\n");
  assert(!(await play.server.line("Received update")).includes("\u001b"));
});

Deno.test({
  name: "editor server: old clients, netcat and ours write one document together",
  ignore: !hasPython || !hasNetcat,
  async fn() {
    await using directory = await tempDirectory();
    await Deno.writeTextFile(directory.file("temp.txt"), "the document\n");
    await using play = await startEditor(directory);
    await using ours = startTask("editor:client", ["--host", "127.0.0.1", "--port", String(play.port)]);
    await using old = startPython("_old_client.py", String(play.port));
    await using netcat = startProcess("nc", ["127.0.0.1", String(play.port)]);
    await Promise.all([
      ours.line("Document updated: the document"),
      old.line("Document updated: the document"),
      netcat.line("the document"),
    ]);
    await old.type("old");
    await Promise.all([ours.line("Document updated: old"), netcat.line("old")]);
    await ours.type("ours");
    await Promise.all([old.line("Document updated: ours"), netcat.line("ours")]);
    await netcat.type("netcat");
    await Promise.all([ours.line("Document updated: netcat"), old.line("Document updated: netcat")]);
    await old.type("old again");
    await Promise.all([ours.line("Document updated: old again"), netcat.line("old again")]);
    assertEquals(
      await Deno.readTextFile(directory.file("temp.txt")),
      "the document\nold\nours\nnetcat\nold again\n",
    );
    await old.closeInput();
    assertEquals((await old.ended()).code, 0);
    await ours.type("exit");
    assertEquals((await ours.ended()).code, 0);
  },
});

Deno.test({
  name:
    "editor server: a full disk is an error for the sender, nothing for the others, and it goes on when there is room",
  ignore: !hasPython || !await canMount(),
  async fn() {
    await using directory = await tempDirectory();
    const disk = directory.file("disk");
    await Deno.mkdir(disk);
    await using mount = startPython("_limited_disk.py", disk, "128k");
    await mount.line("Mounted");
    await using play = await startEditor(directory, "--file", "disk/temp.txt");
    using writer = await TestClient.connect(play.port);
    using reader = await TestClient.connect(play.port);
    await writer.send("before\n");
    assertEquals(await reader.line(), "before");
    await fill(`${disk}/filler`);
    await writer.send(`${"x".repeat(20_000)}\n`);
    assertEquals(await writer.line(), "Error: Cannot save the update: no space left on the disk");
    await play.server.errorLine("no space left on the disk");
    assertEquals(await Deno.readTextFile(`${disk}/temp.txt`), "before\n");
    await Deno.remove(`${disk}/filler`);
    await writer.send("after\n");
    assertEquals(await reader.line(), "after");
    assertEquals(await Deno.readTextFile(`${disk}/temp.txt`), "before\nafter\n");
    play.server.kill("SIGTERM");
    assertEquals((await play.server.ended()).code, 0);
    await mount.closeInput();
    await mount.ended();
  },
});

async function canMount(): Promise<boolean> {
  if (!hasPython) return false;
  await using directory = await tempDirectory();
  await using mount = startPython("_limited_disk.py", directory.path, "64k");
  const can = /Mounted/.test(await mount.line(/Mounted|Cannot/));
  await mount.closeInput();
  await mount.ended();
  return can;
}

async function fill(path: string): Promise<void> {
  using file = await Deno.open(path, { write: true, create: true });
  try {
    while (true) await file.write(new Uint8Array(1000));
  } catch {
    // Full.
  }
}

Deno.test({
  name: "editor: over TLS",
  ignore: !hasOpenssl,
  async fn() {
    await using directory = await tempDirectory();
    const { certFile, keyFile } = await makeCertificate(directory);
    await Deno.writeTextFile(directory.file("temp.txt"), "secret\n");
    await using play = await startEditor(directory, "--tls-cert", certFile, "--tls-key", keyFile);
    const args = ["--host", "localhost", "--port", String(play.port), "--ca", certFile];
    await using a = startTask("editor:client", args);
    await using b = startTask("editor:client", args);
    await a.line("Document updated: secret");
    await b.line("Document updated: secret");
    await a.type("hello");
    await b.line("Document updated: hello");
    await b.type("exit");
    assertEquals((await b.ended()).code, 0);
    await a.closeInput();
    assertEquals((await a.ended()).code, 0);
  },
});

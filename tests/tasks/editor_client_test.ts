import { assertEquals } from "@std/assert";
import { freePort, runTask, startTask, tempDirectory, TestClient, type TestProcess } from "../_helpers.ts";
import { Crowd, startEditor } from "../editor/_play.ts";

const GREETING = "Connected to the server. Start typing to edit the document:";

function startClient(port: number, ...args: string[]): TestProcess {
  return startTask("editor:client", ["--host", "127.0.0.1", "--port", String(port), ...args]);
}

Deno.test("editor client: shows the document and every update, and nothing for what is typed", async () => {
  await using directory = await tempDirectory();
  await Deno.writeTextFile(directory.file("temp.txt"), "one\ntwo");
  await using play = await startEditor(directory);
  await using client = startClient(play.port);
  await client.line("Document updated: two");
  using other = await TestClient.connect(play.port);
  await other.send("three\n");
  await client.line("Document updated: three");
  await client.type("mine");
  await other.bytes("one\ntwo\n".length);
  assertEquals(await other.line(), "mine");
  await other.send("\u001b[31mfour\n");
  await client.line("four");
  await client.type("exit");
  const { code, stdout, stderr } = await client.ended();
  const shown = ["one", "two", "three", "\u001b[31mfour"].map((text) => `Document updated: ${text}\n`);
  assertEquals({ code, stdout, stderr }, { code: 0, stdout: `${GREETING}\n${shown.join("")}`, stderr: "" });
});

Deno.test("editor client: a refused connection is one line and exit 1", async () => {
  for (const args of [[], ["--reconnect"]]) {
    const port = freePort();
    assertEquals(await runTask("editor:client", ["--host", "127.0.0.1", "--port", String(port), ...args]), {
      code: 1,
      stdout: "",
      stderr: "Connection failed. Please check the server and try again\n",
    });
  }
});

Deno.test("editor client: the server's end is told, exit 1", async () => {
  await using directory = await tempDirectory();
  await using play = await startEditor(directory);
  await using client = startClient(play.port);
  await client.line(GREETING);
  play.server.kill("SIGTERM");
  assertEquals(await client.ended(), {
    code: 1,
    stdout: `${GREETING}\nConnection closed by the server.\n`,
    stderr: "",
  });
});

Deno.test("editor client: what a server that is full says is shown, exit 1", async () => {
  await using directory = await tempDirectory();
  await using play = await startEditor(directory, "--max-clients", "1");
  using _first = await TestClient.connect(play.port);
  await play.server.line("New client connected");
  await using client = startClient(play.port);
  assertEquals(await client.ended(), {
    code: 1,
    stdout: `${GREETING}\nServer is full. Please try again later.\nConnection closed by the server.\n`,
    stderr: "",
  });
});

Deno.test("editor client: the end of the input sends all that came before it, however busy the server is, exit 0", async () => {
  await using directory = await tempDirectory();
  await using play = await startEditor(directory);
  using other = await Crowd.join(play.port);
  const lines = Array.from({ length: 30_000 }, (_, i) => `line ${i} ${"x".repeat(40)}`);
  play.server.kill("SIGSTOP");
  await using client = startClient(play.port);
  await client.line(GREETING);
  await client.type(lines.join("\n"));
  await client.closeInput();
  // When the server goes on, it has something for a client that has nothing more to say, and much from it to
  // read.
  for (let i = 0; i < 50; i++) await other.send(`other ${i}\n`);
  play.server.kill("SIGCONT");
  assertEquals((await client.ended()).code, 0);
  await other.until(() => other.tail.includes(lines.at(-1) ?? ""), "the last line");
  const document = await Deno.readTextFile(directory.file("temp.txt"));
  assertEquals(document.split("\n").filter((line) => line.startsWith("line ")), lines);
});

Deno.test("editor client: more than any queue holds goes through a pipe, at the server's pace", async () => {
  await using directory = await tempDirectory();
  await using play = await startEditor(directory);
  const lines = Array.from({ length: 60_000 }, (_, i) => `${i} ${"x".repeat(200)}`);
  play.server.kill("SIGSTOP");
  await using client = startClient(play.port);
  await client.line(GREETING);
  const typed = client.type(lines.join("\n"));
  await new Promise((resolve) => setTimeout(resolve, 300));
  play.server.kill("SIGCONT");
  await typed;
  await client.closeInput();
  assertEquals((await client.ended()).code, 0);
  assertEquals(
    await Deno.readTextFile(directory.file("temp.txt")),
    lines.map((line) => `${line}\n`).join(""),
  );
});

Deno.test("editor client: with --reconnect a server that is full is tried until it has room, and what was typed waits", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  await using client = startClient(listener.addr.port, "--reconnect", "--retry-max-ms", "20");
  /** Answers the next connection as a server would. */
  const answer = async (text: string) => {
    const served = new TestClient(await listener.accept());
    await served.send(text);
    return served;
  };
  const first = await answer("one\n");
  await client.line("Document updated: one");
  first.close();
  await client.line("Connection closed by the server. Connecting again...");
  await client.type("typed meanwhile");
  for (let i = 0; i < 3; i++) {
    using full = await answer("Server is full. Please try again later.\n");
    await full.closeWrite();
    await full.closed();
  }
  using last = await answer("one\ntwo\n");
  assertEquals(await last.line(), "typed meanwhile");
  await client.line("Document updated: two");
  await client.type("exit");
  assertEquals(await last.line(), null);
  last.close();
  assertEquals(await client.ended(), {
    code: 0,
    stderr: "",
    stdout: [
      GREETING,
      "Document updated: one",
      "Connection closed by the server. Connecting again...",
      "Server is full. Please try again later.",
      "Connected to the server again.",
      "Document updated: two",
      "",
    ].join("\n"),
  });
});

Deno.test("editor client: with --reconnect it comes back by itself and shows only what it missed", async () => {
  await using directory = await tempDirectory();
  const path = directory.file("temp.txt");
  await Deno.writeTextFile(path, "one\ntwo\n");
  let client: TestProcess;
  let port: number;
  {
    await using play = await startEditor(directory);
    port = play.port;
    client = startClient(port, "--reconnect", "--retry-max-ms", "200");
    await client.line("Document updated: two");
    using other = await TestClient.connect(port);
    await other.bytes("one\ntwo\n".length);
    await client.type("mine");
    assertEquals(await other.line(), "mine");
    await other.send("three\n");
    await client.line("Document updated: three");
    play.server.kill("SIGKILL");
    await client.line("Connection closed by the server. Connecting again...");
  }
  await using _ = client;
  await client.type("typed while away");
  await Deno.writeTextFile(path, "missed\n", { append: true });
  await using again = startTask("editor:server", ["--host", "127.0.0.1", "--port", String(port)], {
    cwd: directory.path,
  });
  await again.port();
  await client.line("Connected to the server again.");
  await client.line("Document updated: missed");
  await again.line("typed while away");
  using other = await TestClient.connect(port);
  await other.send("last\n");
  await client.line("Document updated: last");
  await client.closeInput();
  const { code, stdout } = await client.ended();
  assertEquals(code, 0);
  assertEquals(stdout.split("\n").filter((line) => line.startsWith("Document")), [
    ...["one", "two", "three", "missed", "last"].map((text) => `Document updated: ${text}`),
  ]);
});

Deno.test("editor client: with --reconnect it says that the document was changed elsewhere, and shows it again", async () => {
  await using directory = await tempDirectory();
  const path = directory.file("temp.txt");
  await Deno.writeTextFile(path, "one\ntwo\nthree\n");
  let client: TestProcess;
  let port: number;
  {
    await using play = await startEditor(directory);
    port = play.port;
    client = startClient(port, "--reconnect", "--retry-max-ms", "200");
    await client.line("Document updated: three");
    play.server.kill("SIGKILL");
    await client.line("Connection closed by the server. Connecting again...");
  }
  await using _ = client;
  await Deno.writeTextFile(path, "one\nTWO\nthree\n");
  await using again = startTask("editor:server", ["--host", "127.0.0.1", "--port", String(port)], {
    cwd: directory.path,
  });
  await again.port();
  await client.line("The document was changed elsewhere:");
  await client.line("Document updated: TWO");
  await client.line("Document updated: three");
  await client.closeInput();
  const { stdout } = await client.ended();
  assertEquals(stdout.split("\n").filter((line) => line.startsWith("Document")), [
    ...["one", "two", "three", "one", "TWO", "three"].map((text) => `Document updated: ${text}`),
  ]);
});

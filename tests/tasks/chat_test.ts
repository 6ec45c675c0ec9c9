import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  available,
  runTask,
  startProcess,
  startTask,
  tempDirectory,
  TestClient,
  until,
} from "../_helpers.ts";

const PYTHON = await available("python3", "--version");
const NC = await available("nc", "-h");

/** An old client: it ends nothing, and takes whatever one read gives for one message. */
const OLD_CHAT_CLIENT = `
import socket, sys, time
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
s.settimeout(15)
s.sendall(sys.argv[2].encode())
time.sleep(1)
s.sendall("hello from an old client".encode())
print(s.recv(1024).decode(), end="", flush=True)
s.sendall("quit".encode())
print(s.recv(1024) == b"", flush=True)
`;

Deno.test("chat:server: says what it does, and serves until it is told to stop", async () => {
  await using server = startTask("chat:server", ["--port", "0", "--host", "127.0.0.1"]);
  const started = await server.line("Chat server started on port");
  const port = Number(started.replace(/.* /, ""));
  assertEquals(await server.port(), port);
  using ann = await TestClient.connect(port);
  await server.line(`${ann.address} has connected`);
  await ann.send("ann\n/who\n");
  assertEquals(await ann.line(), "In lobby: ann");
  server.kill("SIGINT");
  assertEquals(await ann.rest(), "The server is shutting down.\n");
  const { code, stdout } = await server.ended();
  assertEquals(code, 0);
  const ending = stdout.trimEnd().split("\n").slice(-4);
  assertEquals(ending, [
    "Server stopped with user keyboard interrupt.",
    "Shutting down server...",
    `Connection lost with client: ${ann.address}`,
    "Server shut down.",
  ]);
});

Deno.test("chat:server: a port that is taken, or a history that cannot be opened, is one line and exit 1, a rate that is none exit 2", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const taken = await runTask("chat:server", ["--host", "127.0.0.1", "--port", String(listener.addr.port)]);
  assertEquals(taken.code, 1);
  assertMatch(taken.stderr, /^\[ERROR\] Cannot listen on 127\.0\.0\.1:\d+: .+\n$/);
  const lost = await runTask("chat:server", [
    "--host",
    "127.0.0.1",
    "--port",
    "0",
    "--history",
    ".tmp/no/history",
  ]);
  assertEquals(lost.code, 1);
  assertMatch(lost.stderr, /^\[ERROR\] Cannot open \.tmp\/no\/history: .+\n$/);
  const wrong = await runTask("chat:server", ["--rate", "-1"]);
  assertEquals(wrong.code, 2);
  assertMatch(wrong.stderr, /--rate/);
});

Deno.test(
  "chat: our client, nc and an old Python client hear each other",
  { ignore: !PYTHON || !NC },
  async () => {
    await using server = startTask("chat:server", ["--port", "0", "--host", "127.0.0.1"]);
    const port = await server.port();
    await using ours = startTask("chat:client", ["--host", "127.0.0.1", "--port", String(port)]);
    await ours.shows("Enter Your Name:");
    await ours.type("ours");
    await ours.shows(">>");
    await using nc = startProcess("nc", ["127.0.0.1", String(port)]);
    await nc.type("netcat");
    await ours.line("netcat has joined the chat.");
    await using old = startProcess("python3", ["-c", OLD_CHAT_CLIENT, String(port), "old"]);
    for (const watcher of [ours, nc]) await watcher.line("old has joined the chat.");
    for (const watcher of [ours, nc]) await watcher.line("old: hello from an old client");
    await ours.type("hi old");
    assertEquals(await old.line(/./), "ours: hi old");
    await old.line("True");
    for (const watcher of [ours, nc]) await watcher.line("old has left the chat.");
    await ours.type("quit");
    assertEquals((await ours.ended()).code, 0);
    await nc.line("ours has left the chat.");
  },
);

Deno.test("chat:client: in a pipe it says all that it is given, hears the answers, and ends with 0", async () => {
  await using server = startTask("chat:server", ["--port", "0", "--host", "127.0.0.1"]);
  const port = await server.port();
  const { code, stdout, stderr } = await runTask("chat:client", [
    "--port",
    String(port),
    "--host",
    "127.0.0.1",
  ], {
    input: "bob\nhello\n/me waves\n/history\n/who\n",
  });
  assertEquals([code, stderr], [0, ""]);
  for (const line of ["The last 2 lines of lobby:", "bob: hello", "* bob waves", "In lobby: bob"]) {
    assert(stdout.split("\n").includes(line), `${line} stands on a line of its own in:\n${stdout}`);
  }
});

Deno.test("chat:client: a name that is refused is asked for again, and without another one the end is 1", async () => {
  await using server = startTask("chat:server", ["--port", "0", "--host", "127.0.0.1"]);
  const port = await server.port();
  using ann = await TestClient.connect(port);
  await ann.send("ann\n/who\n");
  await ann.line();
  const args = ["--port", String(port), "--host", "127.0.0.1"];
  const first = await runTask("chat:client", args, { input: "ANN\n" });
  assertEquals(first.code, 1);
  assertMatch(first.stdout, /Error: Cannot log in: ANN is taken/);
  const second = await runTask("chat:client", args, { input: "ANN\nbob\nhi\n" });
  assertEquals(second.code, 0);
  assertEquals([await ann.line(), await ann.line()], ["bob has joined the chat.", "bob: hi"]);
});

Deno.test("chat:client: a refusal that comes late is still one: what is typed next is the name", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const port = String(listener.addr.port);
  await using client = startTask("chat:client", ["--host", "127.0.0.1", "--port", port]);
  using connection = await listener.accept();
  const heard = new TextDecoderStream();
  const lines = heard.readable.getReader();
  const piped = connection.readable.pipeTo(heard.writable).catch(() => {});
  await client.shows("Enter Your Name: ");
  await client.type("ann");
  assertEquals((await lines.read()).value, "ann\n");
  // The client waits a moment for a refusal, and then takes it that it is in.
  await client.shows(">> ");
  await connection.write(new TextEncoder().encode("Error: Cannot log in: ann is taken\n"));
  await client.line(/ann is taken/);
  await client.type("bob");
  assertEquals((await lines.read()).value, "bob\n");
  await client.shows("taken\n>> ");
  await client.type("hello");
  assertEquals((await lines.read()).value, "hello\n");
  await client.closeInput();
  assertEquals((await lines.read()).value, "/quit\n");
  connection.close();
  assertEquals((await client.ended()).code, 0);
  await piped;
});

Deno.test("chat:client: no server is one line and exit 1, and so is one that goes away", async () => {
  const refused = await runTask("chat:client", ["--host", "127.0.0.1", "--port", "1"]);
  assertEquals(refused.code, 1);
  assertMatch(refused.stderr, /^Cannot connect to 127\.0\.0\.1:1: [^\n]+\n$/);
  await using server = startTask("chat:server", ["--port", "0", "--host", "127.0.0.1"]);
  const port = await server.port();
  await using client = startTask("chat:client", ["--host", "127.0.0.1", "--port", String(port)]);
  await client.shows("Enter Your Name:");
  await client.type("bob");
  await client.shows(">>");
  server.kill("SIGKILL");
  const { code, stderr } = await client.ended();
  assertEquals([code, stderr], [1, "Connection closed by the server.\n"]);
});

Deno.test("chat: whatever anybody was sent is in the history after a kill -9, once and in its order", async () => {
  await using directory = await tempDirectory();
  const args = ["--port", "0", "--host", "127.0.0.1", "--history", "history.log", "--rate", "0"];
  const heard: string[] = [];
  for (let round = 0; round < 3; round++) {
    await using server = startTask("chat:server", args, { cwd: directory.path });
    const port = await server.port();
    using reader = await TestClient.connect(port);
    await reader.send("reader\n/history\n");
    const count = Number(/\d+/.exec(await reader.line() ?? "")?.[0]);
    const history = await Promise.all(Array.from({ length: count }, () => reader.line()));
    // The last that anybody heard is there; what nobody heard may have been written too.
    const last = heard.at(-1);
    if (last !== undefined) {
      const end = history.lastIndexOf(last);
      assert(end >= 0, `${last} was heard and is in the history`);
      assertEquals(history.slice(0, end + 1), heard.slice(-end - 1));
      assertEquals(new Set(history).size, history.length);
      heard.push(...history.slice(end + 1).filter((line) => line !== null));
    }
    const writers = await Promise.all(["ann", "bob"].map(async (name) => {
      const client = await TestClient.connect(port);
      await client.send(`${name}\n`);
      return client;
    }));
    // A history has 50 lines: what was written and heard by nobody must stay below that.
    let heardNow = 0;
    let killed = false;
    const writing = Promise.allSettled(writers.map(async (client) => {
      for (let line = 0;; line++) {
        await client.send(`${round}-${line}\n`);
        await until(() => killed || line - heardNow / 2 < 20, "hearing");
      }
    }));
    for (let lines = 0; lines < 300;) {
      const line = await reader.line();
      assert(line !== null);
      if (!/^(ann|bob): /.test(line)) continue;
      heard.push(line);
      lines++;
      heardNow++;
    }
    server.kill("SIGKILL");
    killed = true;
    await server.ended();
    // All that had reached the reader counts, also what it had not looked at; the last line may have been
    // cut.
    const whole = (await reader.rest()).split("\n").slice(0, -1);
    heard.push(...whole.filter((line) => /^(ann|bob): /.test(line)));
    for (const client of writers) client.close();
    await writing;
  }
});

/**
 * A person at a terminal: logs in, types half a line, waits until somebody else has spoken, and types the
 * rest.
 */
const PERSON = `
import os, pty, select, sys, time
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
seen, end = b"", time.time() + 15
def wait(text):
    global seen
    while text not in seen:
        if time.time() > end: raise SystemExit("missing %r in %r" % (text, seen))
        if select.select([fd], [], [], 0.1)[0]: seen += os.read(fd, 65536)
wait(b"Enter Your Name: ")
os.write(fd, b"ann\\r")
wait(b">> ")
os.write(fd, b"half a lx")
wait(b"half a lx")
print("typing", flush=True)
wait(b"bob: hello")
seen = seen[seen.index(b"bob: hello"):]
wait(b">> half a lx")
print("still there", flush=True)
os.write(fd, b"\\x7fine\\r")
wait(b">> half a line")
os.write(fd, b"\\x04")
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
`;

Deno.test({
  name: "chat:client: on a terminal, a line being typed is kept when somebody else speaks",
  ignore: !PYTHON,
  fn: async () => {
    await using server = startTask("chat:server", ["--port", "0", "--host", "127.0.0.1"]);
    const port = await server.port();
    const client = [Deno.execPath(), "run", "-q", "-P=client", "tasks/chat_client.ts", "--host", "127.0.0.1"];
    await using ann = startProcess("python3", ["-c", PERSON, ...client, "--port", String(port)]);
    await ann.line("typing");
    using bob = await TestClient.connect(port);
    await bob.send("bob\nhello\n");
    await ann.line("still there");
    assertEquals(await bob.line(), "ann: half a line");
    assertEquals(await bob.line(), "ann has left the chat.");
    await ann.line(/^0$/);
  },
});

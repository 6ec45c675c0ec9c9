import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import { available, root, runTask, startProcess, startTask, tempDirectory, TestClient } from "../_helpers.ts";
import { Screen } from "./_screen.ts";

const noTmux = !await available("tmux", "-V");
const client = `${Deno.execPath()} run -q --no-prompt --allow-env=TERM ${root}tests/tasks/_fixture_client.ts`;

Deno.test({
  name:
    "terminal: in tmux, a mouse wheel, Ctrl-L, a narrower window and wide characters leave a line that can be typed on",
  ignore: noTmux,
  async fn() {
    await using directory = await tempDirectory();
    await using screen = await Screen.open(directory);
    await screen.run(client);
    await screen.shows("Enter your name:");
    await screen.send("\x1b[<64;50;15M\x1b[<65;50;15M");
    await screen.type("Ann 👨‍👩‍👧");
    await screen.press("BSpace", "BSpace");
    await screen.press("Enter");
    await screen.shows("Hello, Ann\n");
    await screen.shows(/^>>$/m);
    await screen.type("one two");
    await screen.press("C-l");
    assertEquals(await screen.shows(/^>> one two/), ">> one two");
    await screen.resize(40);
    await screen.press("C-w");
    await screen.type("ﾀﾅｶ 漢字!");
    await screen.press("Left", "Left", "Left");
    await screen.type("|");
    await screen.shows(">> one ﾀﾅｶ |漢字!");
    await screen.press("Enter");
    const text = await screen.shows(/^one ﾀﾅｶ \|漢字!$/m);
    assertEquals(text, ">> one ﾀﾅｶ |漢字!\none ﾀﾅｶ |漢字!\n>>");
  },
});

Deno.test({
  name: "terminal: in tmux, Ctrl-Z gives the shell its terminal, and fg the line as it was",
  ignore: noTmux,
  async fn() {
    await using directory = await tempDirectory();
    await using screen = await Screen.open(directory);
    await screen.run(client);
    await screen.shows("Enter your name:");
    await screen.type("An");
    await screen.shows("name: An");
    await screen.press("C-z");
    await screen.shows("Stopped");
    await screen.run("echo visi''ble");
    await screen.shows("visible");
    await screen.run("clear; echo ba''ck; fg");
    // What stood there before is cleared: this is drawn anew.
    await screen.shows(/^back\n[^]*^Enter your name: An$/m);
    await screen.type("n");
    await screen.press("Left", "BSpace", "Enter");
    await screen.shows("Hello, An\n");
    await screen.press("C-d");
    await screen.shows("Goodbye!");
  },
});

Deno.test({
  name: "terminal: in tmux, Ctrl-Z below deno task says what can be done, and the line can be typed on",
  ignore: noTmux,
  async fn() {
    await using directory = await tempDirectory();
    await using screen = await Screen.open(directory);
    await Deno.writeTextFile(
      directory.file("deno.json"),
      JSON.stringify({ tasks: { talk: client.replace("=TERM", "=TERM,INIT_CWD") } }),
    );
    await screen.run(
      `${Deno.execPath()} task -q --config ${directory.file("deno.json")} talk; echo "code $?"`,
    );
    await screen.shows("Enter your name:");
    await screen.type("An");
    await screen.shows("name: An");
    await screen.press("C-z");
    const text = await screen.shows(/suspend[^]*^Enter your name: An$/m);
    assertEquals(text.match(/Ctrl-Z cannot suspend/g)?.length, 1);
    await screen.type("n");
    await screen.press("Enter");
    await screen.shows("Hello, Ann\n");
    await screen.press("C-c");
    await screen.shows("code 130");
  },
});

for (const [signal, code] of [["QUIT", 131], ["HUP", 129], ["TERM", 143], ["INT", 130]] as const) {
  Deno.test({
    name: `terminal: in tmux, SIG${signal} leaves the terminal as it was`,
    ignore: noTmux,
    async fn() {
      await using directory = await tempDirectory();
      await using screen = await Screen.open(directory);
      const pidFile = directory.file("pid");
      await screen.run(
        `sh -c 'echo $$ > ${pidFile}; exec ${client}'; echo "code $?"; stty -a | grep -oE ' -?(icanon|echo) '`,
      );
      await screen.shows("Enter your name:");
      await screen.type("An");
      await screen.shows("name: An");
      if (signal === "QUIT") await screen.press("C-\\");
      else if (signal === "INT") await screen.press("C-c");
      else {
        const kill = `import os, signal; os.kill(int(open("${pidFile}").read()), signal.SIG${signal})`;
        await startProcess("python3", ["-c", kill]).ended();
      }
      const text = await screen.shows(/code \d+\n.*\n.*\n/);
      assertStringIncludes(text, `code ${code}`);
      assertMatch(text, / icanon\n echo/);
    },
  });
}

/** A client at a terminal in tmux, as its task runs it. */
async function clientAt(
  screen: Screen,
  name: "chat" | "calculator" | "echo" | "editor" | "records",
  args: string,
): Promise<void> {
  const [, ...words] = config.tasks[`${name}:client`].command.split(" ");
  await screen.run(`${Deno.execPath()} ${words.join(" ")} ${args}; echo "code $?"`);
}

Deno.test({
  name:
    "chat:client: a paste of 100 lines is sent at the allowed rate, with a word about it, and none is dropped",
  ignore: noTmux,
  async fn() {
    await using directory = await tempDirectory();
    // Of 100 at once 40 would be dropped.
    const limits = ["--rate", "20", "--burst", "60"];
    await using server = startTask("chat:server", ["--host", "127.0.0.1", "--port", "0", ...limits]);
    const port = await server.port();
    using listener = await TestClient.connect(port);
    await listener.send("bob\n");
    await using screen = await Screen.open(directory);
    await clientAt(screen, "chat", `--host 127.0.0.1 --port ${port} ${limits.join(" ")}`);
    await screen.shows("Enter Your Name:");
    await screen.run("ann");
    await screen.shows(">>");
    assertEquals(await listener.line(), "ann has joined the chat.");
    const pasted = Array.from({ length: 100 }, (_, n) => `pasted ${n}`);
    await screen.paste(pasted.join("\n") + "\n");
    for (const text of pasted) assertEquals(await listener.line(), `ann: ${text}`);
    await screen.shows("no faster than the server takes it: 20 lines a second");
    assert(!(await screen.text()).includes("slow down"));
  },
});

Deno.test({
  name: "clients: who sits at a prompt in tmux notices that the server went",
  ignore: noTmux,
  async fn() {
    await using directory = await tempDirectory();
    await using screen = await Screen.open(directory);
    for (const [name, prompt, answer] of PROMPTS) {
      const data = ["--data-dir", directory.path];
      const args = [
        "--host",
        "127.0.0.1",
        "--port",
        "0",
        ...name === "editor" || name === "records" ? data : [],
      ];
      await using server = startTask(`${name}:server`, args);
      const port = await server.port(/listening|started on|ready to receive/i);
      await screen.run("clear");
      await clientAt(screen, name, `--host 127.0.0.1 --port ${port}`);
      for (const [index, text] of prompt.entries()) {
        await screen.shows(text);
        const typed = answer[index];
        if (typed !== undefined) await screen.run(typed);
      }
      server.kill("SIGKILL");
      await server.ended();
      await screen.shows("Connection closed by the server.");
      // The records client asks again when there is something to ask.
      if (name === "records") await screen.press("C-c");
      await screen.shows(name === "records" ? "code 130" : "code 1");
    }
  },
});

/** What each client shows until it waits for its person, and what the person types on the way. */
const PROMPTS: readonly (readonly [
  "chat" | "calculator" | "echo" | "editor" | "records",
  readonly string[],
  readonly string[],
])[] = [
  ["calculator", ["Enter your name:", "Enter an expression"], ["Ann"]],
  ["chat", ["Enter Your Name:", ">>"], ["ann"]],
  ["echo", ["Enter message to send"], []],
  ["editor", ["Start typing to edit"], []],
  ["records", ["Enter your choice:"], []],
];

Deno.test("clients: with --reconnect a line client comes back by itself, and goes on where it was", async () => {
  const talks = [
    ["calculator", ["Ann", "1 + 1"], "CLIENT RECEIVED: 2.0", "2 + 2", "CLIENT RECEIVED: 4.0"],
    ["echo", ["one"], "Echo from server: one", "two", "Echo from server: two"],
    ["chat", ["ann", "/who"], "In lobby: ann", "/who", "In lobby: ann"],
  ] as const;
  for (const [name, first, heard, later, heardLater] of talks) {
    const start = (port: number) =>
      startTask(`${name}:server`, ["--host", "127.0.0.1", "--port", String(port)]);
    let server = start(0);
    const port = await server.port(/listening|started on/i);
    const args = ["--host", "127.0.0.1", "--port", String(port), "--reconnect", "--retry-max-ms", "200"];
    await using person = startTask(`${name}:client`, args);
    for (const line of first) await person.type(line);
    await person.line(heard);
    server.kill("SIGKILL");
    await server.ended();
    await person.line("Connection closed by the server. Connecting again...");
    server = start(port);
    await server.port(/listening|started on/i);
    await person.line("Connected to the server again.");
    await person.type(later);
    await person.line(heardLater);
    server.kill("SIGKILL");
    await server.ended();
  }
});

/** A server that hangs up on its first client once that has said something, and answers the second. */
function hangsUpOnce(answer: string): { readonly port: number; readonly served: Promise<string[]> } {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serve = async () => {
    const said: string[] = [];
    for (const reply of [undefined, answer]) {
      using connection = await listener.accept();
      const buffer = new Uint8Array(1024);
      const count = await connection.read(buffer) ?? 0;
      said.push(new TextDecoder().decode(buffer.subarray(0, count)));
      if (reply !== undefined) await connection.write(new TextEncoder().encode(`${reply}\n`));
    }
    listener.close();
    return said;
  };
  return { port: listener.addr.port, served: serve() };
}

Deno.test("clients: with --reconnect knock and records ask again what was not answered", async () => {
  const notFound = JSON.stringify({ client_ID: "7", type: "error", data: "Client not found." });
  for (
    const [client, args, answer, shown] of [
      ["knock:client", [], "Whose there?", "CLIENT RECEIVED: Whose there?\n"],
      ["records:client", ["read", "7"], notFound, "Client not found.\n"],
    ] as const
  ) {
    const { port, served } = hangsUpOnce(answer);
    const flags = ["--host", "127.0.0.1", "--port", String(port), "--reconnect", "--retry-max-ms", "50"];
    const { stdout, stderr } = await runTask(client, [...args, ...flags]);
    assertStringIncludes(stdout + stderr, shown);
    const [first, second] = await served;
    assert(first !== undefined && first !== "");
    assertEquals(second, first);
  }
});

Deno.test("clients: without --reconnect knock and records say in one line that the server went, and exit with 1", async () => {
  for (const [client, ...args] of [["knock:client"], ["records:client", "read", "7"]] as const) {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const flags = ["--host", "127.0.0.1", "--port", String(listener.addr.port)];
    const hangUp = async () => {
      using connection = await listener.accept();
      await connection.read(new Uint8Array(1024));
      listener.close();
    };
    const [{ code, stderr }] = await Promise.all([runTask(client, [...args, ...flags]), hangUp()]);
    assertEquals(code, 1, client);
    assertMatch(
      stderr,
      /^(?:Connection closed by the server\.|Cannot connect to .+: the connection was refused)\n$/,
    );
  }
});

Deno.test({
  name: "terminal: TERM=dumb gets plain lines, without one sequence",
  ignore: !await available("python3", "--version"),
  async fn() {
    const script = `
import os, pty
pid, fd = pty.fork()
if pid == 0:
    os.environ["TERM"] = "dumb"
    os.execvp("sh", ["sh", "-c", ${JSON.stringify(client)}])
seen = b""
for text, keys in ((b"name: ", b"Ann\\n"), (b">> ", b"exit\\n")):
    while text not in seen: seen += os.read(fd, 65536)
    os.write(fd, keys)
try:
    while True: seen += os.read(fd, 65536)
except OSError: pass
print(repr(seen))
`;
    const { stdout } = await startProcess("python3", ["-c", script]).ended();
    assertStringIncludes(stdout, "Hello, Ann");
    assertStringIncludes(stdout, "Goodbye!");
    assert(!stdout.includes("x1b"), stdout);
  },
});

Deno.test("clients: client | head ends quietly", async () => {
  await using server = startTask("clock:server", ["--host", "127.0.0.1", "--port", "0"]);
  const port = await server.port();
  const [, ...words] = config.tasks["clock:client"].command.split(" ");
  const child = new Deno.Command(Deno.execPath(), {
    args: [...words, "--host", "127.0.0.1", "--port", String(port)],
    cwd: root,
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const reader = child.stdout.getReader();
  await reader.read();
  await reader.cancel();
  const said = child.stderr.getReader();
  assertEquals([(await child.status).code, await said.read()], [141, { done: true, value: undefined }]);
});

import { assert, assertEquals, assertMatch, assertNotMatch, assertStringIncludes } from "@std/assert";
import {
  available,
  makeCertificate,
  root,
  startProcess,
  tempDirectory,
  type TestProcess,
} from "../_helpers.ts";

interface Run {
  readonly cwd?: string;
  readonly env?: Record<string, string>;
  /** Rights in place of the fixture's own. */
  readonly rights?: readonly string[];
}

const RIGHTS = ["--allow-net=127.0.0.1", "--allow-read=.", "--allow-env=FIXTURE_*,LOG_LEVEL,LOG_FORMAT"];

function start(file: string, args: readonly string[], { cwd, env = {}, rights = RIGHTS }: Run): TestProcess {
  const path = `${root}tests/tasks/${file}`;
  return startProcess(Deno.execPath(), ["run", "-q", ...rights, path, ...args], { cwd: cwd ?? root, env });
}

const server = (args: readonly string[], run: Run = {}) =>
  start("_fixture_server.ts", ["--port", "0", ...args], run);
const client = (args: readonly string[], run: Run = {}) => start("_fixture_client.ts", args, run);

for (
  const [signal, first] of [["SIGINT", "Server stopped with user keyboard interrupt.\n"], [
    "SIGTERM",
    "",
  ]] as const
) {
  Deno.test(`cli: ${signal} stops a server, which says so and ends with 0`, async () => {
    await using process = server([]);
    await process.port();
    process.kill(signal);
    const { code, stdout, stderr } = await process.ended();
    assertEquals(code, 0);
    assertEquals(stderr, "");
    const said = stdout.slice(stdout.indexOf("\n") + 1);
    assertEquals(said, `${first}Shutting down server...\n[INFO] stopping\nServer shut down.\n`);
  });
}

Deno.test("cli: a drain that takes too long is cut off, said, and still exit 0", async () => {
  await using process = server(["--then", "hang", "--drain-ms", "100"]);
  await process.port();
  process.kill("SIGTERM");
  const { code, stdout } = await process.ended();
  assertEquals(code, 0);
  assertStringIncludes(stdout, "[WARN] Not everything was closed within 100 ms\nServer shut down.\n");
});

Deno.test("cli: a second signal ends a server at once", async () => {
  await using process = server(["--then", "hang", "--drain-ms", "600000"]);
  await process.port();
  process.kill("SIGINT");
  await process.line("stopping");
  // What comes within 300 ms is the same press of Ctrl-C, passed on by the processes in between.
  process.kill("SIGINT");
  await new Promise((resolve) => setTimeout(resolve, 400));
  process.kill("SIGTERM");
  assertEquals((await process.ended()).code, 143);
});

Deno.test("cli: a server that ends by itself ends its process with 0", async () => {
  await using process = server(["--then", "end"]);
  const { code, stderr } = await process.ended();
  assertEquals([code, stderr], [0, ""]);
});

for (const then of ["fail-later", "throw-later", "reject-later"]) {
  Deno.test(`cli: a server that comes to ${then} says why in one line on stderr and exits with 1`, async () => {
    await using process = server(["--then", then]);
    const { code, stderr } = await process.ended();
    assertEquals([code, stderr], [1, "[ERROR] it broke in two lines\n"]);
  });
}

Deno.test("cli: --verbose adds the trace of a failure", async () => {
  await using process = server(["--then", "fail-later", "--verbose"]);
  const { code, stderr } = await process.ended();
  assertEquals(code, 1);
  assertMatch(stderr, /^\[ERROR\] it broke in two lines\nError: it broke\n[^]*_fixture_server\.ts:\d+/);
});

Deno.test("cli: with --log-format json a failure is a JSON line too", async () => {
  await using process = server(["--then", "fail", "--log-format", "json"]);
  const { code, stderr } = await process.ended();
  assertEquals(code, 1);
  const { level, msg } = JSON.parse(stderr);
  assertEquals([level, msg], ["error", "Error opening file x"]);
});

Deno.test("cli: a port that is taken has the text that the task promised, exit 1", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  await using process = start("_fixture_server.ts", ["--port", String(port)], {});
  const { code, stderr } = await process.ended();
  assertEquals([code, stderr], [1, `[ERROR] Server error: Unable to start server on port ${port}\n`]);
});

Deno.test("cli: a right that is missing is one line, not a trace", async () => {
  await using process = server([], { rights: [] });
  const { code, stderr } = await process.ended();
  assertEquals(code, 1);
  assertMatch(stderr, /^\[ERROR\] Requires net access to "127\.0\.0\.1:0".*\n$/);
});

Deno.test("cli: a usage error goes to stderr with the way to the help, exit 2, before anything is started", async () => {
  await using process = server(["--prot", "1"]);
  const { code, stdout, stderr } = await process.ended();
  assertEquals([code, stdout], [2, ""]);
  assertEquals(
    stderr,
    "fixture:server: Unknown flag --prot. Did you mean --port?\nTry: deno task fixture:server --help\n",
  );
});

Deno.test("cli: one half of a certificate is a usage error, a file that is not there a failure", async () => {
  await using half = server(["--tls-cert", "x.pem"]);
  const { code, stderr } = await half.ended();
  assertEquals(code, 2);
  assertStringIncludes(stderr, "--tls-cert and --tls-key go together");
  await using missing = server(["--tls-cert", "x.pem", "--tls-key", "y.pem"]);
  const ended = await missing.ended();
  assertEquals(ended.code, 1);
  assertMatch(ended.stderr, /^\[ERROR\] Cannot .*[xy]\.pem.*\n$/);
});

Deno.test({
  name: "cli: a certificate is read",
  ignore: !await available("openssl", "version"),
  async fn() {
    await using directory = await tempDirectory();
    const { certFile, keyFile } = await makeCertificate(directory);
    await using process = server(["--tls-cert", certFile, "--tls-key", keyFile, "--then", "end"]);
    assertEquals((await process.ended()).code, 0);
  },
});

Deno.test("cli: --help and --version need no right at all", async () => {
  await using help = server(["--help"], { rights: [] });
  const { code, stdout, stderr } = await help.ended();
  assertEquals([code, stderr], [0, ""]);
  assertMatch(stdout, /^A server in miniature\n\nUsage: deno task fixture:server \[flags\]\n/);
  await using version = server(["--version"], { rights: [] });
  assertMatch((await version.ended()).stdout, /^troupe \d+\.\d+\.\d+\n$/);
});

Deno.test("cli: a flag beats the environment, which beats .env, which beats the default", async () => {
  await using directory = await tempDirectory();
  const rights = ["--allow-net=127.0.0.1", "--allow-read=.env", "--allow-env=FIXTURE_COUNT,LOG_LEVEL"];
  const count = async (args: readonly string[], env: Record<string, string>) => {
    await using process = server(args, { cwd: directory.path, env, rights });
    return /count (\d+)/.exec(await process.line("count"))?.[1];
  };
  assertEquals(await count([], {}), "1");
  await Deno.writeTextFile(directory.file(".env"), "# a comment\nFIXTURE_OLD_COUNT='2'\nOTHER=x\n");
  assertEquals(await count([], {}), "2");
  assertEquals(await count([], { FIXTURE_COUNT: "3" }), "3");
  assertEquals(await count(["--count", "4"], { FIXTURE_COUNT: "3" }), "4");
});

Deno.test("cli: names and a .env that may not be read are taken as not there", async () => {
  await using directory = await tempDirectory();
  await Deno.writeTextFile(directory.file(".env"), "FIXTURE_COUNT=2\n");
  const run = { cwd: directory.path, env: { FIXTURE_COUNT: "3" }, rights: ["--allow-net=127.0.0.1"] };
  await using process = server([], run);
  assertStringIncludes(await process.line("count"), "count 1");
});

Deno.test("cli: a bad value in .env names its key and what it takes, exit 2", async () => {
  await using directory = await tempDirectory();
  await Deno.writeTextFile(directory.file(".env"), "FIXTURE_COUNT=lots\n");
  await using process = server([], { cwd: directory.path });
  const { code, stderr } = await process.ended();
  assertEquals(code, 2);
  assertStringIncludes(stderr, 'FIXTURE_COUNT in .env: "lots" is not a whole number (0 or more)\n');
});

Deno.test("cli: a .env that cannot be read is a failure that says so", async () => {
  await using directory = await tempDirectory();
  await Deno.mkdir(directory.file(".env"));
  await using process = server([], { cwd: directory.path });
  const { code, stderr } = await process.ended();
  assertEquals(code, 1);
  assertMatch(stderr, /^Cannot read \.env: .*\n$/);
});

Deno.test("cli: --log-level keeps back what matters less", async () => {
  await using process = server(["--then", "end", "--log-level", "warn"]);
  assertEquals((await process.ended()).stdout, "");
});

Deno.test("cli: a client that fails prints exactly its line on stderr, exit 1", async () => {
  await using process = client(["--then", "fail"]);
  const { code, stdout, stderr } = await process.ended();
  assertEquals([code, stdout, stderr], [1, "", "Connection failed. Please check the server and try again\n"]);
});

Deno.test("cli: the number that a client gives back is its exit code", async () => {
  await using process = client(["--then", "three"]);
  assertEquals((await process.ended()).code, 3);
});

Deno.test("cli: Ctrl-C tells a client to leave, and its exit code is the signal's", async () => {
  await using process = client(["--then", "wait"]);
  await process.line("waiting");
  process.kill("SIGINT");
  const { code, stdout, stderr } = await process.ended();
  assertEquals([code, stdout, stderr], [130, "waiting\nleft\n", ""]);
});

Deno.test("cli: a client that does not leave is left behind after a second", async () => {
  await using process = client(["--then", "stay"]);
  await process.line("waiting");
  process.kill("SIGTERM");
  assertEquals((await process.ended()).code, 143);
});

Deno.test("cli: a certificate authority that is not there is one line", async () => {
  await using process = client(["--ca", "nowhere.pem"]);
  const { code, stderr } = await process.ended();
  assertEquals(code, 1);
  assertMatch(stderr, /^Cannot .*nowhere\.pem.*\n$/);
});

Deno.test("cli: Ctrl-C ends a question that nobody answers", async () => {
  await using process = client([]);
  await process.shows("Enter your name: ");
  process.kill("SIGINT");
  const { code, stdout } = await process.ended();
  assertEquals([code, stdout.includes("Goodbye!")], [130, true]);
});

Deno.test("terminal: from a pipe come lines, split anywhere, the last one without its end too", async () => {
  await using process = client([]);
  await process.shows("Enter your name: ");
  await process.write(new Uint8Array([0x41, 0xc3]));
  await process.write(new Uint8Array([0xbc, 0x0a, 0x62]));
  await process.line("Hello, Aü");
  await process.write(new TextEncoder().encode("\r\n\x1b[31mlast"));
  await process.closeInput();
  const { code, stdout } = await process.ended();
  assertEquals(code, 0);
  // Nobody's return key ends the line of a prompt: what is printed stands on a line of its own all the same.
  assertEquals(stdout, "Enter your name: \nHello, Aü\n>> \nb\n>> \n␛[31mlast\n>> \nGoodbye!\n");
});

/** A person at a terminal, played by Python: waits for a text, types, and so on; prints what was seen. */
const PERSON = `
import os, pty, select, sys, time
steps = sys.argv[1].split("|")
pid, fd = pty.fork()
if pid == 0:
    os.environ.pop("NO_COLOR", None)
    os.environ.update(dict(p.split("=") for p in sys.argv[2].split(",") if p))
    os.execvp(sys.argv[3], sys.argv[3:])
seen, end, at = b"", time.time() + 15, 0
def wait(text):
    global seen, at
    while seen.find(text, at) < 0:
        if time.time() > end: raise SystemExit("missing %r in %r" % (text, seen))
        if select.select([fd], [], [], 0.1)[0]: seen += os.read(fd, 65536)
    at = seen.find(text, at) + len(text)
for step in steps:
    text, keys = step.split("~")
    wait(text.encode())
    os.write(fd, keys.encode().decode("unicode_escape").encode("latin-1"))
while True:
    try: more = os.read(fd, 65536)
    except OSError: break
    if not more: break
    seen += more
print(seen.decode())
print("code", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

function person(steps: string, args: readonly string[], env = ""): Promise<string> {
  const fixture = `${root}tests/tasks/_fixture_client.ts`;
  return atTerminal(steps, ["run", "-q", "--no-prompt", fixture, ...args], { env });
}

async function atTerminal(
  steps: string,
  args: readonly string[],
  { env = "", cwd = root }: { readonly env?: string; readonly cwd?: string } = {},
): Promise<string> {
  await using process = startProcess("python3", ["-c", PERSON, steps, env, Deno.execPath(), ...args], {
    cwd,
  });
  const { stdout, stderr } = await process.ended();
  assertEquals(stderr, "");
  return stdout;
}

/** How a client at a terminal leaves: pastes are no longer marked, and the program ends with 0. */
const GIVEN_BACK = new RegExp("Goodbye!\\r\\n\x1b\\[\\?2004l\\ncode 0\\n$");

const noPython = !await available("python3", "--version");

Deno.test({
  name: "terminal: a person edits the line before it is sent, and colours are seen",
  ignore: noPython,
  async fn() {
    const seen = await person("name: ~Annx\\x7fa\\r|>> ~helo\\x1b[Dl\\r|hello~exit\\r", []);
    assertStringIncludes(seen, "Hello, Anna\r\n");
    assertStringIncludes(seen, "\x1b[32mhello\x1b[0m\r\n");
    assertMatch(seen, GIVEN_BACK);
  },
});

Deno.test({
  name: "terminal: with NO_COLOR nothing is coloured",
  ignore: noPython,
  async fn() {
    const seen = await person("name: ~A\\r|>> ~hello\\r|hello~\\x15exit\\r", [], "NO_COLOR=1");
    assertStringIncludes(seen, "hello\r\n");
    assertNotMatch(seen, new RegExp("\x1b\\[\\d*m"));
  },
});

Deno.test({
  name: "terminal: what is printed meanwhile does not break the line being typed",
  ignore: noPython,
  async fn() {
    const seen = await person(">> ~ab|tick 1~|>> ab~c\\r", ["--then", "tick"]);
    assertStringIncludes(seen, "\r\x1b[Ktick 1\r\n\r\x1b[K>> ab");
    assertStringIncludes(seen, "typed abc\r\n");
  },
});

Deno.test({
  name: "terminal: Ctrl-D ends the input, Ctrl-C the client, and the terminal is given back",
  ignore: noPython,
  async fn() {
    assertMatch(await person("name: ~A\\r|>> ~\\x04", []), GIVEN_BACK);
    assert((await person("name: ~\\x03", [])).endsWith("code 130\n"));
  },
});

Deno.test({
  name:
    "cli: one press of Ctrl-C, which deno task passes on once more, drains a server and does not cut it off",
  ignore: noPython,
  async fn() {
    await using directory = await tempDirectory();
    const command = `deno run -q ${RIGHTS.join(" ")} ${root}tests/tasks/_fixture_server.ts --port 0`;
    await Deno.writeTextFile(directory.file("deno.json"), JSON.stringify({ tasks: { fixture: command } }));
    const seen = await atTerminal("listening~\\x03", ["task", "fixture"], { cwd: directory.path });
    assertStringIncludes(seen, "Server stopped with user keyboard interrupt.\r\n");
    assert(seen.endsWith("Server shut down.\r\n\ncode 0\n"), seen);
  },
});

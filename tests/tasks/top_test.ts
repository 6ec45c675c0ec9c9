import { assert, assertEquals, assertMatch } from "@std/assert";
import { available, freePort, runTask, startTask, tempDirectory, until } from "../_helpers.ts";
import { FakeInspector } from "../inspect/_fake_inspector.ts";
import { inspected } from "../inspect/_page.ts";
import { Screen } from "./_screen.ts";

const hasTmux = await available("tmux", "-V");

Deno.test("top: into a pipe it prints one table, the busiest first, and ends", async () => {
  await using seen = await inspected();
  const { system, port } = seen;
  const worker = system.spawn<"work">("worker", (self) => {
    self.every(1, "work");
    return () => {};
  });
  for (let index = 0; index < 100; index++) worker.tell("work");
  system.spawn("\u202eevil", () => () => {});
  const { code, stdout, stderr } = await runTask("top", [`127.0.0.1:${port}`, "--rows", "50"]);
  assertEquals([code, stderr], [0, ""]);
  const [summary, head, first] = stdout.split("\n");
  assertMatch(summary ?? "", /^\d+ actors, .*; by messages$/);
  assertMatch(head ?? "", /^ +MSG\/S +MAILBOX +MOST +HANDLED +MESSAGE +RESTARTS +ACTOR$/);
  assertMatch(first ?? "", / \/demo\/worker$/);
  assert(!stdout.includes("\u202e"), "what an actor is called is made visible");
});

Deno.test("top: what is wrong is said in one line", async () => {
  await using seen = await inspected("s3cret");
  const { port } = seen;
  await using echo = startTask("echo:server", ["--host", "127.0.0.1", "--port", "0"]);
  const echoPort = await echo.port("Server is listening");
  for (
    const [args, status, text] of [
      [
        [`127.0.0.1:${freePort()}`],
        1,
        /^Cannot reach an inspector at 127\.0\.0\.1:\d+: nothing listens there$/,
      ],
      [[`127.0.0.1:${echoPort}`], 1, /^Cannot reach an inspector at .*: it does not speak HTTP$/],
      [[`127.0.0.1:${echoPort}`, "--tls"], 1, /^Cannot reach an inspector at .*: it does not speak TLS$/],
      [[`127.0.0.1:${port}`, "--tls"], 1, /^Cannot reach an inspector at .*: it does not speak TLS$/],
      [[`127.0.0.1:${port}`], 1, /^Cannot look into the system at .*: it takes a token: see --token$/],
      [[`127.0.0.1:${port}`, "--token", "x"], 1, /^Cannot look into the system at .*: it has another token$/],
      [["nowhere"], 2, /^top: "nowhere" is not an address such as 127\.0\.0\.1:9090\nTry: /],
      [[], 2, /^top: Missing argument: HOST:PORT\nTry: /],
    ] as const
  ) {
    const { code, stdout, stderr } = await runTask("top", args);
    assertEquals([code, stdout], [status, ""]);
    assertMatch(stderr.trim(), text);
  }
  const { code } = await runTask("top", [`127.0.0.1:${port}`, "--token", "s3cret"]);
  assertEquals(code, 0);
});

const HELLO = JSON.stringify({ type: "hello", system: "fake", hosts: [{ name: "fake", root: "/fake" }] });
const NUMBERS = {
  ...{ time: 0, actors: 1, handled: 0, waiting: 0, failures: 0, deadLetters: 0, restarts: 0 },
  ...{ connections: 0, bytesIn: 0, bytesOut: 0, loopDelayMs: 0, residentBytes: 0, heapUsedBytes: 0 },
};
const TICK = JSON.stringify({ type: "tick", tick: NUMBERS });
const ROW = {
  ...{ name: "/fake/a", state: "running", mailbox: 0, highWater: 0, handled: 0, restarts: 0 },
  ...{ childCount: 0, perSecond: 0 },
};

function seen(busiest: unknown): string {
  return JSON.stringify({ type: "seen", seen: { host: "fake", time: 0, views: [], busiest } });
}

Deno.test("top: a peer that says what no inspector says is told of in one line, and nothing of it is printed", async () => {
  const evil = "\x1b]0;evil\x07\x1b[31m";
  const lies: [string[], string[]][] = [
    [[evil], []],
    [["null"], []],
    [[JSON.stringify({ type: "hello", hosts: [{ name: { evil } }] })], []],
    [[HELLO, JSON.stringify({ type: "tick", tick: { ...NUMBERS, connections: evil } })], []],
    [[HELLO, JSON.stringify({ type: "tick", tick: { ...NUMBERS, restarts: evil } })], []],
    [[HELLO, TICK], [seen([{ ...ROW, mailbox: evil }])]],
    [[HELLO, TICK], [seen([{ ...ROW, name: 1 }])]],
    [[HELLO, TICK], [seen(Array.from({ length: 201 }, () => ROW))]],
  ];
  for (const [first, then] of lies) {
    await using peer = new FakeInspector(first, then);
    const { code, stdout, stderr } = await runTask("top", [peer.address]);
    assertEquals([code, stdout], [1, ""], first.join());
    assertMatch(
      stderr.trim(),
      /^Cannot look into the system at [\d.:]+: what it says is not an inspector's$/,
    );
  }
});

Deno.test("top: what a peer calls its actors is made visible, and a clock that stands still ends it", async () => {
  await using peer = new FakeInspector([HELLO, TICK], [seen([{ ...ROW, name: "/fake/\x1b[31mred" }])]);
  const { code, stdout } = await runTask("top", [peer.address]);
  assertEquals(code, 0);
  assert(stdout.includes("/fake/␛[31mred") && !stdout.includes("\x1b"), stdout);
});

Deno.test("top: a peer that is silent is given up", async () => {
  await using peer = new FakeInspector([]);
  const { code, stdout, stderr } = await runTask("top", [peer.address, "--timeout-ms", "1000"]);
  assertEquals([code, stdout], [1, ""]);
  assertMatch(stderr.trim(), /^Cannot .* at [\d.:]+: it does not answer$/);
});

Deno.test({
  name: "top: in a terminal the table is drawn anew, sorted by keys, and the screen is given back",
  ignore: !hasTmux,
  async fn() {
    await using seen = await inspected();
    const { system, port } = seen;
    const busy = system.spawn<"work">("busy", (self) => {
      self.every(5, "work");
      return () => {};
    });
    const waiting = system.spawn<number>("waiting", () => () => new Promise<void>(() => {}), {
      shutdownMs: 1,
    });
    for (let index = 0; index < 77; index++) waiting.tell(index);
    busy.tell("work");
    await using directory = await tempDirectory();
    const screen = await Screen.open(directory);
    await screen.run(`deno task top 127.0.0.1:${port}`);
    await screen.shows(/m: messages[^\n]*\n +MSG\/S.*\n +\d+.*\/demo\/busy\n/);
    await screen.press("b");
    await screen.shows(/ACTOR\n +0 +76 .*\/demo\/waiting\n/);
    await screen.resize(60);
    await screen.shows(/0 dead l\n[^]*MSG\/S MAILBOX RESTARTS {2}ACTOR\n +0 +76 .*\/demo\/waiting\n/);
    await screen.press("q");
    await screen.shows(/^(?![^]*MSG\/S)[^]*READY\$$/);
    // A terminal that goes takes it along: nobody looks any more.
    const lookers = () => system.subtree("/demo/inspect/server")?.childCount;
    await screen.run(`deno task top 127.0.0.1:${port}`);
    await until(() => lookers() === 1, "somebody looks");
    await screen[Symbol.asyncDispose]();
    await until(() => lookers() === 0, "nobody looks");
  },
});

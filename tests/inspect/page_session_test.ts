import { assert, assertEquals, assertFalse, assertLess } from "@std/assert";
import { type Behavior, restart, resume } from "../../mod.ts";
import { TestClient, until } from "../_helpers.ts";
import { lineServer } from "../../actors/net/mod.ts";
import { inspected, TestPage } from "./_page.ts";

const weak: Behavior<{ readonly type: "fail"; readonly text: string }> = () => ({ text }) => {
  throw new TypeError(text, { cause: new Error("the cause") });
};

Deno.test("inspector: a page is told of failures with their stacks, restarts, dead letters and the log", async () => {
  await using seen = await inspected();
  const { system, port } = seen;
  await using page = new TestPage(port);
  await page.told("hello");
  const ref = system.spawn("weak", weak, { onFailure: restart({ limit: 1, withinMs: 60_000 }) });
  ref.tell({ type: "fail", text: "first" });
  await until(() => page.news("failures").length === 1, "the failure");
  const [failure] = page.news("failures");
  assertEquals(
    [failure?.actor, failure?.error, failure?.messageType, failure?.decision],
    ["/demo/weak", "first", "fail", "restart"],
  );
  assert(failure?.stack.includes("page_session_test.ts"), failure?.stack);
  assert(failure?.stack.includes("Caused by: Error: the cause"), failure?.stack);
  await until(() => page.news("restarts").length === 1, "the restart");
  const gone = system.spawn<{ readonly type: "secret"; readonly text: string }>("gone", (self) => {
    self.stop();
    return () => {};
  });
  await until(() => !gone.isOpen, "its end");
  gone.tell({ type: "secret", text: "for nobody else" });
  await until(() => page.news("deadLetters").length === 1, "the dead letter");
  const [letter] = page.news("deadLetters");
  assertEquals([letter?.target, letter?.messageType, letter?.reason], ["/demo/gone", "secret", "stopped"]);
  await until(() => page.news("log").some(({ message }) => message.includes("first")), "the log line");
  assertFalse(JSON.stringify(page.events).includes("for nobody else"), "what a dead letter says is private");
});

Deno.test("inspector: who comes later is told what happened before", async () => {
  await using seen = await inspected();
  const { system, port } = seen;
  const ref = system.spawn("weak", weak, { onFailure: restart({ limit: 5, withinMs: 60_000 }) });
  for (const text of ["one", "two"]) ref.tell({ type: "fail", text });
  await using page = new TestPage(port);
  await until(() => page.news("failures").length >= 2, "both failures");
  assertEquals(page.news("failures").map(({ error }) => error), ["one", "two"]);
});

Deno.test("inspector: a page is sent what it has unfolded, an actor's own page, and the busiest", async () => {
  await using seen = await inspected();
  const { system, port } = seen;
  system.spawn("crowd", (self) => {
    for (let index = 1; index <= 3000; index++) self.spawn(`child-${index}`, () => () => {});
    return () => {};
  });
  const worker = system.spawn<number>("worker", () => () => {}, {
    mailbox: { capacity: 50, overflow: "drop-oldest" },
  });
  system.spawn<"over">("watcher", (self) => {
    self.watch(worker, () => "over");
    return () => {};
  });
  await using page = new TestPage(port);
  const { hosts } = await page.told("hello");
  assertEquals(hosts, [{ name: "demo", root: "/demo" }]);
  const root = { path: "/demo", skip: 0, count: 100 };
  const crowd = { path: "/demo/crowd", skip: 2998, count: 100 };
  page.send({ type: "look", host: "demo", views: [root, crowd], actor: "/demo/worker" });
  const { seen: shown } = await page.told("seen", ({ seen }) => seen.details !== undefined);
  assertEquals(shown.views[0]?.children.map(({ name }) => name), ["inspect", "crowd", "worker", "watcher"]);
  assertEquals(shown.views[1]?.children.map(({ name }) => name), ["child-2999", "child-3000"]);
  assertEquals(shown.views[1]?.actor?.childCount, 3000);
  assertEquals(shown.details?.options["mailbox"], "at most 50, then drop-oldest");
  assertEquals(shown.details?.watchers, ["/demo/watcher"]);

  page.send({ type: "look", host: "demo", views: [], busiest: { by: "messages", count: 1 } });
  await page.told("seen", ({ seen }) => {
    for (let index = 0; index < 40; index++) worker.tell(index);
    return (seen.busiest?.[0]?.perSecond ?? 0) > 0 && seen.busiest?.[0]?.name === "/demo/worker";
  });
  page.send({ type: "search", host: "demo", text: "CHILD-29" });
  const { rows, more } = await page.told("found");
  assertEquals([rows[0]?.name, rows.length, more], ["/demo/crowd/child-29", 100, true]);
});

Deno.test("inspector: a page may look and nothing else: anything but a command closes it", async () => {
  await using seen = await inspected();
  const { port } = seen;
  const rows = { path: "/demo", skip: 0, count: 1500 };
  for (
    const text of [
      "",
      "stop",
      '{"type":"stop","path":"/demo"}',
      '{"type":"__proto__"}',
      JSON.stringify({ type: "look", host: "demo", views: [rows, rows] }),
      JSON.stringify({ type: "search", host: "demo", text: "x".repeat(5000) }),
    ]
  ) {
    const page = new TestPage(port);
    await page.told("hello");
    page.sendText(text);
    assertEquals((await page.closed()).code, 1008, text.slice(0, 50));
  }
});

Deno.test("inspector: a page counts the system's connections and bytes, and not those of who looks", async () => {
  await using seen = await inspected();
  await using page = new TestPage(seen.port);
  await using another = new TestPage(seen.port);
  await another.told("tick");
  const { promise, resolve } = Promise.withResolvers<number>();
  const echo = lineServer(
    { address: { hostname: "127.0.0.1", port: 0 }, onListening: ({ port }) => resolve(port) },
    (connection) => ({ frame: (line: string) => connection.sendText(`${line}\n`) }),
  );
  seen.system.spawn("echo", echo);
  using client = await TestClient.connect(await promise);
  await client.send("hello\n");
  assertEquals(await client.line(), "hello");
  const { tick } = await page.told("tick", ({ tick }) => tick.connections > 0 && tick.bytesOut > 0);
  assertEquals([tick.connections, tick.bytesIn, tick.bytesOut], [1, 6, 6]);
});

Deno.test("inspector: so many pages at most, and who leaves makes room", async () => {
  await using seen = await inspected();
  const { port } = seen;
  const pages = Array.from({ length: 16 }, () => new TestPage(port));
  for (const page of pages) await page.told("hello");
  const late = new TestPage(port);
  await late.closed();
  assertEquals(late.events, []);
  for (const page of pages) await page[Symbol.asyncDispose]();
  await until(async () => {
    const again = new TestPage(port);
    await Promise.race([again.told("hello"), again.closed()]);
    const isLetIn = again.events.length > 0;
    await again[Symbol.asyncDispose]();
    return isLetIn;
  }, "room for another");
});

Deno.test("inspector: of sixty pages that come at once sixteen are let in", async () => {
  await using seen = await inspected();
  const pages = Array.from({ length: 60 }, () => new TestPage(seen.port));
  await until(() => pages.every(({ isClosed, events }) => isClosed || events.length > 0), "all are answered");
  assertEquals(pages.filter(({ isClosed }) => !isClosed).length, 16);
  await Promise.all(pages.map((page) => page[Symbol.asyncDispose]()));
});

Deno.test("inspector: a page that does not read keeps nothing waiting, and others are told", async () => {
  await using seen = await inspected();
  const { system, port } = seen;
  const ref = system.spawn("weak", weak, { onFailure: resume() });
  using deaf = await TestClient.connect(port);
  await deaf.send(
    `GET /changes HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
  );
  await using page = new TestPage(port);
  await page.told("hello");
  // Each stack is some kilobytes: far more than sockets hold. A flood is counted, and not told one by one.
  let failures = 0;
  const told = () => page.news("failures");
  await until(() => {
    if (system.subtree("/demo/weak")?.mailbox === 0) {
      for (let index = 0; index < 500; index++) ref.tell({ type: "fail", text: "x".repeat(1000) });
      failures += 500;
    }
    return told().length > 300 && (told().at(-1)?.number ?? 0) > told().length;
  }, "many failures");
  assert((told().at(-1)?.number ?? 0) <= failures);
  const { memory } = system.world.process ?? {};
  assertLess(memory?.().heapUsedBytes ?? 0, 600_000_000);
});

Deno.test("inspector: a page that asks faster than any person is closed", async () => {
  await using seen = await inspected();
  await using page = new TestPage(seen.port);
  await page.told("hello");
  for (let times = 0; times < 1000; times++) page.send({ type: "search", host: "demo", text: "x" });
  const { code, reason } = await page.closed();
  assertEquals([code, reason], [1008, "too many commands a second"]);
});

import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { inspector, SystemMetrics } from "../../actors/inspect/mod.ts";
import { denoWorld } from "../../actors/world/deno/mod.ts";
import { type ActorSnapshot, ActorSystem, escalate, restart } from "../../mod.ts";
import { available, deadline, runTask, startProcess, startTask, until } from "../_helpers.ts";

interface Look extends AsyncDisposable {
  readonly system: ActorSystem;
  readonly base: string;
}

async function look(token?: string): Promise<Look> {
  const metrics = new SystemMetrics();
  const world = denoWorld({ log: { level: "error", write: () => {} } });
  const system = new ActorSystem("demo", { world, instruments: metrics.instruments });
  const { promise, resolve } = Promise.withResolvers<number>();
  const behavior = inspector({
    system,
    address: { hostname: "127.0.0.1", port: 0 },
    metrics,
    ...(token === undefined ? {} : { token }),
    onListening: ({ port }) => resolve(port),
  });
  system.spawn("inspect", behavior, { onFailure: escalate() });
  const base = `http://127.0.0.1:${await deadline(promise, undefined, "the inspector")}`;
  return { system, base, [Symbol.asyncDispose]: () => system.stop() };
}

async function metric(base: string, name: string): Promise<number> {
  const text = await (await fetch(`${base}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1] ?? NaN);
}

Deno.test("inspector: metrics count actors, messages, failures, restarts and dead letters", async () => {
  await using seen = await look();
  const { system, base } = seen;
  const before = await metric(base, "troupe_actors");
  const worker = system.spawn<"work" | "fail">("worker", () => (message) => {
    if (message === "fail") throw new Error("on purpose");
  }, { onFailure: restart({ limit: 3, withinMs: 60_000 }) });
  const gone = system.spawn<"work">("gone", (self) => () => self.stop());
  for (let count = 0; count < 100; count++) worker.tell("work");
  worker.tell("fail");
  gone.tell("work");
  await until(() => !gone.isOpen, "its end");
  gone.tell("work");
  await until(async () => await metric(base, "troupe_actors_restarted_total") === 1, "the restart");
  assertEquals(await metric(base, "troupe_failures_total"), 1);
  assertEquals(await metric(base, "troupe_dead_letters_total"), 1);
  assertEquals(await metric(base, "troupe_actors"), before + 1);
  assert(await metric(base, "troupe_messages_handled_total") >= 101);
  await until(async () => {
    for (let count = 0; count < 1000; count++) worker.tell("work");
    return await metric(base, 'troupe_handler_duration_seconds_bucket\\{le="\\+Inf"\\}') >= 1;
  }, "a handler that is timed");
});

Deno.test("inspector: the tree is shown a level at a time, and a page of many children at a time", async () => {
  await using seen = await look();
  const { system, base } = seen;
  system.spawn("crowd", (self) => {
    for (let index = 1; index <= 3000; index++) self.spawn(`child-${index}`, () => () => {});
    return () => {};
  });
  const tree = async (query: string): Promise<ActorSnapshot> =>
    await (await fetch(`${base}/tree?${query}`)).json();
  await until(async () => (await tree("path=/demo/crowd")).childCount === 3000, "the crowd");
  const root = await tree("levels=1");
  assertEquals(root.children.map(({ path }) => path), ["/demo/inspect", "/demo/crowd"]);
  assert(root.children.every(({ children }) => children.length === 0));
  const page = await tree("path=/demo/crowd&children=2&skip=2998");
  assertEquals(page.children.map(({ path }) => path), ["/demo/crowd/child-2999", "/demo/crowd/child-3000"]);
  for (
    const [query, status] of [["path=/demo/nobody", 404], ["levels=x", 400], ["children=1001", 400]] as const
  ) {
    const response = await fetch(`${base}/tree?${query}`);
    await response.body?.cancel();
    assertEquals(response.status, status, query);
  }
});

Deno.test("inspector: it shows itself to this machine alone, or to who has the token, and writes nothing", async () => {
  await using seen = await look("s3cret");
  const status = async (path: string, init: RequestInit = {}) => {
    const response = await fetch(`${seen.base}${path}`, init);
    await response.body?.cancel();
    return response.status;
  };
  assertEquals(await status("/metrics"), 401);
  assertEquals(await status("/tree?token=s3cre"), 401);
  assertEquals(await status("/tree?token=s3cret"), 200);
  assertEquals(await status("/metrics", { headers: { authorization: "Bearer s3cret" } }), 200);
  assertEquals(await status("/tree?token=s3cret", { method: "POST" }), 405);
  assertEquals(await status("/healthz"), 200);
  const { system } = seen;
  assertThrows(
    () => inspector({ system, address: { hostname: "0.0.0.0", port: 0 } }),
    TypeError,
    "it takes a token",
  );
});

Deno.test("echo:server: --inspect shows the running server, and not to everybody without a token", async () => {
  await using server = startTask("echo:server", ["--port", "0", "--inspect", "127.0.0.1:0"]);
  const port = await server.port("Inspector listening");
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  assertMatch(text, /^# TYPE troupe_actors gauge$/m);
  const { code, stderr } = await runTask("echo:server", ["--port", "0", "--inspect", "0.0.0.0:0"]);
  assertEquals(code, 2);
  assertMatch(stderr, /--inspect: Cannot show the system .* it takes a token; see --inspect-token/);
});

Deno.test({
  name: "inspector: promtool finds nothing wrong with the metrics",
  ignore: !await available("promtool", "--version"),
  async fn() {
    await using seen = await look();
    const text = await (await fetch(`${seen.base}/metrics`)).text();
    await using check = startProcess("promtool", ["check", "metrics"]);
    await check.type(text);
    await check.closeInput();
    const { code, stdout, stderr } = await check.ended();
    assertEquals([code, stdout, stderr], [0, "", ""]);
  },
});

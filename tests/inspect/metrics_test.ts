import { assert, assertEquals, assertThrows } from "@std/assert";
import { meteredDisk, MeterRegistry, SystemMetrics } from "../../actors/inspect/mod.ts";
import { denoWorld } from "../../actors/world/deno/mod.ts";
import { ActorSystem, type Behavior, escalate, restart } from "../../mod.ts";
import { formatMetrics } from "../../protocols/prometheus.ts";
import {
  available,
  freePort,
  startProcess,
  startTask,
  tempDirectory,
  TestClient,
  until,
} from "../_helpers.ts";
import { TestPage } from "./_page.ts";

const hasPromtool = await available("promtool", "--version");

/** The value of a series, by the beginning of its line. */
function valueOf(text: string, series: string): number {
  const line = text.split("\n").find((each) => each.startsWith(series));
  return Number(line?.split(" ").at(-1) ?? NaN);
}

Deno.test("meter: names are Prometheus', two of one name and attributes are one, and bounds rise", () => {
  const meter = new MeterRegistry();
  const options = { unit: "By", description: "Bytes.", attributes: { "network.io.direction": "receive" } };
  meter.counter("process.network.io", options).add(3);
  meter.counter("process.network.io", { ...options, attributes: { ...options.attributes } }).add(4);
  const histogram = meter.histogram("a.duration", { unit: "s", description: "A.", bounds: [0.1, 1] });
  for (const seconds of [0.05, 0.1, 0.5, 7]) histogram.record(seconds);
  meter.observe("b", "upDownCounter", { unit: "{thing}", description: "B." }, () => 5);
  const text = formatMetrics(meter.families());
  assertEquals(valueOf(text, 'process_network_io_bytes_total{network_io_direction="receive"}'), 7);
  assertEquals(valueOf(text, 'a_duration_seconds_bucket{le="0.1"}'), 2);
  assertEquals(valueOf(text, 'a_duration_seconds_bucket{le="1"}'), 3);
  assertEquals(valueOf(text, 'a_duration_seconds_bucket{le="+Inf"}'), 4);
  assertEquals(valueOf(text, "a_duration_seconds_count"), 4);
  assertEquals(valueOf(text, "b"), 5);
  assertThrows(() => meter.histogram("c", { unit: "s", description: "C.", bounds: [1, 1] }), RangeError);
  // A mistake that makes a series of everything is bounded.
  for (let index = 0; index < 10_000; index++) {
    meter.counter("many", { unit: "{x}", description: "M.", attributes: { index: String(index) } }).add(1);
  }
  assert(formatMetrics(meter.families()).split("\n").length < 2100);
});

Deno.test("meter: a disk's syncs are timed and what is written counted, and files are as they were", async () => {
  await using directory = await tempDirectory();
  const meter = new MeterRegistry();
  const { disk, clock } = denoWorld();
  const metered = meteredDisk(disk, clock, meter);
  const file = await metered.open(directory.file("a"), { write: true, create: true, read: true });
  await file.write(new TextEncoder().encode("hello"), 0);
  await file.sync();
  assertEquals(await file.size(), 5);
  file.close();
  const replacement = await metered.createReplacement(directory.file("a"));
  await replacement.file.write(new TextEncoder().encode("hi"), 0);
  await replacement.file.sync();
  replacement.file.close();
  await metered.rename(replacement.path, replacement.target);
  assertEquals(new TextDecoder().decode(await metered.readFile(directory.file("a"))), "hi");
  const text = formatMetrics(meter.families());
  assertEquals(valueOf(text, "troupe_disk_io_bytes_total"), 7);
  assertEquals(valueOf(text, "troupe_disk_sync_duration_seconds_count"), 2);
});

Deno.test("metrics: with two cores what does not add up is told as it is, and what adds up as a sum", async () => {
  await using server = startTask("chat:server", [
    ...["--host", "127.0.0.1", "--port", "0", "--web-port", "off", "--cores", "2"],
    ...["--inspect", "127.0.0.1:0"],
  ]);
  const inspector = await server.port("Inspector listening");
  const port = await server.port(/started on port/);
  using clients = new DisposableStack();
  for (let n = 0; n < 4; n++) {
    const client = clients.use(await TestClient.connect(port));
    await client.send(`user${n}\n/join room${n}\n/who\n`);
    for (let line; (line = await client.line()) !== null && !line.startsWith(`In room${n}: `););
  }
  await using page = new TestPage(inspector);
  await page.told("hello");
  const entitiesOf = async (host: string) => {
    page.send({ type: "look", host, views: [], cluster: { skip: 0, count: 1 } });
    const { seen } = await page.told("seen", ({ seen }) => seen.host === host && seen.cluster !== undefined);
    return seen.cluster?.entityCount ?? 0;
  };
  let text = "";
  const values = (series: RegExp) => [...text.matchAll(series)].map(([, value]) => Number(value));
  const hosts = () => values(/^troupe_cluster_host\{host="[^"]*"\} (\S+)$/gm);
  await until(async () => {
    text = await (await fetch(`http://127.0.0.1:${inspector}/metrics`)).text();
    const [connections] = values(/^troupe_connections\{troupe_server="\/chat\/server\/.*"\} (\d+)$/gm);
    const [one, two] = [await entitiesOf("core-1"), await entitiesOf("core-2")];
    return hosts().length === 2 && connections === 4 && one + two > 0 &&
      valueOf(text, "troupe_cluster_entities") === one + two;
  }, "both cores have told of their entities and of each other");
  assertEquals(hosts(), [1, 1]);
  assertEquals(valueOf(text, "troupe_cluster_connected"), 1);
});

Deno.test("metrics: one fault is one failure, however many levels it escalates through", async () => {
  const metrics = new SystemMetrics();
  const world = denoWorld({ log: { level: "error", write: () => {} } });
  await using system = new ActorSystem("demo", { world, instruments: metrics.instruments });
  const listening = system.events.subscribe(metrics.counted);
  const levels: string[] = [];
  system.events.subscribe((event) => event.type === "failed" && levels.push(`${event.actor} ${event.phase}`));
  const failing: Behavior<string> = () => (text) => {
    throw text === "text" ? text : new Error(text);
  };
  const parent = (name: string, behavior: Behavior<string>): Behavior<string> => (self) => {
    const child = self.spawn(name, behavior, { onFailure: escalate() });
    return (text) => child.tell(text);
  };
  const onFailure = restart({ limit: 100, withinMs: 60_000 });
  const top = system.spawn("top", parent("middle", parent("low", failing)), { onFailure });
  for (const [index, text] of ["error", "text", "again"].entries()) {
    top.tell(text);
    await until(() => levels.length === 3 * (index + 1), "it has come to the top");
    assertEquals(metrics.eventCounts.failures, index + 1);
  }
  assertEquals(levels.slice(0, 3), [
    "/demo/top/middle/low message",
    "/demo/top/middle child",
    "/demo/top child",
  ]);
  listening.cancel();
});

Deno.test("metrics: services count what they do, sockets what goes through them, and promtool reads all of it", async () => {
  await using directory = await tempDirectory();
  const ports = { editor: freePort(), records: freePort() };
  await using server = startTask("start", [
    ...["--only", "editor,records,clock", "--host", "127.0.0.1", "--inspect", "127.0.0.1:0"],
    ...["--editor-port", String(ports.editor), "--records-port", String(ports.records), "--clock-port", "0"],
    ...["--data-dir", directory.path],
  ], { env: { EDITOR_WEB_PORT: "off" } });
  const inspector = await server.port("Inspector listening");
  const isReady = async () => {
    const response = await fetch(`http://127.0.0.1:${inspector}/readyz`);
    await response.body?.cancel();
    return response.status === 200;
  };
  await until(isReady, "its services listen");
  const metrics = async () => await (await fetch(`http://127.0.0.1:${inspector}/metrics`)).text();
  using editor = await TestClient.connect(ports.editor);
  using reader = await TestClient.connect(ports.editor);
  await until(
    async () => valueOf(await metrics(), 'troupe_connections{troupe_server="/troupe/start/editor') >= 2,
    "both",
  );
  await editor.send("an update\n");
  assertEquals(await reader.line(), "an update");
  using records = await TestClient.connect(ports.records);
  await records.send('{"client_ID":"1","type":"read"}\n');
  await records.line();
  const text = await metrics();
  assertEquals(valueOf(text, 'troupe_editor_updates_total{troupe_door="line"}'), 1);
  assert(valueOf(text, "troupe_disk_sync_duration_seconds_count") >= 1);
  assert(/^troupe_records_requests_total\{.*troupe_outcome="error".*\} 1$/m.test(text), text);
  const received = /^process_network_io_bytes_total\{.*direction="receive".*editor.*\} (\d+)$/m.exec(text);
  assert(Number(received?.[1]) >= "an update\n".length, text);
  assert(/^http_server_request_duration_seconds_count\{.*http_route="\/metrics".*\} [1-9]/m.test(text), text);
  if (!hasPromtool) return;
  await using check = startProcess("promtool", ["check", "metrics"]);
  await check.type(text);
  await check.closeInput();
  const { code, stdout, stderr } = await check.ended();
  assertEquals([code, stdout, stderr], [0, "", ""]);
});

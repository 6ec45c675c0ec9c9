import { assert, assertEquals, assertLess } from "@std/assert";
import { deadline, startProcess, startTask, TestClient, until } from "../_helpers.ts";
import { type CollectedSpan, Collector } from "./_collector.ts";

/** The spans of one trace as a tree: `name at actor [events] [failed]`, children in order of their names. */
function treeOf(spans: readonly CollectedSpan[], root: CollectedSpan): unknown {
  const actor = root.attributes?.find(({ key }) => key === "troupe.actor.path")?.value["stringValue"];
  const place = String(actor).replace(/\/\d+-127\.0\.0\.1:\d+$/, "/client");
  const events = root.events?.map(({ name }) => ` ${name}`).join("") ?? "";
  const children = spans.filter(({ parentSpanId }) => parentSpanId === root.spanId)
    .toSorted((one, other) => one.name < other.name ? -1 : 1)
    .map((child) => treeOf(spans, child));
  const text = `${root.name} at ${place}${events}${root.status?.code === 2 ? " failed" : ""}`;
  return children.length === 0 ? text : [text, ...children];
}

/** The trees of the traces that begin with spans of that name, once there are so many spans in them. */
async function tracesOf(collector: Collector, name: string, size: number): Promise<unknown[]> {
  const roots = () => collector.spans.filter((span) => span.name === name);
  const ids = () => new Set(roots().map(({ traceId }) => traceId));
  await until(() => {
    const traces = ids();
    return collector.spans.filter(({ traceId }) => traces.has(traceId)).length >= size;
  }, `the traces of a ${name}`);
  assertEquals(roots().map(({ parentSpanId }) => parentSpanId), roots().map(() => ""));
  return roots().map((root) =>
    treeOf(collector.spans.filter(({ traceId }) => traceId === root.traceId), root)
  );
}

/** What becomes of one line. */
function lineTrace(text: string): unknown {
  return [
    "frame at /traced/tcp/client",
    [
      "process first at /traced/a",
      [
        "process second at /traced/b",
        [
          `ask question: ${text} at /traced/oracle`,
          `process question: ${text} at /traced/oracle`,
        ],
        ["process answered at /traced/b", `process reply: answer to ${text} at /traced/tcp/client sent`],
      ],
    ],
  ];
}

Deno.test("traces: one chain leads from a frame through three actors and an ask to what goes out", async () => {
  await using collector = new Collector();
  await using traced = startProcess(Deno.execPath(), ["run", "-q", "-A", "tests/inspect/_traced.ts"], {
    env: collector.env("always_on"),
  });
  const port = Number((await traced.line("TCP on")).split(" ").at(-1));
  using client = await TestClient.connect(port);
  await client.send("hello\n");
  assertEquals(await client.line(), "answer to hello");
  assertEquals(await tracesOf(collector, "frame", 7), [lineTrace("hello")]);
  await until(() => collector.metrics.has("process.network.io"), "the metrics");
  assert(collector.metrics.has("troupe.connections"), [...collector.metrics].join());
  // An actor's own gauge is what it was told last, and no sum; one that was told nothing is not there.
  await client.send("and once more\n");
  await until(() => collector.gauges.get("traced.length") === 13, "the gauge");
  assertEquals(collector.metrics.get("traced.length"), "gauge");
  assert(!collector.metrics.has("traced.never"));
});

Deno.test("traces: lines that come in one segment have a chain each, and none has a part of another's", async () => {
  await using collector = new Collector();
  await using traced = startProcess(Deno.execPath(), ["run", "-q", "-A", "tests/inspect/_traced.ts"], {
    env: collector.env("always_on"),
  });
  const port = Number((await traced.line("TCP on")).split(" ").at(-1));
  using client = await TestClient.connect(port);
  const texts = ["one", "two", "three"];
  await client.send(texts.map((text) => `${text}\n`).join(""));
  for (const text of texts) assertEquals(await client.line(), `answer to ${text}`);
  const traces = await tracesOf(collector, "frame", 7 * texts.length);
  const sorted = (trees: unknown[]) => trees.map((tree) => JSON.stringify(tree)).sort();
  assertEquals(sorted(traces), sorted(texts.map(lineTrace)));
});

Deno.test("traces: one chain leads from a datagram through an actor that awaits an answer to what goes out", async () => {
  await using collector = new Collector();
  await using traced = startProcess(Deno.execPath(), ["run", "-q", "-A", "tests/inspect/_traced.ts"], {
    env: collector.env("parentbased_always_on"),
  });
  const port = Number((await traced.line("UDP on")).split(" ").at(-1));
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  try {
    await socket.send(new TextEncoder().encode("hello"), { transport: "udp", hostname: "127.0.0.1", port });
    const [answer] = await deadline(socket.receive(), undefined, "the answer");
    assertEquals(new TextDecoder().decode(answer), "answer to hello");
  } finally {
    socket.close();
  }
  assertEquals(await tracesOf(collector, "datagram", 5), [[
    "datagram at /traced/udp/client",
    [
      "process first at /traced/d",
      ["ask question: hello at /traced/oracle", "process question: hello at /traced/oracle"],
      "process reply: answer to hello at /traced/udp/client sent",
    ],
  ]]);
});

Deno.test("traces: a handler that throws what cannot be made a text, or undefined, has a span that has failed", async () => {
  const lines = [
    ["throw object", " exception"],
    ["throw error", ""],
    ["throw undefined", " exception"],
    ["reject undefined", " exception"],
  ];
  for (const [line, event] of lines) {
    await using collector = new Collector();
    await using traced = startProcess(Deno.execPath(), ["run", "-q", "-A", "tests/inspect/_traced.ts"], {
      env: collector.env("always_on"),
    });
    const port = Number((await traced.line("TCP on")).split(" ").at(-1));
    using client = await TestClient.connect(port);
    await client.send(`${line}\n`);
    const chain = ["frame at /traced/tcp/client", `process first at /traced/a${event} failed`];
    assertEquals(await tracesOf(collector, "frame", 2), [chain]);
  }
});

Deno.test("traces: a server exports with its own rights, as many as the sampler says, and metrics as what they are", async () => {
  await using collector = new Collector();
  await using server = startTask("echo:server", ["--host", "127.0.0.1", "--port", "0"], {
    env: collector.env("traceidratio", "0.2"),
  });
  using client = await TestClient.connect(await server.port("Server is listening"));
  const frames = 300;
  for (let frame = 0; frame < frames; frame++) {
    await client.send("hello");
    await client.bytes(5);
  }
  const kinds = {
    "troupe.messages.handled": "counter",
    "troupe.actors": "upDownCounter",
    "troupe.mailbox.high_water.messages": "gauge",
    "process.memory.usage": "upDownCounter",
    "nodejs.eventloop.delay.max": "gauge",
    "nodejs.eventloop.delay.mean": "gauge",
  };
  await until(() => Object.keys(kinds).every((name) => collector.metrics.has(name)), "the metrics");
  // What does not add up over machines is no sum.
  for (const [name, kind] of Object.entries(kinds)) {
    assertEquals([name, collector.metrics.get(name)], [name, kind]);
  }
  await until(() => collector.spans.some(({ name }) => name === "frame"), "a span");
  const spans = collector.spans.filter(({ name }) => name === "frame");
  assertLess(spans.length, frames);
  assertEquals(spans[0]?.events?.map(({ name }) => name), ["sent"]);
});

Deno.test("traces: with several cores each exports what it does, and says which core it is", async () => {
  await using collector = new Collector();
  await using server = startTask("chat:server", [
    ...["--host", "127.0.0.1", "--port", "0", "--web-port", "off", "--cores", "2"],
  ], { env: collector.env("always_on") });
  using client = await TestClient.connect(await server.port(/started on port/));
  await client.send("ada\n");
  await until(() => collector.spans.some(({ name }) => name === "frame"), "a span");
  const coresOf = (name: string) => [...collector.cores.get(name) ?? []].sort();
  const kinds = {
    "troupe.cluster.entities": "upDownCounter",
    "troupe.cluster.host": "gauge",
    "troupe.cluster.epoch": "gauge",
    "troupe.cluster.connected": "gauge",
    "troupe.cluster.lease.age": "gauge",
    "troupe.cluster.replay.longest": "gauge",
    "troupe.cluster.commits": "counter",
  };
  const areAllThere = () =>
    coresOf("troupe.memory.heap.used").join() === ",1,2" &&
    Object.keys(kinds).every((name) => coresOf(name).join() === "1,2");
  await until(areAllThere, "the metrics of both");
  // What does not add up is no sum, and what the threads have in common one of them tells of.
  for (const [name, kind] of Object.entries(kinds)) {
    assertEquals([name, collector.metrics.get(name)], [name, kind]);
  }
  assertEquals(coresOf("process.memory.usage"), [""]);
});

import { assert, assertEquals, assertMatch } from "@std/assert";
import { denoWorld } from "../../actors/world/deno/mod.ts";
import { calculatorServer } from "../../actors/calculator/mod.ts";
import { ActorSystem, escalate, type Ref } from "../../mod.ts";
import { house, resident } from "../../tasks/_house.ts";
import { deadline, freePort, runTask, startTask, tempDirectory, TestClient, until } from "../_helpers.ts";

const HERE = ["--host", "127.0.0.1"];

Deno.test("start: a service that fails inside starts again, and the others never notice", async () => {
  await using system = new ActorSystem("troupe", { world: denoWorld({ log: { level: "error" } }) });
  const { promise, resolve } = Promise.withResolvers<number>();
  const address = { hostname: "127.0.0.1", port: 0 };
  let lives = 0;
  let victim: Ref<"die"> | undefined;
  const failing = resident<"die">("failing", (self) => {
    lives++;
    victim = self.self;
    return () => {
      throw new Error("Cannot go on: killed from inside");
    };
  }, { drainMs: 1000 });
  const calculator = resident(
    "calculator",
    calculatorServer({ address, onListening: ({ port }) => resolve(port) }),
    { drainMs: 1000 },
  );
  system.spawn("start", house([failing, calculator], { drainMs: 1000 }), { onFailure: escalate() });
  using client = await TestClient.connect(await deadline(promise, undefined, "listening"));
  await client.send("Adarsh\n1 + 1\n");
  assertEquals(await client.line(), "2.0");
  for (const life of [2, 3]) {
    victim?.tell("die");
    await until(() => lives === life, `life ${life}`);
  }
  await client.send("2 + 2\n");
  assertEquals(await client.line(), "4.0");
});

Deno.test("start: one service that goes on failing is given up, and when none is left all ends with its error", async () => {
  for (const strict of [false, true]) {
    const system = new ActorSystem("troupe", { world: denoWorld({ log: { level: "error" } }) });
    const failing = (name: string) =>
      resident(name, () => {
        throw new Error(`Cannot start ${name}`);
      }, { drainMs: 1000 });
    const steady = resident("steady", () => () => {}, { drainMs: 1000 });
    const services = strict ? [failing("one"), steady] : [failing("one"), failing("two")];
    system.spawn("start", house(services, { strict, drainMs: 1000 }), { onFailure: escalate() });
    const error = await deadline(system.terminated.then(() => undefined, (error: unknown) => error));
    assertMatch(String(error), /Cannot start (one|two)/);
    await system.stop();
  }
});

Deno.test("start: one whose port is taken says so and the others run; with --strict, none does", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const args = [
    ...[...HERE, "--only", "knock,calculator,clock", "--knock-port", String(taken.addr.port)],
    ...["--calculator-port", "0", "--clock-port", "0"],
  ];
  {
    await using server = startTask("start", args);
    const listening = await server.line(/calculator: Server listening on/);
    const port = Number(/:(\d+)$/.exec(listening)?.[1]);
    const complaint = await server.errorLine(/knock does not run/);
    await server.line("[WARN] 2 of 3 services run, without knock");
    assertMatch(complaint, /knock does not run: Cannot listen on 127\.0\.0\.1:\d+: /);
    using client = await TestClient.connect(port);
    await client.send("Adarsh\n1 + 1\n");
    assertEquals(await client.line(), "2.0");
    server.kill("SIGTERM");
    const { code, stdout } = await server.ended();
    assertEquals(code, 0);
    assert(stdout.endsWith("Server shut down.\n"));
  }
  const strict = await runTask("start", [...args, "--strict"]);
  assertEquals(strict.code, 1);
  assertMatch(strict.stderr, /Cannot listen on 127\.0\.0\.1:\d+: /);
});

Deno.test("start: one that cannot even be made counts among those that do not run", async () => {
  const args = [...HERE, "--only", "knock,editor", "--knock-port", "0", "--editor-port", "0"];
  await using server = startTask("start", args, { env: { EDITOR_TLS_CERT: "missing.pem" } });
  await server.errorLine(/editor does not run: /);
  await server.line("[WARN] 1 of 2 services run, without editor");
});

Deno.test("start: what it is to start must exist, and something must be left", async () => {
  const unknown = await runTask("start", ["--only", "chess"]);
  assertEquals(unknown.code, 2);
  assertMatch(unknown.stderr, /"chess" is not one of /);
  const nothing = await runTask("start", ["--only", "chat", "--without", "chat"]);
  assertEquals(nothing.code, 2);
});

Deno.test("start: a service that is named twice is started once", async () => {
  const args = ["--only", "knock,clock, knock", "--knock-port", "0", "--clock-port", "0"];
  await using server = startTask("start", [...HERE, ...args]);
  for (const name of ["knock", "clock"]) {
    await until(() => server.stdout.includes(`${name}: Server listening`), `${name} listens`);
  }
  server.kill("SIGTERM");
  const { code, stdout, stderr } = await server.ended();
  assertEquals([code, stderr], [0, ""]);
  assertEquals(stdout.match(/knock: Server listening/g)?.length, 1);
});

Deno.test("start: a service keeps the settings of its own part of the environment", async () => {
  const args = [...HERE, "--only", "chat", "--chat-port", "0"];
  await using server = startTask("start", args, { env: { CHAT_RATE: "1", CHAT_BURST: "2" } });
  const port = await server.port();
  using client = await TestClient.connect(port);
  await client.send("ann\n/who\n/who\n/who\n");
  assertEquals([await client.line(), await client.line()], ["In lobby: ann", "Error: slow down"]);
});

Deno.test("start: everything runs under one root, answers, and stops with 0 when it is told to", async () => {
  await using directory = await tempDirectory();
  const nodes = [1, 2, 3].map((id) => `${id}=127.0.0.1:${freePort()}`).join(",");
  const services = ["echo", "editor", "records", "clock", "joke", "knock", "calculator", "chat"];
  const ports = services.flatMap((name) => [`--${name}-port`, "0"]);
  await using server = startTask("start", [...HERE, ...ports, "--peer-nodes", nodes], {
    cwd: directory.path,
  });
  const port = async (name: string) => {
    const line = new RegExp(`${name}: .*(?:listening on|ready to receive on|listening on port)`);
    await until(() => line.test(server.stdout), `${name} listens`);
    const [, port] = /(?:port |:)(\d+)/.exec(
      server.stdout.split("\n").find((text) => line.test(text))?.replace(/^.*?: /, "") ?? "",
    ) ?? [];
    return Number(port);
  };
  const talks = [
    ["echo", "hello\n", "hello"],
    ["knock", "Knock Knock..\n", "Whose there?"],
    ["calculator", "Adarsh\n1 + 1\n", "2.0"],
    ["chat", "ann\n/who\n", "In lobby: ann"],
    [
      "records",
      `{"client_ID":"1","type":"read","data":""}\n`,
      `{"client_ID":"1","type":"error","data":"Client not found."}`,
    ],
  ] as const;
  for (const [name, said, answer] of talks) {
    using client = await TestClient.connect(await port(name));
    await client.send(said);
    assertEquals(await client.line(), answer);
  }
  using writer = await TestClient.connect(await port("editor"));
  await writer.send("a line\n");
  await until(() => server.stdout.includes("editor: Received update"), "the editor's update");
  await until(
    () => server.stdout.includes("[INFO] 11 of 11 services run\n"),
    "the line that says how many run",
  );
  for (const node of [1, 2, 3]) {
    await until(
      () => server.stdout.includes(`peer-${node}: Leader elected: Node 1`),
      `node ${node} knows its leader`,
    );
  }
  server.kill("SIGINT");
  const { code, stdout, stderr } = await server.ended();
  assertEquals([code, stderr], [0, ""]);
  assert(stdout.includes("Server stopped with user keyboard interrupt."));
});

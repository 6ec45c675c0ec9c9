import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { ActorSystem, run } from "../../mod.ts";
import { placesMemory, SharedPlaces } from "../../actors/cores/shared_places.ts";
import {
  freePort,
  makeCertificate,
  runTask,
  startTask,
  tempDirectory,
  TestClient,
  type TestProcess,
} from "../_helpers.ts";
import { coresProblem } from "../../tasks/_cores_flag.ts";
import { ask, clientOn, startProgram } from "./_cores.ts";

function startRooms(cores: number): TestProcess {
  return startProgram("_program.ts", `${cores}`);
}

/** A room that lives on this core. */
async function roomOn(core: string, client: TestClient): Promise<string> {
  for (let n = 0; n < 100; n++) {
    const room = `${core}-room${n}`;
    assertEquals(await ask(client, `say ${room} hello`), `${room} heard 1`);
    if (await ask(client, `lives ${room}`) === core) return room;
  }
  throw new Error(`Cannot find a room on ${core}`);
}

Deno.test("cores: a room lives on one core, and answers clients of each", async () => {
  await using program = startRooms(2);
  const port = await program.port(/Rooms on port/);
  using one = await clientOn("core-1", port);
  using two = await clientOn("core-2", port);
  for (const core of ["core-1", "core-2"]) {
    const room = await roomOn(core, core === "core-1" ? two : one);
    assertEquals(await ask(one, `say ${room} a`), `${room} heard 2`);
    assertEquals(await ask(two, `say ${room} b`), `${room} heard 3`);
  }
  await one.send("publish all hello\n");
  assertEquals([await one.line(), await two.line()], ["all: hello", "all: hello"]);
  assertEquals(program.stdout.split("\n").filter((line) => line.includes("Rooms on")).length, 1);
});

Deno.test("cores: one that dies is started again, and its rooms go on for clients of the others", async () => {
  await using program = startRooms(2);
  const port = await program.port(/Rooms on port/);
  using one = await clientOn("core-1", port);
  using two = await clientOn("core-2", port);
  const room = await roomOn("core-2", one);
  assertEquals(await ask(one, `say ${room} before`), `${room} heard 2`);
  await two.send("crash\n");
  assertEquals(await two.line(), null);
  assertMatch(
    await program.line("has died"),
    /^\[WARN\] Core 2 has died, and is started again: told to crash$/,
  );
  // What it had heard is not forgotten, and the connection was not touched.
  assertEquals(await ask(one, `say ${room} after`), `${room} heard 3`);
  using again = await clientOn("core-2", port);
  assertEquals(await ask(again, `say ${room} again`), `${room} heard 4`);
  await one.send("publish all hello\n");
  assertEquals(await again.line(), "all: hello");
  program.kill("SIGTERM");
  assertEquals((await program.ended()).code, 0);
});

Deno.test("cores: places are one count for all, and those of a core that died are free", async () => {
  await using program = startRooms(2);
  const port = await program.port(/Rooms on port/);
  using clients = new DisposableStack();
  /** Lets clients come until one is refused, and says where the others are. */
  const fill = async (): Promise<{ first: TestClient; cores: string[] }> => {
    const served: TestClient[] = [];
    const cores: string[] = [];
    for (let tries = 0; tries < 5000; tries++) {
      const client = clients.use(await TestClient.connect(port));
      const core = await ask(client, "where").catch(() => "closed");
      const [first] = served;
      if (core.startsWith("Server is full") && first !== undefined) return { first, cores };
      if (!core.startsWith("core-")) continue;
      served.push(client);
      cores.push(core);
    }
    throw new Error(`Cannot fill the server: ${cores}`);
  };
  const { first, cores } = await fill();
  assertEquals(cores.length, 10);
  await first.send("crash\n");
  await program.line("has died");
  const died = cores.filter((core) => core === cores[0]).length;
  assertEquals((await fill()).cores.length, died);
});

Deno.test("cores: one that stops its system ends the program with 0", async () => {
  await using program = startRooms(2);
  const port = await program.port(/Rooms on port/);
  using client = await clientOn("core-2", port);
  await client.send("stop\n");
  const { code, stderr } = await program.ended();
  assertEquals([code, stderr], [0, ""]);
});

for (const task of ["echo:server", "calculator:server"] as const) {
  Deno.test(`cores: ${task}: SIGTERM ends the clients of all cores, and no line of the log is lost`, async () => {
    await using server = startTask(task, ["--host", "127.0.0.1", "--port", "0", "--cores", "2"]);
    const port = await server.port();
    const clients = await Promise.all(Array.from({ length: 40 }, () => TestClient.connect(port)));
    for (const client of clients) await client.send("Ada\n1 + 1\n");
    for (const client of clients) {
      if (task === "echo:server") assertEquals(await client.line(), "Ada");
      assertEquals(await client.line(), task === "echo:server" ? "1 + 1" : "2.0");
    }
    server.kill("SIGTERM");
    for (const client of clients) {
      await client.rest();
      client.close();
    }
    const { code, stdout, stderr } = await server.ended();
    assertEquals([code, stderr], [0, ""]);
    const lines = stdout.trimEnd().split("\n");
    assertEquals(lines.filter((line) => /listening|running/i.test(line)).length, 1, stdout);
    for (const client of clients) {
      assertEquals(
        lines.filter((line) => line === `Connection lost with client: ${client.address}`).length,
        1,
      );
    }
    assertEquals(lines.at(-1), "Server shut down.");
  });
}

Deno.test("cores: echo over TLS, on both", async () => {
  await using folder = await tempDirectory();
  const { certFile, keyFile, cert } = await makeCertificate(folder);
  const tls = ["--tls-cert", certFile, "--tls-key", keyFile];
  await using server = startTask("echo:server", ["--port", "0", "--cores", "2", ...tls]);
  const port = await server.port();
  await Promise.all(Array.from({ length: 20 }, async (_, n) => {
    using conn = await Deno.connectTls({ hostname: "localhost", port, caCerts: [cert] });
    const client = new TestClient(conn);
    assertEquals(await ask(client, `hello ${n}`), `hello ${n}`);
  }));
});

Deno.test("cores: one /metrics has what all cores count", async () => {
  const [port, inspect] = [freePort(), freePort()];
  const args = ["--host", "127.0.0.1", "--port", `${port}`, "--inspect", `127.0.0.1:${inspect}`];
  await using server = startTask("calculator:server", [...args, "--cores", "2"]);
  await server.line(/Server listening/);
  using clients = new DisposableStack();
  for (let n = 0; n < 30; n++) {
    const client = clients.use(await TestClient.connect(port));
    await client.send("Ada\n");
    assertEquals(await ask(client, "1 + 1"), "2.0");
  }
  const response = await fetch(`http://127.0.0.1:${inspect}/metrics`);
  const text = await response.text();
  const open = [...text.matchAll(/^troupe_connections[^ ]* (\d+)$/gm)].map(([, value]) => Number(value));
  assertEquals(open.reduce((sum, value) => sum + value, 0) >= 30, true, text);
  // One family of a name, and its series once each.
  const series = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  assertEquals(new Set(series.map((line) => line.slice(0, line.lastIndexOf(" ")))).size, series.length);
});

Deno.test("cores: a port that is taken is said in one line, exit 1", async () => {
  const port = freePort();
  using _taken = Deno.listen({ hostname: "127.0.0.1", port });
  const args = ["--host", "127.0.0.1", "--port", `${port}`];
  const alone = await runTask("calculator:server", args);
  const together = await runTask("calculator:server", [...args, "--cores", "2"]);
  assertEquals([together.code, together.stderr, together.stdout], [1, alone.stderr, alone.stdout]);
});

Deno.test("cores: what does not work with several is a usage error", async () => {
  for (const flag of [["--max-per-address", "3"], ["--udp"], ["--cores", "0"], ["--cores", "many"]]) {
    const { code, stderr } = await runTask("echo:server", ["--cores", "2", ...flag]);
    assertEquals(code, 2, stderr);
    assertMatch(stderr, /cores/);
  }
  const { code } = await runTask("editor:server", ["--cores", "2"]);
  assertEquals(code, 2);
});

Deno.test("cores: a compiled program says that it has one thread", () => {
  assertMatch(coresProblem({ cores: 2 }, true) ?? "", /a compiled program runs in one thread/);
  assertEquals([coresProblem({ cores: 1 }, true), coresProblem({ cores: 2 }, false)], [undefined, undefined]);
});

Deno.test("cores: a system that was made already, and too many cores, are refused", async () => {
  await using system = new ActorSystem("demo");
  // @ts-expect-error a system is one
  await assertRejects(() => run(system, { cores: 2 }), TypeError, "give run what makes one");
  await assertRejects(() => run(() => system, { cores: 0 }), RangeError, "1 to 256");
});

Deno.test("cores: shared places are never more than there are, and free again when their core is gone", () => {
  const memory = placesMemory(2);
  const [one, two] = [new SharedPlaces(memory, 1), new SharedPlaces(memory, 2)];
  assertEquals([one.take(3), two.take(3), two.take(3), one.take(3)], [true, true, true, false]);
  two.clear();
  assertEquals([one.take(3), one.take(3), one.take(3)], [true, true, false]);
  one.add(-1);
  assertEquals([two.take(3), two.take(3)], [true, false]);
});

import { assertEquals, assertMatch } from "@std/assert";
import { calculatorServer, type LineServerOptions } from "../../actors/calculator/mod.ts";
import { denoWorld } from "../../actors/world/deno/mod.ts";
import { ActorSystem, escalate } from "../../mod.ts";
import { deadline, TestClient } from "../_helpers.ts";

async function startCalculator(options: Partial<LineServerOptions> = {}) {
  const system = new ActorSystem("calculator", { world: denoWorld({ log: { level: "error" } }) });
  const { promise, resolve } = Promise.withResolvers<number>();
  const server = calculatorServer({
    address: { hostname: "127.0.0.1", port: 0 },
    onListening: (address) => resolve(address.port),
    ...options,
  });
  system.spawn("server", server, { onFailure: escalate() });
  const port = await deadline(promise, undefined, "listening");
  return { port, [Symbol.asyncDispose]: () => system.stop() };
}

Deno.test("calculator: a session is a name, then answers in the order of the questions, then a goodbye", async () => {
  await using server = await startCalculator();
  using client = await TestClient.connect(server.port);
  await client.send("Adarsh\n12 + 13\n-6 * 6.96\n1 / 0\ntwelve\n   3   /   -4\r\n\nq\n5 + 5\n");
  const answers = [
    "25.0",
    "-41.76",
    "Error: division by zero",
    "Invalid expression",
    "-0.75",
    "Invalid expression",
  ];
  assertEquals(await client.rest(), [...answers, "Session ended", ""].join("\n"));
});

Deno.test("calculator: a name that looks like an expression, or like q, is a name", async () => {
  await using server = await startCalculator();
  for (const name of ["1 + 1", "q", ""]) {
    using client = await TestClient.connect(server.port);
    await client.send(`${name}\n2 + 2\nq\n`);
    assertEquals(await client.rest(), "4.0\nSession ended\n");
  }
});

Deno.test("calculator: an old client that ends nothing is answered line by line", async () => {
  await using server = await startCalculator();
  using client = await TestClient.connect(server.port);
  await client.send("Adarsh");
  // The name has no answer: the silence after it is what ends it.
  await new Promise((resolve) => setTimeout(resolve, 1000));
  for (
    const [expression, answer] of [["12 + 13", "25.0"], ["2 * 3", "6.0"], ["q", "Session ended"]] as const
  ) {
    await client.send(expression);
    assertEquals(await client.line(), answer);
  }
  assertEquals(await client.line(), null);
});

Deno.test("calculator: 200 sessions at once, and each is answered its own", async () => {
  await using server = await startCalculator();
  await Promise.all(Array.from({ length: 200 }, async (_, session) => {
    using client = await TestClient.connect(server.port);
    await client.send(`client ${session}\n`);
    for (let question = 0; question < 20; question++) {
      await client.send(`${session} + ${question}\n`);
      assertEquals(await client.line(), `${session + question}.0`);
    }
    await client.send("q\n");
    assertEquals(await client.rest(), "Session ended\n");
  }));
});

Deno.test("calculator: what is too long or no UTF-8 gets an error and the close, and nobody else notices", async () => {
  await using server = await startCalculator({ maxFrameBytes: 100 });
  using bystander = await TestClient.connect(server.port);
  await bystander.send("bystander\n");
  for (const said of ["x".repeat(500), Uint8Array.of(0xc3, 0x28, 0x0a), `name\n${"1".repeat(500)} + 1\n`]) {
    using client = await TestClient.connect(server.port);
    await client.send(said);
    assertMatch(await client.rest(), /^Error: [^\n]+\n$/);
  }
  await bystander.send("1 + 1\n");
  assertEquals(await bystander.line(), "2.0");
});

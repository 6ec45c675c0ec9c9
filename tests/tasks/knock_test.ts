import { assertEquals, assertMatch } from "@std/assert";
import { runTask, startTask } from "../_helpers.ts";

Deno.test("knock: the client knocks, the server says so and asks who is there", async () => {
  await using server = startTask("knock:server", ["--port", "0", "--host", "127.0.0.1"]);
  const port = await server.port();
  const client = await runTask("knock:client", ["--host", "127.0.0.1", "--port", String(port)]);
  assertEquals([client.code, client.stdout], [0, "CLIENT RECEIVED: Whose there?\n"]);
  await server.line(/^SERVER RECEIVED: Knock Knock\.\.$/);
  server.kill("SIGTERM");
  assertEquals((await server.ended()).code, 0);
});

Deno.test("knock:client: no server is one line and exit 1", async () => {
  const { code, stderr } = await runTask("knock:client", ["--host", "127.0.0.1", "--port", "1"]);
  assertEquals(code, 1);
  assertMatch(stderr, /^Cannot connect to 127\.0\.0\.1:1: [^\n]+\n$/);
});

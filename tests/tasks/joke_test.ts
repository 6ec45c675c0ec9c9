import { assertEquals } from "@std/assert";
import { runTask, startTask } from "../_helpers.ts";

Deno.test("joke: the client tells it, the server gets it", async () => {
  await using server = startTask("joke:server", ["--port", "0", "--host", "127.0.0.1"]);
  await server.line("waiting for a connection from the client");
  const port = await server.port();
  const client = await runTask("joke:client", ["--host", "127.0.0.1", "--port", String(port)]);
  assertEquals([client.code, client.stdout], [
    0,
    `Client received MESSAGE= Ok from ADDR= 127.0.0.1:${port}\n`,
  ]);
  await server.line(
    "Server received MESSAGE= I could tell you a UDP joke but I'm not sure you'll get it. from ADDR=",
  );
  server.kill("SIGTERM");
  assertEquals((await server.ended()).code, 0);
});

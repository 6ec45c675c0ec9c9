import { assertEquals } from "@std/assert";
import { startTask, tempDirectory, TestClient, until } from "../_helpers.ts";

async function status(port: number, path: string): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`);
  await response.body?.cancel();
  return response.status;
}

Deno.test("readyz: after SIGTERM a server is not ready while its ports are open, and healthy", async () => {
  await using server = startTask("echo:server", [
    ...["--host", "127.0.0.1", "--port", "0", "--inspect", "127.0.0.1:0", "--lame-duck-ms", "3600000"],
  ]);
  const inspector = await server.port("Inspector listening");
  const port = await server.port("Server is listening");
  await until(async () => await status(inspector, "/readyz") === 200, "it is ready");
  server.kill("SIGTERM");
  await until(async () => await status(inspector, "/readyz") === 503, "it is not ready any more");
  assertEquals(await status(inspector, "/healthz"), 200);
  using client = await TestClient.connect(port);
  await client.send("still served");
  assertEquals(new TextDecoder().decode(await client.bytes(12)), "still served");
  server.kill("SIGKILL");
  await server.ended();
});

Deno.test("readyz: a server that has been not ready for its time closes its ports, and exits 0", async () => {
  await using directory = await tempDirectory();
  await using server = startTask("editor:server", [
    ...[
      "--host",
      "127.0.0.1",
      "--port",
      "0",
      "--web-port",
      "0",
      "--lame-duck-ms",
      "1",
      "--data-dir",
      directory.path,
    ],
  ]);
  const web = await server.port("Web door listening");
  await until(async () => await status(web, "/readyz") === 200, "it is ready");
  server.kill("SIGTERM");
  const { code } = await server.ended();
  assertEquals(code, 0);
});

Deno.test("readyz: start is ready once each of its services has had its start", async () => {
  await using server = startTask("start", [
    ...["--only", "echo,clock", "--echo-port", "0", "--clock-port", "0", "--inspect", "127.0.0.1:0"],
  ]);
  const inspector = await server.port("Inspector listening");
  await server.line("2 of 2 services run");
  await until(async () => await status(inspector, "/readyz") === 200, "it is ready");
});

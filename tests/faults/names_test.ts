import { assertEquals, assertMatch } from "@std/assert";
import { runTask, startTask, tempDirectory, TestClient } from "../_helpers.ts";
import { serve, TCP_SERVERS } from "./_strangers.ts";

/** Whether a server of a kind listens at an address. */
async function answers(hostname: string, port: number): Promise<boolean> {
  try {
    using client = await TestClient.connect(port, hostname);
    return client.address !== "";
  } catch {
    return false;
  }
}

for (const service of TCP_SERVERS) {
  Deno.test(`${service}: a server told to listen on a name listens on each of its addresses, at one port`, async () => {
    await using directory = await tempDirectory();
    await using server = await serve(service, directory, ["--host", "localhost"]);
    assertEquals(
      [await answers("127.0.0.1", server.port), await answers("::1", server.port)],
      [true, true],
    );
  });
}

Deno.test("records: SERVER_HOST=localhost in the environment listens on both families", async () => {
  await using directory = await tempDirectory();
  await using server = startTask("records:server", ["--port", "0"], {
    cwd: directory.path,
    env: { SERVER_HOST: "localhost" },
  });
  const port = await server.port(/ready to receive/);
  assertEquals([await answers("127.0.0.1", port), await answers("::1", port)], [true, true]);
});

for (
  const [host, why] of [["127.0.0.1", "IPv4 alone"], ["::1", "IPv6 alone"], ["localhost", "both"]] as const
) {
  Deno.test(`clock: the client finds by name a server that listens on ${why}`, async () => {
    await using directory = await tempDirectory();
    await using server = await serve("clock", directory, ["--host", host]);
    const client = await runTask("clock:client", [
      ...["--host", "localhost", "--port", String(server.port), "--count", "2"],
    ]);
    assertEquals([client.code, client.stderr], [0, ""]);
    assertMatch(client.stdout, /Client received MESSAGE=/);
  });
}

Deno.test("clock: server and client without a flag that names a host understand each other", async () => {
  await using directory = await tempDirectory();
  await using server = startTask("clock:server", ["--port", "0"], { cwd: directory.path });
  const port = await server.port();
  const client = await runTask("clock:client", ["--port", String(port), "--count", "1"]);
  assertEquals([client.code, client.stderr], [0, ""]);
});

Deno.test("calculator: the client finds by name a server that listens on IPv4 alone, and one on IPv6 alone", async () => {
  for (const host of ["127.0.0.1", "::1"]) {
    await using directory = await tempDirectory();
    await using server = await serve("calculator", directory, ["--host", host]);
    const client = await runTask(
      "calculator:client",
      ["--host", "localhost", "--port", String(server.port)],
      { input: "Adarsh\n1 + 1\nq\n" },
    );
    assertEquals(client.code, 0, client.stderr);
    assertMatch(client.stdout, /CLIENT RECEIVED: 2\.0/);
  }
});

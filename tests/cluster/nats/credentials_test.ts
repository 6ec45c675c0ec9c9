import { assertEquals, assertRejects } from "@std/assert";
import { openEngine } from "../../../actors/cluster/engines/mod.ts";
import { denoWorld, WorldError } from "../../../mod.ts";
import { freePort, startProcess, tempDirectory } from "../../_helpers.ts";
import { hasNats } from "./_servers.ts";

Deno.test({
  name: "nats: a server that asks who connects is told by the engine's address, and by nothing less",
  ignore: !await hasNats(),
}, async () => {
  await using directory = await tempDirectory();
  const port = freePort();
  const where = ["-a", "127.0.0.1", "-p", `${port}`, "-js", "-sd", directory.file("data")];
  await using server = startProcess("nats-server", [...where, "--user", "ann", "--pass", "p@ss"]);
  await server.errorLine("Server is ready");
  const world = denoWorld({ log: { level: "error" } });
  await using engine = await openEngine(`nats://ann:p%40ss@127.0.0.1:${port}`, { world });
  assertEquals(engine.isConnected, true);
  await assertRejects(
    () => openEngine(`nats://127.0.0.1:${port}`, { world, startTimeoutMs: 2000 }),
    WorldError,
  );
});

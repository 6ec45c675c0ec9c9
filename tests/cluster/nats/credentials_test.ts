import { assertEquals, assertRejects } from "@std/assert";
import { openEngine } from "../../../actors/cluster/engines/mod.ts";
import { type NatsCredentials, natsEngine } from "../../../actors/cluster/engines/nats.ts";
import { denoWorld, WorldError } from "../../../mod.ts";
import { freePort, makeCertificate, startProcess, tempDirectory } from "../../_helpers.ts";
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

Deno.test({
  name: "nats: a server that speaks TLS is believed by its certificate, and shown ours where it asks",
  ignore: !await hasNats(),
}, async () => {
  await using directory = await tempDirectory();
  const { certFile, keyFile, cert, key } = await makeCertificate(directory);
  const port = freePort();
  const where = ["-a", "127.0.0.1", "-p", `${port}`, "-js", "-sd", directory.file("data")];
  const tls = ["--tlsverify", "--tlscert", certFile, "--tlskey", keyFile, "--tlscacert", certFile];
  await using server = startProcess("nats-server", [...where, ...tls]);
  await server.errorLine("Server is ready");
  const world = denoWorld({ log: { level: "error" } });
  const open = (tls?: NatsCredentials["tls"]) =>
    natsEngine({
      world,
      servers: [`localhost:${port}`],
      startTimeoutMs: 2000,
      ...(tls && { connection: { tls } }),
    });
  await using engine = await open({ ca: cert, cert, key });
  assertEquals(engine.isConnected, true);
  await assertRejects(() => open(), WorldError, "Cannot connect to NATS");
  await assertRejects(() => open({ ca: cert }), WorldError, "Cannot connect to NATS");
});

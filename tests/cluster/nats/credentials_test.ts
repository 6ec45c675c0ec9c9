import { assertEquals, assertRejects } from "@std/assert";
import { openEngine } from "../../../actors/cluster/engines/mod.ts";
import { type NatsCredentials, natsEngine } from "../../../actors/cluster/engines/nats.ts";
import { joinCluster, OutcomeUnknown } from "../../../actors/cluster/mod.ts";
import { ActorSystem, denoWorld, WorldError } from "../../../mod.ts";
import { freePort, makeCertificate, startProcess, tempDirectory, until } from "../../_helpers.ts";
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
  const connection = { user: "ann", pass: "p@ss" };
  await assertRejects(
    () => natsEngine({ world, servers: [`127.0.0.1:${port}`], leaseTtlMs: 1500, connection }),
    WorldError,
    "it was made with leaseTtlMs 2000 instead of leaseTtlMs 1500. All hosts of a cluster have the same",
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

Deno.test({
  name: "nats: what the server does not let a user do is in the log, and is no other host of the name",
  ignore: !await hasNats(),
}, async () => {
  await using directory = await tempDirectory();
  const port = freePort();
  const denied = (what: string, subjects: string) => `permissions: { ${what}: { deny: [${subjects}] } }`;
  await Deno.writeTextFile(
    directory.file("nats.conf"),
    `listen: "127.0.0.1:${port}"\njetstream { store_dir: "${directory.file("data")}" }\n` +
      `authorization { users: [ { user: reader, password: x, ${denied("publish", '"troupe_hosts.>"')} }, ` +
      `{ user: deaf, password: x, ${denied("subscribe", '"troupe.>"')} } ] }\n`,
  );
  await using server = startProcess("nats-server", ["-c", directory.file("nats.conf")]);
  await server.errorLine("Server is ready");
  for (const [user, subject] of [["reader", "troupe_hosts"], ["deaf", "troupe."]] as const) {
    const said: string[] = [];
    const world = denoWorld({ log: { level: "warn", write: (lines) => said.push(lines) } });
    await using engine = await openEngine(`nats://${user}:x@127.0.0.1:${port}`, { world, leaseTtlMs: 400 });
    await using system = new ActorSystem(user, { world });
    const joining = joinCluster(system, { engine, joinTimeoutMs: 1500, drainMs: 500 });
    if (user === "reader") await assertRejects(() => joining, OutcomeUnknown);
    else await (await joining).leave();
    await until(() => said.join("").includes(subject), "the line in the log");
    assertEquals(said.join("").includes("another host"), false, said.join(""));
  }
});

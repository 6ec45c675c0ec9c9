import { assert, assertEquals, assertMatch } from "@std/assert";
import { services } from "../../tasks/services/mod.ts";
import {
  available,
  isTask,
  makeCertificate,
  runTask,
  startProcess,
  startTask,
  tempDirectory,
} from "../_helpers.ts";

const HERE = ["--host", "127.0.0.1", "--port", "0"];

for (const { task: { name: task, flags }, smoke } of services) {
  if (smoke === undefined || flags.tlsCert === undefined) continue;
  const { says, hears, logs } = smoke;

  Deno.test({
    name: `${task}: speaks TLS with openssl s_client`,
    ignore: !await available("openssl", "version"),
    fn: async () => {
      await using directory = await tempDirectory();
      const { certFile, keyFile } = await makeCertificate(directory);
      const tls = ["--tls-cert", certFile, "--tls-key", keyFile];
      assert(isTask(task));
      await using server = startTask(task, [...HERE, ...tls], { cwd: directory.path });
      const port = await server.port(/listening|ready to receive/i);
      const trust = ["-verify_return_error", "-CAfile", certFile, "-verify_hostname", "localhost"];
      const args = ["s_client", "-quiet", ...trust, "-connect", `127.0.0.1:${port}`];
      await using client = startProcess("openssl", args, { cwd: directory.path });
      for (const line of says) await client.type(line);
      for (const pattern of hears) await client.line(pattern);
      if (logs !== undefined) await server.line(logs);
    },
  });
}

Deno.test({
  name:
    "calculator:client, chat:client and knock:client speak TLS with those whom they trust, and with nobody else",
  ignore: !await available("openssl", "version"),
  fn: async () => {
    await using directory = await tempDirectory();
    const { certFile, keyFile } = await makeCertificate(directory);
    for (
      const [name, input, heard] of [
        ["knock", "", "Whose there?"],
        ["calculator", "Adarsh\n12 + 13\n", "25.0"],
        ["chat", "ann\n/who\n", "In lobby: ann"],
      ] as const
    ) {
      await using server = startTask(`${name}:server`, [
        ...HERE,
        "--tls-cert",
        certFile,
        "--tls-key",
        keyFile,
      ]);
      const at = ["--host", "localhost", "--port", String(await server.port())];
      const trusting = await runTask(`${name}:client`, [...at, "--ca", certFile], { input });
      assertEquals(trusting.code, 0, trusting.stderr);
      assertEquals(trusting.stdout.includes(heard), true, trusting.stdout);
      const wary = await runTask(`${name}:client`, [...at, "--tls"], { input });
      assertEquals(wary.code, 1);
      assertMatch(wary.stderr, /^Cannot connect to localhost:\d+: [^\n]+\n$/);
    }
  },
});

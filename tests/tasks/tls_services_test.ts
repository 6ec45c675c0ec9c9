import { assertEquals, assertMatch } from "@std/assert";
import {
  available,
  makeCertificate,
  runTask,
  startProcess,
  startTask,
  type TaskName,
  tempFolder,
} from "../_helpers.ts";

/** What is typed into `openssl s_client`, and what must come back. */
interface Talk {
  readonly task: TaskName;
  readonly says: readonly string[];
  readonly hears: readonly RegExp[];
  /** What the server logs of it. */
  readonly logs?: string;
  readonly args?: readonly string[];
}

const TALKS: readonly Talk[] = [
  { task: "echo:server", says: ["hello"], hears: [/^hello$/] },
  {
    task: "editor:server",
    says: ["nobody is sent what it wrote"],
    hears: [],
    logs: "Received update from client",
  },
  {
    task: "records:server",
    says: [`{"client_ID": "150210710", "type": "read", "data": ""}`],
    hears: [/Client not found\./],
    args: ["--file-path", ".", "--record-path", "."],
  },
  { task: "knock:server", says: ["Knock Knock.."], hears: [/^Whose there\?$/] },
  { task: "calculator:server", says: ["Adarsh", "12 + 13", "q"], hears: [/^25\.0$/, /^Session ended$/] },
  { task: "chat:server", says: ["ann", "/who", "quit"], hears: [/^In lobby: ann$/] },
];

const HERE = ["--host", "127.0.0.1", "--port", "0"];

for (const { task, says, hears, logs, args: own = [] } of TALKS) {
  Deno.test({
    name: `${task}: speaks TLS with openssl s_client`,
    ignore: !await available("openssl", "version"),
    fn: async () => {
      await using folder = await tempFolder();
      const { certFile, keyFile } = await makeCertificate(folder);
      const tls = ["--tls-cert", certFile, "--tls-key", keyFile];
      await using server = startTask(task, [...HERE, ...tls, ...own], { cwd: folder.path });
      const port = await server.port(/listening|ready to receive/i);
      const trust = ["-verify_return_error", "-CAfile", certFile, "-verify_hostname", "localhost"];
      const args = ["s_client", "-quiet", ...trust, "-connect", `127.0.0.1:${port}`];
      await using client = startProcess("openssl", args, { cwd: folder.path });
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
    await using folder = await tempFolder();
    const { certFile, keyFile } = await makeCertificate(folder);
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

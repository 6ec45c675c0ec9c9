import { assert, assertEquals } from "@std/assert";
import { startTask, type TaskName, tempDirectory, TestClient } from "../_helpers.ts";

/** What a process touched, as Deno's audit of its permissions tells. */
async function audited(file: string): Promise<{ kind: string; value: string }[]> {
  return (await Deno.readTextFile(file)).trim().split("\n").map((line) => {
    const entry: { permission: string; value: string } = JSON.parse(line);
    return { kind: entry.permission, value: entry.value };
  });
}

/** Runs a server in a folder of its own while `talk` goes on, and tells which paths it read and wrote. */
async function pathsOf(
  task: TaskName,
  args: readonly string[],
  talk: (client: TestClient) => Promise<void>,
): Promise<{ read: string[]; write: string[]; directory: string }> {
  await using directory = await tempDirectory();
  const audit = directory.file("audit.jsonl");
  {
    const env = { DENO_AUDIT_PERMISSIONS: audit };
    const here = ["--host", "127.0.0.1", "--port", "0"];
    await using server = startTask(task, [...here, ...args], { cwd: directory.path, env });
    using client = await TestClient.connect(await server.port(/listening|ready to receive/i));
    await talk(client);
    server.kill("SIGTERM");
    assertEquals((await server.ended()).code, 0);
  }
  const entries = await audited(audit);
  const paths = (kind: string) => [
    ...new Set(entries.filter((entry) => entry.kind === kind).map(({ value }) => value)),
  ];
  return { read: paths("read"), write: paths("write"), directory: directory.path };
}

const conversations: readonly (readonly [TaskName, string, string])[] = [
  ["calculator:server", "Adarsh\n1 + 1\n", "2.0"],
  ["knock:server", "Knock Knock..\n", "Whose there?"],
  ["echo:server", "hello\n", "hello"],
];

for (const [task, said, answer] of conversations) {
  Deno.test(`rights: ${task} touches no file`, async () => {
    const { read, write } = await pathsOf(task, [], async (client) => {
      await client.send(said);
      assertEquals(await client.line(), answer);
    });
    assertEquals({ read, write }, { read: [], write: [] });
  });
}

Deno.test("rights: records:server without settings reads and writes in its data folder alone", async () => {
  const { read, write, directory } = await pathsOf(
    "records:server",
    ["--data-dir", "kept"],
    async (client) => {
      const data =
        "Last updated: 2024-03-18 13:14:33\\nStudent ID: 5\\nName: A\\nDate of Birth: \\nCity: \\nReason: ";
      await client.send(`{"client_ID": "5", "type": "write", "data": "${data}"}\n`);
      assertEquals(
        await client.line(),
        `{"client_ID":"5","type":"success","data":"File updated successfully."}`,
      );
    },
  );
  const inside = (path: string) => /^kept(\/|$)/.test(path.replace(`${directory}/`, ""));
  assertEquals(read.filter((path) => path !== ".env" && !inside(path)), []);
  assertEquals(write.filter((path) => !inside(path)), []);
  assert(write.some((path) => path.includes("records")), write.join());
});

Deno.test("rights: editor:server and chat:server write what their flags name, in the data folder", async () => {
  for (const [task, flag] of [["editor:server", "--file"], ["chat:server", "--history"]] as const) {
    const args = ["--data-dir", "kept", flag, "text"];
    const { write, directory } = await pathsOf(task, args, async (client) => {
      await client.send("ann\n/who\n");
      if (task === "chat:server") assertEquals(await client.line(), "In lobby: ann");
    });
    assertEquals(write.filter((path) => !/^kept(\/|$)/.test(path.replace(`${directory}/`, ""))), [], task);
    assert(write.some((path) => path.includes("kept/text")), write.join());
  }
});

Deno.test("rights: no service with data can be talked into writing the program", async () => {
  for (const file of ["deno.json", "tasks/start.ts", "actors/echo/mod.ts", ".env"]) {
    const args = ["--port", "0", "--file", file];
    const { code, stderr } = await startTask("editor:server", args).ended();
    assertEquals([code, stderr], [1, `[ERROR] Error opening file ${file}\n`]);
  }
});

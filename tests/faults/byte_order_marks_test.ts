import { assertEquals, assertMatch } from "@std/assert";
import { startTask, type TaskName, tempDirectory, TestClient } from "../_helpers.ts";
import { type RunningServer, serve } from "./_strangers.ts";

const MARK = Uint8Array.of(0xef, 0xbb, 0xbf);

/** What each service is sent after a mark, and what shows that the mark was none of it. */
const TALKS:
  readonly (readonly [service: string, says: string, hears: RegExp | null, logs: RegExp | null])[] = [
    ["chat", "ann\n/who\n", /^In lobby: ann$/, /^\[INFO\] ann has logged in/],
    ["records", '{"client_ID":"1","type":"read"}\n', /Client not found/, null],
    ["calculator", "Adarsh\n1 + 1\n", /^2\.0$/, /^SERVER RECEIVED: Adarsh$/],
    ["knock", "Knock Knock..\n", /^Whose there\?$/, /^SERVER RECEIVED: Knock Knock\.\.$/],
    ["editor", "a first line\n", null, /from client \S+: a first line$/],
  ];

for (const [service, says, hears, logs] of TALKS) {
  Deno.test(`${service}: a byte order mark at the start of a stream is dropped, in one piece or in three`, async () => {
    for (const pieces of [[MARK], [MARK.subarray(0, 1), MARK.subarray(1, 2), MARK.subarray(2)]]) {
      await using directory = await tempDirectory();
      await using server = await serve(service, directory);
      using client = await TestClient.connect(server.port);
      for (const piece of pieces) {
        await client.send(piece);
        if (pieces.length > 1) await new Promise((resolve) => setTimeout(resolve, 70));
      }
      await client.send(says);
      if (hears !== null) assertMatch(await client.line() ?? "", hears);
      if (logs !== null) await server.process.line(logs);
      if (service !== "editor") continue;
      server.process.kill("SIGTERM");
      await server.process.ended();
      assertEquals(await Deno.readTextFile(directory.file("temp.txt")), "a first line\n");
    }
  });
}

Deno.test("clients: a byte order mark at the start of standard input is none of what is typed", async () => {
  await using directory = await tempDirectory();
  await using calculator = await serve("calculator", directory);
  await using chat = await serve("chat", directory);
  await using editor = await serve("editor", directory);
  const cases: readonly (readonly [TaskName, RunningServer, string, string])[] = [
    ["calculator:client", calculator, "Adarsh", "SERVER RECEIVED: Adarsh"],
    ["chat:client", chat, "ann", "[INFO] ann has logged in"],
    ["editor:client", editor, "a first line", ": a first line"],
  ];
  for (const [task, { process, port }, typed, logged] of cases) {
    await using client = startTask(task, ["--host", "127.0.0.1", "--port", `${port}`]);
    await client.type(`\ufeff${typed}`);
    const line = await process.line(logged);
    assertEquals(line.includes("\\ufeff") || line.includes("\ufeff"), false, line);
  }
});

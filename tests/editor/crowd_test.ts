import { assert, assertEquals } from "@std/assert";
import { available, tempDirectory } from "../_helpers.ts";
import { Crowd, startEditor, startPython } from "./_play.ts";

const hasPython = await available("python3", "--version");

const CLIENTS = 200;
const WRITERS = 8;
const LINES = 100;
const LINE_CHARACTERS = 4000;
/** What the server may have at most: 200 queues of their largest size would be more. */
const MEMORY_BYTES = 400 * 1024 * 1024;

Deno.test({
  name:
    "editor: of 200 clients, 8 of them writing, one that never reads is dropped and the others get everything",
  ignore: !hasPython,
  async fn() {
    await using directory = await tempDirectory();
    await using play = await startEditor(
      directory,
      ...["--max-clients", "1000", "--slow-client-ms", "1500"],
    );
    await using deaf = startPython("_deaf_client.py", String(play.port));
    const address = (await deaf.line("Connected as")).replace("Connected as ", "");
    const crowd = await Promise.all(Array.from({ length: CLIENTS - 1 }, () => Crowd.join(play.port)));
    const writers = crowd.slice(0, WRITERS);
    await Promise.all(writers.map(async (writer, n) => {
      for (let i = 0; i < LINES; i++) {
        await writer.send(`${n} ${i} ${"x".repeat(LINE_CHARACTERS)}\n`);
        // As fast as the others read.
        if (n === 0 && i % 10 === 9) {
          const due = WRITERS * (i - 9) * LINE_CHARACTERS;
          const reader = crowd.at(-1);
          await reader?.until(() => reader.length >= due, "what was sent");
        }
      }
    }));
    const path = directory.file("temp.txt");
    const total = Array.from({ length: WRITERS * LINES }, (_, at) => `${at % WRITERS} ${at % LINES} `.length);
    const size = total.reduce((sum, length) => sum + length + LINE_CHARACTERS + 1, 0);
    await Promise.all(
      crowd.slice(WRITERS).map((reader) => reader.until(() => reader.length >= size, "everything")),
    );
    const document = await Deno.readTextFile(path);
    assertEquals(document.split("\n").length, WRITERS * LINES + 1);
    for (const reader of crowd.slice(WRITERS)) {
      assert(reader.text === document, "a reader saw something else");
    }
    for (const [n, writer] of writers.entries()) {
      const others = document.split("\n").filter((line) => !line.startsWith(`${n} `)).join("\n");
      await writer.until(() => writer.length >= others.length, "all that others wrote");
      assert(writer.text === others, "a writer saw something else");
    }
    await play.server.line(`Client ${address} does not read what it is sent`);
    await using memory = startPython("_memory_of.py", String(play.server.pid));
    const [, most] = (await memory.line(/\d/)).split(" ").map(Number);
    assert(most !== undefined && most < MEMORY_BYTES, `${most} bytes`);
    for (const client of crowd) client[Symbol.dispose]();
    await Promise.all(crowd.map((client) => client.ended()));
    await deaf.closeInput();
  },
});

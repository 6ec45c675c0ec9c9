import { assert, assertEquals } from "@std/assert";
import { tempDirectory, type TestProcess } from "../_helpers.ts";
import { Crowd, startEditor } from "./_play.ts";

const ROUNDS = 10;
const WRITERS = 8;

const CHUNK_LINES = 20;

/**
 * Sends lines, each with a name of its own, until the server is gone; says how many it began to send.
 *
 * @param pace awaited before each chunk
 */
async function flood(
  client: Crowd,
  name: string,
  pace: () => Promise<void> | void = () => {},
): Promise<number> {
  let lines = 0;
  try {
    while (true) {
      await pace();
      let chunk = "";
      for (let i = 0; i < CHUNK_LINES; i++) chunk += `${name} ${lines++} ${"x".repeat(lines % 97)}\n`;
      await client.send(chunk);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  } catch {
    return lines;
  }
}

for (const sync of ["always", "never"]) {
  Deno.test(`editor: killed ten times under load (--sync ${sync}), it has kept all that anybody had received, once, in that order`, async () => {
    await using directory = await tempDirectory();
    const path = directory.file("temp.txt");
    let before = "typed by hand, with no end";
    await Deno.writeTextFile(path, before);
    for (let round = 0; round < ROUNDS; round++) {
      const received: string[] = [];
      {
        await using play = await startEditor(directory, "--sync", sync);
        using reader = await Crowd.join(play.port);
        await reader.until(() => reader.text === before, "the document");
        const writers = await Promise.all(Array.from({ length: WRITERS }, () => Crowd.join(play.port)));
        const floods = writers.map((writer, n) => flood(writer, `${round}.${n}`));
        const length = before.length + 20_000 + 7_000 * round;
        await reader.until(() => reader.length > length, "the load");
        play.server.kill("SIGKILL");
        await Promise.all([reader, ...writers].map((client) => client.ended()));
        await Promise.all(floods);
        received.push(reader.text, ...writers.map((writer) => writer.text));
        for (const writer of writers) writer[Symbol.dispose]();
      }
      // What a started server says the document is: the restart mends what the crash left.
      await using play = await startEditor(directory);
      using late = await Crowd.join(play.port);
      const size = (await Deno.stat(path)).size;
      await late.until(() => late.length === size, "the document after the crash");
      const document = await Deno.readTextFile(path);
      assertEquals(late.text, document);
      check(document, before, received, round);
      play.server.kill("SIGTERM");
      assertEquals((await play.server.ended()).code, 0);
      assertEquals(await names(directory.path), ["temp.txt"]);
      before = document;
    }
  });
}

/** What the server logs of a line: that it has received it, and that it broadcasts it. */
const LOGGED_CHARACTERS = 160;
/** Of a log that nobody reads a megabyte waits; of what is written then, lines are lost. */
const MAX_UNREAD_LOG = 1 << 19;

/** Lets no more lines be sent than leave half of what of the log may wait unread. */
class LogPace {
  isOver = false;
  readonly #server: TestProcess;
  #lines = 0;

  constructor(server: TestProcess) {
    this.#server = server;
  }

  async wait(): Promise<void> {
    this.#lines += CHUNK_LINES;
    while (this.#lines * LOGGED_CHARACTERS - this.#server.stdout.length > MAX_UNREAD_LOG) {
      if (this.isOver) throw new Error("Cannot go on: the server is gone");
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
}

Deno.test("editor: stopped under load, it ends in order, and has kept all that anybody had received", async () => {
  await using directory = await tempDirectory();
  await using play = await startEditor(directory);
  using reader = await Crowd.join(play.port);
  const writers = await Promise.all(Array.from({ length: WRITERS }, () => Crowd.join(play.port)));
  const pace = new LogPace(play.server);
  const floods = writers.map((writer, n) => flood(writer, `0.${n}`, () => pace.wait()));
  // Who is connected need not be accepted yet: all are served when each was sent something.
  await Promise.all(writers.map((writer) => writer.until(() => writer.length > 0, "a line of another")));
  await reader.until(() => reader.length > 50_000, "the load");
  play.server.kill("SIGTERM");
  const { code, stdout, stderr } = await play.server.ended();
  pace.isOver = true;
  assertEquals([code, stderr], [0, ""]);
  assert(stdout.endsWith("Server shut down.\n"));
  assertEquals(stdout.match(/^Connection lost with client: /gm)?.length, WRITERS + 1);
  await Promise.all([reader, ...writers].map((client) => client.ended()));
  await Promise.all(floods);
  check(
    await Deno.readTextFile(directory.file("temp.txt")),
    "",
    [reader, ...writers].map(({ text }) => text),
    0,
  );
  assertEquals(await names(directory.path), ["temp.txt"]);
  for (const writer of writers) writer[Symbol.dispose]();
});

function check(document: string, before: string, received: string[], round: number): void {
  assert(document.startsWith(before));
  assert(document.endsWith("\n"), "a half line");
  const [reader = "", ...writers] = received;
  assert(document.startsWith(reader), "the reader received another order");
  const lines = document.slice(before.length).split("\n").filter((line) => line !== "");
  assertEquals(new Set(lines).size, lines.length);
  const counts = new Map<string, number>();
  for (const line of lines) {
    const [, name = "", number = "", filling = ""] = /^(\d+\.\d+) (\d+) (x*)$/.exec(line) ?? [];
    assertEquals(Number(number), counts.get(name) ?? 0, `a writer's lines in order: ${line}`);
    assertEquals(filling.length, (Number(number) + 1) % 97, `half a line: ${line}`);
    counts.set(name, Number(number) + 1);
  }
  for (const [n, text] of writers.entries()) {
    // The last line may have been on its way.
    const whole = text.slice(0, text.lastIndexOf("\n") + 1);
    const others = lines.filter((line) => !line.startsWith(`${round}.${n} `)).map((line) => `${line}\n`).join(
      "",
    );
    const seen = whole.slice(before.length).replace(/^\n/, "");
    assert(others.startsWith(seen), `writer ${n} received another order`);
  }
}

async function names(directory: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name } of Deno.readDir(directory)) found.push(name);
  return found.sort();
}

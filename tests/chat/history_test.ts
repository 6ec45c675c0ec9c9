import { assert, assertEquals, assertMatch } from "@std/assert";
import { history } from "../../actors/chat/history.ts";
import type { HistoryCommand } from "../../actors/chat/owner_messages.ts";
import { denoWorld } from "../../actors/world/deno/mod.ts";
import { ActorSystem, escalate, type Ref } from "../../mod.ts";
import { tempDirectory } from "../_helpers.ts";

function startHistory(options: Parameters<typeof history>[0] = {}) {
  const system = new ActorSystem("history", { world: denoWorld({ log: { level: "error" } }) });
  const ref: Ref<HistoryCommand> = system.spawn("history", history(options), { onFailure: escalate() });
  return {
    keep: (room: string, ...lines: string[]) =>
      ref.ask<void>((replyTo) => ({ type: "keep", room, lines, replyTo }), { timeoutMs: 15_000 }),
    last: (room: string, lines = 50) =>
      ref.ask<readonly string[]>((replyTo) => ({ type: "last", room, lines, replyTo }), {
        timeoutMs: 15_000,
      }),
    [Symbol.asyncDispose]: () => system.stop(),
  };
}

Deno.test("chat history: the file does not grow for ever, and loses nothing that can be asked for", async () => {
  await using directory = await tempDirectory();
  const file = directory.file("history.log");
  const line = (index: number) => `ann: ${index} ${"x".repeat(40_000)}`;
  const expected = Array.from({ length: 50 }, (_, index) => line(index + 350));
  {
    await using kept = startHistory({ file });
    await kept.keep("quiet", "bob: still here");
    for (let index = 0; index < 400; index++) await kept.keep("loud", line(index));
    assertEquals(await kept.last("loud"), expected);
  }
  const { size } = await Deno.stat(file);
  assert(size < 400 * 40_000, `${size} bytes are less than all that was said`);
  await using again = startHistory({ file });
  assertEquals(await again.last("loud"), expected);
  assertEquals(await again.last("quiet"), ["bob: still here"]);
});

Deno.test("chat history: a file that is something else is refused, and left as it is", async () => {
  await using directory = await tempDirectory();
  for (const content of ["# Notes\n", "x", "ann: hi\n".repeat(1000)]) {
    const file = directory.file("notes.md");
    await Deno.writeTextFile(file, content);
    const system = new ActorSystem("history", { world: denoWorld({ log: { level: "error" } }) });
    system.spawn("history", history({ file }), { onFailure: escalate() });
    const failure = await system.terminated.then(() => undefined, String);
    assertMatch(String(failure), /Cannot use .*notes\.md: it is not a chat's history/);
    await system.stop();
    assertEquals(await Deno.readTextFile(file), content);
  }
});

Deno.test("chat history: a crash at any byte of the first lines loses no more than the last", async () => {
  await using directory = await tempDirectory();
  const file = directory.file("history.log");
  {
    await using kept = startHistory({ file });
    await kept.keep("lobby", "ann: one");
    await kept.keep("lobby", "ann: two");
  }
  const bytes = await Deno.readFile(file);
  for (let length = 0; length <= bytes.length; length++) {
    await Deno.writeFile(file, bytes.subarray(0, length));
    await using kept = startHistory({ file });
    const lines = await kept.last("lobby");
    assertEquals(lines, ["ann: one", "ann: two"].slice(0, lines.length));
    if (length === bytes.length) assertEquals(lines.length, 2);
    await kept.keep("lobby", "ann: three");
    assertEquals((await kept.last("lobby")).at(-1), "ann: three");
  }
});

Deno.test("chat history: in memory it is bounded, and the room that was silent for longest goes first", async () => {
  await using kept = startHistory({ maxLength: 1400 });
  await kept.keep("one", "a".repeat(400));
  await kept.keep("two", "b".repeat(400));
  await kept.keep("one", "c");
  await kept.keep("three", "d".repeat(400));
  assertEquals((await kept.last("one")).length, 2);
  assertEquals(await kept.last("two"), []);
  assertEquals(await kept.last("three"), ["d".repeat(400)]);
  for (let room = 0; room < 20; room++) await kept.keep(`room-${room}`, "e");
  const remembered = await Promise.all(Array.from({ length: 20 }, (_, room) => kept.last(`room-${room}`)));
  assert(remembered.flat().length < 12, "short lines count for what it takes to store them");
  assertEquals(remembered.at(-1), ["e"]);
});

Deno.test("chat history: lines that are kept at once stay in their order", async () => {
  await using directory = await tempDirectory();
  const file = directory.file("history.log");
  {
    await using kept = startHistory({ file });
    await Promise.all(Array.from({ length: 40 }, (_, index) => kept.keep("lobby", `${index}`)));
  }
  await using again = startHistory({ file });
  assertEquals(await again.last("lobby"), Array.from({ length: 40 }, (_, index) => `${index}`));
});

import { assertEquals } from "@std/assert";
import { DenoLoop } from "../../actors/world/deno/loop.ts";
import { nodeLoop } from "../../actors/world/node/loop.ts";
import type { NamedEntry } from "../../actors/world/real/files.ts";
import { forEachEntry } from "../../actors/world/real/paced_entries.ts";

const ENTRY: NamedEntry = { name: "a", isFile: true, isDirectory: false, isSymlink: false };

/** Entries each of which takes as long as a slice may. */
async function* slowEntries(count: number): AsyncGenerator<NamedEntry> {
  for (let at = 0; at < count; at++) {
    const begun = performance.now();
    while (performance.now() - begun < 0.6);
    yield ENTRY;
  }
}

/** How many timers are set meanwhile. */
async function timersDuring(body: () => Promise<void>): Promise<number> {
  const real = setTimeout;
  let timers = 0;
  globalThis.setTimeout = new Proxy(real, {
    apply: (target, self, args): unknown => (timers++, Reflect.apply(target, self, args)),
  });
  try {
    await body();
    return timers;
  } finally {
    globalThis.setTimeout = real;
  }
}

for (const [name, loop] of [["Deno", new DenoLoop()], ["Node", nodeLoop]] as const) {
  Deno.test(`disk.list on ${name}'s loop: sockets have their turn after each slice, and no timer is waited for`, async () => {
    let names = 0;
    let turns = 0;
    const counted = {
      afterPoll(task: () => void) {
        turns++;
        loop.afterPoll(task);
      },
    };
    const timers = await timersDuring(() => forEachEntry(slowEntries(20), counted, () => void names++));
    assertEquals(names, 20);
    assertEquals(turns, 20);
    assertEquals(timers, 0);
  });
}

Deno.test("disk.list: what is quickly read is read in one go", async () => {
  let turns = 0;
  const loop = { afterPoll: (task: () => void) => (turns++, task()) };
  await forEachEntry(
    (async function* () {
      yield ENTRY;
    })(),
    loop,
    () => {},
  );
  assertEquals(turns, 0);
});

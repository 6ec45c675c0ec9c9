// First: Yjs takes chance for itself when it is loaded, which simulations do not allow.
import { FILE, Stage } from "./_stage.ts";
import { assertEquals } from "@std/assert";
import type { DocumentText } from "../../actors/editor/mod.ts";
import { simulate } from "../../actors/world/sim/mod.ts";

/** Zeros are also what a disk gives for what it has lost, and what stands in a hole of a file. */
const SAVES: readonly (readonly [held: string, saved: string])[] = [
  ["a.txt\nb.txt\nc.txt\n", "a.txt\0b.txt\0c.txt\0"],
  ["abc\nX\n", "ab\0\nX\n"],
  ["abc\n", "abc\n\0"],
  ["a\0b\0", "a\0b\0\0"],
  ["aa\0bbb\0cc\0", "aa\0\0cc\0"],
  ["a b c\nd e f\n", "a\0b\0c\nd e f\n"],
  ["key=v1\nend\n", "key\0v1\nend\n"],
  ["abcdef\nX\nY\n", "ab\0\0\0\0\nX\nY\n"],
];

Deno.test("editor: zeros that somebody saves are theirs, now and after a restart", async () => {
  for (const [held, saved] of SAVES) {
    await simulate("editor: zeros that somebody saves", { seeds: 3 }, async (sim) => {
      const stage = await Stage.open(sim);
      const isText = async (expected: string) => {
        const { text } = await stage.ask<DocumentText>((replyTo) => ({ type: "get-text", replyTo }));
        assertEquals([new TextDecoder().decode(text), stage.file], [expected, expected]);
      };
      const lines = held.endsWith("\n") && sim.random.chance(0.5) ? ["put behind"] : [];
      stage.disk.write(FILE, held);
      await sim.advance(3000);
      for (const text of lines) stage.tell({ type: "update", member: stage.line(), text });
      // A moment ago, or long before.
      await sim.advance(sim.random.pick([100, 6000]));
      const end = lines.map((line) => `${line}\n`).join("");
      await isText(held + end);
      stage.disk.write(FILE, saved + end);
      await sim.advance(6000);
      await isText(saved + end);
      await stage.stop();
      await stage.start();
      await stage.collaborate();
      await isText(saved + end);
    });
  }
});

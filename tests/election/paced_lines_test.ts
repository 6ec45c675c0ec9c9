import { assertEquals } from "@std/assert";
import { PacedLines } from "../../actors/election/paced_lines.ts";

Deno.test("peer: of many changes some are said at once, then one a second, and in the end the latest", () => {
  let nowMs = 0;
  const lines = new PacedLines({ monotonic: () => nowMs });
  const said: number[] = [];
  for (let change = 1; change <= 1000; change++) {
    nowMs += 10;
    lines.say(() => said.push(change));
  }
  assertEquals(said.length, 60 + 10 - 1);
  nowMs += 1000;
  lines.flush();
  lines.flush();
  assertEquals(said.at(-1), 1000);
});

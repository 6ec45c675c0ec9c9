import { assertEquals } from "@std/assert";
import { BusiestRound } from "../../tasks/_busiest_round.ts";

function row(name: string, perSecond: number, mailbox = 0) {
  return {
    ...{ name, state: "running", mailbox, highWater: mailbox, handled: 0, restarts: 0, childCount: 0 },
    perSecond,
  };
}

Deno.test("top: the busiest of several machines are told in one list, of which one that is silent is left out", () => {
  const round = new BusiestRound(["a", "b", "c"], { by: "messages", count: 3 });
  assertEquals(round.host, "a");
  assertEquals(round.take("a", [row("/x", 5), row("/y", 1)]), true);
  assertEquals(round.take("a", [row("/x", 5)]), false, "it was there already");
  assertEquals([round.host, round.tick(), round.tick(), round.host], ["b", false, false, "b"]);
  assertEquals([round.tick(), round.host], [true, "c"]);
  round.take("c", [row("/x", 7), row("/z", 3)]);
  assertEquals(round.host, undefined);
  assertEquals(round.rows.map(({ host, name }) => `${host} ${name}`), ["c /x", "a /x", "c /z"]);
});

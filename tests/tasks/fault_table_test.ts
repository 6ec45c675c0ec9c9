import { assertEquals } from "@std/assert";
import { Tally } from "../../actors/world/sim/mod.ts";
import { faultTable } from "../../tasks/_fault_table.ts";

function tallyOf(counts: Readonly<Record<string, number>>): Tally {
  const tally = new Tally();
  tally.add(Object.entries(counts));
  return tally;
}

Deno.test("simulate --faults: a row a campaign, a column a fault that came, and none is left out", () => {
  const chat = tallyOf({
    "fault: power cut": 3,
    "fault: crash during write": 2,
    "fault: crash after sync": 5,
    "fault: sync fails": 1,
    "fault: close fails": 1,
    "fault: sync fails, pages dropped": 7,
    "sometimes: somebody waited": 9,
  });
  const echo = tallyOf({ "fault: a kind that is new": 4, "fault: power cut": 1, "net: datagram lost": 2 });
  const table = faultTable([
    { name: "chat", runs: 10, tally: chat },
    { name: "echo", runs: 12, tally: echo },
    { name: "rules", runs: 5, tally: new Tally() },
  ]);
  assertEquals(table.split("\n"), [
    "| campaign | seeds | power cut | aimed crash | disk operation fails | pages dropped | a kind that is new |",
    "| --- | --- | --- | --- | --- | --- | --- |",
    "| chat | 10 | 3 | 7 | 2 | 7 |  |",
    "| echo | 12 | 1 |  |  |  | 4 |",
    "| rules | 5 |  |  |  |  |  |",
  ]);
});

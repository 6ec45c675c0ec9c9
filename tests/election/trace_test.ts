import { assertEquals, assertThrows } from "@std/assert";
import { parseTrace, type TraceEntry, traceViolations } from "./_trace.ts";

function entry(node: number, term: number, from: string, to: string, leader: number): TraceEntry {
  return { time: "2026-01-01T00:00:00.000Z", node, term, from, to, leader, why: "test" };
}

const one = [
  entry(1, 0, "starting", "looking", 0),
  entry(1, 1, "looking", "candidate", 0),
  entry(1, 1, "candidate", "leader", 1),
  entry(1, 2, "leader", "looking", 0),
  entry(1, 2, "looking", "follower", 2),
];
const two = [
  entry(2, 0, "starting", "looking", 0),
  entry(2, 1, "looking", "follower", 1),
  entry(2, 2, "follower", "candidate", 0),
  entry(2, 2, "candidate", "leader", 2),
];

Deno.test("trace checker: finds nothing in an election as it should be", () => {
  assertEquals(traceViolations([one, two]), []);
  // A restart, with and without memory, is no violation.
  assertEquals(traceViolations([[...one, entry(1, 2, "starting", "looking", 0)], two]), []);
  assertEquals(traceViolations([[...one, entry(1, 0, "forgotten", "looking", 0)], two]), []);
});

Deno.test("trace checker: catches each planted violation", () => {
  const planted: [string, TraceEntry[][]][] = [
    ["two leaders in term 2: 1 and 2", [[...one.slice(0, 3), entry(1, 2, "leader", "leader", 1)], two]],
    ["two leaders in term 1: 1 and 3", [one, [
      entry(3, 0, "starting", "looking", 0),
      entry(3, 1, "looking", "follower", 3),
    ]]],
    ["node 1 went from term 2 back to 1", [[...one, entry(1, 1, "follower", "looking", 0)]]],
    ["node 1 went from term 2 back to 1", [[...one, entry(1, 1, "starting", "looking", 0)]]],
    ["node 1 left leader in term 2, but was follower", [[...one, entry(1, 2, "leader", "looking", 0)]]],
    ["node 2 leads term 2 but names 1", [[...two.slice(0, 3), entry(2, 2, "candidate", "leader", 1)]]],
    ["node 1 is looking in term 2 with leader 2", [[...one, entry(1, 2, "follower", "looking", 2)]]],
    ["a trace of node 1 holds an entry of node 2", [[...one, entry(2, 2, "starting", "looking", 0)]]],
  ];
  for (const [what, traces] of planted) assertEquals(traceViolations(traces)[0], what);
});

Deno.test("trace checker: reads what nodes write, and refuses what is no transition", () => {
  assertEquals(parseTrace(one.map((each) => JSON.stringify(each) + "\n").join("")), one);
  assertThrows(() => parseTrace('{"node":1}\n'), TypeError);
  assertThrows(() => parseTrace('{"node":1'), SyntaxError);
});

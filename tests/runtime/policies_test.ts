/**
 * Policies and strategies are data: whoever writes one down himself is told of a mistake as its maker would.
 */
import { assertEquals, assertThrows } from "@std/assert";
import { childSpec, type GroupStrategy, type OnFailure, stop, supervisor } from "../../mod.ts";
import { onStage } from "./_stage.ts";

const MISTAKES: readonly [policy: object, message: string][] = [
  [{ type: "restart", limit: NaN, withinMs: 1000 }, "a restart limit of NaN"],
  [{ type: "restart", limit: 0.5, withinMs: 1000 }, "limit of 0.5"],
  [{ type: "restart", limit: 2, withinMs: 0 }, "within 0 ms"],
  [{ type: "restart", limit: 2 }, "undefined ms"],
  [
    { type: "restart", limit: 2, withinMs: 1, backoff: { minMs: 2, maxMs: 1 } },
    "Cannot back off from 2 to 1 ms",
  ],
];

onStage("policy: a budget that nobody could keep is a RangeError before anything starts", async (stage) => {
  for (const [policy, message] of MISTAKES) {
    const options = { onFailure: policy as OnFailure };
    assertThrows(() => stage.system.spawn("a", stage.actor("a"), options), RangeError, message);
    assertThrows(() => childSpec("a", stage.actor("a"), options), RangeError, message);
  }
  await stage.settle();
});

onStage(
  "strategy: one that there is not, and a group's bad budget, are found when they are given",
  async (stage) => {
    const strange = "one-for-some" as GroupStrategy;
    assertThrows(
      () => supervisor(strange, []),
      TypeError,
      'Cannot supervise "one-for-some": it takes one-for-one',
    );
    assertThrows(
      () => supervisor("one-for-one", [], { budget: { limit: -1, withinMs: 1 } }),
      RangeError,
      "of -1",
    );
    const sideways = { stopOrder: "sideways" as never };
    assertThrows(() => supervisor("one-for-one", [], sideways), TypeError, 'Cannot stop children "sideways"');
    assertThrows(() => stage.system.supervise("one-for-one", { budget: null as never }), RangeError, "null");
    stage.system.spawn("group", (self) => {
      assertThrows(() => self.supervise("one-for-one", sideways), TypeError, "it takes reverse or together");
      assertThrows(() => self.supervise(strange), TypeError, "it takes one-for-one");
      return () => {};
    });
    await stage.settle();
  },
);

onStage("decision: a policy that nobody could keep is none, and escalates", async (stage) => {
  const limits = [NaN, -1, 0.5, Infinity, undefined];
  const starts = limits.map(() => 0);
  for (const [at, limit] of limits.entries()) {
    stage.system.spawn(`parent-${at}`, (self) => {
      self.spawn("child", () => {
        starts[at] = (starts[at] ?? 0) + 1;
        throw new Error("no start");
      }, { onFailure: () => ({ type: "restart", limit, withinMs: 1000 }) as OnFailure });
      return () => {};
    }, { onFailure: stop() });
  }
  await stage.settle();
  assertEquals(starts, limits.map(() => 1));
});

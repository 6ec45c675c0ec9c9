import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { joinCluster, memoryEngine, persistent, placed } from "../../actors/cluster/mod.ts";
import { ActorSystem, type Behavior, type Ref, topic } from "../../mod.ts";

/** What a program without types may give, and how it is called. */
const WRONG: readonly (readonly [given: unknown, what: string])[] = [[null, "null"], [{}, "object"], [
  7,
  "number",
]];

const COUNTER = {
  type: "counter",
  initial: () => 0,
  decide: () => ({}),
  evolve: (count: number) => count,
};

for (const name of ["initial", "decide", "evolve", "upcast", "upcastState", "started"]) {
  Deno.test(`persistent: ${name} that is no function is refused where it is defined`, () => {
    for (const [given, what] of WRONG) {
      assertThrows(
        () => persistent({ ...COUNTER, [name]: given }),
        TypeError,
        `Cannot define counter: ${name} is ${what}, not a function`,
      );
    }
  });
}

Deno.test("placed: what makes no behaviour is refused where it is defined", () => {
  for (const [given, what] of WRONG) {
    assertThrows(
      // @ts-expect-error what a program without types may give
      () => placed({ type: "echo", behavior: given }),
      TypeError,
      `Cannot define echo: behavior is ${what}, not a function`,
    );
  }
});

Deno.test("cluster: what is no type and what is no listener is refused where it is given", async () => {
  await using system = new ActorSystem("demo");
  await using engine = memoryEngine({ world: system.world });
  await assertRejects(
    // @ts-expect-error what a program without types may give
    () => joinCluster(system, { engine, types: [COUNTER, { name: "counter" }] }),
    TypeError,
    "Cannot name a type",
  );
  await assertRejects(
    // @ts-expect-error what a program without types may give
    () => joinCluster(system, { engine, types: [{ name: "counter" }] }),
    TypeError,
    "Cannot join with counter: behavior is undefined, not a function",
  );
  await using cluster = await joinCluster(system, { engine });
  for (const [given, what] of WRONG) {
    await assertRejects(
      () => cluster.subscribe(topic<string>("news"), given as never),
      TypeError,
      `Cannot subscribe to "news": receive is ${what}, not a function`,
    );
    assertThrows(
      () => cluster.observeConnection(given as never),
      TypeError,
      `Cannot observe the connection: changed is ${what}, not a function`,
    );
  }
});

type Question = { readonly replyTo: Ref<string> };

const UNMADE: readonly [string, () => Behavior<Question>][] = [
  ["gives none", () => undefined as never],
  ["throws", () => {
    throw new Error("not today");
  }],
];

for (const [what, unmade] of UNMADE) {
  Deno.test(`placed: one whose behaviour is not made (${what}) is tried again, and its host leaves as ever`, async () => {
    await using system = new ActorSystem("demo");
    await using engine = memoryEngine({ world: system.world });
    const failures: string[] = [];
    system.events.subscribe((event) => {
      if (event.type === "failed") failures.push(`${event.actor} ${event.phase} ${event.decision}`);
    });
    let tries = 0;
    const echo = placed<Question>({
      type: "echo",
      behavior: () => ++tries < 3 ? unmade() : () => ({ replyTo }) => replyTo.tell("here"),
    });
    await using cluster = await joinCluster(system, { engine, types: [echo] });
    // What waited for it is answered in the life that begins.
    assertEquals(await cluster.ref(echo, "1").ask({}, { timeoutMs: 30_000 }), "here");
    assertEquals(failures, Array(2).fill("/demo/cluster/echo:1 start restart"));
    await cluster.leave();
  });
}

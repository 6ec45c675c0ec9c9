import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { ActorSystem, type Context, registryKey, topic } from "../../mod.ts";
import { run } from "../../actors/runtime/run.ts";
import { gate, onStage } from "./_stage.ts";

/** What a program without types may give, and how it is called. */
const WRONG: readonly (readonly [given: unknown, what: string])[] = [
  [undefined, "undefined"],
  [null, "null"],
  [{}, "object"],
  ["now", "string"],
  [Promise.resolve(), "object"],
];

const key = registryKey<string>("key");
const news = topic<string>("news");

/** What an actor cannot do, and which function is wanted for it. */
const IN_ACTOR: readonly [string, string, (self: Context<string>, given: never) => unknown][] = [
  ["watch", "stopped", (self, given) => self.watch(self.self, given)],
  ["watch children", "changed", (self, given) => self.watchChildren(given)],
  ["pipe", "ok", (self, given) => self.pipe(Promise.resolve(), given, () => "failed")],
  ["pipe", "failed", (self, given) => self.pipe(Promise.resolve(), () => "ok", given)],
  ["release anything", "release", (self, given) => self.onStop(given)],
  ["subscribe", "toMessage", (self, given) => self.subscribe(news, given)],
  ["watch a key", "changed", (self, given) => self.watchKey(key, given)],
  ["watch members", "changed", (self, given) => self.watchMembers(key, given)],
];

for (const [name, parameter, call] of IN_ACTOR) {
  onStage(
    `given functions: an actor that cannot ${name} without ${parameter} is told at once`,
    async (stage) => {
      const texts: string[] = [];
      const done = gate();
      stage.system.spawn<string>("a", (self) => () => {
        for (const [given] of WRONG) {
          // What the types refuse.
          texts.push(assertThrows(() => call(self, given as never), TypeError).message);
        }
        done.resolve();
      }).tell("now");
      await stage.sim.settle(done.promise);
      assertEquals(
        texts,
        WRONG.map(([, what]) => `Cannot ${name} at /test/a: ${parameter} is ${what}, not a function`),
      );
      assertEquals(stage.failures, []);
    },
  );
}

onStage("given functions: who listens from outside without one is told at once", async ({ system }) => {
  for (const [given, what] of WRONG) {
    const calls: [string, () => unknown][] = [
      ['Cannot subscribe to "news": receive', () => system.subscribe(news, given as never)],
      ["Cannot listen to events: listener", () => system.events.subscribe(given as never)],
      ['Cannot observe "key": changed', () => system.registry.observe(key, given as never)],
      ['Cannot observe "key": changed', () => system.registry.observeMembers(key, given as never)],
    ];
    for (const [cannot, call] of calls) assertThrows(call, TypeError, `${cannot} is ${what}, not a function`);
  }
  await Promise.resolve();
});

Deno.test("given functions: run is told of what is none before anything is run", async () => {
  await using system = new ActorSystem("demo");
  for (const name of ["onSignal", "onDrained", "onFailed"]) {
    for (const [given, what] of WRONG.slice(1)) {
      await assertRejects(
        () => run(system, { [name]: given }),
        TypeError,
        `${name} is ${what}, not a function`,
      );
    }
  }
  // @ts-expect-error what a program without types may give
  await assertRejects(() => run(undefined), TypeError, "Cannot run undefined: it takes an ActorSystem");
});

import { assertEquals } from "@std/assert";
import {
  EventFeed,
  FEED_START,
  hostAnswers,
  type HostQuestion,
  SystemMetrics,
} from "../../actors/inspect/mod.ts";
import { ActorSystem } from "../../mod.ts";
import { until } from "../_helpers.ts";

/** A system of 2000 actors that answers; its walks go on by hand. */
async function crowded() {
  const system = new ActorSystem("demo");
  system.spawn("crowd", (self) => {
    for (let index = 0; index < 2000; index++) self.spawn(`child-${index}`, () => () => {});
    return () => {};
  });
  await until(() => system.subtree("/demo/crowd")?.childCount === 2000, "the crowd");
  const tasks: (() => void)[] = [];
  const time = { now: 1000, pieces: 0 };
  const answer = hostAnswers({
    ...{ name: "core-1", system, metrics: new SystemMetrics(), feed: new EventFeed(() => 0) },
    cluster: () => undefined,
    loop: { ...system.world.loop, afterPoll: (task) => void tasks.push(task) },
    now: () => time.now,
  });
  /** Asks, and lets walks go on until all is answered; a piece takes so long. */
  const ask = async (questions: readonly HostQuestion[], pieceMs = 0) => {
    let isAnswered = false;
    const answers = Promise.all(questions.map((question) => answer(question)));
    answers.finally(() => isAnswered = true).catch(() => {});
    while (!isAnswered) {
      for (const task of tasks.splice(0)) {
        time.pieces++;
        time.now += pieceMs;
        task();
      }
      await new Promise((resolve) => system.world.loop.afterPoll(() => resolve(undefined)));
    }
    return await answers;
  };
  return { ask, time, [Symbol.asyncDispose]: () => system.stop() };
}

Deno.test("inspector: in another thread a page's newer search ends its older one, and no other page's", async () => {
  await using host = await crowded();
  const search = (by: string): HostQuestion => ({ type: "search", text: "child-1999", by });
  const found = await host.ask([search("one"), search("two"), search("one")]);
  assertEquals(found.map((each) => each && "rows" in each && each.rows.length), [0, 1, 1]);
});

Deno.test("inspector: another thread counts its tree a fifth of the time, however often it is asked", async () => {
  await using host = await crowded();
  const count: HostQuestion = { type: "count", withBusiest: true, since: FEED_START };
  const [first] = await host.ask([count], 100);
  const { pieces } = host.time;
  const [again] = await host.ask([count], 100);
  assertEquals(host.time.pieces, pieces, "it was not counted again");
  assertEquals(again, first);
  host.time.now += 10_000;
  await host.ask([count], 100);
  assertEquals(host.time.pieces, 2 * pieces);
});

import { assert, assertEquals, assertLess } from "@std/assert";
import { walkInPieces } from "../../actors/inspect/census.ts";
import { Pace } from "../../actors/inspect/pace.ts";
import { ActorSystem } from "../../mod.ts";
import { until } from "../_helpers.ts";
import { inspected, TestPage } from "./_page.ts";

Deno.test("inspector: work that takes long is done a fifth of the time, and short work at any time", async () => {
  let now = 1000;
  const pace = new Pace(() => now);
  const work = (ms: number) => pace.take(() => Promise.resolve(now += ms));
  await work(19);
  assert(pace.isDue);
  await work(100);
  assert(!pace.isDue);
  now += 399;
  assert(!pace.isDue);
  now += 1;
  assert(pace.isDue);
});

Deno.test("inspector: between two pieces of a walk sockets and timers have their turn", async () => {
  await using system = new ActorSystem("demo");
  system.spawn("crowd", (self) => {
    for (let index = 0; index < 2000; index++) self.spawn(`child-${index}`, () => () => {});
    return () => {};
  });
  await until(() => system.subtree("/demo/crowd")?.childCount === 2000, "the crowd");
  let [actors, polls] = [0, 0];
  const loop = {
    ...system.world.loop,
    afterPoll: (task: () => void) => {
      polls++;
      system.world.loop.afterPoll(task);
    },
  };
  await walkInPieces(system, loop, () => void actors++);
  assertEquals([actors, polls], [2002, 4]);
});

Deno.test("inspector: a page that wants the busiest and does not, in haste, has all measured no oftener than a few times a second", async () => {
  await using seen = await inspected();
  await using page = new TestPage(seen.port);
  await page.told("hello");
  const { clock } = seen.system.world;
  const begunAt = clock.monotonic();
  const ticks = () => page.events.filter(({ type }) => type === "tick").length;
  for (let wants = true; ticks() < 8; wants = !wants) {
    const before = ticks();
    const look = { type: "look", host: "demo", views: [] } as const;
    page.send(wants ? { ...look, busiest: { by: "messages", count: 1 } } : look);
    await until(() => ticks() > before, "it is measured");
  }
  // The first at once, then five a second, and one each second.
  const most = 3 + (clock.monotonic() - begunAt) * 6 / 1000;
  assert(ticks() <= most, `${ticks()} where ${most} are the most`);
});

Deno.test("inspector: a page that searches in haste is answered what it asked last", async () => {
  await using seen = await inspected();
  await using page = new TestPage(seen.port);
  await page.told("hello");
  for (let index = 1; index <= 200; index++) page.send({ type: "search", host: "demo", text: `no ${index}` });
  await page.told("found", ({ text }) => text === "no 200");
  assertLess(page.events.filter(({ type }) => type === "found").length, 200);
});

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { startTask } from "../_helpers.ts";
import { TestPage } from "./_page.ts";

/** The tree of a machine as the page is shown it from now on: the children of its root, and of one below. */
async function treeOf(page: TestPage, host: string, root: string, child: string): Promise<string[][]> {
  const told = page.events.length;
  const views = [root, `${root}/${child}`].map((path) => ({ path, skip: 0, count: 100 }));
  page.send({ type: "look", host, views });
  const { seen } = await page.told(
    "seen",
    (event) =>
      page.events.indexOf(event) >= told && event.seen.host === host && event.seen.views.length === 2,
  );
  return seen.views.map(({ children }) => children.map(({ name }) => name));
}

/** Each machine, its system, and what is below one of its actors. */
const TREES = [
  { host: "bank", root: "/bank", child: "door", tree: [["account", "door"], ["server"]] },
  { host: "ada", root: "/person", child: "payer", tree: [["payer"], ["line"]] },
  { host: "ben", root: "/person", child: "payer", tree: [["payer"], ["line"]] },
];

Deno.test("replay: in the page of a run that fails one steps to the failure, and sees it and each machine's tree", async () => {
  await using simulation = startTask("simulate", [
    ...["--folder", "tests/inspect/_campaigns", "--only", "planted bug", "--seed", "1", "--inspect"],
  ]);
  const port = Number(/:(\d+)\//.exec(await simulation.line("in a browser"))?.[1]);
  await using page = new TestPage(port);
  const { hosts } = await page.told("hello");
  assertEquals(hosts, TREES.map(({ host, root }) => ({ name: host, root })));
  await page.told("replay", ({ replay }) => replay.events === 0 && replay.state === "waits");

  // To where an actor fails: it is told which, in what, and where in which file.
  page.send({ type: "step", events: 1_000_000, until: "failure" });
  const { replay } = await page.told("replay", ({ replay }) => replay.events > 0 && replay.state === "waits");
  assertStringIncludes(replay.trace.at(-1) ?? "", "/bank/account failed");
  const [failure] = await failures(page, 1);
  assert(failure !== undefined);
  const { host, actor, messageType, error, decision, stack } = failure;
  assertEquals(
    [host, actor, messageType, error, decision],
    ["bank", "/bank/account", "payment", "Cannot take in nothing", "restart"],
  );
  assertMatch(stack, /bank_campaign\.ts:\d+:\d+\)?$/m);
  for (const { host, root, child, tree } of TREES) {
    assertEquals(await treeOf(page, host, root, child), tree, host);
  }
  page.send({ type: "look", host: "bank", views: [], actor: "/bank/account" });
  const { seen } = await page.told("seen", ({ seen }) => seen.details?.path === "/bank/account");
  assertEquals([seen.details?.row.restarts, seen.details?.failures.length], [1, 1]);

  // To the end, where the campaign finds that money is missing; what there was then can still be looked at.
  page.send({ type: "step", events: 1_000_000 });
  const { replay: end } = await page.told("replay", ({ replay }) => replay.state === "failed");
  assert(end.events > replay.events);
  assertMatch(end.problem ?? "", /^Error: Cannot pass: \d+ were acknowledged, and the account holds \d+\n/);
  assertMatch(end.problem ?? "", /bank_campaign\.ts:\d+:\d+\)?$/m);
  for (const { host, root, child, tree } of TREES) {
    assertEquals(await treeOf(page, host, root, child), tree, host);
  }
  const { tick } = await page.told("tick", ({ tick }) => tick.time > failure.time);
  assertEquals([tick.failures, tick.restarts], [1, 1]);
});

/** What failed, once it is told of so many. */
async function failures(page: TestPage, count: number) {
  await page.told("news", () => page.news("failures").length >= count);
  return page.news("failures");
}

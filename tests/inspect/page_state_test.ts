import { assert, assertEquals } from "@std/assert";
import {
  EMPTY,
  filteredLog,
  fold,
  isHostThere,
  lines,
  openActor,
  PAGE,
  type State,
  told,
  unfold,
} from "../../pages/inspector/state.ts";
import type { InspectorLogLine, InspectorRow, InspectorTick } from "../../protocols/inspector.ts";

function row(name: string, childCount = 0, handled = 0): InspectorRow {
  return { name, state: "running", mailbox: 0, highWater: 0, handled, restarts: 0, childCount };
}

const TICK: InspectorTick = {
  ...{ time: 0, actors: 1, handled: 0, waiting: 0, failures: 0, deadLetters: 0, restarts: 0 },
  ...{ connections: 0, bytesIn: 0, bytesOut: 0, loopDelayMs: 0, residentBytes: 0, heapUsedBytes: 0 },
};
const HOSTS = [{ name: "demo", root: "/demo" }];

function opened(): State {
  return told(EMPTY, { type: "hello", system: "demo", hosts: HOSTS, history: [] });
}

function seeing(state: State, time: number, handled: number): State {
  const views = [
    { path: "/demo", actor: row("demo", 2), skip: 0, children: [row("a", 150), row("b", 0, handled)] },
    { path: "/demo/a", actor: row("a", 150), skip: 100, children: [row("x")] },
  ];
  return told(state, { type: "seen", seen: { host: "demo", time, views } });
}

Deno.test("inspector's page: the tree is shown as far as it is unfolded, with a pager where there is more", () => {
  const state = seeing(unfold(opened(), "/demo/a", PAGE), 0, 0);
  assertEquals(lines(state).map((line) => [line.type, line.path, line.level]), [
    ["actor", "/demo", 0],
    ["actor", "/demo/a", 1],
    ["actor", "/demo/a/x", 2],
    ["pager", "/demo/a", 2],
    ["actor", "/demo/b", 1],
  ]);
  assertEquals(lines(fold(state, "/demo/a")).map(({ path }) => path), ["/demo", "/demo/a", "/demo/b"]);
  assertEquals(lines(fold(state, "/demo")).map(({ path }) => path), ["/demo"]);
});

Deno.test("inspector's page: the tree of a machine that has gone is not shown, until it is back", () => {
  const seen = seeing(opened(), 0, 0);
  const tick = { type: "tick", tick: TICK, isInCluster: false } as const;
  const gone = told(seen, { ...tick, hosts: [{ name: "other", root: "/other" }] });
  assertEquals([isHostThere(seen), isHostThere(gone), gone.host, lines(gone)], [true, false, "demo", []]);
  const back = seeing(told(gone, { ...tick, hosts: HOSTS }), 1000, 0);
  assertEquals([isHostThere(back), lines(back).map(({ path }) => path)], [true, [
    "/demo",
    "/demo/a",
    "/demo/b",
  ]]);
});

Deno.test("inspector's page: rates are of what was handled between two looks", () => {
  const state = seeing(seeing(opened(), 1000, 100), 3000, 700);
  assertEquals(state.rates.get("/demo/b")?.perSecond, 300);
  // A look a moment later tells nothing new.
  assertEquals(seeing(state, 3010, 701).rates.get("/demo/b")?.perSecond, 300);
});

Deno.test("inspector's page: an actor's own page unfolds what leads to it, and so much at most is unfolded", () => {
  let state = openActor(opened(), "/demo/a/b/c");
  assertEquals([...state.unfolded.keys()], ["/demo", "/demo/a", "/demo/a/b"]);
  for (let index = 0; index < 100; index++) state = unfold(state, `/demo/${index}`);
  assert(state.unfolded.size * PAGE <= 2000);
  assert(state.unfolded.has("/demo/99"));
});

Deno.test("inspector's page: what it keeps is bounded, and the log is filtered by level and text", () => {
  let state = opened();
  for (let number = 1; number <= 2000; number++) {
    const level = number % 2 === 0 ? "info" : "error";
    const line: InspectorLogLine = {
      ...{ number, time: 0, host: "demo", level, actor: "/demo" },
      message: `line ${number}`,
    };
    const news = { failures: [], deadLetters: [], restarts: [], log: [line], missed: 1 };
    state = told(told(state, { type: "news", news }), {
      type: "tick",
      tick: TICK,
      hosts: HOSTS,
      isInCluster: false,
    });
  }
  assertEquals([state.log.length, state.ticks.length, state.missed], [500, 300, 2000]);
  const filtered = filteredLog({ ...state, logLevel: "warn", logText: "LINE 1999" });
  assertEquals(filtered.map(({ message }) => message), ["line 1999"]);
});

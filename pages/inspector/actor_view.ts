/// <reference lib="dom" />
/** An actor's own page. */
import { type ComponentChild, h } from "preact";
import { failuresView } from "./feed_views.ts";
import { duration, short, whole } from "./format.ts";
import type { State } from "./state.ts";
import type { InspectorStore } from "./store.ts";
import { pathButton, stateView } from "./tree_views.ts";

/** What it is, how it was made, who watches it, how it failed. */
export function actorView(state: State, store: InspectorStore): ComponentChild {
  const { actor, seen, rates } = state;
  if (actor === "") return h("p", { class: "empty" }, "Choose an actor of the tree.");
  const details = seen?.details;
  if (details === undefined || details.path !== actor) {
    return h("article", null, h("h2", null, actor), h("p", { class: "empty" }, "It is not there."));
  }
  const { row, options, watchers, watcherCount, failures } = details;
  const facts: [string, ComponentChild][] = [
    ["State", [stateView(row), ` ${row.state}`]],
    ["Messages a second", short(rates.get(actor)?.perSecond ?? 0)],
    ["Messages handled", whole(row.handled)],
    ["Mailbox now", whole(row.mailbox)],
    ["Mailbox at most", whole(row.highWater)],
    ["Time a message", row.meanMs === undefined ? "none was timed" : duration(row.meanMs)],
    ["Restarts", whole(row.restarts)],
    ["Children", whole(row.childCount)],
    ...Object.entries(options).map(([name, text]): [string, ComponentChild] => [`Option: ${name}`, text]),
  ];
  return h(
    "article",
    null,
    h("h2", { id: "actor" }, actor),
    h("dl", { class: "facts" }, facts.map(([name, fact]) => [h("dt", null, name), h("dd", null, fact)])),
    h("h3", null, `Watched by ${whole(watcherCount)}`),
    h(
      "ul",
      { class: "watchers" },
      watchers.map((path) => h("li", { key: path }, pathButton(path, () => store.open(path)))),
    ),
    h("h3", null, "Last failures"),
    failuresView(state, store, failures.toReversed()),
  );
}

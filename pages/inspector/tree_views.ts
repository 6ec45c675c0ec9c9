/// <reference lib="dom" />
/** Actors in rows: the tree, what a search has found, the busiest. */
import { type ComponentChild, h } from "preact";
import type { InspectorOrder, InspectorRow } from "../../protocols/inspector.ts";
import { duration, short, whole } from "./format.ts";
import { isHostThere, type Line, lines, PAGE, type State } from "./state.ts";
import type { InspectorStore } from "./store.ts";

const COLUMNS = ["Actor", "Msg/s", "Mailbox", "Most", "A message", "Restarts", "Children"];

/** The tree, as far as it is unfolded. */
export function treeView(state: State, store: InspectorStore): ComponentChild {
  const all = lines(state);
  if (all.length === 0) {
    const isDown = state.host !== "" && !isHostThere(state);
    return h("p", { class: "empty" }, isDown ? `${state.host} is down.` : "Nothing to see yet.");
  }
  const isFocusShown = all.some((line) => line.type === "actor" && line.path === state.focus);
  const keys = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (store.key(event.key)) event.preventDefault();
  };
  return h(
    "table",
    { id: "tree", role: "treegrid", "aria-label": "Actors", onKeyDown: keys },
    columnsView(),
    h(
      "tbody",
      null,
      all.map((line, index) =>
        line.type === "pager"
          ? pagerView(line, store)
          : lineView(line, state, store, isFocusShown ? line.path === state.focus : index === 0)
      ),
    ),
  );
}

function columnsView(columns: readonly string[] = COLUMNS): ComponentChild {
  return h(
    "thead",
    null,
    h("tr", null, columns.map((name) => h("th", { key: name, scope: "col" }, name))),
  );
}

function lineView(
  line: Line & { readonly type: "actor" },
  state: State,
  store: InspectorStore,
  hasFocus: boolean,
): ComponentChild {
  const { path, level, row, isUnfolded } = line;
  const hasChildren = row.childCount > 0;
  return h(
    "tr",
    {
      key: path,
      role: "row",
      class: path === state.actor ? "open" : "",
      tabIndex: hasFocus ? 0 : -1,
      "aria-level": level + 1,
      "aria-expanded": hasChildren ? isUnfolded : undefined,
      onClick: () => store.open(path),
    },
    h(
      "td",
      { role: "gridcell", class: `name level-${Math.min(level, 12)}` },
      h("button", {
        type: "button",
        class: hasChildren ? `fold ${isUnfolded ? "unfolded" : ""}` : "fold none",
        tabIndex: -1,
        "aria-label": isUnfolded ? "Fold" : "Unfold",
        disabled: !hasChildren,
        onClick: (event: Event) => {
          event.stopPropagation();
          store.toggle(path);
        },
      }),
      stateView(row),
      h("span", { class: "text", title: path }, row.name),
    ),
    cellsView(row, state.rates.get(path)?.perSecond ?? 0),
  );
}

/** The state of an actor as a mark with a name. */
export function stateView({ state }: InspectorRow): ComponentChild {
  return h("span", { class: `state ${state}`, title: state }, h("span", { class: "hidden" }, state));
}

function cellsView(row: InspectorRow, perSecond: number): ComponentChild {
  const { mailbox, highWater, meanMs, restarts, childCount } = row;
  return [
    h("td", { role: "gridcell" }, perSecond === 0 ? "0" : short(perSecond)),
    h("td", { role: "gridcell", class: mailbox > 0 ? "busy" : "" }, whole(mailbox)),
    h("td", { role: "gridcell" }, whole(highWater)),
    h("td", { role: "gridcell" }, meanMs === undefined ? "" : duration(meanMs)),
    h("td", { role: "gridcell", class: restarts > 0 ? "bad" : "" }, whole(restarts)),
    h("td", { role: "gridcell" }, childCount === 0 ? "" : whole(childCount)),
  ];
}

function pagerView({ path, level, skip, count }: Line & { readonly type: "pager" }, store: InspectorStore) {
  return h(
    "tr",
    { key: `${path}/?`, class: "pager" },
    h(
      "td",
      { colSpan: COLUMNS.length, class: `level-${Math.min(level, 12)}` },
      pagerButtons(skip, count, (to) => store.page(path, to)),
    ),
  );
}

/** Buttons that lead through a long list, a page at a time. */
export function pagerButtons(skip: number, count: number, page: (skip: number) => void): ComponentChild {
  const button = (text: string, to: number, isOff: boolean) =>
    h("button", { type: "button", disabled: isOff, onClick: () => page(to) }, text);
  const last = Math.max(0, Math.floor((count - 1) / PAGE) * PAGE);
  return [
    button("First", 0, skip === 0),
    button("Previous", skip - PAGE, skip === 0),
    h("span", null, `${whole(skip + 1)} to ${whole(Math.min(count, skip + PAGE))} of ${whole(count)}`),
    button("Next", skip + PAGE, skip + PAGE >= count),
    button("Last", last, skip >= last),
  ];
}

/** What a search has found. */
export function foundView({ found, search }: State, store: InspectorStore): ComponentChild {
  if (found === undefined) return h("p", { class: "empty" }, "Searching…");
  if (found.rows.length === 0) {
    return h("p", { class: "empty" }, `No path has ${JSON.stringify(search)} in it.`);
  }
  return [
    h(
      "table",
      { id: "found", "aria-label": "Found actors" },
      columnsView(),
      h("tbody", null, found.rows.map((row) => pathLineView(row, 0, store))),
    ),
    found.more ? h("p", { class: "empty" }, `The first ${found.rows.length}; there are more.`) : null,
  ];
}

function pathLineView(row: InspectorRow, perSecond: number, store: InspectorStore): ComponentChild {
  return h(
    "tr",
    { key: row.name, onClick: () => store.open(row.name) },
    h(
      "td",
      { class: "name" },
      stateView(row),
      pathButton(row.name, () => store.open(row.name)),
    ),
    cellsView(row, perSecond),
  );
}

/** A path, or another name, that leads to the actor's own page. */
export function pathButton(text: string, open: () => void, path = text): ComponentChild {
  return h("button", { type: "button", class: "path", title: path, onClick: open }, text);
}

const ORDERS: readonly (readonly [InspectorOrder, string])[] = [
  ["messages", "Messages a second"],
  ["mailbox", "Mailbox"],
  ["restarts", "Restarts"],
];

/** The actors that do most. */
export function busiestView({ seen, order }: State, store: InspectorStore): ComponentChild {
  return [
    h(
      "p",
      { class: "filter" },
      ORDERS.map(([each, text]) =>
        h(
          "button",
          { key: each, type: "button", "aria-pressed": each === order, onClick: () => store.sortBy(each) },
          text,
        )
      ),
    ),
    h(
      "table",
      { id: "busiest", "aria-label": "Busiest actors" },
      columnsView(),
      h("tbody", null, seen?.busiest?.map((row) => pathLineView(row, row.perSecond, store))),
    ),
  ];
}

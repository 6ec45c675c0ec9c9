/// <reference lib="dom" />
/** What the page shows, as functions of its state. */
import { type ComponentChild, h } from "preact";
import { type InspectorTick, MAX_STEP } from "../../protocols/inspector.ts";
import { actorView } from "./actor_view.ts";
import { clusterView } from "./cluster_view.ts";
import { deadLettersView, failuresView, logView, restartsView } from "./feed_views.ts";
import { bytes, duration, moment, short, whole } from "./format.ts";
import type { State, Tab, TokenProblem } from "./state.ts";
import type { InspectorStore } from "./store.ts";
import { busiestView, foundView, treeView } from "./tree_views.ts";

/** The whole page. */
export function view(state: State, store: InspectorStore): ComponentChild {
  if (state.connection === "needs-token") return tokenView(state, store);
  return h(
    "div",
    { class: "inspector" },
    headView(state, store),
    state.replay === undefined ? null : replayView(state, store),
    numbersView(state),
    // uPlot's, once it is there.
    state.replay === undefined ? h("section", { id: "plots", "aria-label": "Plots" }) : null,
    h(
      "main",
      null,
      h(
        "section",
        { class: "tree", "aria-label": "Actors" },
        state.search === "" ? treeView(state, store) : foundView(state, store),
      ),
      h(
        "section",
        { class: "side", "aria-label": "What happens" },
        tabsView(state, store),
        tabView(state, store),
      ),
    ),
  );
}

const TOKEN_PROBLEMS: Readonly<Record<TokenProblem, string>> = {
  "": "",
  wrong: "That is not the token.",
  "too-many": "Those were too many wrong tokens. Try again in a moment.",
};

function tokenView({ tokenProblem }: State, store: InspectorStore): ComponentChild {
  const submit = (event: Event) => {
    event.preventDefault();
    const input = document.querySelector("#token");
    if (input instanceof HTMLInputElement) store.useToken(input.value);
  };
  return h(
    "form",
    { class: "token", onSubmit: submit },
    h("h1", null, "Inspector"),
    h("label", { for: "token" }, "Token"),
    h("input", { id: "token", type: "password", required: true, autofocus: true, autocomplete: "off" }),
    h("button", { type: "submit" }, "Look"),
    h("p", { class: "problem", role: "alert" }, TOKEN_PROBLEMS[tokenProblem]),
  );
}

function headView(state: State, store: InspectorStore): ComponentChild {
  const { connection, hosts, host, search } = state;
  const names = hosts.map(({ name }) => name);
  // One that is down stays chosen.
  if (host !== "" && !names.includes(host)) names.push(host);
  return h(
    "header",
    null,
    h("h1", null, state.system === "" ? "Inspector" : state.system),
    names.length < 2 ? null : h(
      "label",
      null,
      h("span", { class: "hidden" }, "Machine"),
      h(
        "select",
        { id: "host", value: host, onChange: (event: Event) => store.showHost(valueOf(event)) },
        names.map((name) => h("option", { key: name, value: name }, name)),
      ),
    ),
    h("label", { class: "hidden", for: "search" }, "Search actors by path"),
    h("input", {
      id: "search",
      type: "search",
      placeholder: "Search paths  ( / )",
      value: search,
      autocomplete: "off",
      spellcheck: false,
      maxLength: 200,
      onInput: (event: Event) => store.search(valueOf(event)),
    }),
    h(
      "p",
      { class: `status ${connection}`, role: "status" },
      connection === "open"
        ? "Live"
        : connection === "lost"
        ? "Connection lost. Trying again…"
        : "Connecting…",
    ),
  );
}

function replayView({ replay }: State, store: InspectorStore): ComponentChild {
  if (replay === undefined) return null;
  const { title, events, trace, state, problem } = replay;
  const step = (text: string, count: number, until?: "failure") =>
    h(
      "button",
      { type: "button", disabled: state !== "waits", onClick: () => store.step(count, until) },
      text,
    );
  const goTo = (event: Event) => {
    event.preventDefault();
    const input = document.querySelector("#to-event");
    if (!(input instanceof HTMLInputElement)) return;
    store.step(input.valueAsNumber - events);
    input.value = "";
  };
  const isOver = state === "passed" || state === "failed";
  return h(
    "section",
    { class: "replay", "aria-label": "Replay" },
    h("h2", null, title),
    h(
      "form",
      { class: "steps", onSubmit: goTo },
      step("1 event", 1),
      step("100", 100),
      step("10,000", 10_000),
      step("To the next failure", MAX_STEP, "failure"),
      h("label", { for: "to-event" }, "To event"),
      h("input", {
        ...{ id: "to-event", type: "number", required: true, min: events + 1, max: events + MAX_STEP },
        ...{ disabled: state !== "waits", autocomplete: "off" },
      }),
      h("button", { type: "submit", disabled: state !== "waits" }, "Go"),
      h(
        "output",
        { id: "replayed", class: state },
        `${whole(events)} ${events === 1 ? "event" : "events"}, ${STATES[state]}`,
      ),
      isOver ? h("span", { class: "what" }, "To see it again, start the task again.") : null,
    ),
    problem === undefined ? null : h("pre", { class: "problem" }, problem),
    h(
      "pre",
      { class: "trace", tabIndex: 0, "aria-label": "What happened, the last first" },
      trace.toReversed().join("\n"),
    ),
  );
}

const STATES = { waits: "it waits", runs: "it runs", passed: "passed", failed: "failed" } as const;

function numbersView({ ticks, replay, missed }: State): ComponentChild {
  const now = ticks.at(-1);
  if (now === undefined) return h("dl", { class: "numbers" });
  const { handled, time } = ticks.at(-2) ?? now;
  const perSecond = time < now.time ? Math.max(0, now.handled - handled) * 1000 / (now.time - time) : 0;
  const numbers: [string, string, boolean?][] = [
    ["Actors", whole(now.actors)],
    ["Messages/s", short(perSecond)],
    ["Waiting", whole(now.waiting)],
    ["Failures", whole(now.failures), now.failures > 0],
    ["Restarts", whole(now.restarts)],
    ["Dead letters", whole(now.deadLetters)],
    ...(replay === undefined
      ? processNumbers(now)
      : [["Virtual time", moment(now.time, true)] as [string, string]]),
    ...(missed > 0 ? [["Not shown", whole(missed)] as [string, string]] : []),
  ];
  return h(
    "dl",
    { class: "numbers" },
    numbers.map(([name, value, isBad]) =>
      h("div", { key: name, class: isBad ? "bad" : "" }, h("dt", null, name), h("dd", null, value))
    ),
  );
}

function processNumbers(now: InspectorTick): [string, string][] {
  return [
    ["Connections", whole(now.connections)],
    ["In", bytes(now.bytesIn)],
    ["Out", bytes(now.bytesOut)],
    ["Loop delay", duration(now.loopDelayMs)],
    ["Heap", bytes(now.heapUsedBytes)],
  ];
}

function tabsView(state: State, store: InspectorStore): ComponentChild {
  const tabs: [Tab, string, number?][] = [
    ["actor", "Actor"],
    ["failures", "Failures", state.failures.length],
    ["dead-letters", "Dead letters", state.deadLetters.length],
    ["restarts", "Restarts", state.restarts.length],
    ["log", "Log"],
    ["busiest", "Busiest"],
    ...(state.isInCluster ? [["cluster", "Cluster"] satisfies [Tab, string]] : []),
  ];
  const keys = (event: KeyboardEvent) => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (step === 0) return;
    const at = tabs.findIndex(([tab]) => tab === state.tab);
    const [next] = tabs[(at + step + tabs.length) % tabs.length] ?? [];
    if (next === undefined) return;
    store.show(next);
    document.getElementById(`tab-${next}`)?.focus();
  };
  return h(
    "div",
    { role: "tablist", onKeyDown: keys },
    tabs.map(([tab, text, count]) =>
      h(
        "button",
        {
          key: tab,
          id: `tab-${tab}`,
          type: "button",
          role: "tab",
          "aria-selected": tab === state.tab,
          "aria-controls": "panel",
          tabIndex: tab === state.tab ? 0 : -1,
          onClick: () => store.show(tab),
        },
        text,
        count === undefined || count === 0 ? null : h("span", { class: "count" }, count),
      )
    ),
  );
}

function tabView(state: State, store: InspectorStore): ComponentChild {
  const views: Readonly<Record<Tab, () => ComponentChild>> = {
    actor: () => actorView(state, store),
    failures: () => failuresView(state, store, state.failures),
    "dead-letters": () => deadLettersView(state),
    restarts: () => restartsView(state, store),
    log: () => logView(state, store),
    busiest: () => busiestView(state, store),
    cluster: () => clusterView(state, store),
  };
  return h(
    "div",
    { id: "panel", role: "tabpanel", "aria-labelledby": `tab-${state.tab}`, key: state.tab },
    views[state.tab](),
  );
}

function valueOf({ currentTarget }: Event): string {
  return currentTarget instanceof HTMLInputElement || currentTarget instanceof HTMLSelectElement
    ? currentTarget.value
    : "";
}

/// <reference lib="dom" />
/** What happens: failures, dead letters, restarts, the log. */
import { type ComponentChild, h } from "preact";
import type { InspectorFailure, InspectorLogLine } from "../../protocols/inspector.ts";
import { moment } from "./format.ts";
import { filteredLog, type State } from "./state.ts";
import type { InspectorStore } from "./store.ts";
import { pathButton } from "./tree_views.ts";

/** Failures with their stacks, the newest first. */
export function failuresView(
  state: State,
  store: InspectorStore,
  failures: readonly InspectorFailure[],
): ComponentChild {
  if (failures.length === 0) return h("p", { class: "empty" }, "No actor has failed.");
  return h(
    "ol",
    { class: "feed failures", role: "log" },
    failures.toReversed().map((failure, index) => failureView(failure, index === 0, state, store)),
  );
}

function failureView(failure: InspectorFailure, isNewest: boolean, state: State, store: InspectorStore) {
  const { number, time, host, actor, phase, messageType, error, stack, decision, restarts } = failure;
  const where = phase === "message" && messageType !== undefined ? `message “${messageType}”` : phase;
  return h(
    "li",
    { key: `${host} ${number}` },
    whenView({ time, host }, state, pathButton(actor, () => store.open(actor, host))),
    h("p", { class: "problem" }, error),
    h("p", { class: "what" }, `in ${where}; decision: ${decision}; restarts: ${restarts}`),
    h("details", { open: isNewest }, h("summary", null, "Stack"), h("pre", { tabIndex: 0 }, stack)),
  );
}

/** When it was, on which machine, and what it was. */
function whenView(
  { time, host }: { readonly time: number; readonly host: string },
  state: State,
  what: ComponentChild,
): ComponentChild {
  return h(
    "p",
    { class: "when" },
    h("time", null, moment(time, state.replay !== undefined)),
    hostView(host, state),
    what,
  );
}

function hostView(host: string, { hosts }: State): ComponentChild {
  return hosts.length < 2 ? null : h("span", { class: "host" }, host);
}

/** Messages that nobody handled, the newest first. */
export function deadLettersView(state: State): ComponentChild {
  const { deadLetters } = state;
  if (deadLetters.length === 0) return h("p", { class: "empty" }, "Every message was handled.");
  return h(
    "ol",
    { class: "feed dead-letters", role: "log" },
    deadLetters.toReversed().map(({ number, time, host, target, messageType, reason }) =>
      h(
        "li",
        { key: `${host} ${number}` },
        whenView({ time, host }, state, h("span", { class: "path" }, target)),
        h(
          "p",
          { class: "what" },
          `${messageType === undefined ? "a message" : `“${messageType}”`}: ${reason}`,
        ),
      )
    ),
  );
}

/** Further lives of actors, the newest first. */
export function restartsView(state: State, store: InspectorStore): ComponentChild {
  if (state.restarts.length === 0) return h("p", { class: "empty" }, "No actor was restarted.");
  return h(
    "ol",
    { class: "feed restarts", role: "log" },
    state.restarts.toReversed().map(({ number, time, host, actor, restarts }) =>
      h(
        "li",
        { key: `${host} ${number}` },
        whenView({ time, host }, state, [
          pathButton(actor, () => store.open(actor, host)),
          h("span", { class: "what" }, `life ${restarts + 1}`),
        ]),
      )
    ),
  );
}

const LEVELS: readonly InspectorLogLine["level"][] = ["debug", "info", "warn", "error"];

/** The log, filtered, the newest first. */
export function logView(state: State, store: InspectorStore): ComponentChild {
  const setLevel = ({ currentTarget }: Event) => {
    const level = currentTarget instanceof HTMLSelectElement
      ? LEVELS.find((each) => each === currentTarget.value)
      : undefined;
    if (level !== undefined) store.filterLog({ logLevel: level });
  };
  const setText = ({ currentTarget }: Event) => {
    if (currentTarget instanceof HTMLInputElement) store.filterLog({ logText: currentTarget.value });
  };
  return [
    h(
      "p",
      { class: "filter" },
      h("label", { for: "log-level" }, "From"),
      h(
        "select",
        { id: "log-level", value: state.logLevel, onChange: setLevel },
        LEVELS.map((level) => h("option", { key: level, value: level }, level)),
      ),
      h("label", { class: "hidden", for: "log-text" }, "With this in it"),
      h("input", {
        id: "log-text",
        type: "search",
        placeholder: "Filter",
        value: state.logText,
        autocomplete: "off",
        onInput: setText,
      }),
    ),
    h(
      "ol",
      { class: "feed log", role: "log" },
      filteredLog(state).toReversed().map(({ number, time, host, level, actor, message }) =>
        h(
          "li",
          { key: `${host} ${number}`, class: level },
          h("time", null, moment(time, state.replay !== undefined)),
          hostView(host, state),
          h("span", { class: "level" }, level),
          h("span", { class: "path", title: actor }, actor),
          h("span", { class: "message", dir: "auto" }, message),
        )
      ),
    ),
  ];
}

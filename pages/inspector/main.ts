/// <reference lib="dom" />
/** The inspector's page. */
import { render } from "preact";
import { Plots } from "./plots.ts";
import { InspectorStore } from "./store.ts";
import { view } from "./views.ts";

const app = document.querySelector("#app");
if (app === null) throw new Error("Cannot show the system: the page has no #app");

let plots: Plots | undefined;
let drawn: unknown;
let focused = "";
let isDue = false;

/** Shows what has changed, once for all that came since: a flood costs a frame, not a frame an event. */
function show(): void {
  isDue = false;
  const { state } = store;
  if (app !== null) render(view(state, store), app);
  const place = document.querySelector("#plots");
  if (place instanceof HTMLElement && place.childElementCount === 0) plots = new Plots(place);
  if (state.ticks !== drawn) plots?.draw(state.ticks);
  drawn = state.ticks;
  followFocus(state.focus);
  document.title = state.system === "" ? "Inspector" : `${state.system}: inspector`;
}

/** The keyboard is on a row of the tree: it goes where the row goes. */
function followFocus(path: string): void {
  const isInTree = document.activeElement?.closest("#tree") ?? null;
  if (path === focused || isInTree === null) return;
  focused = path;
  const row = document.querySelector("#tree [tabindex='0']");
  if (row instanceof HTMLElement) row.focus();
}

const store: InspectorStore = new InspectorStore(() => {
  if (isDue) return;
  isDue = true;
  // A tab in the background gets no frames.
  setTimeout(show, 30);
});

document.addEventListener("keydown", (event) => {
  const isTyping = event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement;
  if (event.key !== "/" || isTyping || event.ctrlKey || event.metaKey) return;
  const search = document.querySelector("#search");
  if (!(search instanceof HTMLElement)) return;
  event.preventDefault();
  search.focus();
});
show();

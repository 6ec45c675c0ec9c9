/// <reference lib="dom" />
/** The chat's page. */
import { render } from "preact";
import { ChatStore } from "./store.ts";
import { view } from "./views.ts";

const app = document.querySelector("#app");
if (app === null) throw new Error("Cannot show the chat: the page has no #app");

/** Whether the last line is in sight: then new ones are followed. */
function isAtEnd(lines: Element | null): boolean {
  return lines === null || lines.scrollHeight - lines.scrollTop - lines.clientHeight < 40;
}

let last = "";
let isDue = false;

/** Shows what has changed, once for all that came since: a flood costs a frame, not a frame a line. */
function show(): void {
  isDue = false;
  const { state } = store;
  const follow = isAtEnd(document.querySelector("#lines")) || state.active !== last;
  last = state.active;
  if (app !== null) render(view(state, store), app);
  const lines = document.querySelector("#lines");
  if (follow && lines !== null) lines.scrollTop = lines.scrollHeight;
  const unread = [...state.conversations.values()].reduce((sum, { unread }) => sum + unread, 0);
  document.title = unread > 0 ? `(${unread}) Chat` : "Chat";
}

const store: ChatStore = new ChatStore(() => {
  if (isDue) return;
  isDue = true;
  // A tab in the background gets no frames.
  setTimeout(show, 16);
});
show();

/// <reference lib="dom" />
/** What the page shows, as functions of its state. */
import { type ComponentChild, h } from "preact";
import { ROOM_TEXT_NAMES } from "../../protocols/chat_texts.ts";
import type { ChatState, Conversation, Line } from "./state.ts";
import type { ChatStore } from "./store.ts";

/** The whole page. */
export function view(state: ChatState, store: ChatStore): ComponentChild {
  return state.name === "" ? loginView(state, store) : chatView(state, store);
}

function loginView(state: ChatState, store: ChatStore): ComponentChild {
  const submit = (event: Event) => {
    event.preventDefault();
    const input = document.querySelector("#name");
    if (input instanceof HTMLInputElement) store.logIn(input.value);
  };
  return h(
    "main",
    { class: "login" },
    h(
      "form",
      { onSubmit: submit },
      h("h1", null, "Chat"),
      h("label", { for: "name" }, "Your name"),
      h("input", { id: "name", autocomplete: "nickname", maxLength: 32, required: true, autofocus: true }),
      h("button", { type: "submit", disabled: !state.isConnected }, "Come in"),
      h("p", { class: "problem", role: "alert" }, state.problem),
      state.isConnected ? null : h("p", { role: "status" }, "Connecting…"),
    ),
  );
}

function chatView(state: ChatState, store: ChatStore): ComponentChild {
  const active = state.conversations.get(state.active);
  return h(
    "div",
    { class: "chat" },
    sideView(state, store),
    h(
      "main",
      { class: "talk" },
      headView(state, active),
      linesView(state, active),
      h("p", { class: "problem", role: "alert" }, state.problem),
      inputView(store, active),
    ),
    active?.kind === "room" ? membersView(state, store, active) : null,
  );
}

function sideView(state: ChatState, store: ChatStore): ComponentChild {
  const open = [...state.conversations].map(([key, conversation]) =>
    h(
      "li",
      { key },
      h(
        "button",
        {
          class: "conversation",
          type: "button",
          "aria-current": key === state.active ? "true" : undefined,
          onClick: () => store.show(key),
        },
        h("span", { class: "kind", "aria-hidden": "true" }, conversation.kind === "room" ? "#" : "@"),
        h("span", { class: "title" }, conversation.title),
        conversation.unread > 0
          ? h("span", { class: "unread" }, conversation.unread, h("span", { class: "hidden" }, " unread"))
          : null,
      ),
      h(
        "button",
        {
          class: "close",
          type: "button",
          "aria-label": `Leave ${conversation.title}`,
          onClick: () => store.leave(key),
        },
        "×",
      ),
    )
  );
  const others = state.rooms.filter(({ room }) => !state.conversations.has(`#${room}`)).map((
    { room, members },
  ) =>
    h(
      "li",
      { key: room },
      h(
        "button",
        { class: "conversation", type: "button", onClick: () => store.join(room) },
        h("span", { class: "kind", "aria-hidden": "true" }, "#"),
        h("span", { class: "title" }, room),
        h("span", { class: "count" }, members),
      ),
    )
  );
  return h(
    "nav",
    { class: "side", "aria-label": "Conversations" },
    h("ul", null, open),
    others.length === 0 ? null : h("h2", null, "Other rooms"),
    others.length === 0 ? null : h("ul", null, others),
    h(
      "form",
      {
        class: "new-room",
        onSubmit: (event: Event) => {
          event.preventDefault();
          const input = document.querySelector("#new-room");
          if (!(input instanceof HTMLInputElement) || input.value.trim() === "") return;
          store.join(input.value.trim());
          input.value = "";
        },
      },
      h("label", { class: "hidden", for: "new-room" }, "Join or make a room"),
      h("input", { id: "new-room", placeholder: "Join or make a room", maxLength: 32, autocomplete: "off" }),
    ),
  );
}

function headView(state: ChatState, active: Conversation | undefined): ComponentChild {
  return h(
    "header",
    null,
    h("h1", null, active === undefined ? "…" : active.title),
    ROOM_TEXT_NAMES.map((name) => h("p", { class: "room-text" }, active?.[name] ?? "")),
    h(
      "p",
      { class: state.isConnected ? "status" : "status lost", role: "status" },
      state.isConnected ? `Connected as ${state.name}` : "The connection is lost. Trying again…",
    ),
  );
}

function linesView(state: ChatState, active: Conversation | undefined): ComponentChild {
  const lines = active?.lines ?? [];
  const pending = state.pending.filter(({ conversation }) => conversation === state.active).map((
    { tag, text, action },
  ) =>
    h(
      "li",
      { key: tag, class: "said pending" },
      nameView(state.name),
      textView(text, action),
      h("em", null, "sending…"),
    )
  );
  return h(
    "ol",
    { class: "lines", id: "lines", role: "log", "aria-live": "polite", tabIndex: 0 },
    lines.map((line, index) => lineView(line, index, state)),
    pending,
  );
}

function lineView(line: Line, index: number, state: ChatState): ComponentChild {
  if (line.type === "happened") return h("li", { key: `h${index}`, class: "happened" }, line.text);
  const { id, name, kind, text, time } = line.said;
  return h(
    "li",
    { key: id === "" ? `o${index}` : id, class: name === state.name ? "said own" : "said" },
    nameView(name),
    time === 0 ? null : h("time", { dateTime: new Date(time).toISOString() }, clock(time)),
    textView(text, kind === "action"),
  );
}

function nameView(name: string): ComponentChild {
  return h("span", { class: `name hue-${hue(name)}` }, name);
}

function textView(text: string, isAction: boolean): ComponentChild {
  return h("span", { class: isAction ? "text action" : "text", dir: "auto" }, text);
}

function inputView(store: ChatStore, active: Conversation | undefined): ComponentChild {
  const submit = (event: Event) => {
    event.preventDefault();
    const input = document.querySelector("#say");
    if (!(input instanceof HTMLInputElement)) return;
    store.typed(input.value);
    input.value = "";
  };
  const label: ComponentChild = active === undefined
    ? "Say something"
    : active.kind === "room"
    ? `Say something in ${active.title}`
    : `Say something to ${active.title}`;
  return h(
    "form",
    { class: "say", onSubmit: submit },
    h("label", { class: "hidden", for: "say" }, label),
    h("input", {
      id: "say",
      placeholder: String(label),
      autocomplete: "off",
      maxLength: 2000,
      enterKeyHint: "send",
    }),
    h("button", { type: "submit" }, "Send"),
  );
}

function membersView(state: ChatState, store: ChatStore, active: Conversation): ComponentChild {
  const members = active.members.toSorted((one, other) => one.name.localeCompare(other.name));
  return h(
    "aside",
    { class: "members", "aria-label": "Members" },
    h("h2", null, `${members.length} here`),
    h(
      "ul",
      null,
      members.map(({ name, operator, away }) =>
        h(
          "li",
          { key: name },
          h(
            "button",
            {
              type: "button",
              class: away ? "away" : "",
              title: name === state.name ? "This is you" : `Talk to ${name}`,
              onClick: () => store.talkTo(name),
            },
            nameView(name),
            operator ? h("span", { class: "operator" }, "leads") : null,
            away ? h("span", { class: "operator" }, "away") : null,
          ),
        )
      ),
    ),
  );
}

function clock(time: number): string {
  return new Date(time).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}

/** One of a few colours, the same for a name everywhere. */
function hue(name: string): number {
  let sum = 0;
  for (const character of name) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 9973;
  return sum % 8;
}

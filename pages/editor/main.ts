/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** The editor's page. */
import * as Y from "yjs";
import { Awareness } from "y-protocols/awareness";
import { webSocketUrl } from "../_shared/redial.ts";
import { Connection, type ConnectionState } from "./connection.ts";
import { presenceOf } from "./awareness.ts";
import { element } from "./dom.ts";
import { colorClass, COLORS, type Identity, loadIdentity, saveIdentity } from "./identity.ts";
import { TextEditor } from "./text_editor.ts";
import { showVersions } from "./versions.ts";

const app = document.getElementById("app") ?? document.body;
const name = decodeURIComponent(location.pathname.slice(1));
const token = new URLSearchParams(location.search).get("token");

/** An address of this document, with the token where there is one. */
function address(path: string): string {
  const query = token === null ? "" : `?token=${encodeURIComponent(token)}`;
  return `/${path}${name === "" ? "" : `/${encodeURIComponent(name)}`}${query}`;
}

const WORDS: Readonly<Record<ConnectionState["type"], string>> = {
  connecting: "Connecting…",
  offline: "Offline: what you type is kept here, and merged when the server is back",
  saving: "Saving…",
  saved: "All saved",
  "read-only": "Read only",
  refused: "Not connected",
};

const SHOWN_PEOPLE = 5;

function startEditor(isInDirectory: boolean, textName: string): void {
  const doc = new Y.Doc();
  const text = doc.getText(textName);
  const awareness = new Awareness(doc);
  let identity = loadIdentity();

  const title = isInDirectory
    ? element(
      "h1",
      {},
      element("a", { href: `/${location.search}` }, "Documents"),
      ` / ${name}`,
    )
    : element("h1", {}, name || "Document");
  document.title = name || "Document";
  const status = element("span", {
    className: "status connecting",
    role: "status",
  }, WORDS.connecting);
  const people = element("ul", {
    className: "people",
    "aria-label": "Who is here",
  });
  const dot = element("span", { className: "me" });
  const myName = element("span", { className: "label" });
  const me = element(
    "button",
    { type: "button", title: "Your name and colour" },
    dot,
    myName,
  );
  const find = tool("Find", "⌕", "Find and replace");
  const versions = tool("Versions", "↺", "Versions");
  const download = tool("Export", "↓", "Save a copy as a file");
  const place = element("div", { className: "editor" });
  app.replaceChildren(
    element(
      "header",
      {},
      title,
      status,
      element("span", { className: "grow" }),
      people,
      element("div", { className: "tools" }, me, find, versions, download),
    ),
    element("main", {}, place),
  );

  const sync = address("sync");
  const connection = new Connection({
    url: webSocketUrl(`${sync}${sync.includes("?") ? "&" : "?"}acks`),
    doc,
    awareness,
    changed: (state) => showState(state),
    durable: (edit) => editor.setDurable(edit),
  });
  const editor = new TextEditor(place, {
    text,
    awareness,
    nextEdit: () => connection.nextEdit,
  });
  let isWritable = true;

  function showState(state: ConnectionState): void {
    status.className = `status ${state.type}`;
    const words = state.type === "refused" ? state.reason : WORDS[state.type];
    if (status.textContent !== words) status.textContent = words;
    const mayWrite = state.type !== "read-only" && state.type !== "refused";
    if (mayWrite !== isWritable) {
      queueMicrotask(() => editor.setWritable(mayWrite));
    }
    isWritable = mayWrite;
  }

  function showIdentity(): void {
    dot.className = `me c${identity.color}`;
    myName.textContent = identity.name;
    me.setAttribute(
      "aria-label",
      `You are ${identity.name}. Change your name and colour`,
    );
    awareness.setLocalStateField("user", {
      name: identity.name,
      color: COLORS[identity.color],
    });
  }

  let shownPeople = "";

  function showPeople(): void {
    const others = [...awareness.getStates()].flatMap(([client, state]) => {
      if (client === awareness.clientID) return [];
      const { name: other, color } = presenceOf(state);
      return [{ other, className: colorClass(color, other) }];
    });
    const now = JSON.stringify(others);
    // Most of what changes is where their cursors are.
    if (now === shownPeople) return;
    shownPeople = now;
    const shown = others.slice(0, SHOWN_PEOPLE).map(({ other, className }) =>
      element("li", { className, title: other, "aria-label": other }, initials(other))
    );
    const more = others.length - shown.length;
    people.replaceChildren(
      ...shown,
      ...(more > 0 ? [element("li", { className: "more" }, `+${more}`)] : []),
    );
  }

  awareness.on("change", showPeople);
  showIdentity();
  connection.start();
  me.onclick = () =>
    askIdentity(identity, (chosen) => {
      identity = chosen;
      saveIdentity(chosen);
      showIdentity();
      editor.focus();
    });
  find.onclick = () => editor.find();
  versions.onclick = () =>
    void showVersions({
      address,
      myName: () => identity.name,
      canEdit: () => isWritable,
      restore: (restored) => editor.replaceBy(restored),
    });
  download.onclick = () => save(`${name || "document"}.txt`, editor.text);
  addEventListener("beforeunload", (event) => {
    if (connection.hasUnsaved) event.preventDefault();
  });
}

function tool(label: string, icon: string, title: string): HTMLButtonElement {
  return element(
    "button",
    { type: "button", title, "aria-label": title },
    element("span", { "aria-hidden": "true" }, icon),
    element("span", { className: "label" }, label),
  );
}

function initials(of: string): string {
  return of.split(/\s+/).map((word) => [...word][0] ?? "").join("").slice(0, 2)
    .toUpperCase() || "?";
}

function askIdentity(
  identity: Identity,
  chosen: (identity: Identity) => void,
): void {
  const input = element("input", {
    value: identity.name,
    maxLength: 32,
    required: true,
    "aria-label": "Your name",
  });
  const colors = COLORS.map((_, index) =>
    element(
      "label",
      {},
      element("input", {
        type: "radio",
        name: "color",
        value: String(index),
        checked: index === identity.color,
        "aria-label": `Colour ${index + 1}`,
      }),
      element("span", { className: `c${index}` }),
    )
  );
  const form = element(
    "form",
    { method: "dialog", className: "body" },
    input,
    element("fieldset", { className: "colors" }, ...colors),
    element(
      "div",
      { className: "row" },
      element("button", { className: "primary", value: "ok" }, "Save"),
      element("button", {
        value: "",
        type: "button",
        onclick: () => dialog.close(),
      }, "Cancel"),
    ),
  );
  const dialog = element(
    "dialog",
    { className: "small", "aria-label": "Your name and colour" },
    element("header", {}, element("h1", {}, "You")),
    form,
  );
  dialog.onclose = () => {
    const color = Number(new FormData(form).get("color") ?? identity.color);
    if (dialog.returnValue === "ok" && input.value.trim() !== "") {
      chosen({ name: input.value.trim(), color });
    }
    dialog.remove();
  };
  document.body.append(dialog);
  dialog.showModal();
  input.select();
}

function save(file: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  element("a", { href: url, download: file }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

function showList(names: readonly string[]): void {
  document.title = "Documents";
  const input = element("input", {
    placeholder: "Name of a new document",
    maxLength: 64,
    pattern: "[\\p{L}\\p{N}_\\-][\\p{L}\\p{M}\\p{N}_.\\-]*",
    required: true,
    "aria-label": "Name of a new document",
  });
  const form = element(
    "form",
    { className: "row" },
    input,
    element("button", { className: "primary" }, "Create"),
  );
  form.onsubmit = (event) => {
    event.preventDefault();
    location.href = `/${encodeURIComponent(input.value)}${location.search}`;
  };
  const items = names.map((each) =>
    element(
      "li",
      {},
      element("a", {
        className: "button",
        href: `/${encodeURIComponent(each)}${location.search}`,
      }, each),
    )
  );
  app.replaceChildren(
    element(
      "div",
      { className: "list" },
      element("h1", {}, "Documents"),
      form,
      element("ul", {}, ...items),
    ),
  );
}

/** Asks for the token, which is part of the address of the page. */
function askToken(reason: string): void {
  const input = element("input", {
    name: "token",
    type: "password",
    required: true,
    placeholder: "Token",
    "aria-label": "Token",
    autocomplete: "current-password",
  });
  const form = element(
    "form",
    { className: "row" },
    input,
    element("button", { className: "primary" }, "Open"),
  );
  app.replaceChildren(
    element(
      "div",
      { className: "list" },
      element("h1", {}, name || "Document"),
      element("p", { className: "hint", role: "status" }, reason),
      form,
    ),
  );
  input.focus();
}

async function start(): Promise<void> {
  const query = token === null ? "" : `?token=${encodeURIComponent(token)}`;
  const response = await fetch(`/documents${query}`);
  if (response.status === 401) {
    return askToken(token === null ? "Who has its token may open this." : "That is not the token.");
  }
  if (response.status === 429) return askToken("Those were too many wrong tokens. Try again in a moment.");
  const names: readonly string[] | null = await response.json().catch(() => null);
  if (name === "" && names !== null) showList(names);
  else startEditor(names !== null, decodeURIComponent(response.headers.get("x-text-name") ?? "content"));
}

void start();

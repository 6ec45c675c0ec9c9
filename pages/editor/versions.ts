/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** The list of versions, what changed in each, and the way back. */
import { diffText, splitLines } from "../../actors/editor/text_diff.ts";
import { element } from "./dom.ts";

interface Version {
  readonly id: number;
  readonly atMs: number;
  readonly name?: string;
  readonly by: readonly string[];
}

export interface VersionsOptions {
  /** The address of something of this document: `versions`, `version/3`. */
  readonly address: (path: string) => string;
  readonly myName: () => string;
  readonly canEdit: () => boolean;
  readonly restore: (text: string) => void;
}

/** Lines around a change that are shown with it. */
const CONTEXT_LINES = 2;

/** Opens the panel. */
export async function showVersions(options: VersionsOptions): Promise<void> {
  const list = element("ol", { "aria-label": "Versions" });
  const diff = element("div", {
    className: "diff",
    tabIndex: 0,
    role: "region",
    "aria-label": "What changed",
  });
  const about = element(
    "p",
    { className: "hint" },
    "Choose a version to see what changed in it.",
  );
  const name = element("input", {
    placeholder: "Name the text as it is now",
    maxLength: 100,
    "aria-label": "Name of the version",
  });
  const keep = element("button", { type: "submit" }, "Keep");
  const restore = element("button", {
    className: "primary",
    type: "button",
    disabled: true,
  }, "Restore this version");
  const close = element(
    "button",
    { type: "button", "aria-label": "Close" },
    "Close",
  );
  const form = element("form", { className: "row" }, name, keep);
  const dialog = element(
    "dialog",
    { "aria-label": "Versions" },
    element(
      "header",
      {},
      element("h1", {}, "Versions"),
      element("span", { className: "grow" }),
      close,
    ),
    element(
      "div",
      { className: "body" },
      options.canEdit() ? form : undefined,
      element(
        "div",
        { className: "versions" },
        list,
        element("div", {}, about, diff),
      ),
      options.canEdit() ? element("div", { className: "row" }, restore) : undefined,
    ),
  );
  close.onclick = () => dialog.close();
  dialog.onclose = () => dialog.remove();
  form.onsubmit = (event) => {
    event.preventDefault();
    if (name.value.trim() !== "") void keepVersion().catch(failed);
  };
  const failed = () => about.textContent = "The server does not answer now. Try again in a moment.";

  async function keepVersion(): Promise<void> {
    const body = JSON.stringify({
      name: name.value.trim(),
      by: options.myName(),
    });
    const response = await fetch(options.address("versions"), {
      method: "POST",
      body,
    });
    if (!response.ok) return void failed();
    name.value = "";
    await load();
  }

  async function load(): Promise<void> {
    const versions: readonly Version[] = await (await fetch(options.address("versions"))).json();
    if (versions.length === 0) {
      about.textContent = "There are no versions yet: one is kept whenever nobody has edited for a minute.";
    }
    list.replaceChildren(
      ...versions.toReversed().map((version) => {
        const before = versions[versions.indexOf(version) - 1];
        const button = element(
          "button",
          { type: "button", "aria-pressed": "false" },
          version.name ?? new Date(version.atMs).toLocaleString(),
          element(
            "small",
            {},
            `${version.name === undefined ? "" : `${new Date(version.atMs).toLocaleString()} · `}${
              version.by.join(", ")
            }`,
          ),
        );
        button.onclick = () => void choose(version, before, button).catch(failed);
        return element("li", {}, button);
      }),
    );
  }

  async function choose(
    version: Version,
    before: Version | undefined,
    button: HTMLElement,
  ): Promise<void> {
    for (const other of list.querySelectorAll("button")) {
      other.setAttribute("aria-pressed", String(other === button));
    }
    const [text, old] = await Promise.all([
      textOf(version),
      before === undefined ? "" : textOf(before),
    ]);
    about.textContent = before === undefined
      ? "The first version."
      : `What changed since ${before.name ?? new Date(before.atMs).toLocaleString()}:`;
    diff.replaceChildren(...diffLines(old, text));
    restore.disabled = false;
    restore.onclick = () => {
      options.restore(text);
      dialog.close();
    };
  }

  async function textOf({ id }: Version): Promise<string> {
    return await (await fetch(options.address(`version/${id}`))).text();
  }

  document.body.append(dialog);
  dialog.showModal();
  await load().catch(failed);
}

/** The lines of two texts: those that went, those that came, and a little around them. */
function diffLines(before: string, after: string): HTMLElement[] {
  const rows: {
    readonly kind: "same" | "added" | "removed";
    readonly line: string;
  }[] = [];
  let [oldAt, newAt] = [0, 0];
  const [oldStarts, newLines] = [before, after];
  const add = (kind: "same" | "added" | "removed", text: string) => {
    for (const line of splitLines(text)) rows.push({ kind, line });
  };
  for (const { at, remove, insert } of wholeLines(before, after)) {
    const same = oldStarts.slice(oldAt, at);
    add("same", same);
    add("removed", oldStarts.slice(at, at + remove));
    add("added", insert);
    newAt += same.length + insert.length;
    oldAt = at + remove;
  }
  add("same", newLines.slice(newAt));
  return rows.flatMap(({ kind, line }, index) => {
    const isNear = rows.slice(
      Math.max(0, index - CONTEXT_LINES),
      index + CONTEXT_LINES + 1,
    ).some((row) => row.kind !== "same");
    if (kind === "same" && !isNear) {
      const isFirstSkipped = index === 0 ||
        rows.slice(
          Math.max(0, index - 1 - CONTEXT_LINES),
          index + CONTEXT_LINES,
        ).some((row) => row.kind !== "same");
      return isFirstSkipped ? [element("div", { className: "skipped" }, "⋯")] : [];
    }
    const sign = kind === "added" ? "+ " : kind === "removed" ? "− " : "  ";
    return [
      element("div", { className: kind }, sign + line.replace(/\n$/, "")),
    ];
  });
}

/** The edits, each widened to whole lines, and those joined that touch the same line. */
function wholeLines(
  before: string,
  after: string,
): { at: number; remove: number; insert: string }[] {
  const wide: { at: number; remove: number; insert: string }[] = [];
  for (const { at, remove, insert } of diffText(before, after)) {
    const start = before.lastIndexOf("\n", at - 1) + 1;
    const stop = remove > 0 && before[at + remove - 1] === "\n" &&
        (insert === "" || insert.endsWith("\n"))
      ? at + remove
      : (before.indexOf("\n", at + remove) + 1 || before.length);
    const last = wide.at(-1);
    if (last !== undefined && start < last.at + last.remove) {
      const end = last.at + last.remove;
      last.insert = last.insert.slice(0, last.insert.length - (end - at)) +
        insert + before.slice(at + remove, Math.max(stop, end));
      last.remove = Math.max(stop, end) - last.at;
    } else {
      wide.push({
        at: start,
        remove: stop - start,
        insert: before.slice(start, at) + insert +
          before.slice(at + remove, stop),
      });
    }
  }
  return wide;
}

/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** The cursors and selections of others in the text. */
import type { Extension } from "@codemirror/state";
import {
  Decoration,
  type DecorationSet,
  EditorView,
  ViewPlugin,
  type ViewUpdate,
  WidgetType,
} from "@codemirror/view";
import * as Y from "yjs";
import type { Awareness } from "y-protocols/awareness";
import { type AwarenessChanges, presenceOf } from "./awareness.ts";
import { colorClass } from "./identity.ts";

class Caret extends WidgetType {
  readonly name: string;
  readonly color: string;

  constructor(name: string, color: string) {
    super();
    this.name = name;
    this.color = color;
  }

  override eq(other: Caret): boolean {
    return other.name === this.name && other.color === this.color;
  }

  override toDOM(): HTMLElement {
    const caret = document.createElement("span");
    caret.className = `caret ${this.color}`;
    caret.setAttribute("aria-hidden", "true");
    const label = document.createElement("span");
    label.className = `caret-name ${this.color}`;
    label.textContent = this.name;
    caret.append("\u2060", label);
    return caret;
  }

  override get estimatedHeight(): number {
    return -1;
  }

  override ignoreEvent(): boolean {
    return true;
  }
}

interface Place {
  readonly from: number;
  readonly to: number;
  readonly head: number;
  readonly name: string;
  readonly color: string;
}

/** Shows the others, and tells them of one's own cursor. */
export function cursors(text: Y.Text, awareness: Awareness): Extension {
  const places = (length: number): Place[] => {
    const { doc } = text;
    if (doc === null) return [];
    const found: Place[] = [];
    for (const [client, state] of awareness.getStates()) {
      if (client === awareness.clientID) continue;
      const { name, color, cursor } = presenceOf(state);
      const anchor = indexOf(cursor?.anchor, text, doc);
      const head = indexOf(cursor?.head, text, doc);
      if (anchor === undefined || head === undefined) continue;
      const [a, h] = [Math.min(anchor, length), Math.min(head, length)];
      found.push({
        from: Math.min(a, h),
        to: Math.max(a, h),
        head: h,
        name,
        color: colorClass(color, name),
      });
    }
    return found;
  };
  const plugin = ViewPlugin.fromClass(
    class {
      decorations: DecorationSet;
      readonly #changed: (changes: AwarenessChanges) => void;

      constructor(view: EditorView) {
        this.decorations = decorate(places(view.state.doc.length));
        this.#changed = ({ added, updated, removed }) => {
          const isOfOthers = [...added, ...updated, ...removed].some((client) =>
            client !== awareness.clientID
          );
          if (isOfOthers) queueMicrotask(() => view.dispatch({}));
        };
        awareness.on("change", this.#changed);
      }

      update(update: ViewUpdate): void {
        this.decorations = decorate(places(update.state.doc.length));
        if (update.selectionSet || update.docChanged || update.focusChanged) {
          tellOwn(text, awareness, update.view);
        }
      }

      destroy(): void {
        awareness.off("change", this.#changed);
      }
    },
    { decorations: (value) => value.decorations },
  );
  return [plugin, theme];
}

/** Where a relative position of another client stands in the text; undefined where it is none. */
function indexOf(position: unknown, text: Y.Text, doc: Y.Doc): number | undefined {
  if (position === undefined) return undefined;
  try {
    const relative = Y.createRelativePositionFromJSON(position);
    const absolute = Y.createAbsolutePositionFromRelativePosition(relative, doc);
    return absolute?.type === text ? absolute.index : undefined;
  } catch {
    // What a client says of itself may be anything.
    return undefined;
  }
}

function decorate(places: readonly Place[]): DecorationSet {
  const ranges = places.flatMap(({ from, to, head, name, color }) => [
    ...(from < to ? [Decoration.mark({ class: `selected ${color}` }).range(from, to)] : []),
    Decoration.widget({ widget: new Caret(name, color), side: -1 }).range(head),
  ]);
  return Decoration.set(ranges, true);
}

function tellOwn(text: Y.Text, awareness: Awareness, view: EditorView): void {
  const { anchor, head } = view.state.selection.main;
  const limit = text.length;
  const cursor = view.hasFocus
    ? {
      anchor: Y.relativePositionToJSON(
        Y.createRelativePositionFromTypeIndex(text, Math.min(anchor, limit)),
      ),
      head: Y.relativePositionToJSON(
        Y.createRelativePositionFromTypeIndex(text, Math.min(head, limit)),
      ),
    }
    : null;
  const before: unknown = awareness.getLocalState()?.["cursor"] ?? null;
  if (JSON.stringify(before) !== JSON.stringify(cursor)) {
    awareness.setLocalStateField("cursor", cursor);
  }
}

const hues = [
  "37 99 235",
  "194 65 12",
  "21 128 61",
  "162 28 175",
  "185 28 28",
  "14 116 144",
  "124 58 237",
  "161 98 7",
];

const theme = EditorView.baseTheme({
  ".caret": {
    position: "relative",
    display: "inline-block",
    width: "2px",
    marginLeft: "-1px",
    marginRight: "-1px",
    height: "1.2em",
    verticalAlign: "text-bottom",
  },
  ".caret-name": {
    position: "absolute",
    bottom: "100%",
    left: "-1px",
    padding: "0 5px",
    borderRadius: "4px 4px 4px 0",
    font: "600 11px/16px system-ui, sans-serif",
    color: "#fff",
    whiteSpace: "nowrap",
    pointerEvents: "none",
    zIndex: "5",
    // It says who that is, and then no longer covers the text.
    animation: "caret-name 5s forwards",
  },
  "@keyframes caret-name": { "0%, 80%": { opacity: "1" }, "100%": { opacity: "0" } },
  ".caret:hover .caret-name": { animation: "none" },
  // It goes all the same, at once instead of fading.
  "@media (prefers-reduced-motion: reduce)": {
    ".caret-name": { animationTimingFunction: "step-end" },
  },
  ".cm-line:first-child .caret-name": {
    bottom: "auto",
    top: "100%",
    borderRadius: "0 4px 4px 4px",
  },
  ...Object.fromEntries(hues.flatMap((hue, index) => [
    [`.caret.c${index}, .caret-name.c${index}`, {
      backgroundColor: `rgb(${hue})`,
    }],
    [`.selected.c${index}`, { backgroundColor: `rgb(${hue} / 25%)` }],
  ])),
});

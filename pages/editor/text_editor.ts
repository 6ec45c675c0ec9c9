/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** CodeMirror on the shared text. */
import { defaultKeymap } from "@codemirror/commands";
import { highlightSelectionMatches, openSearchPanel, search, searchKeymap } from "@codemirror/search";
import { Compartment, EditorState, type Extension } from "@codemirror/state";
import {
  drawSelection,
  dropCursor,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import { yCollab, yUndoManagerKeymap } from "y-codemirror.next";
import * as Y from "yjs";
import type { Awareness } from "y-protocols/awareness";
import { diffText } from "../../actors/editor/text_diff.ts";
import { cursors } from "./cursors.ts";
import { durable, unsavedMarks } from "./unsaved.ts";

export interface TextEditorOptions {
  readonly text: Y.Text;
  readonly awareness: Awareness;
  readonly nextEdit: () => number;
}

export class TextEditor {
  readonly #view: EditorView;
  readonly #writable = new Compartment();
  readonly #undo: Y.UndoManager;

  /**
   * The editor lives in a shadow tree: there its styles are sheets, which the page's content policy allows,
   * and not elements.
   */
  constructor(
    parent: HTMLElement,
    { text, awareness, nextEdit }: TextEditorOptions,
  ) {
    const root = parent.attachShadow({ mode: "open" });
    const undoManager = new Y.UndoManager(text, { captureTimeout: 400 });
    this.#undo = undoManager;
    const extensions: Extension[] = [
      // A text keeps the line ends that it has.
      EditorState.lineSeparator.of("\n"),
      EditorState.allowMultipleSelections.of(true),
      lineNumbers(),
      highlightActiveLine(),
      highlightActiveLineGutter(),
      highlightSpecialChars(),
      drawSelection(matchMedia("(prefers-reduced-motion: reduce)").matches ? { cursorBlinkRate: 0 } : {}),
      dropCursor(),
      EditorView.lineWrapping,
      search({ top: true }),
      highlightSelectionMatches(),
      EditorView.contentAttributes.of({
        "aria-label": "Document",
        spellcheck: "true",
        autocapitalize: "sentences",
      }),
      this.#writable.of(EditorView.editable.of(true)),
      yCollab(text, null, { undoManager }),
      cursors(text, awareness),
      unsavedMarks(nextEdit),
      keymap.of([...yUndoManagerKeymap, ...searchKeymap, ...defaultKeymap]),
      theme,
    ];
    this.#view = new EditorView({
      state: EditorState.create({ doc: text.toString(), extensions }),
      parent: root,
      root,
    });
    this.#view.focus();
  }

  get text(): string {
    return this.#view.state.doc.toString();
  }

  focus(): void {
    this.#view.focus();
  }

  find(): void {
    openSearchPanel(this.#view);
  }

  setWritable(isWritable: boolean): void {
    this.#view.dispatch({
      effects: this.#writable.reconfigure([
        EditorView.editable.of(isWritable),
        EditorState.readOnly.of(!isWritable),
      ]),
    });
  }

  setDurable(edit: number): void {
    this.#view.dispatch({ effects: durable.of(edit) });
  }

  /** Makes the text this one, by the edits that differ: they can be undone as any others. */
  replaceBy(text: string): void {
    const changes = diffText(this.text, text).map(({ at, remove, insert }) => ({
      from: at,
      to: at + remove,
      insert,
    }));
    // A step of its own, whatever was typed just before it or is after.
    this.#undo.stopCapturing();
    this.#view.dispatch({ changes, userEvent: "input.restore" });
    this.#undo.stopCapturing();
  }
}

const theme = EditorView.theme({
  "&": {
    height: "100%",
    fontSize: "15px",
    color: "var(--text)",
    backgroundColor: "var(--bg)",
  },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": {
    fontFamily: "ui-monospace, SFMono-Regular, Menlo, Consolas, monospace",
    lineHeight: "1.6",
    overflow: "auto",
  },
  ".cm-content": { padding: "12px 0 40vh", caretColor: "var(--accent)" },
  ".cm-line": { padding: "0 16px 0 8px" },
  ".cm-cursor": { borderLeftColor: "var(--accent)", borderLeftWidth: "2px" },
  ".cm-gutters": {
    backgroundColor: "var(--bg)",
    color: "var(--muted)",
    border: "none",
    paddingLeft: "6px",
  },
  ".cm-activeLine": {
    backgroundColor: "color-mix(in srgb, var(--accent) 7%, transparent)",
  },
  ".cm-activeLineGutter": {
    backgroundColor: "transparent",
    color: "var(--text)",
  },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "color-mix(in srgb, var(--accent) 28%, transparent)",
  },
  ".cm-panels": {
    backgroundColor: "var(--panel)",
    color: "var(--text)",
    borderBottom: "1px solid var(--line)",
  },
  ".cm-panel.cm-search": { padding: "8px 36px 8px 12px" },
  ".cm-panel input, .cm-panel button, .cm-panel .cm-textfield, .cm-panel .cm-button": {
    font: "14px system-ui, sans-serif",
    color: "var(--text)",
    background: "var(--bg)",
    border: "1px solid var(--line)",
    borderRadius: "6px",
    padding: "4px 8px",
    backgroundImage: "none",
  },
  ".cm-panel label": { font: "14px system-ui, sans-serif" },
  ".cm-panel.cm-search [name=close]": {
    fontSize: "20px",
    right: "10px",
    top: "6px",
    border: "none",
    background: "none",
  },
  ".cm-searchMatch": { backgroundColor: "rgb(250 204 21 / 40%)" },
  ".cm-searchMatch-selected": { backgroundColor: "rgb(250 150 21 / 65%)" },
});

import type { Mutant } from "./mutant.ts";

/** Mutants of editor. */
export const editor: readonly Mutant[] = [
  {
    what: "silence ends lines of a server that ends its own",
    file: "protocols/_document_lines.ts",
    from: "if (this.#endsLines) return this.#unendedMs;",
    to: ";",
  },
  {
    what: "half a line that a lost connection left is shown",
    file: "protocols/_document_lines.ts",
    from: "const isDropped = this.#comesAgain && this.#unfinished !== SERVER_IS_FULL;",
    to: "const isDropped = false;",
  },
  {
    what: "half a line is shown while the document comes again",
    file: "protocols/editor.ts",
    from: "if (!text.isMessage && this.#isComingAgain()) return undefined;",
    to: ";",
  },
  {
    what: "the parts of a line are lines when the document comes again",
    file: "protocols/editor.ts",
    from: "this.#now.truncate(from);",
    to: ";",
  },
  {
    what: "own lines are shown when the document comes slowly",
    file: "protocols/editor.ts",
    from: "if (!this.#isComingAgain()) this.#isSettled = true;",
    to: "this.#isSettled = true;",
  },
  {
    what: "a settled document is settled on the next connection",
    file: "protocols/editor.ts",
    from: "    this.#isSettled = false;\n    this.#isChanged",
    to: "    this.#isChanged",
  },
  {
    what: "own lines are explained by any of another place",
    file: "protocols/editor.ts",
    from: "sent.hash === hash && sent.after <= seen",
    to: "sent.hash === hash",
  },
  {
    what: "lost own lines hide the others",
    file: "protocols/editor.ts",
    from: "const LOST_IN_A_ROW = 64;",
    to: "const LOST_IN_A_ROW = 1;",
  },
  {
    what: "a client that leaves comes back",
    file: "actors/editor/editor_client.ts",
    from: 'if (this.#isLeaving) return this.#over({ type: "over", by: "client" });',
    to: ";",
  },
  {
    what: "what was written meanwhile is lost",
    file: "actors/editor/editor_client.ts",
    from: 'for (const text of this.#unsent.splice(0)) connection.tell({ type: "write", text });',
    to: "this.#unsent = [];",
  },
  {
    what: "own lines that were sent early are shown as others'",
    file: "actors/editor/editor_client.ts",
    from: "for (const text of unclear) this.#seen.sent(text);",
    to: ";",
  },
];

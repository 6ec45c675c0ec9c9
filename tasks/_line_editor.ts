/**
 * One line being typed at a terminal, as a state machine fed with what the keyboard sends. Pure.
 *
 * @module
 */

/** What typing led to. */
export type Typed =
  /** The line is done. */
  | { readonly type: "line"; readonly text: string }
  /** Ctrl-D on an empty line: the end of the input. */
  | { readonly type: "end" };

/** How many lines can be called back with the arrow keys. */
const MAX_HISTORY = 100;

/** A key that the terminal sends as several characters: `ESC [ A`, `ESC O H`, `ESC [ 3 ~`, or another after ESC. */
// deno-lint-ignore no-control-regex
const SEQUENCE = /^\x1b(?:\[[0-9;?]*[@-~]|O[@-~]|[^[O])/;

/** Also those beyond ASCII, which some terminals obey. */
const CONTROL = /^\p{Cc}$/u;

/** The line being typed. */
export class LineEditor {
  #characters: string[] = [];
  #cursor = 0;
  /** The beginning of a key's sequence whose rest has not come yet. */
  #partial = "";
  #afterReturn = false;
  readonly #history: string[] = [];
  #shown = 0;

  /** The line so far. */
  get text(): string {
    return this.#characters.join("");
  }

  /** Takes what was typed (or pasted); gives the lines that it completed, in order. */
  feed(input: string): Typed[] {
    const typed: Typed[] = [];
    let rest = this.#partial + input;
    this.#partial = "";
    while (rest !== "") {
      if (rest.startsWith("\x1b")) {
        const [sequence] = SEQUENCE.exec(rest) ?? [];
        if (sequence === undefined) {
          this.#partial = rest;
          return typed;
        }
        rest = rest.slice(sequence.length);
        this.#key(sequence);
        continue;
      }
      const [character = ""] = rest;
      rest = rest.slice(character.length);
      // Pasted lines may end in CR LF.
      const ended = character === "\n" && this.#afterReturn;
      this.#afterReturn = character === "\r";
      if (ended) continue;
      const done = this.#character(character);
      if (done) typed.push(done);
    }
    return typed;
  }

  #character(character: string): Typed | null {
    switch (character) {
      case "\r":
      case "\n":
        return { type: "line", text: this.#accept() };
      case "\x04": // Ctrl-D
        if (this.#characters.length === 0) return { type: "end" };
        this.#characters.splice(this.#cursor, 1);
        return null;
      case "\x7f":
      case "\b":
        if (this.#cursor > 0) this.#characters.splice(--this.#cursor, 1);
        return null;
      case "\x01": // Ctrl-A
        this.#cursor = 0;
        return null;
      case "\x05": // Ctrl-E
        this.#cursor = this.#characters.length;
        return null;
      case "\x0b": // Ctrl-K
        this.#characters.splice(this.#cursor);
        return null;
      case "\x15": // Ctrl-U
        this.#characters.splice(0, this.#cursor);
        this.#cursor = 0;
        return null;
      case "\x17": { // Ctrl-W
        const before = this.#characters.slice(0, this.#cursor).join("");
        const kept = [...before.replace(/\S+\s*$/, "")].length;
        this.#characters.splice(kept, this.#cursor - kept);
        this.#cursor = kept;
        return null;
      }
      default:
        if (character !== "\t" && CONTROL.test(character)) return null;
        this.#characters.splice(this.#cursor++, 0, character);
        return null;
    }
  }

  #key(sequence: string): void {
    switch (sequence) {
      case "\x1b[D":
        this.#cursor = Math.max(0, this.#cursor - 1);
        return;
      case "\x1b[C":
        this.#cursor = Math.min(this.#characters.length, this.#cursor + 1);
        return;
      case "\x1b[H":
      case "\x1bOH":
      case "\x1b[1~":
        this.#cursor = 0;
        return;
      case "\x1b[F":
      case "\x1bOF":
      case "\x1b[4~":
        this.#cursor = this.#characters.length;
        return;
      case "\x1b[3~":
        this.#characters.splice(this.#cursor, 1);
        return;
      case "\x1b[A":
        this.#show(this.#shown - 1);
        return;
      case "\x1b[B":
        this.#show(this.#shown + 1);
        return;
    }
  }

  #accept(): string {
    const text = this.text;
    if (text !== "" && this.#history.at(-1) !== text) this.#history.push(text);
    if (this.#history.length > MAX_HISTORY) this.#history.shift();
    this.#shown = this.#history.length;
    this.#characters = [];
    this.#cursor = 0;
    return text;
  }

  #show(index: number): void {
    if (index < 0 || index > this.#history.length) return;
    this.#shown = index;
    this.#characters = [...this.#history[index] ?? ""];
    this.#cursor = this.#characters.length;
  }

  /** The part of the line around the cursor that fits into `columns`, and where in it the cursor stands. */
  view(columns: number): { readonly text: string; readonly cursorColumn: number } {
    let start = this.#cursor;
    let used = 0;
    while (start > 0 && used + columnsOf(this.#characters[start - 1] ?? "") < columns) {
      used += columnsOf(this.#characters[--start] ?? "");
    }
    const cursorColumn = used;
    let end = this.#cursor;
    while (end < this.#characters.length && used + columnsOf(this.#characters[end] ?? "") < columns) {
      used += columnsOf(this.#characters[end++] ?? "");
    }
    const text = this.#characters.slice(start, end).join("").replaceAll("\t", " ");
    return { text, cursorColumn };
  }
}

const NO_WIDTH = /^[\p{Mn}\p{Me}\p{Cf}]/u;
const DOUBLE_WIDTH =
  /^[\p{Emoji_Presentation}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u303f\uff01-\uff60]/u;

/** How many columns of a terminal a text takes, as near as terminals agree on it. */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text) {
    columns += NO_WIDTH.test(character) ? 0 : DOUBLE_WIDTH.test(character) ? 2 : 1;
  }
  return columns;
}

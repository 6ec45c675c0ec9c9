/**
 * One line being typed at a terminal, as a state machine fed with what the keyboard sends. Pure.
 *
 * @module
 */
import { columnsOf, firstGraphemeEnd, graphemesOf, lastGraphemeStart } from "./_columns.ts";
import { KeyInput, type Token } from "./_key_input.ts";

export { columnsOf } from "./_columns.ts";

/** What typing led to. */
export type Typed =
  /** The line is done. */
  | { readonly type: "line"; readonly text: string }
  /** Ctrl-L: the screen is to be cleared. */
  | { readonly type: "clear" }
  /** Ctrl-D on an empty line: the end of the input. */
  | { readonly type: "end" };

/** How many lines can be called back with the arrow keys. */
const MAX_HISTORY = 100;

/** What a key does to the line. Others do nothing. */
type Edit = (line: LineEditor) => void;

/** The line being typed. */
export class LineEditor {
  readonly #keys = new KeyInput();
  #text = "";
  #cursor = 0;
  #afterReturn = false;
  readonly #history: string[] = [];
  #shown = 0;

  /** The line so far. */
  get text(): string {
    return this.#text;
  }

  /** Whether a key or a paste has begun that is not complete. */
  get isPartial(): boolean {
    return this.#keys.isPartial;
  }

  /** Whether what has begun may be a key that is complete. */
  get isMaybeKey(): boolean {
    return this.#keys.isMaybeKey;
  }

  /** Gives up on a key or a paste whose rest does not come: it was the escape key alone. */
  expire(): void {
    this.#keys.expire();
  }

  /** Takes what was typed or pasted; gives what it led to, in order. */
  feed(input: string): Typed[] {
    return this.#keys.feed(input).flatMap((token) => this.#take(token));
  }

  #take(token: Token): Typed[] {
    switch (token.type) {
      case "text":
        this.#insert(token.text);
        return [];
      case "paste":
        return this.#paste(token.text);
      case "key":
        KEYS.get(token.sequence)?.(this);
        return [];
      case "control": {
        const done = this.#control(token.character);
        return done === undefined ? [] : [done];
      }
    }
  }

  /** Each whole line of what is pasted is a line; nothing in it is a key. */
  #paste(text: string): Typed[] {
    const typed: Typed[] = [];
    for (const [piece] of text.matchAll(/[^\p{Cc}]+|\p{Cc}/gu)) {
      if (piece === "\r" || piece === "\n") {
        const done = this.#return(piece);
        if (done !== undefined) typed.push(done);
      } else if (piece === "\t" || !/^\p{Cc}/u.test(piece)) this.#insert(piece);
    }
    return typed;
  }

  #control(character: string): Typed | undefined {
    if (character === "\r" || character === "\n") return this.#return(character);
    this.#afterReturn = false;
    if (character === "\x0c") return { type: "clear" };
    if (character === "\x04" && this.#text === "") return { type: "end" };
    if (character === "\t") this.#insert(character);
    else CONTROLS.get(character)?.(this);
    return undefined;
  }

  /** Pasted lines may end in CR LF. */
  #return(character: string): Typed | undefined {
    const ended = character === "\n" && this.#afterReturn;
    this.#afterReturn = character === "\r";
    return ended ? undefined : { type: "line", text: this.#accept() };
  }

  #insert(text: string): void {
    this.#afterReturn = false;
    this.#text = this.#text.slice(0, this.#cursor) + text + this.#text.slice(this.#cursor);
    this.#cursor += text.length;
  }

  /** Removes what stands between the cursor and another place. */
  deleteTo(place: number): void {
    const [from, to] = [Math.min(place, this.#cursor), Math.max(place, this.#cursor)];
    this.#text = this.#text.slice(0, from) + this.#text.slice(to);
    this.#cursor = from;
  }

  /** Puts the cursor somewhere. */
  moveTo(place: number): void {
    this.#cursor = place;
  }

  /** Where the character before the cursor begins. */
  get left(): number {
    return lastGraphemeStart(this.#text.slice(0, this.#cursor));
  }

  /** Where the character at the cursor ends. */
  get right(): number {
    return this.#cursor + firstGraphemeEnd(this.#text.slice(this.#cursor));
  }

  /** Where the word before the cursor begins. */
  get wordLeft(): number {
    return this.#text.slice(0, this.#cursor).replace(/\S+\s*$/, "").length;
  }

  /** Where the word after the cursor ends. */
  get wordRight(): number {
    const [word = ""] = /^\s*\S*/.exec(this.#text.slice(this.#cursor)) ?? [];
    return this.#cursor + word.length;
  }

  #accept(): string {
    const text = this.#text;
    if (text !== "" && this.#history.at(-1) !== text) this.#history.push(text);
    if (this.#history.length > MAX_HISTORY) this.#history.shift();
    this.#shown = this.#history.length;
    this.#text = "";
    this.#cursor = 0;
    return text;
  }

  /** Shows an earlier line, or a later one. */
  recall(step: -1 | 1): void {
    const index = this.#shown + step;
    if (index < 0 || index > this.#history.length) return;
    this.#shown = index;
    this.#text = this.#history[index] ?? "";
    this.#cursor = this.#text.length;
  }

  /** The part of the line around the cursor that fits into `columns`, and where in it the cursor stands. */
  view(columns: number): { readonly text: string; readonly cursorColumn: number } {
    // No more than fits can be seen, and each character takes a column but for marks.
    const before = graphemesOf(
      this.#text.slice(Math.max(0, this.#cursor - columns * MAX_UNITS), this.#cursor),
    );
    const after = graphemesOf(this.#text.slice(this.#cursor, this.#cursor + columns * MAX_UNITS));
    let used = 0;
    let start = before.length;
    while (start > 0 && used + shownColumns(before[start - 1]) < columns) {
      used += shownColumns(before[--start]);
    }
    const cursorColumn = used;
    let end = 0;
    while (end < after.length && used + shownColumns(after[end]) < columns) {
      used += shownColumns(after[end++]);
    }
    const text = [...before.slice(start), ...after.slice(0, end)].join("").replaceAll("\t", " ");
    return { text, cursorColumn };
  }
}

/** How many units of UTF-16 a column may take: a family of four has eleven, and two columns. */
const MAX_UNITS = 8;

/** A tab is shown as a blank. */
function shownColumns(grapheme = ""): number {
  return grapheme === "\t" ? 1 : columnsOf(grapheme);
}

const toStart: Edit = (line) => line.moveTo(0);
const toEnd: Edit = (line) => line.moveTo(line.text.length);
const left: Edit = (line) => line.moveTo(line.left);
const right: Edit = (line) => line.moveTo(line.right);
const wordLeft: Edit = (line) => line.moveTo(line.wordLeft);
const wordRight: Edit = (line) => line.moveTo(line.wordRight);
const backspace: Edit = (line) => line.deleteTo(line.left);
const deleteKey: Edit = (line) => line.deleteTo(line.right);
const deleteWordLeft: Edit = (line) => line.deleteTo(line.wordLeft);
const deleteWordRight: Edit = (line) => line.deleteTo(line.wordRight);
const earlier: Edit = (line) => line.recall(-1);
const later: Edit = (line) => line.recall(1);

/** Control characters, as readline has them. */
const CONTROLS: ReadonlyMap<string, Edit> = new Map([
  ["\x01", toStart], // Ctrl-A
  ["\x02", left], // Ctrl-B
  ["\x04", deleteKey], // Ctrl-D
  ["\x05", toEnd], // Ctrl-E
  ["\x06", right], // Ctrl-F
  ["\b", backspace],
  ["\x7f", backspace],
  ["\x0b", (line) => line.deleteTo(line.text.length)], // Ctrl-K
  ["\x0e", later], // Ctrl-N
  ["\x10", earlier], // Ctrl-P
  ["\x15", (line) => line.deleteTo(0)], // Ctrl-U
  ["\x17", deleteWordLeft], // Ctrl-W
]);

/** Keys with a sequence, as xterm, VT220, the Linux console and rxvt send them. */
const KEYS: ReadonlyMap<string, Edit> = new Map([
  ...["\x1b[D", "\x1bOD"].map((key) => [key, left] as const),
  ...["\x1b[C", "\x1bOC"].map((key) => [key, right] as const),
  ...["\x1b[A", "\x1bOA"].map((key) => [key, earlier] as const),
  ...["\x1b[B", "\x1bOB"].map((key) => [key, later] as const),
  ...["\x1b[H", "\x1bOH", "\x1b[1~", "\x1b[7~"].map((key) => [key, toStart] as const),
  ...["\x1b[F", "\x1bOF", "\x1b[4~", "\x1b[8~"].map((key) => [key, toEnd] as const),
  ["\x1b[3~", deleteKey],
  ...["\x1b[1;5D", "\x1b[1;3D", "\x1bOd", "\x1bb"].map((key) => [key, wordLeft] as const),
  ...["\x1b[1;5C", "\x1b[1;3C", "\x1bOc", "\x1bf"].map((key) => [key, wordRight] as const),
  ...["\x1b\x7f", "\x1b\b"].map((key) => [key, deleteWordLeft] as const),
  ["\x1bd", deleteWordRight],
]);

/**
 * A person at a terminal.
 *
 * @module
 */
import { visibleLines } from "../protocols/visible_text.ts";
import { columnsOf, LineEditor, type Typed } from "./_line_editor.ts";
import { type Input, write } from "./_stdio.ts";
import { explainSuspend } from "./_suspend.ts";
import { asked, type Terminal } from "./_terminal.ts";

/** How long the rest of a key's sequence may take: the escape key alone sends its beginning. */
const ESCAPE_MS = 50;
/** The same for the rest of what no key sends: what is pasted, what the terminal says of itself. */
const REST_MS = 1000;

const PASTES_MARKED = "\x1b[?2004h";
const PASTES_PLAIN = "\x1b[?2004l";
const CLEAR_SCREEN = "\x1b[H\x1b[2J";

/** A pseudo-terminal that nobody gave a size has none. */
const DEFAULT_COLUMNS = 80;

/** The terminal that the process runs at. */
export class RealTerminal implements Terminal {
  readonly isTerminal = true;
  readonly #input: Input;
  readonly #editor = new LineEditor();
  readonly #typed: (string | null)[] = [];
  #prompt: string | undefined;
  #isRaw = false;
  /** Columns that the prompt and the line take on the screen. */
  #drawn = 0;
  #expiry: ReturnType<typeof setTimeout> | undefined;
  #suspend: Disposable | undefined;

  constructor(input: Input) {
    this.#input = input;
  }

  async ask(prompt: string): Promise<string | null> {
    // What was pasted with the line before was shown then.
    const pasted = this.#typed.shift();
    if (pasted !== undefined) return pasted;
    this.#prompt = prompt;
    // Until it is closed: what is typed between two questions waits for the second one as it was typed. In
    // a terminal
    // that goes back and forth, a Ctrl-D of that moment would be lost.
    this.#open();
    this.#draw();
    try {
      while (this.#typed.length === 0) {
        const input = await this.#input.read();
        if (input === null) {
          write("\n");
          return null;
        }
        for (const typed of this.#editor.feed(input)) this.#take(typed, prompt);
        this.#expireLater();
        if (this.#typed.length === 0) this.#draw();
      }
      return this.#typed.shift() ?? null;
    } finally {
      this.#prompt = undefined;
      this.#drawn = 0;
    }
  }

  #take(typed: Typed, prompt: string): void {
    switch (typed.type) {
      case "clear":
        write(CLEAR_SCREEN);
        this.#drawn = 0;
        return;
      case "end":
        this.#typed.push(null);
        write("\n");
        this.#drawn = 0;
        return;
      case "line":
        this.#typed.push(typed.text);
        this.#replace(`${prompt}${visibleLines(typed.text)}`);
        return;
    }
  }

  lines(prompt = ""): AsyncIterableIterator<string> {
    return asked(this, prompt);
  }

  endWith(signal: AbortSignal): void {
    this.#input.endWith(signal);
  }

  print(line: string): void {
    if (this.#prompt === undefined) {
      write(line + "\n");
      return;
    }
    this.#replace(line);
    this.#draw();
  }

  close(): void {
    clearTimeout(this.#expiry);
    if (!this.#isRaw) return;
    this.#isRaw = false;
    if (this.#prompt !== undefined) write("\n");
    this.#prompt = undefined;
    this.#restore();
    Deno.removeSignalListener("SIGWINCH", this.#redraw);
    Deno.removeSignalListener("SIGCONT", this.#resume);
    globalThis.removeEventListener("unload", this.#restore);
    this.#suspend?.[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Puts a whole line where the prompt stood. */
  #replace(line: string): void {
    write(`${this.#toStart()}${line}\n`);
    this.#drawn = 0;
  }

  /** To the beginning of what is drawn, which a narrower window may have wrapped; all of it is cleared. */
  #toStart(): string {
    const rows = Math.floor(Math.max(0, this.#drawn - 1) / this.#columns);
    return `${rows === 0 ? "" : `\x1b[${rows}A`}\r\x1b[${rows === 0 ? "K" : "J"}`;
  }

  get #columns(): number {
    try {
      return Deno.consoleSize().columns || DEFAULT_COLUMNS;
    } catch {
      // The terminal has gone.
      return DEFAULT_COLUMNS;
    }
  }

  #draw(): void {
    const prompt = this.#prompt ?? "";
    const promptColumns = columnsOf(prompt);
    const { text, cursorColumn } = this.#editor.view(Math.max(8, this.#columns - promptColumns));
    const at = promptColumns + cursorColumn;
    write(`${this.#toStart()}${prompt}${text}\r${at === 0 ? "" : `\x1b[${at}C`}`);
    this.#drawn = promptColumns + columnsOf(text);
  }

  /** Gives up on a key whose rest does not come. */
  #expireLater(): void {
    clearTimeout(this.#expiry);
    if (!this.#editor.isPartial) return;
    this.#expiry = setTimeout(() => this.#editor.expire(), this.#editor.isMaybeKey ? ESCAPE_MS : REST_MS);
  }

  #open(): void {
    if (this.#isRaw) return;
    this.#isRaw = true;
    this.#takeOver();
    this.#suspend = explainSuspend((advice) => this.print(advice));
    if (Deno.build.os !== "windows") {
      Deno.addSignalListener("SIGWINCH", this.#redraw);
      Deno.addSignalListener("SIGCONT", this.#resume);
    }
    // However the process ends, the terminal is as it was.
    globalThis.addEventListener("unload", this.#restore);
  }

  /** Key by key, without echo; Ctrl-C, Ctrl-Z and Ctrl-\ stay signals. */
  #takeOver(): void {
    Deno.stdin.setRaw(true, { cbreak: Deno.build.os !== "windows" });
    write(PASTES_MARKED);
  }

  readonly #restore = (): void => {
    try {
      Deno.stdin.setRaw(false);
    } catch {
      // The terminal has gone.
    }
    write(PASTES_PLAIN);
  };

  readonly #redraw = (): void => {
    if (this.#prompt !== undefined) this.#draw();
  };

  /** After Ctrl-Z and `fg`: the shell has had the terminal meanwhile. */
  readonly #resume = (): void => {
    Deno.stdin.setRaw(false);
    this.#takeOver();
    this.#drawn = 0;
    this.#redraw();
  };
}

/**
 * Lines from a person, at a terminal or through a pipe, and what is printed meanwhile.
 *
 * @module
 */
import { visibleLines } from "../protocols/visible_text.ts";
import { columnsOf, LineEditor } from "./_line_editor.ts";

/** Where a client's lines come from. */
export interface Terminal extends Disposable {
  /** Whether a person sits there: standard input and output are a terminal. */
  readonly isTerminal: boolean;
  /**
   * Prints the prompt, also into a pipe, and waits for a line; `null` at the end of the input, or once the terminal's
   * signal is aborted. One at a time.
   */
  ask(prompt: string): Promise<string | null>;
  /** Asks again and again, until the end of the input. */
  lines(prompt?: string): AsyncIterableIterator<string>;
  /** Prints a line: one of its own, also after a prompt in a pipe; one that is being typed is drawn anew below it. */
  print(line: string): void;
  /** Gives the terminal back as it was. Twice is fine. */
  close(): void;
}

/**
 * Opens the process's own terminal, or the pipe that stands for it.
 *
 * @param signal ends the input when it is aborted: give a client's own, so that Ctrl-C ends a question too
 */
export function openTerminal(signal?: AbortSignal): Terminal {
  const input = new Input(signal);
  return Deno.stdin.isTerminal() && Deno.stdout.isTerminal()
    ? new RealTerminal(input)
    : new PipedTerminal(input);
}

const COLOURS = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, blue: 34, cyan: 36 } as const;

/** Colours a text where colours are seen: on a terminal, and never with `NO_COLOR`. */
export function paint(colour: keyof typeof COLOURS, text: string): string {
  return Deno.noColor || !Deno.stdout.isTerminal() ? text : `\x1b[${COLOURS[colour]}m${text}\x1b[0m`;
}

const encoder = new TextEncoder();

function write(text: string): void {
  let bytes = encoder.encode(text);
  while (bytes.length > 0) bytes = bytes.subarray(Deno.stdout.writeSync(bytes));
}

/** Reads text from standard input as it comes; `null` at its end. */
class Input {
  readonly #decoder = new TextDecoder();
  readonly #buffer = new Uint8Array(65536);
  #ended: boolean;
  readonly #aborted: Promise<null>;

  constructor(signal?: AbortSignal) {
    this.#ended = signal?.aborted ?? false;
    this.#aborted = new Promise((resolve) => {
      signal?.addEventListener("abort", () => {
        this.#ended = true;
        resolve(null);
      }, { once: true });
    });
  }

  async read(): Promise<string | null> {
    if (this.#ended) return null;
    const count = await Promise.race([Deno.stdin.read(this.#buffer), this.#aborted]);
    if (count !== null) return this.#decoder.decode(this.#buffer.subarray(0, count), { stream: true });
    this.#ended = true;
    return this.#decoder.decode() || null;
  }
}

async function* asked(terminal: Terminal, prompt: string): AsyncIterableIterator<string> {
  for (let line; (line = await terminal.ask(prompt)) !== null;) yield line;
}

class PipedTerminal implements Terminal {
  readonly isTerminal = false;
  readonly #input: Input;
  #unread = "";
  /** A prompt was the last that was written: nobody's return key has ended its line. */
  #midLine = false;

  constructor(input: Input) {
    this.#input = input;
  }

  async ask(prompt: string): Promise<string | null> {
    write(prompt);
    this.#midLine ||= prompt !== "";
    let from = 0;
    while (true) {
      const end = this.#unread.indexOf("\n", from);
      if (end >= 0) {
        const line = this.#unread.slice(0, end);
        this.#unread = this.#unread.slice(end + 1);
        return line.replace(/\r$/, "");
      }
      from = this.#unread.length;
      const more = await this.#input.read();
      if (more === null) {
        const last = this.#unread;
        this.#unread = "";
        return last === "" ? null : last;
      }
      this.#unread += more;
    }
  }

  lines(prompt = ""): AsyncIterableIterator<string> {
    return asked(this, prompt);
  }

  print(line: string): void {
    write(`${this.#midLine ? "\n" : ""}${line}\n`);
    this.#midLine = false;
  }

  close(): void {}

  [Symbol.dispose](): void {
    this.close();
  }
}

class RealTerminal implements Terminal {
  readonly isTerminal = true;
  readonly #input: Input;
  readonly #editor = new LineEditor();
  readonly #typed: (string | null)[] = [];
  #prompt: string | undefined;
  #raw = false;

  constructor(input: Input) {
    this.#input = input;
  }

  async ask(prompt: string): Promise<string | null> {
    // What was pasted with the line before was shown then.
    const pasted = this.#typed.shift();
    if (pasted !== undefined) return pasted;
    this.#prompt = prompt;
    // Until it is closed: what is typed between two questions waits for the second one as it was typed. In a terminal
    // that goes back and forth, a Ctrl-D of that moment would be lost.
    this.#setRaw(true);
    this.#draw();
    try {
      while (this.#typed.length === 0) {
        const input = await this.#input.read();
        if (input === null) {
          write("\n");
          return null;
        }
        for (const typed of this.#editor.feed(input)) {
          this.#typed.push(typed.type === "line" ? typed.text : null);
          if (typed.type === "line") this.#erase(`${prompt}${visibleLines(typed.text)}`);
        }
        if (this.#typed.length === 0) this.#draw();
      }
      return this.#typed.shift() ?? null;
    } finally {
      this.#prompt = undefined;
    }
  }

  lines(prompt = ""): AsyncIterableIterator<string> {
    return asked(this, prompt);
  }

  print(line: string): void {
    if (this.#prompt === undefined) {
      write(line + "\n");
      return;
    }
    this.#erase(line);
    this.#draw();
  }

  close(): void {
    if (this.#prompt !== undefined) write("\n");
    this.#prompt = undefined;
    this.#setRaw(false);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Puts a whole line where the prompt stood. */
  #erase(line: string): void {
    write(`\r\x1b[K${line}\n`);
  }

  #draw(): void {
    const prompt = this.#prompt ?? "";
    const promptColumns = columnsOf(prompt);
    // A pseudo-terminal that nobody gave a size has none.
    const columns = Deno.consoleSize().columns || 80;
    const { text, cursorColumn } = this.#editor.view(Math.max(8, columns - promptColumns));
    const at = promptColumns + cursorColumn;
    write(`\r\x1b[K${prompt}${text}\r${at === 0 ? "" : `\x1b[${at}C`}`);
  }

  /** Key by key, without echo; Ctrl-C stays a signal. */
  #setRaw(raw: boolean): void {
    if (raw === this.#raw) return;
    this.#raw = raw;
    Deno.stdin.setRaw(raw, { cbreak: Deno.build.os !== "windows" });
  }
}

/**
 * Lines through a pipe, or at a terminal that does its own editing and knows no sequences.
 *
 * @module
 */
import { type Input, write } from "./_stdio.ts";
import { asked, type Terminal } from "./_terminal.ts";

/** A pipe in place of a terminal, or a terminal that knows no sequences. */
export class PipedTerminal implements Terminal {
  readonly isTerminal: boolean;
  readonly #input: Input;
  #unread = "";
  /** A prompt was the last that was written: nobody's return key has ended its line. */
  #midLine = false;

  constructor(input: Input, options: { readonly isTerminal: boolean }) {
    this.#input = input;
    this.isTerminal = options.isTerminal;
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
        // At a terminal the return key has been echoed.
        if (this.isTerminal) this.#midLine = false;
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

  endWith(signal: AbortSignal): void {
    this.#input.endWith(signal);
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

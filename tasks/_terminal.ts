/**
 * Lines from a person, at a terminal or through a pipe, and what is printed meanwhile.
 *
 * @module
 */

/** Where a client's lines come from. */
export interface Terminal extends Disposable {
  /** Whether a person sits there: standard input and output are a terminal. */
  readonly isTerminal: boolean;
  /**
   * Prints the prompt, also into a pipe, and waits for a line; `null` at the end of the input, or once the
   * terminal's
   * signal is aborted. One at a time.
   */
  ask(prompt: string): Promise<string | null>;
  /** Asks again and again, until the end of the input. */
  lines(prompt?: string): AsyncIterableIterator<string>;
  /** Ends the input when another signal is aborted. */
  endWith(signal: AbortSignal): void;
  /**
   * Prints a line: one of its own, also after a prompt in a pipe; one that is being typed is drawn anew
   * below it.
   */
  print(line: string): void;
  /** Gives the terminal back as it was. Twice is fine. */
  close(): void;
}

/** Whether the terminal knows no sequences (an editor's shell, a log): it gets plain lines. */
export function isDumb(): boolean {
  if (Deno.permissions.querySync({ name: "env", variable: "TERM" }).state !== "granted") return false;
  const kind = Deno.env.get("TERM");
  return kind === "dumb" || kind === "";
}

/** Whether what is written into a stream can be written over: a person looks at a terminal that knows how. */
export function canRedraw(stream: { isTerminal(): boolean }): boolean {
  return stream.isTerminal() && !isDumb();
}

const COLOURS = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, blue: 34, cyan: 36 } as const;

/** Colours a text where colours are seen: on a terminal, and never with `NO_COLOR`. */
export function paint(colour: keyof typeof COLOURS, text: string): string {
  return Deno.noColor || !canRedraw(Deno.stdout) ? text : `\x1b[${COLOURS[colour]}m${text}\x1b[0m`;
}

/** Asks again and again, until the end of the input. */
export async function* asked(terminal: Terminal, prompt: string): AsyncIterableIterator<string> {
  for (let line; (line = await terminal.ask(prompt)) !== null;) yield line;
}

/** How large the terminal is; 80 by 24 where that is not known. */
export function sizeOfScreen(): { readonly columns: number; readonly rows: number } {
  try {
    const { columns, rows } = Deno.consoleSize();
    if (columns > 0 && rows > 0) return { columns, rows };
  } catch {
    // The terminal has gone.
  }
  return { columns: 80, rows: 24 };
}

/**
 * What the demo shows, at the pace of its readers.
 *
 * @module
 */
import { say } from "../_stdio.ts";

/** Prints lines as they come; or, for a talk, one after the other with a pause after each. */
export class Printer {
  readonly #pauseMs: number;
  readonly #signal: AbortSignal | undefined;
  readonly #waiting: string[] = [];
  #printing: Promise<void> | undefined;

  /**
   * @param pauseMs pause after each line; 0 prints at once
   * @param signal once it is aborted nothing more is printed
   */
  constructor(pauseMs: number, signal?: AbortSignal) {
    this.#pauseMs = pauseMs;
    this.#signal = signal;
  }

  print(text: string): void {
    if (this.#signal?.aborted) return;
    if (this.#pauseMs === 0) return say(text);
    this.#waiting.push(...text.split("\n"));
    this.#printing ??= this.#run();
  }

  /** Resolves when everything is printed. */
  async drained(): Promise<void> {
    await this.#printing;
  }

  async #run(): Promise<void> {
    for (let line; (line = this.#waiting.shift()) !== undefined && !this.#signal?.aborted;) {
      say(line);
      if (line !== "") await new Promise((resolve) => setTimeout(resolve, this.#pauseMs));
    }
    this.#printing = undefined;
  }
}

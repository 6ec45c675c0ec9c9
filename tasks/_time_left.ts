/**
 * How far something long has come, for whoever waits for it.
 *
 * @module
 */

import { canRedraw } from "./_terminal.ts";

/** How often the line is written anew at a terminal, and how often one is written elsewhere. */
const TERMINAL_MS = 500;
const PIPED_MS = 10_000;

/** Seconds as people say them: `48 s`, `3 min`, `2 h 5 min`. */
export function duration(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** How much longer it takes, when `done` of 0 to 1 took so many seconds; nothing can be said of nothing. */
export function timeLeft(done: number, seconds: number): string {
  return done <= 0 ? "" : `, ${duration(seconds * (1 - done) / done)} left`;
}

/**
 * A line on stderr that says how far it is: written over itself at a terminal, a new one each ten seconds
 * elsewhere.
 */
export class Progress implements Disposable {
  readonly #encoder = new TextEncoder();
  readonly #canRedraw = canRedraw(Deno.stderr);
  readonly #timer: ReturnType<typeof setInterval>;

  /** @param line tells how far it is */
  constructor(line: () => string) {
    const show = () => this.#write(this.#canRedraw ? `\r\x1b[K${line()}` : `${line()}\n`);
    this.#timer = setInterval(show, this.#canRedraw ? TERMINAL_MS : PIPED_MS);
  }

  #write(text: string): void {
    try {
      Deno.stderr.writeSync(this.#encoder.encode(text));
    } catch {
      // Nobody looks.
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    if (this.#canRedraw) this.#write("\r\x1b[K");
  }
}

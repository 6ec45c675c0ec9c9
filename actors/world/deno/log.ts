/**
 * The log of a process: lines on stdout, errors on stderr.
 *
 * @module
 */
import type { Log, LogLevel, LogRecord } from "../world.ts";
import { jsonLine, LOG_LEVELS, textLine } from "../log_format.ts";

/** How lines look. */
export type LogFormat = "text" | "json";

/** Where lines go. */
export type LogStream = "stdout" | "stderr";

/** Options of a {@linkcode DenoLog}. */
export interface DenoLogOptions {
  /** Lines below this level are thrown away. @default "info" */
  readonly level?: LogLevel;
  /** How lines look. @default "text" */
  readonly format?: LogFormat;
  /** Takes the lines (one or more, each with its line end) instead of the process's own streams. */
  readonly write?: (lines: string, stream: LogStream) => void;
}

/** Lines gathered beyond this many characters are written at once, so that a busy turn does not hoard them. */
const MAX_GATHERED = 1 << 16;

/** Gathers the lines of one turn of the loop and writes them together. */
export class DenoLog implements Log {
  #level: number;
  #format: LogFormat;
  #write: (lines: string, stream: LogStream) => void;
  #now: () => number;
  #nextTurn: (task: () => void) => void;
  #gathered = "";
  #stream: LogStream = "stdout";
  #flushQueued = false;

  constructor(
    options: DenoLogOptions,
    now: () => number,
    nextTurn: (task: () => void) => void,
  ) {
    this.#level = LOG_LEVELS.indexOf(options.level ?? "info");
    this.#format = options.format ?? "text";
    this.#write = options.write ?? writeToProcess;
    this.#now = now;
    this.#nextTurn = nextTurn;
  }

  enabled(level: LogLevel): boolean {
    return LOG_LEVELS.indexOf(level) >= this.#level;
  }

  write(record: LogRecord): void {
    if (!this.enabled(record.level)) return;
    const stream: LogStream = record.level === "error" ? "stderr" : "stdout";
    // Both streams often are one terminal or one file: their order to each other is kept.
    if (stream !== this.#stream || this.#gathered.length > MAX_GATHERED) {
      this.flush();
    }
    this.#stream = stream;
    this.#gathered += this.#format === "json"
      ? jsonLine(record, new Date(this.#now()).toISOString()) + "\n"
      : textLine(record) + "\n";
    if (this.#flushQueued) return;
    this.#flushQueued = true;
    this.#nextTurn(() => {
      this.#flushQueued = false;
      this.flush();
    });
  }

  /** Writes what is gathered, now. */
  flush(): void {
    if (this.#gathered === "") return;
    const lines = this.#gathered;
    this.#gathered = "";
    this.#write(lines, this.#stream);
  }
}

const encoder = new TextEncoder();

/** How often a full pipe is tried again before its lines are given up. */
const MAX_TRIES = 1000;

function writeToProcess(lines: string, stream: LogStream): void {
  const target = stream === "stderr" ? Deno.stderr : Deno.stdout;
  let bytes = encoder.encode(lines);
  for (let tries = 0; bytes.length > 0 && tries < MAX_TRIES;) {
    try {
      bytes = bytes.subarray(target.writeSync(bytes));
    } catch (error) {
      // Nobody reads the log any more (`server | head`): that is no reason to stop serving.
      if (!(error instanceof Deno.errors.WouldBlock)) return;
      tries++;
      Atomics.wait(PAUSE, 0, 0, 1);
    }
  }
}

const PAUSE = new Int32Array(new SharedArrayBuffer(4));

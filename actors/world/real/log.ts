/**
 * The log of a process: lines on stdout, errors on stderr.
 *
 * @module
 */
import type { Log, LogLevel, LogRecord } from "../world.ts";
import { visibleText } from "../../../protocols/visible_text.ts";
import { errorText } from "../error.ts";
import { jsonLine, LOG_LEVELS, textLine } from "../log_format.ts";
import { isFull, type LogStream, type Output, type OutputStream } from "./output.ts";
import { PatientStreams } from "./patient_streams.ts";

/** How lines look. */
export type LogFormat = "text" | "json";

/** Options of a {@linkcode RealLog}. */
export interface RealLogOptions {
  /** Lines below this level are thrown away. @default "info" */
  readonly level?: LogLevel;
  /** How lines look. @default "text" */
  readonly format?: LogFormat;
  /** Puts the time, UTC, before each text line. @default false */
  readonly time?: boolean;
  /**
   * Whether a line waits for whoever reads the streams, as `console.log` does. A server says no: a pipe
   * that nobody reads
   * then costs lines, which are counted and said, and no answer.
   *
   * @default true
   */
  readonly blocking?: boolean;
  /**
   * Takes the lines (one or more, each with its line end) instead of the process's own streams. Lines that it
   * throws on, or whose promise rejects, are lost; the first time that is said on stderr.
   */
  readonly write?: (lines: string, stream: LogStream) => void;
}

/**
 * Lines of one turn beyond this many characters are passed on at once, so that a busy turn does not hoard
 * them.
 */
const MAX_GATHERED = 1 << 16;

/** Gathers the lines of one turn of the loop and writes them together. */
export class RealLog implements Log {
  readonly #level: number;
  readonly #format: LogFormat;
  readonly #time: boolean;
  readonly #write: (lines: string, stream: LogStream) => void;
  readonly #now: () => number;
  readonly #nextTurn: (task: () => void) => void;
  readonly #streams: PatientStreams | undefined;
  #gathered = "";
  #stream: LogStream = "stdout";
  #flushQueued = false;

  constructor(
    options: RealLogOptions,
    output: Output,
    now: () => number,
    nextTurn: (task: () => void) => void,
  ) {
    this.#level = LOG_LEVELS.indexOf(options.level ?? "info");
    this.#format = options.format ?? "text";
    this.#time = options.time ?? false;
    this.#now = now;
    this.#nextTurn = nextTurn;
    const { write, blocking = true } = options;
    const streams = write === undefined && !blocking
      ? new PatientStreams(output, (count) => this.#lostLine(count))
      : undefined;
    this.#streams = streams;
    if (write !== undefined) this.#write = guarded(write, (problem) => writeAll(output.stderr, problem));
    else if (streams !== undefined) this.#write = (lines, stream) => streams.write(lines, stream);
    else this.#write = (lines, stream) => writeAll(output[stream], lines);
  }

  enabled(level: LogLevel): boolean {
    return LOG_LEVELS.indexOf(level) >= this.#level;
  }

  write(record: LogRecord): void {
    if (!this.enabled(record.level)) return;
    const stream: LogStream = record.level === "error" ? "stderr" : "stdout";
    this.lines(this.#line(record), stream);
  }

  /** Writes lines that were made elsewhere, each with its line end. */
  lines(lines: string, stream: LogStream): void {
    // Both streams often are one terminal or one file: their order to each other is kept.
    if (stream !== this.#stream || this.#gathered.length > MAX_GATHERED) {
      this.#pass();
    }
    this.#stream = stream;
    this.#gathered += lines;
    if (this.#flushQueued) return;
    this.#flushQueued = true;
    this.#nextTurn(() => {
      this.#flushQueued = false;
      this.#pass();
    });
  }

  /** Writes what is gathered, now; resolves when it is read, or nobody seems to read it. */
  flush(): Promise<void> {
    this.#pass();
    return this.#streams?.settled() ?? Promise.resolve();
  }

  #pass(): void {
    if (this.#gathered === "") return;
    const lines = this.#gathered;
    this.#gathered = "";
    this.#write(lines, this.#stream);
  }

  #line(record: LogRecord): string {
    try {
      return this.#formatted(record) + "\n";
    } catch (error) {
      // A field that throws when it is looked at costs the fields, never the line.
      const { level, actor, message } = record;
      return this.#formatted({ level, actor, message: `${message} (not loggable: ${typeof error})` }) + "\n";
    }
  }

  #formatted(record: LogRecord): string {
    const time = () => new Date(this.#now()).toISOString();
    if (this.#format === "json") return jsonLine(record, time());
    // Who asked for everything gets stacks, too.
    return textLine(record, {
      ...(this.#time && { time: time() }),
      stack: record.stack ?? this.enabled("debug"),
    });
  }

  #lostLine(count: number): string {
    const lines = count === 1 ? "1 log line was lost" : `${count} log lines were lost`;
    const fields = { event: "log-lines-lost", count };
    return this.#line({ level: "warn", actor: "/", message: lines, fields });
  }
}

const encoder = new TextEncoder();

/** How often a full pipe is tried again before its lines are given up. */
const MAX_TRIES = 1000;

/** A function of somebody else's that takes lines, and never throws. */
function guarded(write: (lines: string, stream: LogStream) => unknown, tell: (problem: string) => void) {
  let hasFailed = false;
  const failed = (error: unknown): void => {
    if (hasFailed) return;
    hasFailed = true;
    tell(`Cannot write the log: ${visibleText(errorText(error))}\n`);
  };
  return (lines: string, stream: LogStream): void => {
    try {
      const written = write(lines, stream);
      if (written instanceof Promise) written.catch(failed);
    } catch (error) {
      failed(error);
    }
  };
}

function writeAll(target: OutputStream, lines: string): void {
  let bytes = encoder.encode(lines);
  for (let tries = 0; bytes.length > 0 && tries < MAX_TRIES;) {
    try {
      bytes = bytes.subarray(target.writeSync(bytes));
    } catch (error) {
      // Nobody reads the log any more (`server | head`): that is no reason to stop serving.
      if (!isFull(error)) return;
      tries++;
      Atomics.wait(PAUSE, 0, 0, 1);
    }
  }
}

const PAUSE = new Int32Array(new SharedArrayBuffer(4));

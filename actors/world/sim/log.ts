/**
 * The log of a simulated host: kept, to be looked at.
 *
 * @module
 */
import type { Log, LogLevel, LogRecord } from "../world.ts";
import { LOG_LEVELS, textLine } from "../log_format.ts";

/** A log line of a simulated host. */
export interface SimLogRecord extends LogRecord {
  /** Virtual milliseconds since the simulation began. */
  readonly timeMs: number;
}

/** The most lines that are kept. */
const MAX_KEPT = 20_000;

/** Collects what the actors of a host log, over all of its lives. */
export class SimLog {
  #records: SimLogRecord[] = [];
  #level: number;

  /** Made by {@linkcode SimWorld.host}. */
  constructor(level: LogLevel) {
    this.#level = LOG_LEVELS.indexOf(level);
  }

  /** What was logged, oldest first (the last 20,000 lines at most). */
  get records(): readonly SimLogRecord[] {
    return this.#records;
  }

  /** What was logged, as its text lines. */
  lines(): string[] {
    return this.#records.map((record) => textLine(record));
  }

  /** Forgets what was logged. */
  clear(): void {
    this.#records = [];
  }

  /** False for lines that are thrown away. */
  enabled(level: LogLevel): boolean {
    return LOG_LEVELS.indexOf(level) >= this.#level;
  }

  /** Keeps a line. */
  add(record: SimLogRecord): void {
    this.#records.push(record);
    if (this.#records.length > MAX_KEPT) this.#records = this.#records.slice(MAX_KEPT / 2);
  }
}

/** The log as one life of the host writes it. */
export function lifeLog(log: SimLog, now: () => number, written: (record: SimLogRecord) => void): Log {
  return {
    enabled: (level) => log.enabled(level),
    write(record) {
      if (!log.enabled(record.level)) return;
      const kept = { ...record, timeMs: now() };
      log.add(kept);
      written(kept);
    },
  };
}

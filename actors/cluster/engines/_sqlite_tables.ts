/**
 * The tables of records and snapshots in a file of SQLite.
 *
 * In a table that is ordered by log, the newest records of a hundred logs are on a hundred pages, and a
 * commit writes each page whole. So records come one behind the other into the table `newest`, and move to
 * their logs many at a time.
 *
 * @module
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { StoredLog, StoredRecord } from "../driver.ts";

/** Makes them where they are not there. */
export const RECORD_TABLES = `
  CREATE TABLE IF NOT EXISTS records (
    key TEXT NOT NULL, seq INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (key, seq)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS newest (key TEXT NOT NULL, seq INTEGER NOT NULL, body TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS snapshots (
    key TEXT PRIMARY KEY, seq INTEGER NOT NULL, revision INTEGER NOT NULL, body TEXT NOT NULL
  ) WITHOUT ROWID;
`;

const MOVE = [
  "INSERT INTO records SELECT key, seq, body FROM newest ORDER BY key, seq",
  "DELETE FROM newest",
] as const;

/** Moves the newest records to their logs, in a transaction of its own. */
export const MOVE_NEWEST = `BEGIN IMMEDIATE; ${MOVE.join("; ")}; COMMIT;`;

/** The newest records are moved when there are so many. */
const MANY = 1000;
/** UTF-16 units of a record that goes to its log at once: to write it twice costs more than its page. */
const LARGE = 4096;

const SQL = {
  appendNewest: "INSERT INTO newest VALUES (?, ?, ?)",
  append: "INSERT INTO records VALUES (?, ?, ?)",
  read: "SELECT seq, body FROM records WHERE key = ? ORDER BY seq",
  readNewest: "SELECT seq, body FROM newest WHERE key = ?",
  tail: "SELECT max(seq) AS seq FROM records WHERE key = ?",
  tailNewest: "SELECT max(seq) AS seq FROM newest WHERE key = ?",
  readSnapshot: "SELECT seq, body, revision FROM snapshots WHERE key = ?",
  firstSnapshot: "INSERT OR IGNORE INTO snapshots VALUES (?1, ?2, 1, ?3)",
  nextSnapshot:
    "UPDATE snapshots SET seq = ?1, body = ?2, revision = revision + 1 WHERE key = ?3 AND revision = ?4",
  trim: "DELETE FROM records WHERE key = ? AND seq < ?",
  trimNewest: "DELETE FROM newest WHERE key = ? AND seq < ?",
  moveNewest: MOVE[0],
  clearNewest: MOVE[1],
} as const;

/** Reads and writes of a database that is open, each within the transaction that there is. */
export class RecordTables {
  readonly #statements: Readonly<Record<keyof typeof SQL, StatementSync>>;
  /** Logs of which records may be among the newest: others are not looked for there. */
  readonly #newest = new Set<string>();
  /** How many records may be there. */
  #newestCount = 0;

  /** Of a database whose newest records have been moved. */
  constructor(database: DatabaseSync) {
    const prepare = (name: keyof typeof SQL) => database.prepare(SQL[name]);
    this.#statements = {
      appendNewest: prepare("appendNewest"),
      append: prepare("append"),
      read: prepare("read"),
      readNewest: prepare("readNewest"),
      tail: prepare("tail"),
      tailNewest: prepare("tailNewest"),
      readSnapshot: prepare("readSnapshot"),
      firstSnapshot: prepare("firstSnapshot"),
      nextSnapshot: prepare("nextSnapshot"),
      trim: prepare("trim"),
      trimNewest: prepare("trimNewest"),
      moveNewest: prepare("moveNewest"),
      clearNewest: prepare("clearNewest"),
    };
  }

  /** All of a log. */
  read(key: string): StoredLog {
    const { read, readNewest, readSnapshot } = this.#statements;
    const snapshot = readSnapshot.get(key);
    const records = read.all(key).map(recordOf);
    if (this.#newest.has(key)) {
      // A large one is in its log already, between others.
      records.push(...readNewest.all(key).map(recordOf));
      records.sort((left, right) => left.seq - right.seq);
    }
    return {
      ...(snapshot && { snapshot: { ...recordOf(snapshot), revision: Number(snapshot["revision"]) } }),
      records,
    };
  }

  /** The number of a log's last record, 0 when there is none. */
  tail(key: string): number {
    const { tail, tailNewest } = this.#statements;
    const newest = this.#newest.has(key) ? tailNewest.get(key) : undefined;
    return Math.max(Number(tail.get(key)?.["seq"] ?? 0), Number(newest?.["seq"] ?? 0));
  }

  /** Writes a record, which must be the log's next. */
  append(key: string, seq: number, body: string): void {
    if (body.length > LARGE) return void this.#statements.append.run(key, seq, body);
    this.#statements.appendNewest.run(key, seq, body);
    this.#newest.add(key);
    this.#newestCount++;
  }

  /** Replaces the snapshot of `revision`, if that is the one. */
  writeSnapshot(key: string, revision: number, { seq, body }: StoredRecord): boolean {
    const { firstSnapshot, nextSnapshot } = this.#statements;
    const { changes } = revision === 0
      ? firstSnapshot.run(key, seq, body)
      : nextSnapshot.run(seq, body, key, revision);
    return changes === 1;
  }

  /** Removes the records before this one. */
  trim(key: string, before: number): void {
    this.#statements.trim.run(key, before);
    if (this.#newest.has(key)) this.#statements.trimNewest.run(key, before);
  }

  /** Moves the newest records to their logs, where they are many: {@linkcode newestMoved} once it counts. */
  moveNewestIfMany(): boolean {
    if (this.#newestCount < MANY) return false;
    this.#statements.moveNewest.run();
    this.#statements.clearNewest.run();
    return true;
  }

  /** The transaction in which they were moved is committed. */
  newestMoved(): void {
    this.#newest.clear();
    this.#newestCount = 0;
  }
}

function recordOf(row: Record<string, unknown>): StoredRecord {
  return { seq: Number(row["seq"]), body: String(row["body"]) };
}

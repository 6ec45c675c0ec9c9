/**
 * The engine of one process that keeps what entities did in a file of SQLite.
 *
 * @module
 */
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { errorText, type World, WorldError } from "../../world/world.ts";
import { composeEngine } from "../compose.ts";
import type { Driver, Records, StoredLog, StoredRecord } from "../driver.ts";
import type { Engine } from "../engine.ts";
import { Conflict } from "../errors.ts";
import { checkTextBytes } from "../text_bytes.ts";
import { LocalBus } from "./_local_bus.ts";
import { MemoryKeys } from "./_memory_keys.ts";
import {
  ALWAYS_CONNECTED,
  DEFAULT_LEASE_TTL_MS,
  DEFAULT_MAX_BYTES,
  type LocalEngineOptions,
} from "./memory.ts";

/** Options of {@linkcode sqliteEngine}. */
export interface SqliteEngineOptions extends LocalEngineOptions {
  /**
   * Path of the file, made when it is not there. Beside it stand FILE-wal and, while it is open, FILE-shm.
   */
  readonly file: string;
  /**
   * Whether each commit is on the disk before it counts (`full`), or in the system's memory (`normal`: what
   * came last is lost in a power cut, and nothing else). @default "full"
   */
  readonly synchronous?: "full" | "normal";
}

/**
 * Revisions are taken from the file in blocks, so that a claim costs no write: gaps are fine, going back is
 * not.
 */
const REVISION_BLOCK = 100_000;
/** A commit waits for more to come with it for at most so many turns of the loop. */
const MAX_TURNS = 8;

/** Logs whose last record is remembered. */
const MAX_TAILS = 200_000;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS records (
    key TEXT NOT NULL, seq INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (key, seq)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS snapshots (
    key TEXT PRIMARY KEY, seq INTEGER NOT NULL, revision INTEGER NOT NULL, body TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS revisions (id INTEGER PRIMARY KEY CHECK (id = 1), upTo INTEGER NOT NULL);
  INSERT OR IGNORE INTO revisions VALUES (1, 0);
`;

/**
 * An engine in a file of SQLite (`node:sqlite`; WAL, one sync for all that a turn of the event loop wrote).
 * One process owns the file at a time.
 *
 * @throws `WorldError` of kind `in-use` when another process has it, `invalid-data` when it is no database
 * of this kind, `other`.
 *
 * @example
 * ```ts
 * import { sqliteEngine } from "@troupe/actors/cluster";
 * import { denoWorld } from "@troupe/actors";
 * import { assertEquals } from "@std/assert";
 *
 * const file = `${await Deno.makeTempDir({ dir: ".tmp" })}/entities.sqlite`;
 * const entity = { type: "counter", id: "a" };
 * {
 *   await using engine = sqliteEngine({ file, world: denoWorld() });
 *   const { log } = await engine.journal.open(entity, 1);
 *   await log.append([{ events: ["added"] }]);
 * }
 * await using engine = sqliteEngine({ file, world: denoWorld() });
 * const { commits } = await engine.journal.read(entity);
 * assertEquals(commits.map(({ entries }) => entries), [[], [{ events: ["added"] }]]);
 * ```
 */
export function sqliteEngine(options: SqliteEngineOptions): Engine {
  return composeEngine(sqliteDriver(options), options.world);
}

/**
 * Makes what {@linkcode sqliteEngine} is made of. Throws as it does.
 *
 * @example
 * ```ts
 * import { composeEngine, sqliteDriver } from "@troupe/actors/cluster";
 * import { realWorld } from "@troupe/actors";
 * import { assertEquals } from "@std/assert";
 *
 * const world = realWorld();
 * const file = `${await Deno.makeTempDir({ dir: ".tmp" })}/entities.sqlite`;
 * await using engine = composeEngine(sqliteDriver({ file, world }), world);
 * assertEquals([engine.name, engine.isConnected], ["sqlite", true]);
 * ```
 */
export function sqliteDriver(options: SqliteEngineOptions): Driver {
  const { world, leaseTtlMs = DEFAULT_LEASE_TTL_MS, maxBytes = DEFAULT_MAX_BYTES } = options;
  const database = openDatabase(options);
  const records = new SqliteRecords(database, world, maxBytes);
  return {
    name: "sqlite",
    transport: new LocalBus(world, maxBytes),
    records,
    keys: new MemoryKeys(world.clock, leaseTtlMs, revisionsOf(database)),
    ...ALWAYS_CONNECTED,
    [Symbol.asyncDispose]: () => records.close(),
  };
}

function openDatabase({ file, synchronous = "full" }: SqliteEngineOptions): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file);
    // The lock is taken with the first write, and kept until the file is closed or the process ends.
    database.exec(`
      PRAGMA locking_mode = EXCLUSIVE;
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = ${synchronous === "full" ? "FULL" : "NORMAL"};
      PRAGMA wal_autocheckpoint = 4000;
      BEGIN IMMEDIATE;
      ${SCHEMA}
      COMMIT;
    `);
    return database;
  } catch (error) {
    database?.close();
    throw openError(file, error);
  }
}

function openError(file: string, error: unknown): WorldError {
  const text = errorText(error);
  if (/locked|busy/.test(text)) {
    return new WorldError("in-use", `Cannot open ${file}: another process has it`, { cause: error });
  }
  const kind = /not a database|malformed|file is encrypted/.test(text) ? "invalid-data" : "other";
  return new WorldError(kind, `Cannot open ${file}: ${text}`, { cause: error });
}

/** Numbers that only grow, over restarts too. */
function revisionsOf(database: DatabaseSync): () => number {
  const take = database.prepare("UPDATE revisions SET upTo = upTo + ? RETURNING upTo");
  let upTo = 0;
  let last = 0;
  return () => {
    if (last >= upTo) {
      upTo = Number(take.get(REVISION_BLOCK)?.["upTo"]);
      last = upTo - REVISION_BLOCK;
    }
    return ++last;
  };
}

/** A write that waits for the turn's end. */
interface Write {
  /** Does it, within a transaction. What it throws is this write's own refusal. */
  readonly run: () => number;
  readonly resolve: (result: number) => void;
  readonly reject: (error: unknown) => void;
}

class SqliteRecords implements Records {
  readonly maxRecordBytes: number;
  readonly #database: DatabaseSync;
  readonly #world: Pick<World, "loop">;
  readonly #statements: Readonly<Record<keyof typeof SQL, StatementSync>>;
  /** The last records of logs that were written to: the file is this process's alone. */
  readonly #tails = new Map<string, number>();
  #writes: Write[] = [];
  #isClosed = false;

  constructor(database: DatabaseSync, world: Pick<World, "loop">, maxRecordBytes: number) {
    this.#database = database;
    this.#world = world;
    this.maxRecordBytes = maxRecordBytes;
    this.#statements = {
      append: database.prepare(SQL.append),
      read: database.prepare(SQL.read),
      tail: database.prepare(SQL.tail),
      readSnapshot: database.prepare(SQL.readSnapshot),
      firstSnapshot: database.prepare(SQL.firstSnapshot),
      nextSnapshot: database.prepare(SQL.nextSnapshot),
      trim: database.prepare(SQL.trim),
    };
  }

  // deno-lint-ignore require-await -- what is refused is a rejection
  async read(key: string): Promise<StoredLog> {
    // What waits to be written is not there yet, as for any other reader.
    const snapshot = this.#statements.readSnapshot.get(key);
    const records = this.#statements.read.all(key).map(recordOf);
    return {
      ...(snapshot && { snapshot: { ...recordOf(snapshot), revision: Number(snapshot["revision"]) } }),
      records,
    };
  }

  append(key: string, tail: number, body: string): Promise<number> {
    return this.#write(body, () => {
      if ((this.#tails.get(key) ?? this.#readTail(key)) !== tail) throw new Conflict(key);
      this.#statements.append.run(key, tail + 1, body);
      if (this.#tails.size >= MAX_TAILS) this.#tails.clear();
      this.#tails.set(key, tail + 1);
      return tail + 1;
    });
  }

  // deno-lint-ignore require-await -- what is refused is a rejection
  async tail(key: string): Promise<number> {
    return this.#readTail(key);
  }

  #readTail(key: string): number {
    return Number(this.#statements.tail.get(key)?.["seq"] ?? 0);
  }

  writeSnapshot(key: string, revision: number, { seq, body }: StoredRecord): Promise<number> {
    return this.#write(body, () => {
      const { changes } = revision === 0
        ? this.#statements.firstSnapshot.run(key, seq, body)
        : this.#statements.nextSnapshot.run(seq, body, key, revision);
      if (changes !== 1) throw new Conflict(key);
      return revision + 1;
    });
  }

  async trim(key: string, seq: number): Promise<void> {
    await this.#write("", () => Number(this.#statements.trim.run(key, seq, key).changes));
  }

  close(): Promise<void> {
    if (!this.#isClosed) {
      this.#commit();
      this.#isClosed = true;
      this.#database.close();
    }
    return Promise.resolve();
  }

  /** Has a write done with all others of this turn, in one transaction. */
  #write(body: string, run: () => number): Promise<number> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) throw new WorldError("closed", "Cannot write: the engine is closed");
      checkTextBytes("a record", body, this.maxRecordBytes);
      this.#writes.push({ run, resolve, reject });
      if (this.#writes.length === 1) this.#commitSoon(1);
    });
  }

  /**
   * Commits once the actors that have work had their turn: as long as a turn of the loop brings more writes,
   * they cost less in this transaction than in one of their own.
   */
  #commitSoon(before: number, turns = 1): void {
    this.#world.loop.nextTurn(() => {
      const { length } = this.#writes;
      if (length > before && turns < MAX_TURNS) this.#commitSoon(length, turns + 1);
      else this.#commit();
    });
  }

  #commit(): void {
    const writes = this.#writes;
    if (writes.length === 0) return;
    this.#writes = [];
    const done: (() => void)[] = [];
    try {
      this.#database.exec("BEGIN IMMEDIATE");
      for (const { run, resolve, reject } of writes) {
        try {
          const result = run();
          done.push(() => resolve(result));
        } catch (error) {
          if (!(error instanceof Conflict)) throw error;
          done.push(() => reject(error));
        }
      }
      this.#database.exec("COMMIT");
    } catch (error) {
      this.#rollBack();
      for (const { reject } of writes) reject(error);
      return;
    }
    for (const settle of done) settle();
  }

  #rollBack(): void {
    this.#tails.clear();
    try {
      this.#database.exec("ROLLBACK");
    } catch {
      // SQLite has done so itself, as it does on a full disk.
    }
  }
}

const SQL = {
  append: "INSERT INTO records VALUES (?, ?, ?)",
  read: "SELECT seq, body FROM records WHERE key = ? ORDER BY seq",
  tail: "SELECT max(seq) AS seq FROM records WHERE key = ?",
  readSnapshot: "SELECT seq, body, revision FROM snapshots WHERE key = ?",
  firstSnapshot: "INSERT OR IGNORE INTO snapshots VALUES (?1, ?2, 1, ?3)",
  nextSnapshot:
    "UPDATE snapshots SET seq = ?1, body = ?2, revision = revision + 1 WHERE key = ?3 AND revision = ?4",
  trim: "DELETE FROM records WHERE key = ?1 AND seq < min(?2, (SELECT max(seq) FROM records WHERE key = ?3))",
} as const;

function recordOf(row: Record<string, unknown>): StoredRecord {
  return { seq: Number(row["seq"]), body: String(row["body"]) };
}

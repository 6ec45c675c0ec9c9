/**
 * The engine of one process that keeps what entities did in a file of SQLite.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { errorText, WorldError } from "../../world/world.ts";
import { composeEngine } from "../compose.ts";
import type { Driver } from "../driver.ts";
import type { Engine } from "../engine.ts";
import { LocalBus } from "./_local_bus.ts";
import { MemoryKeys } from "./_memory_keys.ts";
import {
  ALWAYS_CONNECTED,
  DEFAULT_LEASE_TTL_MS,
  DEFAULT_MAX_BYTES,
  type LocalEngineOptions,
} from "./memory.ts";
import { SqliteRecords } from "./_sqlite_records.ts";
import { MOVE_NEWEST, RECORD_TABLES } from "./_sqlite_tables.ts";

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
const SCHEMA = `
  ${RECORD_TABLES}
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
      ${MOVE_NEWEST}
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

/**
 * Logs in a file of SQLite: what a few turns of the event loop write goes into one transaction.
 *
 * @module
 */
import type { DatabaseSync } from "node:sqlite";
import { type World, WorldError } from "../../world/world.ts";
import type { Records, StoredLog, StoredRecord } from "../driver.ts";
import { Conflict } from "../errors.ts";
import { checkTextBytes } from "../text_bytes.ts";
import { MOVE_NEWEST, RecordTables } from "./_sqlite_tables.ts";

/** A commit waits for more to come with it for at most so many turns of the loop. */
const MAX_TURNS = 8;

/** Logs whose last record is remembered. */
const MAX_TAILS = 200_000;

/** A write that waits for the turn's end. */
interface Write {
  /** Does it, within a transaction. What it throws is this write's own refusal. */
  readonly run: () => number;
  readonly resolve: (result: number) => void;
  readonly reject: (error: unknown) => void;
}

/** The logs of a database that is open, whose writes are committed together. */
export class SqliteRecords implements Records {
  readonly maxRecordBytes: number;
  readonly #database: DatabaseSync;
  readonly #world: Pick<World, "loop">;
  readonly #tables: RecordTables;
  /** The last records of logs that were written to: the file is this process's alone. */
  readonly #tails = new Map<string, number>();
  #writes: Write[] = [];
  #isClosed = false;

  constructor(database: DatabaseSync, world: Pick<World, "loop">, maxRecordBytes: number) {
    this.#database = database;
    this.#world = world;
    this.maxRecordBytes = maxRecordBytes;
    this.#tables = new RecordTables(database);
  }

  // deno-lint-ignore require-await -- what is refused is a rejection
  async read(key: string): Promise<StoredLog> {
    // What waits to be written is not there yet, as for any other reader.
    return this.#tables.read(key);
  }

  append(key: string, tail: number, body: string): Promise<number> {
    return this.#write(body, () => {
      if (this.#tailOf(key) !== tail) throw new Conflict(key);
      this.#tables.append(key, tail + 1, body);
      if (this.#tails.size >= MAX_TAILS) this.#tails.clear();
      this.#tails.set(key, tail + 1);
      return tail + 1;
    });
  }

  // deno-lint-ignore require-await -- what is refused is a rejection
  async tail(key: string): Promise<number> {
    return this.#tables.tail(key);
  }

  /** The last record, with those that this transaction has written. */
  #tailOf(key: string): number {
    return this.#tails.get(key) ?? this.#tables.tail(key);
  }

  writeSnapshot(key: string, revision: number, snapshot: StoredRecord): Promise<number> {
    return this.#write(snapshot.body, () => {
      if (!this.#tables.writeSnapshot(key, revision, snapshot)) throw new Conflict(key);
      return revision + 1;
    });
  }

  async trim(key: string, seq: number): Promise<void> {
    // The newest stays.
    await this.#write("", () => {
      const before = Math.min(seq, this.#tailOf(key));
      this.#tables.trim(key, before);
      return before;
    });
  }

  close(): Promise<void> {
    if (!this.#isClosed) {
      this.#commit();
      this.#settleNewest();
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
      const hasMoved = this.#tables.moveNewestIfMany();
      this.#database.exec("COMMIT");
      if (hasMoved) this.#tables.newestMoved();
    } catch (error) {
      this.#rollBack();
      for (const { reject } of writes) reject(error);
      return;
    }
    for (const settle of done) settle();
  }

  /** The file is left with each record among those of its log. */
  #settleNewest(): void {
    try {
      this.#database.exec(MOVE_NEWEST);
    } catch {
      // They are moved when the file is opened next.
      this.#rollBack();
    }
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

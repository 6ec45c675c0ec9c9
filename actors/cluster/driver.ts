/**
 * What a new engine has to bring: a log that appends only where it is told to, a table of keys with
 * compare-and-set, and messages. The rest is the same for all of them.
 *
 * @module
 */
import type { Cancellable } from "../world/world.ts";
import type { Transport } from "./engine.ts";

/** One record of a log. */
export interface StoredRecord {
  /** Its place: grows along the log of one key. */
  readonly seq: number;
  /** What was written: text without U+0000. */
  readonly body: string;
}

/** The newest snapshot of a log. */
export interface StoredSnapshot extends StoredRecord {
  /** What the next one must replace. */
  readonly revision: number;
}

/** What is kept under one key. */
export interface StoredLog {
  /** Absent: there is none. */
  readonly snapshot?: StoredSnapshot;
  /** Oldest first: the newest record always, and all behind the snapshot; others may be there, too. */
  readonly records: readonly StoredRecord[];
}

/** Logs by key. Reads see every write that was confirmed before they began. */
export interface Records {
  /** The most bytes of UTF-8 of a record. */
  readonly maxRecordBytes: number;
  /** Reads a log. Throws `OutcomeUnknown`. */
  read(key: string): Promise<StoredLog>;
  /**
   * Writes a record behind the one at `tail` (0: the log is empty), and resolves to its place when it is
   * durable. Throws `Conflict` where another record is the last, `WriteRefused` where there is no room:
   * nothing was written; or `OutcomeUnknown`.
   */
  append(key: string, tail: number, body: string): Promise<number>;
  /** The place of the last record, 0 when there is none. Throws `OutcomeUnknown`. */
  tail(key: string): Promise<number>;
  /**
   * Replaces the snapshot of `revision` (0: there is none), and resolves to the new one's. `seq` is the last
   * record that it covers. Throws `Conflict`, `WriteRefused` or `OutcomeUnknown`.
   */
  writeSnapshot(key: string, revision: number, snapshot: StoredRecord): Promise<number>;
  /** Lets go of the records before `seq`. */
  trim(key: string, seq: number): Promise<void>;
}

/** Tables of keys: `hosts`, whose entries expire, and `places`. */
export type Table = "hosts" | "places";

/** A value under a key. */
export interface KeyEntry {
  /** The value. */
  readonly value: string;
  /** Grows with each write in its table, over all keys, and never goes back. */
  readonly revision: number;
}

/** Keys with compare-and-set. Reads may be stale: only a write decides. */
export interface Keys {
  /** An entry of the table `hosts` expires so many milliseconds after it was written last. */
  readonly leaseTtlMs: number;
  /** What is under a key. Throws `OutcomeUnknown`. */
  get(table: Table, key: string): Promise<KeyEntry | undefined>;
  /**
   * Replaces the entry of `revision` (0: there is none), and resolves to the new one's. Throws `Conflict` or
   * `OutcomeUnknown`.
   */
  put(table: Table, key: string, value: string, revision: number): Promise<number>;
  /** Removes the entry of `revision`. Throws `Conflict` or `OutcomeUnknown`. */
  remove(table: Table, key: string, revision: number): Promise<void>;
  /** All entries. Throws `OutcomeUnknown`. */
  list(table: Table): Promise<ReadonlyMap<string, KeyEntry>>;
}

/** What an engine is made of. */
export interface Driver extends AsyncDisposable {
  /** What it is, for people. */
  readonly name: string;
  /** Messages. */
  readonly transport: Transport;
  /** Logs. */
  readonly records: Records;
  /** Keys. */
  readonly keys: Keys;
  /** False while the server cannot be reached. */
  readonly isConnected: boolean;
  /** Told now and at each change whether it can be reached. */
  observeConnection(changed: (isConnected: boolean) => void): Cancellable;
}

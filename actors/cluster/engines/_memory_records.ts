/**
 * Logs in memory.
 *
 * @module
 */
import type { Records, StoredLog, StoredRecord, StoredSnapshot } from "../driver.ts";
import { Conflict } from "../errors.ts";
import { checkTextBytes } from "../text_bytes.ts";

interface MemoryLog {
  records: StoredRecord[];
  snapshot: StoredSnapshot | undefined;
}

/** Logs that are gone with the process. */
export class MemoryRecords implements Records {
  readonly maxRecordBytes: number;
  readonly #logs = new Map<string, MemoryLog>();
  #revision = 0;

  constructor(maxRecordBytes: number) {
    this.maxRecordBytes = maxRecordBytes;
  }

  // deno-lint-ignore require-await -- what is refused is a rejection
  async read(key: string): Promise<StoredLog> {
    const { snapshot, records } = this.#log(key);
    return { ...(snapshot && { snapshot }), records: [...records] };
  }

  // deno-lint-ignore require-await -- what is refused is a rejection
  async append(key: string, tail: number, body: string): Promise<number> {
    checkTextBytes(key, body, this.maxRecordBytes);
    const { records } = this.#log(key);
    const last = records.at(-1)?.seq ?? 0;
    if (last !== tail) throw new Conflict(key);
    records.push({ seq: last + 1, body });
    return last + 1;
  }

  // deno-lint-ignore require-await -- what is refused is a rejection
  async tail(key: string): Promise<number> {
    return this.#logs.get(key)?.records.at(-1)?.seq ?? 0;
  }

  // deno-lint-ignore require-await -- what is refused is a rejection
  async writeSnapshot(key: string, revision: number, { seq, body }: StoredRecord): Promise<number> {
    checkTextBytes(key, body, this.maxRecordBytes);
    const log = this.#log(key);
    if ((log.snapshot?.revision ?? 0) !== revision) throw new Conflict(key);
    log.snapshot = { seq, body, revision: ++this.#revision };
    return this.#revision;
  }

  // deno-lint-ignore require-await -- what is refused is a rejection
  async trim(key: string, seq: number): Promise<void> {
    const log = this.#log(key);
    const newest = log.records.at(-1)?.seq ?? 0;
    log.records = log.records.filter((record) => record.seq >= Math.min(seq, newest));
  }

  #log(key: string): MemoryLog {
    let log = this.#logs.get(key);
    if (log === undefined) {
      log = { records: [], snapshot: undefined };
      this.#logs.set(key, log);
    }
    return log;
  }
}

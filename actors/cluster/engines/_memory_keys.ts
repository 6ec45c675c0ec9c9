/**
 * Keys in memory.
 *
 * @module
 */
import type { Clock } from "../../world/world.ts";
import type { KeyEntry, Keys, Table } from "../driver.ts";
import { Conflict } from "../errors.ts";

interface MemoryEntry {
  readonly entry: KeyEntry;
  readonly writtenAtMs: number;
}

/** Keys that are gone with the process. Their revisions go on where `nextRevision` does. */
export class MemoryKeys implements Keys {
  readonly leaseTtlMs: number;
  readonly #clock: Clock;
  readonly #nextRevision: () => number;
  readonly #tables: Readonly<Record<Table, Map<string, MemoryEntry>>> = {
    hosts: new Map(),
    places: new Map(),
  };

  constructor(clock: Clock, leaseTtlMs: number, nextRevision: () => number) {
    this.#clock = clock;
    this.leaseTtlMs = leaseTtlMs;
    this.#nextRevision = nextRevision;
  }

  // deno-lint-ignore require-await -- what is refused is a rejection
  async get(table: Table, key: string): Promise<KeyEntry | undefined> {
    return this.#find(table, key)?.entry;
  }

  // deno-lint-ignore require-await -- what is refused is a rejection
  async put(table: Table, key: string, value: string, revision: number): Promise<number> {
    this.#expect(table, key, revision);
    const next = this.#nextRevision();
    // Of places nobody asks how old they are.
    const writtenAtMs = table === "hosts" ? this.#clock.monotonic() : 0;
    this.#tables[table].set(key, { entry: { value, revision: next }, writtenAtMs });
    return next;
  }

  // deno-lint-ignore require-await -- what is refused is a rejection
  async remove(table: Table, key: string, revision: number): Promise<void> {
    this.#expect(table, key, revision);
    this.#tables[table].delete(key);
  }

  // deno-lint-ignore require-await -- what is refused is a rejection
  async list(table: Table): Promise<ReadonlyMap<string, KeyEntry>> {
    const keys = [...this.#tables[table].keys()];
    return new Map(keys.flatMap((key) => {
      const found = this.#find(table, key);
      return found === undefined ? [] : [[key, found.entry] as const];
    }));
  }

  #expect(table: Table, key: string, revision: number): void {
    if ((this.#find(table, key)?.entry.revision ?? 0) !== revision) throw new Conflict(`${table}/${key}`);
  }

  #find(table: Table, key: string): MemoryEntry | undefined {
    const found = this.#tables[table].get(key);
    if (found === undefined || table !== "hosts") return found;
    if (this.#clock.monotonic() - found.writtenAtMs < this.leaseTtlMs) return found;
    this.#tables.hosts.delete(key);
    return undefined;
  }
}

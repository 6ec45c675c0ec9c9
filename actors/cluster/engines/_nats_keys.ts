/**
 * Keys in JetStream: a stream a table that keeps the last message of a subject, as the buckets of NATS do.
 *
 * A key is removed by deleting its message, which is there by its number or is not: so nothing is left of
 * keys that are gone. Reads go to the stream's leader.
 *
 * @module
 */
import type { JetStreamManager } from "@nats-io/jetstream";
import type { KeyEntry, Keys, Table } from "../driver.ts";
import { Conflict, OutcomeUnknown, WriteRefused } from "../errors.ts";
import { readError, writeError } from "./_nats_errors.ts";
import type { ConditionalPublisher } from "./_nats_publish.ts";

/** Options of {@linkcode NatsKeys}. */
export interface NatsKeysOptions {
  readonly publisher: ConditionalPublisher;
  readonly jsm: JetStreamManager;
  /** The stream of each table, which is the first word of its subjects, too. */
  readonly streams: Readonly<Record<Table, string>>;
  readonly leaseTtlMs: number;
}

/** The server's code for a message that is not there. */
const NO_MESSAGE = [10037, 10043, 10057];

/** Keys in JetStream. */
export class NatsKeys implements Keys {
  readonly #options: NatsKeysOptions;

  constructor(options: NatsKeysOptions) {
    this.#options = options;
  }

  get leaseTtlMs(): number {
    return this.#options.leaseTtlMs;
  }

  async get(table: Table, key: string): Promise<KeyEntry | undefined> {
    const { jsm, streams } = this.#options;
    const stream = streams[table];
    try {
      const message = await jsm.streams.getMessage(stream, { last_by_subj: `${stream}.${key}` });
      return message === null ? undefined : { value: message.string(), revision: message.seq };
    } catch (error) {
      throw readError(key, error);
    }
  }

  async put(table: Table, key: string, value: string, revision: number): Promise<number> {
    const { publisher, streams } = this.#options;
    try {
      return await publisher.publish(key, `${streams[table]}.${key}`, value, revision);
    } catch (error) {
      // Who claims or renews tries again either way.
      if (error instanceof WriteRefused) throw new OutcomeUnknown(`a write of ${key}`, { cause: error });
      throw error;
    }
  }

  async remove(table: Table, key: string, revision: number): Promise<void> {
    const { jsm, streams } = this.#options;
    try {
      if (!await jsm.streams.deleteMessage(streams[table], revision, false)) {
        throw new OutcomeUnknown(`a removal of ${key}`);
      }
    } catch (error) {
      if (hasCode(error, NO_MESSAGE)) throw new Conflict(key, { cause: error });
      throw writeError(key, error);
    }
  }

  async list(table: Table): Promise<ReadonlyMap<string, KeyEntry>> {
    const { jsm, streams } = this.#options;
    const prefix = `${streams[table]}.`;
    try {
      const { state } = await jsm.streams.info(streams[table], { subjects_filter: `${prefix}>` });
      const keys = Object.keys(state.subjects ?? {}).map((subject) => subject.slice(prefix.length));
      const entries = await Promise.all(keys.map(async (key) => [key, await this.get(table, key)] as const));
      return new Map(entries.flatMap(([key, entry]) => entry === undefined ? [] : [[key, entry] as const]));
    } catch (error) {
      throw readError(table, error);
    }
  }
}

function hasCode(error: unknown, codes: readonly number[]): boolean {
  return error instanceof Error && "code" in error && typeof error.code === "number" &&
    codes.includes(error.code);
}

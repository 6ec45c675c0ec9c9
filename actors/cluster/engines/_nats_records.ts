/**
 * Logs in JetStream: a stream for the records, a subject each log, and one for the newest snapshots.
 *
 * @module
 */
import type { JetStreamManager, StoredMsg } from "@nats-io/jetstream";
import type { Records, StoredLog, StoredRecord, StoredSnapshot } from "../driver.ts";
import { OutcomeUnknown } from "../errors.ts";
import { checkTextBytes } from "../text_bytes.ts";
import { readError, writeError } from "./_nats_errors.ts";
import type { ConditionalPublisher } from "./_nats_publish.ts";

/** The streams that records are in, which are the first words of their subjects, too. */
export interface RecordStreams {
  readonly journal: string;
  readonly snapshots: string;
}

/** Records read in one request. */
const BATCH = 256;
/** Reads of a replica that lags behind, before it is given up. */
const MAX_LAGGING_READS = 20;

/** Options of {@linkcode NatsRecords}. */
export interface NatsRecordsOptions {
  readonly publisher: ConditionalPublisher;
  readonly jsm: JetStreamManager;
  readonly streams: RecordStreams;
  readonly maxRecordBytes: number;
  /** The server answers a request with many records (2.11). */
  readonly hasBatches: boolean;
  readonly pause: (ms: number) => Promise<void>;
}

/** Logs in JetStream. The last record and the snapshot are always read from the stream's leader. */
export class NatsRecords implements Records {
  readonly #options: NatsRecordsOptions;

  constructor(options: NatsRecordsOptions) {
    this.#options = options;
  }

  get maxRecordBytes(): number {
    return this.#options.maxRecordBytes;
  }

  async read(key: string): Promise<StoredLog> {
    const [kept, tail] = await Promise.all([this.#snapshot(key), this.#last(this.#subject(key))]);
    if (tail === null) return { ...(kept && { snapshot: kept }), records: [] };
    const newest: StoredRecord = { seq: tail.seq, body: tail.string() };
    if (kept !== undefined && tail.seq <= kept.seq) return { snapshot: kept, records: [newest] };
    const records = await this.#between(key, (kept?.seq ?? 0) + 1, tail.seq);
    return { ...(kept && { snapshot: kept }), records: [...records, newest] };
  }

  async append(key: string, tail: number, body: string): Promise<number> {
    checkTextBytes(key, body, this.maxRecordBytes);
    return await this.#options.publisher.publish(key, this.#subject(key), body, tail);
  }

  async tail(key: string): Promise<number> {
    return (await this.#last(this.#subject(key)))?.seq ?? 0;
  }

  async writeSnapshot(key: string, revision: number, { seq, body }: StoredRecord): Promise<number> {
    checkTextBytes(key, body, this.maxRecordBytes);
    const { publisher, streams } = this.#options;
    return await publisher.publish(key, `${streams.snapshots}.${key}`, `${seq} ${body}`, revision);
  }

  async trim(key: string, seq: number): Promise<void> {
    const { jsm, streams } = this.#options;
    const newest = await this.tail(key);
    try {
      await jsm.streams.purge(streams.journal, { filter: this.#subject(key), seq: Math.min(seq, newest) });
    } catch (error) {
      throw writeError(key, error);
    }
  }

  async #snapshot(key: string): Promise<StoredSnapshot | undefined> {
    const { snapshots } = this.#options.streams;
    const message = await this.#last(`${snapshots}.${key}`, snapshots);
    if (message === null) return undefined;
    const text = message.string();
    const space = text.indexOf(" ");
    return { seq: Number(text.slice(0, space)), body: text.slice(space + 1), revision: message.seq };
  }

  /** The last message of a subject, as the leader has it. */
  async #last(subject: string, stream: string = this.#options.streams.journal): Promise<StoredMsg | null> {
    try {
      return await this.#options.jsm.streams.getMessage(stream, { last_by_subj: subject });
    } catch (error) {
      throw readError(subject, error);
    }
  }

  /** The records from a place on, up to the last one, which is known. */
  async #between(key: string, from: number, last: number): Promise<StoredRecord[]> {
    const records: StoredRecord[] = [];
    for (let next = from, lagging = 0; next < last;) {
      const read = await this.#batch(key, next, last);
      records.push(...read.filter(({ seq }) => seq < last));
      const end = read.at(-1)?.seq;
      if (end !== undefined) next = end + 1;
      else {
        // A replica that has not got them yet; the leader has.
        if (++lagging > MAX_LAGGING_READS) {
          throw new OutcomeUnknown(`a read of ${key}: its replicas lag behind`);
        }
        await this.#options.pause(10);
      }
    }
    return records;
  }

  /** Some of the records from a place on; none when a replica was asked that does not have them yet. */
  async #batch(key: string, seq: number, last: number): Promise<StoredRecord[]> {
    const { jsm, streams, hasBatches } = this.#options;
    const query = { seq, next_by_subj: this.#subject(key) };
    const records: StoredRecord[] = [];
    try {
      if (!hasBatches) {
        const message = await jsm.streams.getMessage(streams.journal, query);
        return message === null ? [] : [{ seq: message.seq, body: message.string() }];
      }
      for await (const message of await jsm.direct.getBatch(streams.journal, { ...query, batch: BATCH })) {
        records.push({ seq: message.seq, body: message.string() });
        if (message.seq >= last) break;
      }
    } catch (error) {
      // What came before it broke off is there; if nothing did, it is asked for again.
      if (records.length === 0 && !isNothingFound(error)) throw readError(key, error);
    }
    return records;
  }

  #subject(key: string): string {
    return `${this.#options.streams.journal}.${key}`;
  }
}

function isNothingFound(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === 404;
}

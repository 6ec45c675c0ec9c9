/**
 * The journal of every engine: a chain of commits, and the fence.
 *
 * @module
 */
import { decodeValue, encodeValue } from "./codec.ts";
import type { Records, StoredLog, StoredSnapshot } from "./driver.ts";
import type { Commit, EntityId, Epoch, Journal, JournalEntry, Log, OpenJournal, Snapshot } from "./engine.ts";
import { Conflict, Fenced, JournalDamaged, OutcomeUnknown, WriteRefused } from "./errors.ts";
import { entityKey, entityText } from "./names.ts";
import { checkTextBytes } from "./text_bytes.ts";

/** How often an open tries to get its fence behind a log that somebody else is writing. */
const MAX_FENCE_TRIES = 100;

/** A journal on a driver's records. */
export class StoredJournal implements Journal {
  readonly #records: Records;

  constructor(records: Records) {
    this.#records = records;
  }

  get maxRecordBytes(): number {
    return this.#records.maxRecordBytes;
  }

  async open(entity: EntityId, epoch: Epoch): Promise<OpenJournal> {
    const key = entityKey(entity);
    for (let tries = 0; tries < MAX_FENCE_TRIES; tries++) {
      const stored = await this.#records.read(key);
      const { snapshot, commits, tail, newestEpoch } = replay(entity, stored);
      if (newestEpoch > epoch) throw new Fenced(entityText(entity));
      try {
        const seq = await this.#records.append(key, tail, recordBody(epoch, tail, []));
        const log = new StoredLogEnd(this.#records, entity, epoch, seq, stored.snapshot?.revision ?? 0);
        return { ...(snapshot && { snapshot }), commits, log };
      } catch (error) {
        // Somebody has written between the read and the fence: only what is read is answered for.
        if (!(error instanceof Conflict)) throw error;
      }
    }
    throw new OutcomeUnknown(
      `a fence in the journal of ${entityText(entity)}, where others write all the time`,
    );
  }

  async read(entity: EntityId): Promise<Omit<OpenJournal, "log">> {
    const { snapshot, commits } = replay(entity, await this.#records.read(entityKey(entity)));
    return { ...(snapshot && { snapshot }), commits };
  }
}

/** What is in a log, checked: each record names the one before it. */
function replay(entity: EntityId, stored: StoredLog): {
  readonly snapshot: Snapshot | undefined;
  readonly commits: readonly Commit[];
  readonly tail: number;
  readonly newestEpoch: Epoch;
} {
  const snapshot = stored.snapshot && snapshotOf(entity, stored.snapshot);
  const covered = snapshot?.seq ?? 0;
  const commits: Commit[] = [];
  // That of a snapshot is its last record's, and this is there.
  let newestEpoch: Epoch = 0;
  let tail = covered;
  for (const { seq, body } of stored.records) {
    const record = parse(entity, body);
    if (!isRecordBody(record)) throw new JournalDamaged(entityText(entity), `record ${seq} is none`);
    newestEpoch = Math.max(newestEpoch, record.epoch);
    // Those that the snapshot covers are on their way out.
    if (seq <= covered) continue;
    if (record.previous !== tail) {
      throw new JournalDamaged(
        entityText(entity),
        `record ${seq} follows ${record.previous}, and ${tail} is what is there`,
      );
    }
    commits.push({ seq, epoch: record.epoch, entries: record.entries.map(entryOf) });
    tail = seq;
  }
  const last = stored.records.at(-1);
  if (snapshot !== undefined && (last === undefined || last.seq < covered)) {
    throw new JournalDamaged(entityText(entity), `the record ${covered}, of the snapshot, is not there`);
  }
  return { snapshot, commits, tail, newestEpoch };
}

/** One owner's end of a log. */
class StoredLogEnd implements Log {
  readonly #records: Records;
  readonly #entity: EntityId;
  readonly #key: string;
  readonly #epoch: Epoch;
  #snapshotRevision: number;
  #seq: number;
  /** Why nothing is written any more. */
  #poison: Error | undefined;
  #isWriting = false;

  constructor(records: Records, entity: EntityId, epoch: Epoch, seq: number, snapshotRevision: number) {
    this.#records = records;
    this.#entity = entity;
    this.#key = entityKey(entity);
    this.#epoch = epoch;
    this.#seq = seq;
    this.#snapshotRevision = snapshotRevision;
  }

  get seq(): number {
    return this.#seq;
  }

  async append(entries: readonly JournalEntry[]): Promise<number> {
    if (this.#poison !== undefined) throw this.#poison;
    if (this.#isWriting) throw new TypeError("Cannot append: the append before is under way");
    const body = recordBody(this.#epoch, this.#seq, entries);
    checkTextBytes(`a commit of ${entityText(this.#entity)}`, body, this.#records.maxRecordBytes);
    this.#isWriting = true;
    try {
      return this.#seq = await this.#records.append(this.#key, this.#seq, body);
    } catch (error) {
      // Too large for the server, or no room there: nothing was written.
      if (error instanceof RangeError || error instanceof WriteRefused) throw error;
      throw this.#poison = await this.#hasGoneBack(error) ?? this.#failure(error);
    } finally {
      this.#isWriting = false;
    }
  }

  async snapshot(state: unknown): Promise<void> {
    if (this.#poison !== undefined) throw this.#poison;
    const seq = this.#seq;
    const body = encodeValue({ epoch: this.#epoch, state });
    checkTextBytes(`a snapshot of ${entityText(this.#entity)}`, body, this.#records.maxRecordBytes);
    try {
      const revision = await this.#records.writeSnapshot(this.#key, this.#snapshotRevision, { seq, body });
      this.#snapshotRevision = revision;
    } catch (error) {
      if (error instanceof WriteRefused) throw error;
      // With a revision that is not known the next would be refused for ever, and one of a newer owner's
      // lost.
      throw this.#poison = this.#failure(error);
    }
    await this.#records.trim(this.#key, seq);
  }

  async barrier(): Promise<void> {
    if (this.#poison !== undefined) throw this.#poison;
    const seq = this.#seq;
    const tail = await this.#records.tail(this.#key);
    // What this owner has written meanwhile is its own.
    if (tail !== seq && !(tail > seq && tail <= this.#seq)) {
      throw this.#poison = new Fenced(entityText(this.#entity));
    }
  }

  /** Another record is the last, and an older one: no other owner has written it. */
  async #hasGoneBack(error: unknown): Promise<Error | undefined> {
    if (!(error instanceof Conflict)) return undefined;
    const tail = await this.#records.tail(this.#key).catch(() => this.#seq);
    if (tail >= this.#seq) return undefined;
    return new JournalDamaged(
      entityText(this.#entity),
      `it ends at record ${tail}, and has had ${this.#seq}`,
    );
  }

  /** What a driver's failure means to the owner: anything but a refusal may have been written. */
  #failure(error: unknown): Fenced | OutcomeUnknown {
    if (error instanceof Conflict) return new Fenced(entityText(this.#entity), { cause: error });
    if (error instanceof OutcomeUnknown) return error;
    return new OutcomeUnknown(`a write to the journal of ${entityText(this.#entity)}`, { cause: error });
  }
}

/** A record as it is kept. */
interface RecordBody {
  readonly epoch: Epoch;
  /** Place of the record before it: 0 for the first. */
  readonly previous: number;
  readonly entries: readonly EncodedEntry[];
}

/** `o` the operation, `e` the events, `r` the reply in a list of one. */
interface EncodedEntry {
  readonly o?: string;
  readonly e: readonly unknown[];
  readonly r?: readonly unknown[];
}

function recordBody(epoch: Epoch, previous: number, entries: readonly JournalEntry[]): string {
  const encoded = entries.map((entry): EncodedEntry => {
    const { operationId: o, events: e } = entry;
    if (o === undefined) return { e };
    return "reply" in entry ? { o, e, r: [entry.reply] } : { o, e };
  });
  return encodeValue({ epoch, previous, entries: encoded } satisfies RecordBody);
}

function entryOf({ o, e, r }: EncodedEntry): JournalEntry {
  return { events: e, ...(o !== undefined && { operationId: o }), ...(r !== undefined && { reply: r[0] }) };
}

function parse(entity: EntityId, body: string): unknown {
  try {
    return decodeValue(body);
  } catch (cause) {
    throw new JournalDamaged(entityText(entity), "a record is not readable", { cause });
  }
}

function snapshotOf(entity: EntityId, { seq, body }: StoredSnapshot): Snapshot {
  const value = parse(entity, body);
  if (!isObject(value) || !("epoch" in value) || typeof value.epoch !== "number" || !("state" in value)) {
    throw new JournalDamaged(entityText(entity), "its snapshot is none");
  }
  return { seq, epoch: value.epoch, state: value.state };
}

function isRecordBody(value: unknown): value is RecordBody {
  return isObject(value) && "epoch" in value && typeof value.epoch === "number" && "previous" in value &&
    typeof value.previous === "number" && "entries" in value && Array.isArray(value.entries) &&
    value.entries.every(isEncodedEntry);
}

function isEncodedEntry(value: unknown): value is EncodedEntry {
  return isObject(value) && "e" in value && Array.isArray(value.e) &&
    (!("o" in value) || typeof value.o === "string") && (!("r" in value) || Array.isArray(value.r));
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

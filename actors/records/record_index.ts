/**
 * The index of all records: the actor that owns the record file.
 *
 * @module
 */
import { type WallSeconds, wallSeconds } from "../../protocols/records.ts";
import { assertNever, type Behavior, type Context, type Ref } from "../runtime/mod.ts";
import { type Cancellable, errorText } from "../world/world.ts";
import { type AgeLimit, Ages, isDue } from "./age.ts";
import { Claim } from "./claim.ts";
import type { Begin, IndexOpened, RecordIndexCommand, RecordIndexEvent } from "./index_messages.ts";
import { Intents } from "./intents.ts";
import { RecordFile } from "./record_file.ts";
import { recover, type StorePlaces } from "./recovery.ts";

/** One record, as the index knows it. */
interface Entry {
  readonly id: string;
  stamp: WallSeconds;
  place: number;
  offset: number;
}

/**
 * So often it is tried to make the record file durable and to remove the journal: it takes a moment without
 * changes.
 */
const SETTLE_MS = 1000;
/** The wait after a failed update of the record file. */
const RETRY_MS = 1000;

/** Options of {@linkcode recordIndex}. */
export interface RecordIndexOptions extends StorePlaces {
  /**
   * From so many intents on, those that are done with are weeded out even while changes go on. @default 8192
   */
  readonly manyIntents?: number;
}

/**
 * Keeps the record file, and who is due.
 *
 * How a change becomes durable: its id is written to a journal and synced (one sync for all that wait, none
 * where the id stands there already); then its file is replaced; then the record file's line is changed in
 * place; then it is acknowledged. The record file itself is synced when it is quiet, and only then the
 * journal removed: after a crash the journal names all that may differ, and the files say what is true. So
 * the cost of a change does not depend on how many records there are, and the record file is up to date at
 * each acknowledgement.
 *
 * It is opened by a message of its own, so that a server can make sure first that it is alone: see
 * {@linkcode recover}.
 */
export function recordIndex(options: RecordIndexOptions): Behavior<RecordIndexCommand | RecordIndexEvent> {
  return (self) => async (message) => {
    if (message.type !== "open") return self.stash.push(message);
    let opened: IndexOpened;
    try {
      const index = await openIndex(self, options);
      self.become((next) => index.handle(next));
      opened = { type: "opened" };
    } catch (error) {
      // It says so and lives on: those who have begun something must not wait for it while everything is
      // stopped.
      self.become((next) => refuse(next, error));
      opened = { type: "not-opened", error };
    }
    self.stash.unstashAll();
    message.replyTo.tell(opened);
  };
}

async function openIndex(
  self: Context<RecordIndexCommand | RecordIndexEvent>,
  options: RecordIndexOptions,
): Promise<RecordIndex> {
  const claim = await Claim.take(self.world.disk, options);
  try {
    const index = await openLocked(self, options, claim);
    self.onStop(async () => {
      await index.close().finally(() => claim.release());
    });
    return index;
  } catch (error) {
    claim.release();
    throw error;
  }
}

async function openLocked(
  self: Context<RecordIndexCommand | RecordIndexEvent>,
  options: RecordIndexOptions,
  claim: Claim,
): Promise<RecordIndex> {
  const { disk } = self.world;
  const recordFile = new RecordFile(disk, `${options.recordDirectory}/${options.recordName}`);
  const intents = new Intents(disk, `${options.recordDirectory}/.${options.recordName}.journal`);
  const { stamps, remarks } = await recover(self.world, options, recordFile, intents);
  for (const remark of remarks) self.log.warn(remark, { event: "index-recovered" });
  // With the record file durable as it was recovered, what a former life intended is done with.
  const index = new RecordIndex(self, { recordFile, intents, claim }, stamps, options.manyIntents ?? 8192);
  await index.rewrite();
  await intents.forgetLeftOver();
  return index;
}

/** What an index answers that could not be opened. Nothing was begun, so nothing can end. */
function refuse(message: RecordIndexCommand | RecordIndexEvent, error: unknown): void {
  if (message.type === "begin") message.replyTo.tell({ type: "failed", error });
  else if (message.type === "get-due") message.replyTo.tell({ type: "due", ids: [] });
  else if (message.type === "get-count") message.replyTo.tell(0);
}

/** What an index owns on the disk. */
interface OwnFiles {
  readonly recordFile: RecordFile;
  readonly intents: Intents;
  readonly claim: Claim;
}

class RecordIndex {
  readonly #self: Context<RecordIndexCommand | RecordIndexEvent>;
  readonly #recordFile: RecordFile;
  readonly #intents: Intents;
  readonly #claim: Claim;
  #claiming: Promise<void> | undefined;
  readonly #manyIntents: number;
  readonly #entries = new Map<string, Entry>();
  readonly #ages = new Ages<Entry>(() => this.#entries.values());
  /** Changes that have begun, or wait to, and have not ended. */
  readonly #open = new Set<string>();
  #beginning: Begin[] = [];
  /** What is done with the journal: one thing at a time. */
  #journalWork: "adding" | "settling" | undefined;
  #journalDone: Promise<unknown> = Promise.resolve();
  #settleTimer: Cancellable | undefined;
  /** Entries whose lines are to be written, and those whose lines are being written. */
  #changed = new Set<Entry>();
  #updating = new Set<Entry>();
  #waiting: Ref<"shown">[] = [];
  /** The whole file must be written: lines must go, or nobody knows what it holds. */
  #mustRewrite = false;
  #isUpdating = false;
  #updateDone: Promise<unknown> = Promise.resolve();

  constructor(
    self: Context<RecordIndexCommand | RecordIndexEvent>,
    { recordFile, intents, claim }: OwnFiles,
    stamps: ReadonlyMap<string, WallSeconds>,
    manyIntents: number,
  ) {
    this.#self = self;
    this.#recordFile = recordFile;
    this.#intents = intents;
    this.#claim = claim;
    this.#manyIntents = manyIntents;
    for (const [id, stamp] of stamps) this.#put(id, stamp);
  }

  /** Writes the whole record file. */
  async rewrite(): Promise<void> {
    await this.#recordFile.rewrite(this.#entries.values());
  }

  handle(message: RecordIndexCommand | RecordIndexEvent): void {
    switch (message.type) {
      case "open":
        return message.replyTo.tell({ type: "opened" });
      case "begin":
        return this.#begin(message);
      case "stored":
        if (message.isDurable) this.#open.delete(message.id);
        this.#changed.add(this.#put(message.id, message.stamp));
        this.#waiting.push(message.replyTo);
        return this.#update();
      case "unchanged":
        this.#open.delete(message.id);
        return;
      case "gone":
        this.#open.delete(message.id);
        return this.#drop(message.id);
      case "get-due":
        return message.replyTo.tell({ type: "due", ids: this.#due(message.limit) });
      case "get-count":
        return message.replyTo.tell(this.#entries.size);
      case "intended":
        for (const { replyTo } of message.begun) replyTo.tell({ type: "yes" });
        return this.#journalIsFree();
      case "not-intended":
        for (const { id, replyTo } of message.begun) {
          this.#open.delete(id);
          replyTo.tell({ type: "failed", error: message.error });
        }
        return this.#journalIsFree();
      case "settle":
        this.#settleTimer = undefined;
        if (!this.#isQuiet()) return this.#settleLater();
        return this.#settle();
      case "settled":
        return this.#journalIsFree();
      case "not-settled":
        this.#self.log.error(`Cannot make the record file durable: ${errorText(message.error)}`, {
          event: "index-not-durable",
        });
        this.#journalWork = undefined;
        this.#settleLater();
        this.#addIntents();
        // Somebody may have removed it.
        this.#mustRewrite = true;
        return this.#update();
      case "updated":
        return this.#updated(message.waiting);
      case "not-updated":
        return this.#notUpdated(message.waiting, message.error);
      case "update-again":
        this.#isUpdating = false;
        return this.#update();
      default:
        assertNever(message);
    }
  }

  /** Leaves the record file up to date and durable, and in the journal only what did not end. */
  async close(): Promise<void> {
    await Promise.all([this.#journalDone, this.#updateDone]);
    // Others stand there: what was not ended is named by the journal in those that were moved away.
    if (this.#claim.hasMoved) return this.#intents.close();
    try {
      if (this.#changed.size > 0 || this.#updating.size > 0 || this.#mustRewrite) {
        await this.rewrite();
      }
      if (this.#intents.size > 0) {
        await this.#recordFile.sync();
        await this.#intents.keep([...this.#open]);
      }
    } finally {
      this.#intents.close();
    }
  }

  #put(id: string, stamp: WallSeconds): Entry {
    let entry = this.#entries.get(id);
    if (entry === undefined) {
      entry = { id, stamp, place: -1, offset: -1 };
      this.#entries.set(id, entry);
    }
    entry.stamp = stamp;
    const { clock } = this.#self.world;
    this.#ages.put(entry, wallSeconds(clock.now(), clock));
    return entry;
  }

  #drop(id: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.#entries.delete(id);
    this.#ages.remove(entry);
    this.#changed.delete(entry);
    this.#mustRewrite = true;
    this.#update();
  }

  #due(limit: AgeLimit): string[] {
    return this.#ages.due(limit).map(({ id }) => id).filter((id) => !this.#open.has(id));
  }

  #begin(message: Begin): void {
    const { id, ifDue, replyTo } = message;
    const entry = this.#entries.get(id);
    if (ifDue !== undefined && (entry === undefined || !isDue(entry.stamp, ifDue))) {
      return replyTo.tell({ type: "not-due" });
    }
    this.#open.add(id);
    // While it is settled, an id that stands in the journal may be about to go.
    if (this.#intents.has(id) && this.#journalWork !== "settling" && !this.#claim.hasMoved) {
      return replyTo.tell({ type: "yes" });
    }
    this.#beginning.push(message);
    this.#useJournal();
  }

  #journalIsFree(): void {
    this.#journalWork = undefined;
    if (this.#intents.size > 0) this.#settleLater();
    this.#useJournal();
  }

  #useJournal(): void {
    if (this.#journalWork !== undefined || this.#beginning.length === 0) return;
    if (this.#intents.size >= this.#manyIntents && this.#unsettled().size < this.#manyIntents / 2) {
      this.#settle();
    } else this.#addIntents();
  }

  #addIntents(): void {
    if (this.#beginning.length === 0) return;
    this.#journalWork = "adding";
    const begun = this.#beginning;
    this.#beginning = [];
    const added = this.#adding(begun);
    this.#journalDone = added.catch(() => {});
    this.#self.pipe(
      added,
      () => ({ type: "intended", begun }),
      (error) => ({ type: "not-intended", begun, error }),
    );
  }

  async #adding(begun: readonly Begin[]): Promise<void> {
    const ids = begun.map(({ id }) => id);
    if (!this.#claim.hasMoved) return await this.#intents.add(ids);
    await this.#claimAnew();
    await this.#intents.add([...new Set([...this.#unsettled(), ...ids])]);
  }

  /** Takes what has come in the place of the directories, if nobody else has it. */
  #claimAnew(): Promise<void> {
    return this.#claiming ??= this.#moveOver().finally(() => this.#claiming = undefined);
  }

  async #moveOver(): Promise<void> {
    await this.#claim.renew();
    this.#self.log.warn("The folders were replaced, and are taken anew", { event: "folders-replaced" });
    this.#intents.forget();
    this.#mustRewrite = true;
  }

  #settleLater(): void {
    this.#settleTimer ??= this.#self.after(SETTLE_MS, { type: "settle" });
  }

  #isQuiet(): boolean {
    return this.#journalWork === undefined && this.#unsettled().size === 0 && !this.#mustRewrite;
  }

  /** The records that may differ on the disk and in the record file. */
  #unsettled(): Set<string> {
    const ids = new Set(this.#open);
    for (const { id } of this.#changed) ids.add(id);
    for (const { id } of this.#updating) ids.add(id);
    return ids;
  }

  /** What is not unsettled now has its line in the record file: that needs but to be synced. */
  #settle(): void {
    this.#journalWork = "settling";
    const keep = [...this.#unsettled()];
    const settle = async () => {
      if (this.#claim.hasMoved) await this.#claimAnew();
      await this.#recordFile.sync();
      await this.#intents.keep(keep);
    };
    const settled = settle();
    this.#journalDone = settled.catch(() => {});
    this.#self.pipe(settled, () => ({ type: "settled" }), (error) => ({ type: "not-settled", error }));
  }

  #update(): void {
    if (this.#isUpdating || (this.#changed.size === 0 && !this.#mustRewrite)) return;
    this.#isUpdating = true;
    const changed = this.#updating = this.#changed;
    const waiting = this.#waiting;
    this.#changed = new Set();
    this.#waiting = [];
    const updated = this.#bringUpToDate(changed);
    this.#updateDone = updated.catch(() => {});
    this.#self.pipe(
      updated,
      () => ({ type: "updated", waiting }),
      (error) => ({ type: "not-updated", waiting, error }),
    );
  }

  async #bringUpToDate(changed: Iterable<Entry>): Promise<void> {
    if (this.#claim.hasMoved) await this.#claimAnew();
    const mustRewrite = this.#mustRewrite;
    this.#mustRewrite = false;
    await (mustRewrite ? this.rewrite() : this.#recordFile.update(changed, this.#entries.values()));
  }

  #updated(waiting: readonly Ref<"shown">[]): void {
    this.#isUpdating = false;
    this.#updating = new Set();
    for (const replyTo of waiting) replyTo.tell("shown");
    this.#update();
  }

  /** The files are changed, and the journal says so: the changes stand. Only the record file is behind. */
  #notUpdated(waiting: readonly Ref<"shown">[], error: unknown): void {
    this.#self.log.error(`Cannot update the record file: ${errorText(error)}`, {
      event: "index-not-updated",
    });
    for (const entry of this.#updating) this.#changed.add(entry);
    this.#updating = new Set();
    this.#mustRewrite = true;
    for (const replyTo of waiting) replyTo.tell("shown");
    this.#self.after(RETRY_MS, { type: "update-again" });
  }
}

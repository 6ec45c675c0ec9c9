/**
 * Gives records that have become old the present time.
 *
 * @module
 */
import { wallSeconds } from "../../protocols/records.ts";
import { assertNever, type Behavior, type Context, type Ref } from "../runtime/mod.ts";
import type { AgeLimit } from "./age.ts";
import type { RecordCommand, Refreshed } from "./record.ts";
import type { DueRecords, RecordIndexCommand } from "./index_messages.ts";
import { errorText } from "../world/world.ts";

/** What the refresher is told by itself and by those that it asked. */
export type RefresherEvent = { readonly type: "check" } | DueRecords | Refreshed;

/** Options of {@linkcode refresher}. */
export interface RefresherOptions {
  readonly index: Ref<RecordIndexCommand>;
  readonly archive: Ref<RecordCommand>;
  /** Milliseconds between two checks. */
  readonly intervalMs: number;
  /** Records older than this are due. */
  readonly thresholdMs: number;
  /** The most records that are refreshed at once, so that clients are served meanwhile. @default 8 */
  readonly maxAtOnce?: number;
}

/**
 * Asks the index, from time to time, who is due, and has each record refresh itself: in order with what
 * clients do with it, so that no write is undone. A check that falls into a refresh that is still going on is
 * left out.
 */
export function refresher(options: RefresherOptions): Behavior<RefresherEvent> {
  return (self) => {
    self.every(options.intervalMs, { type: "check" });
    const rounds = new Refresher(self, options);
    return (event) => rounds.handle(event);
  };
}

class Refresher {
  readonly #self: Context<RefresherEvent>;
  readonly #options: RefresherOptions;
  readonly #maxAtOnce: number;
  #isBusy = false;
  #due: Iterator<string> = [].values();
  #underWay = 0;

  constructor(self: Context<RefresherEvent>, options: RefresherOptions) {
    this.#self = self;
    this.#options = options;
    this.#maxAtOnce = options.maxAtOnce ?? 8;
  }

  handle(event: RefresherEvent): void {
    switch (event.type) {
      case "check":
        return this.#check();
      case "due":
        this.#due = event.ids.values();
        return this.#goOn();
      case "refreshed":
        this.#underWay--;
        this.#report(event);
        return this.#goOn();
      default:
        assertNever(event);
    }
  }

  #check(): void {
    if (this.#isBusy) return;
    this.#isBusy = true;
    this.#self.log.plain("Updating files...", { event: "refresh-started" });
    this.#options.index.tell({ type: "get-due", limit: this.#limit(), replyTo: this.#self.self });
  }

  #goOn(): void {
    while (this.#underWay < this.#maxAtOnce) {
      const next = this.#due.next();
      if (next.done) break;
      this.#underWay++;
      const limit = this.#limit();
      this.#options.archive.tell({ type: "refresh", id: next.value, limit, replyTo: this.#self.self });
    }
    if (this.#underWay > 0) return;
    this.#isBusy = false;
    this.#self.log.plain("Files updated.", { event: "refreshed" });
  }

  #report({ id, outcome }: Refreshed): void {
    const { log } = this.#self;
    if (outcome.type === "updated") {
      log.plain(`File of client ${id} updated.`, { event: "record-refreshed", id });
    } else if (outcome.type === "gone") {
      log.warn(`File of client ${id} is gone: dropped from the record file`, { event: "record-gone", id });
    } else if (outcome.type === "failed") {
      const { error } = outcome;
      log.error(`Cannot update the file of client ${id}: ${errorText(error)}`, {
        event: "record-not-refreshed",
        id,
      });
    }
  }

  /** A datestamp is old when it is older than the threshold by a millisecond or more. */
  #limit(): AgeLimit {
    const { clock } = this.#self.world;
    const nowMs = clock.now();
    return {
      now: wallSeconds(nowMs, clock),
      notAfter: wallSeconds(nowMs - this.#options.thresholdMs - 1, clock),
    };
  }
}

/**
 * One client's file while it is in use.
 *
 * @module
 */
import {
  datestampOf,
  MAX_DATA_LIMIT_BYTES,
  type RecordsResponse,
  type WallSeconds,
  wallSeconds,
  withDatestamp,
} from "../../protocols/records.ts";
import { assertNever, type Behavior, type Context, type Ref } from "../runtime/mod.ts";
import { type ApproveReplacement, type DirectorySync, replaceFile } from "../store/atomic_file.ts";
import { isSameFile } from "../store/same_file.ts";
import { dirname, errorText, isNotFound, WorldError } from "../world/world.ts";
import type { AgeLimit } from "./age.ts";
import type { BeginReply, RecordIndexCommand } from "./index_messages.ts";

/** An answer to a client, and which of its requests it is for. */
export interface Answered {
  /** Tells it from other messages. */
  readonly type: "answered";
  /** The request's own. */
  readonly tag: number;
  /** What the client is told. */
  readonly response: RecordsResponse;
}

/** How the refresh of one record ended. */
export interface Refreshed {
  readonly type: "refreshed";
  readonly id: string;
  readonly outcome:
    | { readonly type: "updated" }
    /** Somebody else has written it meanwhile. */
    | { readonly type: "not-due" }
    /** Its file is no longer there. */
    | { readonly type: "gone" }
    | { readonly type: "failed"; readonly error: unknown };
}

/** Somebody else has written the file while it was refreshed. */
class ChangedMeanwhile extends Error {
  override readonly name: string = "ChangedMeanwhile";
}

/** What can be done with a record. */
export type RecordCommand =
  | { readonly type: "read"; readonly id: string; readonly tag: number; readonly replyTo: Ref<Answered> }
  | {
    readonly type: "write";
    readonly id: string;
    readonly text: string;
    readonly tag: number;
    readonly replyTo: Ref<Answered>;
  }
  /** Give it the present time if it is due. */
  | {
    readonly type: "refresh";
    readonly id: string;
    readonly limit: AgeLimit;
    readonly replyTo: Ref<Refreshed>;
  };

/** Options of {@linkcode recordActor}. */
export interface RecordOptions {
  readonly id: string;
  /** Its file. */
  readonly path: string;
  /** The directory of all these files, out of which no link may lead. */
  readonly directory: string;
  readonly index: Ref<RecordIndexCommand>;
  /** Shared by all whose files are in the directory. */
  readonly names: DirectorySync;
  /** Told after each command. */
  readonly done: Ref<{ readonly type: "done"; readonly id: string }>;
}

/** The index answers as fast as the disk does; an end to the waiting all the same. */
const INDEX_TIMEOUT_MS = 60_000;

/**
 * Owns one client's file: what is done with it is done one after the other, and each write is durable when it
 * is answered.
 */
export function recordActor(options: RecordOptions): Behavior<RecordCommand> {
  return (self) => {
    const file = new ClientFile(self, options);
    return async (command) => {
      try {
        await file.handle(command);
      } finally {
        options.done.tell({ type: "done", id: options.id });
      }
    };
  };
}

class ClientFile {
  readonly #self: Context<RecordCommand>;
  readonly #options: RecordOptions;

  constructor(self: Context<RecordCommand>, options: RecordOptions) {
    this.#self = self;
    this.#options = options;
  }

  async handle(command: RecordCommand): Promise<void> {
    const { id } = this.#options;
    switch (command.type) {
      case "read":
        command.replyTo.tell({
          type: "answered",
          tag: command.tag,
          response: await this.#counted("read", this.#read()),
        });
        return;
      case "write":
        command.replyTo.tell({
          type: "answered",
          tag: command.tag,
          response: await this.#counted("write", this.#write(command.text)),
        });
        return;
      case "refresh":
        command.replyTo.tell({ type: "refreshed", id, outcome: await this.#refresh(command.limit) });
        return;
      default:
        assertNever(command);
    }
  }

  async #counted(request: "read" | "write", answer: Promise<RecordsResponse>): Promise<RecordsResponse> {
    const response = await answer;
    this.#self.meter.counter("troupe.records.requests", {
      unit: "{request}",
      description: "Requests that were answered.",
      attributes: { "troupe.request": request, "troupe.outcome": response.type },
    }).add(1);
    return response;
  }

  async #read(): Promise<RecordsResponse> {
    const { id: clientId } = this.#options;
    try {
      return textAnswer(clientId, await this.#readFile());
    } catch (error) {
      if (isNotFound(error)) return { type: "error", clientId, data: "Client not found." };
      return { type: "error", clientId, data: this.#explain("read", error) };
    }
  }

  async #write(text: string): Promise<RecordsResponse> {
    const { id: clientId, index } = this.#options;
    const content = new TextEncoder().encode(text);
    const stamp = datestampOf(content) ?? this.#now();
    try {
      const begun = await this.#begin();
      if (begun.type === "failed") throw begun.error;
      const failure = await this.#replace(content, stamp);
      return failure === undefined
        ? { type: "success", clientId, data: "File updated successfully." }
        : { type: "error", clientId, data: this.#explain("write", failure.error) };
    } catch (error) {
      index.tell({ type: "unchanged", id: clientId });
      return { type: "error", clientId, data: this.#explain("write", error) };
    }
  }

  async #refresh(limit: AgeLimit): Promise<Refreshed["outcome"]> {
    const { id, index } = this.#options;
    try {
      const begun = await this.#begin(limit);
      if (begun.type === "failed") throw begun.error;
      if (begun.type === "not-due") return begun;
      const stamp = this.#now();
      const { disk } = this.#self.world;
      const { path } = this.#options;
      const found = await disk.stat(path);
      const record = await this.#readFile();
      // Who deletes or edits the file meanwhile, by hand, is not undone.
      const failure = await this.#replace(withDatestamp(record, stamp), stamp, async () => {
        if (!isSameFile(found, disk.statNow?.(path) ?? await disk.stat(path))) throw new ChangedMeanwhile();
      });
      return failure === undefined ? { type: "updated" } : { type: "failed", ...failure };
    } catch (error) {
      if (error instanceof ChangedMeanwhile) {
        index.tell({ type: "unchanged", id });
        return { type: "not-due" };
      }
      if (isNotFound(error)) {
        index.tell({ type: "gone", id });
        return { type: "gone" };
      }
      index.tell({ type: "unchanged", id });
      return { type: "failed", error };
    }
  }

  #readFile(): Promise<Uint8Array> {
    const { directory: within, path } = this.#options;
    return this.#self.world.disk.readFile(path, { within, maxBytes: MAX_DATA_LIMIT_BYTES });
  }

  #now(): WallSeconds {
    const { clock } = this.#self.world;
    return wallSeconds(clock.now(), clock);
  }

  #begin(ifDue?: AgeLimit): Promise<BeginReply> {
    const { id, index } = this.#options;
    return index.ask<BeginReply>(
      (replyTo) => ({ type: "begin", id, ...(ifDue === undefined ? {} : { ifDue }), replyTo }),
      { timeoutMs: INDEX_TIMEOUT_MS },
    );
  }

  /**
   * Puts new content in the file's place and has the record file show it. Says what kept it from being
   * durable.
   */
  async #replace(
    content: Uint8Array,
    stamp: WallSeconds,
    approve?: ApproveReplacement,
  ): Promise<{ readonly error: unknown } | undefined> {
    const { directory: within, id, index, names, path } = this.#options;
    const { disk } = this.#self.world;
    const replaced = await replaceFile(disk, path, content, { within }, approve);
    // From here on the file is the new one, whatever happens: the index must hear of it.
    const synced = replaced === path ? names.sync() : disk.syncDirectory(dirname(replaced));
    const failure = await synced.then(() => undefined, (error: unknown) => ({ error }));
    const isDurable = failure === undefined;
    await index.ask<"shown">(
      (replyTo) => ({ type: "stored", id, stamp, isDurable, replyTo }),
      { timeoutMs: INDEX_TIMEOUT_MS },
    );
    return failure;
  }

  /** Says it in the log whole, and to the client without the paths of this machine. */
  #explain(what: "read" | "write", error: unknown): string {
    this.#self.log.error(errorText(error), { event: "record-failed" });
    const isNamed = error instanceof WorldError && error.kind !== "other";
    const reason = isNamed ? error.kind.replaceAll("-", " ") : "the disk is in trouble";
    return `Cannot ${what} the file: ${reason}.`;
  }
}

const UTF8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** The answer to a client that asked for a record. */
export function textAnswer(clientId: string, record: Uint8Array): RecordsResponse {
  return { type: "success", clientId, data: UTF8.decode(record) };
}

/**
 * All client files, each through an actor of its own.
 *
 * @module
 */
import type { Behavior, Context, Ref } from "../runtime/mod.ts";
import { DirectorySync } from "../store/atomic_file.ts";
import { fileNameOf } from "./client_files.ts";
import type { RecordIndexCommand } from "./index_messages.ts";
import { RecentRecords } from "./recent_records.ts";
import { recordActor, type RecordCommand } from "./record.ts";

/** What the archive is told by its records. */
export interface RecordDone {
  readonly type: "done";
  readonly id: string;
}

/** Options of {@linkcode archive}. */
export interface ArchiveOptions {
  readonly filesDirectory: string;
  readonly index: Ref<RecordIndexCommand>;
  /** The most files in use at once; what is for others waits. @default 64 */
  readonly maxFilesInUse?: number;
}

/** Starts an actor for a client's file when it is needed, and stops it when nothing is left to do. */
export function archive(options: ArchiveOptions): Behavior<RecordCommand | RecordDone> {
  return (self) => {
    const archive = new Archive(self, options);
    return (message) => message.type === "done" ? archive.done(message.id) : archive.take(message);
  };
}

/** A file in use. */
interface InUse {
  readonly record: Ref<RecordCommand>;
  /** Commands that it has not done yet. */
  left: number;
}

class Archive {
  readonly #self: Context<RecordCommand | RecordDone>;
  readonly #options: ArchiveOptions;
  readonly #maxInUse: number;
  readonly #names: DirectorySync;
  readonly #inUse = new Map<string, InUse>();
  /** By file, so that what is for one file stays in order; the file that waits longest is first. */
  readonly #waiting = new Map<string, RecordCommand[]>();
  readonly #recent: RecentRecords;
  #started = 0;

  constructor(self: Context<RecordCommand | RecordDone>, options: ArchiveOptions) {
    this.#self = self;
    this.#options = options;
    this.#maxInUse = options.maxFilesInUse ?? 64;
    this.#names = new DirectorySync(self.world.disk, options.filesDirectory);
    this.#recent = new RecentRecords(self.world, options.filesDirectory);
  }

  take(command: RecordCommand): void {
    const { id } = command;
    const inUse = this.#inUse.get(id);
    if (inUse !== undefined) return give(inUse, command);
    const waiting = this.#waiting.get(id);
    if (waiting !== undefined) waiting.push(command);
    else if (command.type === "read" && this.#readNow(command)) return;
    else if (this.#inUse.size < this.#maxInUse) give(this.#start(id), command);
    else this.#waiting.set(id, [command]);
  }

  done(id: string): void {
    const inUse = this.#inUse.get(id);
    if (inUse === undefined || --inUse.left > 0) return;
    this.#inUse.delete(id);
    this.#self.stop(inUse.record);
    this.#recent.used(id);
    for (const [nextId, commands] of this.#waiting) {
      this.#waiting.delete(nextId);
      const next = this.#start(nextId);
      for (const command of commands) give(next, command);
      return;
    }
  }

  #readNow({ id, tag, replyTo }: Extract<RecordCommand, { type: "read" }>): boolean {
    const response = this.#recent.read(id);
    if (response === undefined) return false;
    replyTo.tell({ type: "answered", tag, response });
    return true;
  }

  #start(id: string): InUse {
    const { filesDirectory, index } = this.#options;
    const path = `${filesDirectory}/${fileNameOf(id)}`;
    // Not by the id alone: the one that was stopped may still be there by name.
    const name = `${id}-${++this.#started}`;
    const done: Ref<RecordDone> = this.#self.self;
    const record = this.#self.spawn(
      name,
      recordActor({ id, path, directory: filesDirectory, index, names: this.#names, done }),
    );
    const inUse = { record, left: 0 };
    this.#inUse.set(id, inUse);
    return inUse;
  }
}

function give(inUse: InUse, command: RecordCommand): void {
  inUse.left++;
  inUse.record.tell(command);
}

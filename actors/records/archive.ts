/**
 * All client files, each through an actor of its own.
 *
 * @module
 */
import type { Behavior, Context, Ref } from "../runtime/mod.ts";
import { DirectorySync } from "../store/atomic_file.ts";
import { fileNameOf } from "./client_files.ts";
import { recordActor, type RecordCommand, textAnswer } from "./record.ts";
import type { RecordIndexCommand } from "./index_messages.ts";

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

/**
 * So many of the files that were used last are taken to be in the system's memory, those of up to so many
 * bytes.
 */
const MAX_RECENT = 4096;
const MAX_BYTES_AT_ONCE = 65536;

class Archive {
  readonly #self: Context<RecordCommand | RecordDone>;
  readonly #options: ArchiveOptions;
  readonly #maxInUse: number;
  readonly #names: DirectorySync;
  readonly #inUse = new Map<string, InUse>();
  /** By file, so that what is for one file stays in order; the file that waits longest is first. */
  readonly #waiting = new Map<string, RecordCommand[]>();
  /** Clients whose file was used last, the latest last. */
  readonly #recent = new Set<string>();
  #started = 0;

  constructor(self: Context<RecordCommand | RecordDone>, options: ArchiveOptions) {
    this.#self = self;
    this.#options = options;
    this.#maxInUse = options.maxFilesInUse ?? 64;
    this.#names = new DirectorySync(self.world.disk, options.filesDirectory);
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
    this.#remember(id);
    for (const [nextId, commands] of this.#waiting) {
      this.#waiting.delete(nextId);
      const next = this.#start(nextId);
      for (const command of commands) give(next, command);
      return;
    }
  }

  /**
   * Reads what is in the system's memory without an actor and a trip to another thread; false where only
   * these will do.
   */
  #readNow({ id, tag, replyTo }: Extract<RecordCommand, { type: "read" }>): boolean {
    const { disk } = this.#self.world;
    if (disk.readFileNow === undefined || !this.#recent.has(id)) return false;
    const { filesDirectory: within } = this.#options;
    try {
      const record = disk.readFileNow(`${within}/${fileNameOf(id)}`, { within, maxBytes: MAX_BYTES_AT_ONCE });
      replyTo.tell({ type: "answered", tag, response: textAnswer(id, record) });
      return true;
    } catch {
      // The actor finds out what is the matter.
      this.#recent.delete(id);
      return false;
    }
  }

  #remember(id: string): void {
    this.#recent.delete(id);
    this.#recent.add(id);
    if (this.#recent.size <= MAX_RECENT) return;
    for (const oldest of this.#recent) {
      this.#recent.delete(oldest);
      return;
    }
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

/**
 * What was said, remembered.
 *
 * @module
 */
import { MAX_HISTORY_LINES } from "../../protocols/chat.ts";
import { assertNever, type Behavior, type Ref } from "../runtime/mod.ts";
import { LogFile } from "../store/log_file.ts";
import { type Disk, type DiskFile, WorldError } from "../world/world.ts";
import type { HistoryCommand } from "./messages.ts";

/** Options of {@linkcode history}. */
export interface HistoryOptions {
  /** Where it is kept. @default in memory alone */
  readonly file?: string;
  /**
   * UTF-16 units of all rooms' lines that are kept at once, each with 128 for what is stored beside it; over it, rooms in
   * which nothing was said for longest go. @default 32 Mi
   */
  readonly maxLength?: number;
}

type Command =
  | HistoryCommand
  | { readonly type: "saved"; readonly replies: Ref<void>; readonly error?: unknown };

/** The file is written anew without what is no longer needed when it is this large, and this many times larger than that. */
const COMPACT_ABOVE_BYTES = 4 * 1024 * 1024;
const COMPACT_RATIO = 4;

/** What a line counts for beside its text: short ones, each in a room of its own, must not fill the memory either. */
const LINE_LENGTH = 128;

/** The first record of a history: any other file is not to be taken for one whose end was cut off. */
const SIGNATURE = "troupe chat history 1";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * The keeper of the history: the last lines of each room. With a file, a line is on the disk before it is passed on, so
 * that whatever anybody has read is there after a crash.
 *
 * Its start rejects when the file cannot be opened or read.
 */
export function history(options: HistoryOptions = {}): Behavior<HistoryCommand> {
  const { file, maxLength = 32 * 1024 * 1024 } = options;
  const behavior: Behavior<Command> = async (self) => {
    const { disk } = self.world;
    const kept = new KeptLines(maxLength);
    let log = file === undefined ? undefined : await openHistory(disk, file, (record) => kept.replay(record));
    if (log !== undefined && log.cutBytes > 0) {
      self.log.warn(`Removed ${log.cutBytes} bytes at the end of ${log.path}, cut off by a crash`);
    }
    self.onStop(() => log?.close());

    let compactAboveBytes = COMPACT_ABOVE_BYTES;
    const compact = async () => {
      if (log === undefined || log.length < Math.max(compactAboveBytes, COMPACT_RATIO * kept.length)) return;
      // Should it fail, it is not tried again at the next line.
      compactAboveBytes = 2 * log.length;
      try {
        log = await rewritten(disk, log, kept.records());
        compactAboveBytes = COMPACT_ABOVE_BYTES;
      } catch (error) {
        self.log.warn(`Cannot shorten ${log.path}: ${String(error)}`);
      }
    };

    return (message) => {
      switch (message.type) {
        case "keep": {
          const { room, lines, replyTo } = message;
          for (const line of lines) {
            kept.add(room, line);
            log?.append(toRecord(room, line));
          }
          if (log === undefined) return replyTo.tell();
          self.pipe<unknown>(
            log.sync(),
            () => ({ type: "saved", replies: replyTo }),
            (error) => ({ type: "saved", replies: replyTo, error }),
          );
          return;
        }
        case "last":
          message.replyTo.tell(kept.last(message.room, message.lines));
          return;
        case "saved":
          if (message.error !== undefined) {
            // The talk goes on: a full disk is no reason to silence people.
            self.log.error(`Cannot keep what was said in ${file}: ${String(message.error)}`);
          }
          message.replies.tell();
          return compact();
        default:
          assertNever(message);
      }
    };
  };
  return behavior as Behavior<HistoryCommand>;
}

/** Puts a new file with these records alone in the place of a log that nothing is under way to. */
async function rewritten(disk: Disk, log: LogFile, records: Iterable<Uint8Array>): Promise<LogFile> {
  const { path } = log;
  const freshPath = `${path}.new`;
  // One that a crash left behind would be added to.
  await disk.remove(freshPath).catch((error: unknown) => {
    if (!(error instanceof WorldError && error.kind === "not-found")) throw error;
  });
  const fresh = await openHistory(disk, freshPath);
  for (const record of records) fresh.append(record);
  await fresh.close();
  await disk.rename(freshPath, path);
  await disk.syncFolder(/^(.*[\\/])?/.exec(path)?.[0] || ".");
  await log.close();
  return await openHistory(disk, path);
}

/** Opens a history, or begins one. Rejects, and leaves the file as it is, when it is something else. */
async function openHistory(
  disk: Disk,
  path: string,
  replay: (record: Uint8Array) => void = () => {},
): Promise<LogFile> {
  if (!await isHistory(disk, path)) {
    throw new WorldError("invalid-data", `Cannot use ${path}: it is not a chat's history`);
  }
  const log = await LogFile.open(disk, path, { form: "framed", replay });
  if (log.length === 0) log.append(SIGNATURE);
  return log;
}

/** Whether a file begins as a history does: with the length of its signature, of which a crash may have left zeros. */
async function isHistory(disk: Disk, path: string): Promise<boolean> {
  let file: DiskFile;
  try {
    file = await disk.open(path);
  } catch {
    // It is not there, or not to be read: opening it as a log tells.
    return true;
  }
  try {
    const beginning = new Uint8Array(4);
    await file.read(beginning, 0);
    return beginning.every((byte, index) => byte === 0 || index === 3 && byte === SIGNATURE.length);
  } finally {
    file.close();
  }
}

/** The last lines of each room, bounded together. */
class KeptLines {
  /** Rooms in the order of their last line, the oldest first. */
  readonly #rooms = new Map<string, string[]>();
  readonly #maxLength: number;
  #length = 0;

  constructor(maxLength: number) {
    this.#maxLength = maxLength;
  }

  /** UTF-16 units of all lines, and what each counts for beside them. */
  get length(): number {
    return this.#length;
  }

  add(room: string, line: string): void {
    const lines = this.#rooms.get(room) ?? [];
    this.#rooms.delete(room);
    this.#rooms.set(room, lines);
    lines.push(line);
    this.#length += LINE_LENGTH + line.length;
    if (lines.length > MAX_HISTORY_LINES) this.#length -= LINE_LENGTH + (lines.shift()?.length ?? 0);
    while (this.#length > this.#maxLength && this.#rooms.size > 1) this.#dropOldest();
  }

  last(room: string, count: number): readonly string[] {
    return this.#rooms.get(room)?.slice(-count) ?? [];
  }

  replay(record: Uint8Array): void {
    // The signature has no line, and so is passed over.
    const [room, line] = fromRecord(record);
    if (room !== undefined && line !== undefined) this.add(room, line);
  }

  *records(): Iterable<Uint8Array> {
    for (const [room, lines] of this.#rooms) {
      for (const line of lines) yield toRecord(room, line);
    }
  }

  #dropOldest(): void {
    for (const [room, lines] of this.#rooms) {
      for (const line of lines) this.#length -= LINE_LENGTH + line.length;
      this.#rooms.delete(room);
      return;
    }
  }
}

/** A room's key is a folded name and so has no line end; a line has none either. */
function toRecord(room: string, line: string): Uint8Array {
  return encoder.encode(`${room}\n${line}`);
}

function fromRecord(record: Uint8Array): (string | undefined)[] {
  return decoder.decode(record).split("\n", 2);
}

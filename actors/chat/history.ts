/**
 * What was said, remembered.
 *
 * @module
 */
import { MAX_HISTORY_LINES } from "../../protocols/chat.ts";
import { assertNever, type Behavior, type Ref, withPrivateMessages } from "../runtime/mod.ts";
import type { EventCodec } from "../store/journal.ts";
import { openFileJournal } from "../store/file_journal.ts";
import { errorText } from "../world/world.ts";
import type { HistoryCommand } from "./owner_messages.ts";

/** Options of {@linkcode history}. */
export interface HistoryOptions {
  /** Where it is kept. @default in memory alone */
  readonly file?: string;
  /**
   * UTF-16 units of all rooms' lines that are kept at once, each with 128 for what is stored beside it; over
   * it, rooms in which nothing was said for longest go. @default 32 Mi
   */
  readonly maxLength?: number;
}

type Private = { readonly type: "saved"; readonly replies: Ref<void>; readonly error?: unknown };

/**
 * The file is written anew without what is no longer needed when it is this large, and this many times larger
 * than that.
 */
const COMPACT_ABOVE_BYTES = 4 * 1024 * 1024;
const COMPACT_RATIO = 4;

/**
 * What a line counts for beside its text: short ones, each in a room of its own, must not fill the memory
 * either.
 */
const LINE_LENGTH = 128;

/** The wait after a snapshot that failed, before the next. */
const SNAPSHOT_RETRY_MS = 1000;

const SIGNATURE = { text: "troupe chat history 1", of: "a chat's history" };

/** A line that was said. */
interface Said {
  readonly room: string;
  readonly line: string;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A room's key is a folded name and so has no line end; a line has none either. */
const codec: EventCodec<Said> = {
  encode: ({ room, line }) => encoder.encode(`${room}\n${line}`),
  decode(record) {
    const [room, line] = decoder.decode(record).split("\n", 2);
    return room === undefined || line === undefined ? undefined : { room, line };
  },
};

/**
 * The history: the last lines of each room. With a file, a line is on the disk before it is
 * passed on, so that whatever anybody has read is there after a crash.
 *
 * Its start rejects when the file cannot be opened or read.
 */
export function history(options: HistoryOptions = {}): Behavior<HistoryCommand> {
  const { file, maxLength = 32 * 1024 * 1024 } = options;
  return withPrivateMessages<HistoryCommand, Private>(async (self) => {
    const kept = new KeptLines(maxLength);
    const journal = file === undefined ? undefined : await openFileJournal(self.world, file, {
      codec,
      signature: SIGNATURE,
      replay: ({ room, line }) => kept.add(room, line),
      warn: (text) => self.log.warn(text, { event: "journal-damaged" }),
    });
    self.onStop(() => journal?.close());
    const said = self.meter.counter("troupe.chat.lines", {
      unit: "{line}",
      description: "Lines that went into the history of a room.",
    });

    /** Lines that could not be saved stand in memory alone, until a snapshot. */
    let isBehind = false;
    let notBeforeMs = -Infinity;
    const isSnapshotDue = (bytes: number) =>
      isBehind || bytes >= Math.max(COMPACT_ABOVE_BYTES, COMPACT_RATIO * kept.length);
    const snapshotIfDue = async () => {
      const nowMs = self.world.clock.monotonic();
      if (journal === undefined || nowMs < notBeforeMs || !isSnapshotDue(journal.bytes)) return;
      try {
        await journal.snapshot(() => kept.lines());
        isBehind = false;
      } catch (error) {
        notBeforeMs = nowMs + SNAPSHOT_RETRY_MS;
        self.log.warn(`Cannot write ${file} anew: ${errorText(error)}`, { event: "history-not-rewritten" });
      }
    };

    return (message) => {
      switch (message.type) {
        case "keep": {
          const { room, lines, replyTo } = message;
          for (const line of lines) kept.add(room, line);
          said.add(lines.length);
          if (journal === undefined) return replyTo.tell();
          journal.append(lines.map((line) => ({ room, line })));
          // From here on it is durable: nobody is sent a line before `saved`.
          self.pipe<unknown>(
            journal.commit(),
            () => ({ type: "saved", replies: replyTo }),
            (error) => ({ type: "saved", replies: replyTo, error }),
          );
          return;
        }
        case "last":
          message.replyTo.tell(kept.last(message.room, message.lines));
          return;
        case "saved":
          message.replies.tell();
          if (message.error === undefined) return snapshotIfDue();
          // The talk goes on: a full disk is no reason to silence people.
          self.log.error(`Cannot keep what was said in ${file}: ${errorText(message.error)}`, {
            event: "history-not-kept",
          });
          isBehind = true;
          return;
        default:
          assertNever(message);
      }
    };
  });
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

  *lines(): Iterable<Said> {
    for (const [room, lines] of this.#rooms) {
      for (const line of lines) yield { room, line };
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

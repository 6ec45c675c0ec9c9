/**
 * Dead letters in the log: a few a second, and how many more there were.
 *
 * @module
 */
import { type Cancellable, type Clock, errorText, type LogLevel, type LogRecord } from "../world/world.ts";
import type { DeadLetterReason } from "./events.ts";
import { inWords } from "./in_words.ts";
import type { Placed } from "./system_core.ts";

/** Lines a second. */
const MAX_LINES = 5;
const WINDOW_MS = 1000;

/** Writes the lines about the dead letters of one system. */
export class DeadLetterLog {
  readonly #clock: Clock;
  readonly #write: (record: LogRecord) => void;
  #windowEnd: Cancellable | undefined;
  #lines = 0;
  #untold = 0;
  /** As that of the lines that were left out. */
  #untoldLevel: LogLevel = "debug";
  #isOpen = true;

  constructor(clock: Clock, write: (record: LogRecord) => void) {
    this.#clock = clock;
    this.#write = write;
  }

  add(message: unknown, target: Placed, reason: DeadLetterReason, level: LogLevel): void {
    if (!this.#isOpen) return;
    if (this.#lines >= MAX_LINES) {
      this.#untold++;
      if (level !== "debug") this.#untoldLevel = level;
      return;
    }
    this.#lines++;
    this.#windowEnd ??= this.#clock.timer(WINDOW_MS, () => this.#endWindow());
    const actor = target.path;
    const text = `Dead letter for ${actor} (${reason}): ${kindOf(message)}`;
    this.#write({ level, actor, message: text, fields: { reason } });
  }

  /** The system is gone: from now on they are counted, and leave no timer behind. */
  dispose(): void {
    this.#isOpen = false;
    this.#windowEnd?.cancel();
    this.#endWindow();
  }

  #endWindow(): void {
    this.#windowEnd = undefined;
    this.#lines = 0;
    if (this.#untold === 0) return;
    const [count, level] = [this.#untold, this.#untoldLevel];
    this.#untold = 0;
    this.#untoldLevel = "debug";
    this.#write({ level, actor: "/", message: `${count} more dead letters`, fields: { count } });
  }
}

/** What a message is, not what it says: that may be secret, or long. */
function kindOf(message: unknown): string {
  try {
    if (typeof message !== "object" || message === null) return typeof message;
    if ("type" in message && typeof message.type === "string") return inWords(message.type);
    return Object.prototype.toString.call(message);
  } catch (error) {
    return `a message that throws when it is looked at: ${errorText(error)}`;
  }
}

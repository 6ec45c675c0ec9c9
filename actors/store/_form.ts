import type { WorldError } from "../world/world.ts";
import type { ByteQueue } from "./_byte_queue.ts";
import type { OwnedFile } from "./_owned_file.ts";
import type { Intent } from "./_torn_tail.ts";

/** What was found in a file that was opened, or that somebody else has changed. */
export interface Recovered {
  /** Where the next record goes. */
  readonly length: number;
  /** Bytes cut off the end. */
  readonly cutBytes: number;
  /** NUL bytes of a text that was not left in good order. */
  readonly nulBytes?: number;
  /** Why what a killed process may have left in the system's memory alone could not be written again. */
  readonly notWrittenAgain?: WorldError;
  /** Where what could not be read was put; undefined where all could. */
  readonly setAsideAs?: string;
}

/** What somebody else has done to a file. */
export interface OthersEdits {
  /** Where the file was left, or where it ends now if it is another one. */
  readonly length: number;
  /** What stands between that and its end. */
  readonly appended: Uint8Array;
  /** It is another file, or shorter, than it was left. */
  readonly replaced: boolean;
  readonly setAsideAs?: string;
}

/** What was found by two looks. */
export function both(first: OthersEdits, second: OthersEdits): OthersEdits {
  return { ...first, ...second, replaced: first.replaced || second.replaced };
}

/** How records lie in a file, and what that means for a crash and for others who write to it. */
export interface RecordForm {
  /** Adds a record to what is to be written. */
  push(queue: ByteQueue, record: string | Uint8Array): void;
  /** Reads a file that was just opened, and removes what a crash cut off. */
  recover(owned: OwnedFile, replay: ((record: Uint8Array) => void) | undefined): Promise<Recovered>;
  /**
   * Looks at a file that is not as it was left: nothing that others wrote is overwritten, no hole is left.
   */
  findOthersEdits(owned: OwnedFile, length: number): Promise<OthersEdits>;
  /** Whether the file, as it was left or found to be another, ends in the middle of a line. */
  readonly isMidLine: boolean;
  /**
   * What must stand before the first record of a batch that begins at `start`, after what others `appended`.
   */
  lead(start: number, appended: Uint8Array): Uint8Array;
  /** A batch is in the file, at `start`; at 0 it is all that the file holds. */
  written(start: number, bytes: Uint8Array): void;
  /** Whether a write must be announced first, for a crash in the middle of it to be recognised. */
  mustAnnounce(own: Intent, durable: boolean): boolean;
  /**
   * A sync is about to be tried of what stands between `syncedLength` and `length`: who opens the log after a
   * kill is to know that it may have failed.
   */
  beforeSync(length: number, syncedLength: number): Promise<void>;
  /** Announces a write; what stands before `syncedLength` is on the disk. */
  announce(own: Intent, durable: boolean, syncedLength: number): Promise<void>;
  /** Whether {@linkcode RecordForm.announceNow} would do for `count` bytes at `offset`. */
  canAnnounceNow(offset: number, count: number): boolean;
  /** As `announce` without a sync, but done when it returns. */
  announceNow(own: Intent, syncedLength: number): void;
  /** What was announced is in the file. */
  announced(own: Intent): Promise<void>;
  /** The file ends in good order: what stands beside it goes. */
  finish(): Promise<void>;
  /** Lets go of what stands beside the file. */
  close(): void;
}

export const NOTHING: Uint8Array<ArrayBuffer> = new Uint8Array(0);

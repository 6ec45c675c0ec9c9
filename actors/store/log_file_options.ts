/**
 * How a log file is opened, and what a write put into it.
 *
 * @module
 */
import type { Clock } from "../world/world.ts";
import type { Signature } from "./_framed_form.ts";

/**
 * What the file looks like.
 *
 * - `text`: a plain text that people may read and edit; a record is a line. What the file holds is never
 *   rewritten; the next record starts on a line of its own. While it is in use, `PATH.journal` stands beside
 *   it; where that is found at open, what may not be on the disk is written again.
 * - `framed`: any bytes. Before each record stand its length and the CRC-32C of both, four bytes each,
 *   big-endian. A record that is damaged costs that one, and all up to the end that it claims where a later
 *   one ends there; what cannot be read is kept in `PATH.damaged-TIME`.
 */
export type LogForm = "text" | "framed";

/** Options of {@linkcode LogFile.open}. */
export interface LogFileOptions {
  /** How records lie in the file. */
  readonly form: LogForm;
  /** Called with each record that is there, oldest first; bytes are valid until it returns. */
  readonly replay?: (record: Uint8Array) => void;
  /** Framed form: the first record, by which the file is known; it is not replayed. @default none */
  readonly signature?: Signature;
  /**
   * Names the time in `PATH.damaged-TIME`. With it, {@linkcode LogFile.flushNow} also looks only every few
   * milliseconds whether somebody else has replaced the file; without it, each time. @default none
   */
  readonly clock?: Clock;
}

/** What one write put at the end of a {@linkcode LogFile}. */
export interface Batch {
  /** Where in the file `bytes` begin. */
  readonly start: number;
  /** Exactly what is new in the file. Shared: not to be changed. */
  readonly bytes: Uint8Array;
  /** Of `bytes`, how many somebody else has appended in the meantime; they stand first. */
  readonly othersBytes: number;
  /**
   * Of `bytes`, how many stand before the first record: what others appended, and the end of a line that had
   * none.
   */
  readonly leadBytes: number;
  /** The first byte ends a line that had no end; it is no line of its own. */
  readonly endsLine: boolean;
  /** True when the file is another one, or shorter, than it was left: somebody else has edited it. */
  readonly replaced: boolean;
  /**
   * The file in which is kept what somebody else had written and is no record; undefined where there was
   * none.
   */
  readonly setAsideAs?: string;
}

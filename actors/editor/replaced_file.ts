/**
 * A file that has lost its name to a new one, for those who have it open all the same.
 *
 * @module
 */
import type { DiskFile } from "../world/world.ts";
import { decodeStrictly, readWhole } from "./known_text.ts";

/** What somebody has written to a file that had been replaced. */
export interface LateSave {
  /** What it held before. */
  readonly base: string;
  readonly text: string;
}

/** A part of a file. */
export interface ByteRange {
  readonly from: number;
  readonly to: number;
}

/** Options of {@linkcode ReplacedFile}. */
export interface ReplacedFileOptions {
  /** What it held when it was replaced. */
  readonly held: string;
  /** Bytes of that; undefined where they are not known. */
  readonly size: number | undefined;
  /** What of it a sync that failed may have lost. */
  readonly unsure: ByteRange | undefined;
  /** A longer one is not read: nobody can tell what was done to it. */
  readonly maxBytes: number;
  readonly nowMs: number;
}

/** Somebody may write to it for so long after it was replaced, or after they wrote to it last. */
const LATE_MS = 2000;
/** What was written is whole when it has been as it is for so long, unless it was only put at the end. */
const SETTLE_MS = 1000;
/** A longer file is not read to see whether it differs where it is as long as it was. */
const MAX_COMPARED_BYTES = 1 << 20;

const ENCODER = new TextEncoder();

/**
 * Looks whether somebody writes to the old file: `echo >>` opens a file and writes to it a moment later, and
 * in between it may have been replaced.
 */
export class ReplacedFile {
  readonly #file: DiskFile;
  readonly #maxBytes: number;
  readonly #unsure: ByteRange | undefined;
  #held: string;
  #size: number | undefined;
  #changedAtMs: number;
  /** What was found last, and since when: nobody knows yet whether that is all of it. */
  #found: { readonly text: string; readonly sinceMs: number } | undefined;

  /** @param file open for reading; owned from now on */
  constructor(file: DiskFile, { held, size, unsure, maxBytes, nowMs }: ReplacedFileOptions) {
    this.#file = file;
    this.#maxBytes = maxBytes;
    this.#unsure = unsure;
    this.#held = held;
    this.#size = size;
    this.#changedAtMs = nowMs;
  }

  /** Whether nobody writes to it any more, by all that is known. */
  isOver(nowMs: number): boolean {
    return this.#found === undefined && nowMs - this.#changedAtMs > LATE_MS;
  }

  /** What was written since the last look. */
  async look(nowMs: number): Promise<LateSave | undefined> {
    // To read all of it each time would cost too much: a change that keeps the size is seen in the end.
    const isLast = nowMs - this.#changedAtMs > LATE_MS;
    const text = await this.#read(isLast);
    const base = this.#held;
    if (text === undefined || text === base || isDropped(text, base, this.#unsure)) {
      this.#found = undefined;
      return undefined;
    }
    if (this.#found?.text !== text) {
      this.#found = { text, sinceMs: nowMs };
      this.#changedAtMs = nowMs;
    }
    const isWhole = text.startsWith(base) || nowMs - this.#found.sinceMs >= SETTLE_MS;
    if (!isWhole) return undefined;
    this.#found = undefined;
    // Who leaves it empty has not saved a text.
    if (text === "") return undefined;
    this.#held = text;
    return { base, text };
  }

  /** Undefined where it is as it was, or is no text. */
  async #read(isLast: boolean): Promise<string | undefined> {
    try {
      const size = await this.#file.size();
      const isSame = size === this.#size && this.#found === undefined;
      if (isSame && (!isLast || size > MAX_COMPARED_BYTES)) return undefined;
      this.#size = size;
      if (size > this.#maxBytes) return undefined;
      const bytes = await readWhole(this.#file, size);
      return bytes && decodeStrictly(bytes);
    } catch {
      // Nobody can tell any more.
      return undefined;
    }
  }

  /** Nothing is lost of it, whatever the disk says to that. */
  close(): void {
    try {
      this.#file.close();
    } catch {
      // It was only read.
    }
  }
}

/**
 * Whether it is as it was but for zeros where a sync has failed: what is shown there afterwards need not be
 * what was written.
 */
export function isDropped(text: string, base: string, unsure: ByteRange | undefined): boolean {
  if (unsure === undefined || !text.includes("\0")) return false;
  const [bytes, known] = [ENCODER.encode(text), ENCODER.encode(base)];
  return bytes.length >= known.length &&
    bytes.every((byte, at) => byte === known[at] || (byte === 0 && at >= unsure.from && at < unsure.to));
}

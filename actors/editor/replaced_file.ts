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

/**
 * Looks whether somebody writes to the old file: `echo >>` opens a file and writes to it a moment later, and
 * in between it may have been replaced.
 */
export class ReplacedFile {
  readonly #file: DiskFile;
  #held: string;

  /**
   * @param file open for reading; owned from now on
   * @param held what it held when it was replaced
   */
  constructor(file: DiskFile, held: string) {
    this.#file = file;
    this.#held = held;
  }

  /** What was written since the last look. */
  async look(): Promise<LateSave | undefined> {
    let text: string | undefined;
    try {
      const bytes = await readWhole(this.#file, await this.#file.size());
      text = bytes && decodeStrictly(bytes);
    } catch {
      // Nobody can tell any more.
    }
    const base = this.#held;
    // One that is empty is about to be written.
    if (text === undefined || text === base || text === "") return undefined;
    this.#held = text;
    return { base, text };
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

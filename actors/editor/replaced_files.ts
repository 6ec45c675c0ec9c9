/**
 * The files that a document's file was before it was replaced.
 *
 * @module
 */
import type { LateSave, ReplacedFile } from "./replaced_file.ts";

/** So many are looked at, the latest. */
const MAX_REPLACED = 24;

/** Looks whether somebody writes to one of them. */
export class ReplacedFiles {
  /** The latest last. */
  #files: ReplacedFile[] = [];
  #late: (save: LateSave) => void = () => {};
  #isClosed = false;

  /** Says who is told of what somebody has written to one of them. */
  onLateSave(late: (save: LateSave) => void): void {
    this.#late = late;
  }

  /** Takes over one more. */
  add(file: ReplacedFile): void {
    if (this.#isClosed) return file.close();
    this.#files.push(file);
    const [oldest] = this.#files;
    if (oldest !== undefined && this.#files.length > MAX_REPLACED) this.#forget(oldest);
  }

  /** Looks at all of them. */
  async look(nowMs: number): Promise<void> {
    for (const file of [...this.#files]) {
      const save = await file.look(nowMs);
      if (save !== undefined) this.#late(save);
      if (file.isOver(nowMs)) this.#forget(file);
    }
  }

  /** Nobody is told of late saves any more. */
  close(): void {
    this.#isClosed = true;
    this.#late = () => {};
    for (const file of this.#files.splice(0)) file.close();
  }

  #forget(file: ReplacedFile): void {
    file.close();
    this.#files = this.#files.filter((other) => other !== file);
  }
}

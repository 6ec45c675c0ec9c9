/**
 * An open file of the real disk.
 *
 * @module
 */
import type { DiskFile } from "../disk.ts";
import { WorldError } from "../error.ts";
import { worldError } from "./error.ts";

/** A file with one cursor, used as one that is addressed by offset. */
export class DenoFile implements DiskFile {
  #path: string;
  #file: Deno.FsFile;
  #closed = false;
  /** The file has one cursor: what needs it goes one after the other. */
  #last: Promise<unknown> = Promise.resolve();
  #underWay = 0;
  /** Where the cursor stands; -1 when that is not known. */
  #cursor = -1;

  constructor(path: string, file: Deno.FsFile) {
    this.#path = path;
    this.#file = file;
  }

  #inTurn<T>(doing: string, work: () => Promise<T>): Promise<T> {
    this.#underWay++;
    this.#cursor = -1;
    const done = this.#last.then(work).catch((error: unknown): never => {
      throw worldError(`${doing} ${this.#path}`, error);
    }).finally(() => this.#underWay--);
    this.#last = done.catch(() => {});
    return done;
  }

  read(buffer: Uint8Array, offset: number): Promise<number | null> {
    return this.#inTurn("read", () => {
      this.#file.seekSync(offset, Deno.SeekMode.Start);
      return this.#file.read(buffer);
    });
  }

  write(bytes: Uint8Array, offset: number): Promise<void> {
    return this.#inTurn("write", async () => {
      this.#file.seekSync(offset, Deno.SeekMode.Start);
      let written = await this.#file.write(bytes);
      while (written < bytes.length) {
        written += await this.#file.write(bytes.subarray(written));
      }
    });
  }

  writeNow(bytes: Uint8Array, offset: number): void {
    const doing = `write ${this.#path}`;
    if (this.#underWay > 0) throw new WorldError("other", `Cannot ${doing}: something else is under way`);
    try {
      if (offset !== this.#cursor) this.#file.seekSync(offset, Deno.SeekMode.Start);
      let written = this.#file.writeSync(bytes);
      while (written < bytes.length) written += this.#file.writeSync(bytes.subarray(written));
      this.#cursor = offset + written;
    } catch (error) {
      this.#cursor = -1;
      throw worldError(doing, error);
    }
  }

  sync(): Promise<void> {
    return this.#inTurn("sync", () => this.#file.syncData());
  }

  truncate(length: number): Promise<void> {
    return this.#inTurn("truncate", () => this.#file.truncate(length));
  }

  size(): Promise<number> {
    return this.#inTurn("look at", async () => (await this.#file.stat()).size);
  }

  sizeNow(): number {
    const doing = `look at ${this.#path}`;
    if (this.#underWay > 0) throw new WorldError("other", `Cannot ${doing}: something else is under way`);
    try {
      // An eighth of the cost of a look at all that is known of the file; what is written next is written
      // here.
      return this.#cursor = this.#file.seekSync(0, Deno.SeekMode.End);
    } catch (error) {
      this.#cursor = -1;
      throw worldError(doing, error);
    }
  }

  tryLock(): Promise<boolean> {
    // There a lock would keep out those who only read, too: this very process's other handles, and people.
    if (Deno.build.os === "windows") return Promise.resolve(true);
    // A file system that has no locks cannot tell.
    return this.#inTurn("lock", () => this.#file.tryLock(true).catch(() => true));
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#file.close();
  }
}

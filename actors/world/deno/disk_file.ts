/**
 * An open file of Deno's disk.
 *
 * @module
 */
import type { DiskFile } from "../disk.ts";
import { Turns } from "../real/turns.ts";

/** A file with one cursor, used as one that is addressed by offset: what needs the cursor takes turns. */
export class DenoFile implements DiskFile {
  readonly #turns: Turns;
  readonly #file: Deno.FsFile;
  #isClosed = false;
  /** Where the cursor stands; -1 when that is not known. */
  #cursor = -1;

  constructor(path: string, file: Deno.FsFile) {
    this.#turns = new Turns(path);
    this.#file = file;
  }

  #inTurn<T>(doing: string, work: () => Promise<T>): Promise<T> {
    this.#cursor = -1;
    return this.#turns.take(doing, work);
  }

  /** Does something at once. The cursor is lost when it fails. */
  #now<T>(doing: string, work: () => T): T {
    const cursor = this.#cursor;
    this.#cursor = -1;
    return this.#turns.now(doing, () => {
      this.#cursor = cursor;
      try {
        return work();
      } catch (error) {
        this.#cursor = -1;
        throw error;
      }
    });
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
    this.#now("write", () => {
      if (offset !== this.#cursor) this.#file.seekSync(offset, Deno.SeekMode.Start);
      let written = this.#file.writeSync(bytes);
      while (written < bytes.length) written += this.#file.writeSync(bytes.subarray(written));
      this.#cursor = offset + written;
    });
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
    // An eighth of the cost of a look at all that is known of the file; what is written next is written here.
    return this.#now("look at", () => this.#cursor = this.#file.seekSync(0, Deno.SeekMode.End));
  }

  tryLock(): Promise<boolean> {
    // There a lock would keep out those who only read, too: this very process's other handles, and people.
    if (Deno.build.os === "windows") return Promise.resolve(true);
    // A file system that has no locks cannot tell.
    return this.#inTurn("lock", () => this.#file.tryLock(true).catch(() => true));
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#file.close();
  }
}

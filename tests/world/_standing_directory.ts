import type { FileFacts, NamedEntry } from "../../actors/world/real/files.ts";
import { DenoLoop } from "../../actors/world/deno/loop.ts";
import { watchByLooking } from "../../actors/world/real/watched_directory.ts";
import { deadline } from "../_helpers.ts";

const FACTS: FileFacts = {
  isFile: true,
  isDirectory: false,
  isSymlink: false,
  size: 1,
  mtime: null,
  dev: 1,
  ino: 1,
  nlink: 1,
  mode: 0o644,
  uid: 0,
  gid: 0,
};

/** A directory in a time that stands still until a test lets it go on; it was last changed at `time`. */
export class StandingDirectory implements Disposable {
  time: Date;
  readonly #now = Date.now;
  readonly #files = new Map<string, FileFacts>();
  readonly #read = Promise.withResolvers<void>();
  readonly #names = Promise.withResolvers<void>();
  #told = Promise.withResolvers<void>();
  #passedMs = 0;

  constructor(beganMs = 1_800_000_000_001) {
    this.time = new Date(beganMs);
    Date.now = () => beganMs + this.#passedMs;
  }

  [Symbol.dispose](): void {
    Date.now = this.#now;
  }

  watch({ holdsNames = false }: { readonly holdsNames?: boolean } = {}): Disposable {
    if (!holdsNames) this.giveNames();
    const files = {
      statSync: () => ({ ...FACTS, isFile: false, isDirectory: true, mtime: this.time }),
      lstatSync: (path: string) => this.#files.get(path.slice("/d/".length)) ?? FACTS,
      readDir: () => this.#entries(),
    };
    const watching = watchByLooking(
      files,
      new DenoLoop(),
      "/d",
      () => this.#told.resolve(),
      (error) => this.#told.reject(error),
    );
    return { [Symbol.dispose]: () => watching.cancel() };
  }

  /** A file of one byte comes, or is written anew; the directory's own time stays as it is. */
  put(name: string, { mtime }: { readonly mtime: Date }): void {
    this.#files.set(name, { ...FACTS, mtime });
  }

  goOn(ms: number): void {
    this.#passedMs += ms;
  }

  giveNames(): void {
    this.#names.resolve();
  }

  /** Waits until the names have been read once. */
  isRead(): Promise<void> {
    return deadline(this.#read.promise);
  }

  /** Waits until a change is told that was not told before. */
  async isTold(): Promise<void> {
    await deadline(this.#told.promise);
    this.#told = Promise.withResolvers();
  }

  async *#entries(): AsyncGenerator<NamedEntry> {
    await this.#names.promise;
    for (const name of [...this.#files.keys()]) {
      yield { name, isFile: true, isDirectory: false, isSymlink: false };
    }
    this.#read.resolve();
  }
}

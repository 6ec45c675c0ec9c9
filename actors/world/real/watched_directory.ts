/**
 * A directory that is watched by looking at it.
 *
 * @module
 */
import type { Cancellable } from "../clock.ts";
import { failure } from "../failure.ts";
import type { FileFacts, Files } from "./files.ts";
import { forEachEntry, type SocketTurn } from "./paced_entries.ts";

/** The directory is looked at so often. */
const LOOK_MS = 100;
/** Looks at its files take so long at most, one after the other in turn. */
const FILES_MS = 0.4;
/** So many are looked at between two looks at the clock. */
const FILES_AT_ONCE = 8;
/** To read the names takes this part of the time at most, however often they change. */
const LIST_SHARE = 1 / 10;
/** A change may not show in the times of what was changed so short a while before, too. */
const TIME_STEP_MS = 20;
/** The same where a file system counts in seconds, or in two (FAT). */
const LONG_TIME_STEP_MS = 2000;

type WatchedFiles = Pick<Files, "statSync" | "lstatSync" | "readDir">;

/**
 * Watches a directory without opening or following anything that is in it. `Deno.watchFs` opens what is made
 * there: at a FIFO its thread stands still for ever, and the process never ends.
 *
 * What is made, removed or renamed there is told within 100 ms or so, what is written to a file after as long
 * where there are a hundred files; with 10,000 it takes some 10 s. Where times cannot tell whether there was
 * another change, one is told twice rather than not at all.
 */
export function watchByLooking(
  files: WatchedFiles,
  loop: SocketTurn,
  directory: string,
  changed: () => void,
  failed: (error: unknown) => void,
): Cancellable {
  const watched = new WatchedDirectory(files, loop, directory, changed);
  try {
    watched.start();
  } catch (error) {
    queueMicrotask(() => {
      if (!watched.isOver) failed(error);
    });
  }
  return { cancel: () => watched.stop() };
}

class WatchedDirectory {
  isOver = false;
  readonly #files: WatchedFiles;
  readonly #loop: SocketTurn;
  readonly #directory: string;
  readonly #changed: () => void;
  #stamp = "";
  /** By name what each file was when it was looked at last; null for what is no file. */
  #stamps = new Map<string, string | null>();
  /** What is still to be looked at in this round. */
  #round: Iterator<[string, string | null]> = this.#stamps.entries();
  /** The names are to be read: they may have changed. */
  #isListDue = true;
  #isListing = false;
  /** Names that were not known are news. */
  #tellsNames = false;
  /** Something may have come with the directory's time as it is. */
  #isTimeRecent = true;
  /** What has changed since then is news, though it is seen for the first time. */
  #watchedSinceMs = 0;
  #listAfterMs = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(files: WatchedFiles, loop: SocketTurn, directory: string, changed: () => void) {
    this.#files = files;
    this.#loop = loop;
    this.#directory = directory;
    this.#changed = changed;
  }

  /** Throws where there is no such directory. */
  start(): void {
    const info = this.#files.statSync(this.#directory);
    if (!info.isDirectory) throw failure("not-a-directory", `watch ${this.#directory}`);
    this.#watchedSinceMs = Date.now();
    this.#stamp = stampOf(info);
    // What has come since then, and does not show in the time, cannot be told from what was there.
    this.#tellsNames = isRecent(info, this.#watchedSinceMs);
    this.#look();
  }

  stop(): void {
    this.isOver = true;
    clearTimeout(this.#timer);
  }

  #look(): void {
    const isOther = this.#isOtherDirectory();
    const isChanged = this.#lookAtFiles() || isOther;
    if (this.#isListDue && !this.#isListing && performance.now() >= this.#listAfterMs) void this.#list();
    this.#timer = setTimeout(() => this.#look(), LOOK_MS);
    if (isChanged) this.#changed();
  }

  /** Whether something was made there, or is no longer there. */
  #isOtherDirectory(): boolean {
    let stamp = "";
    try {
      const info = this.#files.statSync(this.#directory);
      stamp = stampOf(info);
      this.#isTimeRecent = isRecent(info, Date.now());
    } catch {
      // It is gone, or cannot be read: as good as empty until it is back.
    }
    if (stamp === this.#stamp) return false;
    this.#stamp = stamp;
    this.#isListDue = true;
    this.#tellsNames = true;
    return true;
  }

  /** Looks at the next ones in turn; all of them, where they are few. */
  #lookAtFiles(): boolean {
    const since = performance.now();
    let isChanged = false;
    for (let left = this.#stamps.size; left > 0; left--) {
      let next = this.#round.next();
      if (next.done === true) {
        this.#round = this.#stamps.entries();
        next = this.#round.next();
      }
      if (next.done === true) break;
      const [name, known] = next.value;
      if (known === null) continue;
      const stamp = this.#stampOfFile(name);
      if (stamp !== known) {
        this.#stamps.set(name, stamp);
        isChanged = true;
      }
      if (left % FILES_AT_ONCE === 0 && performance.now() - since > FILES_MS) break;
    }
    return isChanged;
  }

  /** A link is not followed. */
  #stampOfFile(name: string): string {
    try {
      const info = this.#files.lstatSync(`${this.#directory}/${name}`);
      const sinceMs = this.#tellsNames ? Date.now() : this.#watchedSinceMs;
      // Such a stamp is another at the next look, which tells what has come meanwhile.
      return isRecent(info, sinceMs) ? `${stampOf(info)} recent` : stampOf(info);
    } catch {
      return "";
    }
  }

  async #list(): Promise<void> {
    this.#isListing = true;
    // Names that come after these in the same step of time do not show in it.
    this.#isListDue = this.#isTimeRecent;
    const begun = performance.now();
    const stamps = await this.#readNames();
    this.#listAfterMs = performance.now() + (performance.now() - begun) / LIST_SHARE;
    this.#isListing = false;
    if (this.isOver) return;
    if (stamps === undefined) {
      this.#isListDue = true;
      return;
    }
    const isOther = stamps.size !== this.#stamps.size ||
      [...stamps.keys()].some((name) => !this.#stamps.has(name));
    this.#stamps = stamps;
    this.#round = stamps.entries();
    if (isOther && this.#tellsNames) this.#changed();
    this.#tellsNames = true;
  }

  /** Undefined where it cannot be read now. */
  async #readNames(): Promise<Map<string, string | null> | undefined> {
    const stamps = new Map<string, string | null>();
    try {
      await forEachEntry(this.#files.readDir(this.#directory), this.#loop, ({ name, isFile }) => {
        stamps.set(name, isFile ? this.#stamps.get(name) ?? this.#stampOfFile(name) : null);
        return !this.isOver;
      });
      return stamps;
    } catch {
      return undefined;
    }
  }
}

function stampOf({ ino, size, mtime, mode }: FileFacts): string {
  return `${ino} ${size} ${mtime?.getTime()} ${mode}`;
}

/** Whether it has changed since then, or so short before that another change would have the same time. */
function isRecent({ mtime }: FileFacts, sinceMs: number): boolean {
  if (mtime === null) return true;
  const timeMs = mtime.getTime();
  const stepMs = timeMs % 1000 === 0 ? LONG_TIME_STEP_MS : TIME_STEP_MS;
  return timeMs > sinceMs - stepMs && timeMs < Date.now() + stepMs;
}

/**
 * Opening, reading and replacing regular files, and nothing but these.
 *
 * @module
 */
import { orClose } from "../_close_quietly.ts";
import type { OpenOptions, ReadFileOptions } from "../disk.ts";
import { basename, dirname } from "../path.ts";
import { failure } from "../failure.ts";
import { kindOf } from "./error.ts";
import type { FileFacts, Files, OpenedFile } from "./files.ts";
import { findPlace, isStillThere } from "./place.ts";

/** How often a file is opened anew when another one has taken its name meanwhile. */
const MAX_TRIES = 5;
const READ_BYTES = 1 << 16;

/**
 * Opens a file that was looked at first: nothing that could hang or has no end is opened, and no link made
 * meanwhile is followed.
 */
export async function openRegular<F extends OpenedFile>(
  files: Files<F>,
  path: string,
  doing: string,
  options: OpenOptions,
): Promise<F> {
  const { read = true, write = false, create = false, exclusive = false, truncate = false } = options;
  for (let tries = 1;; tries++) {
    const place = findPlace(files, path, doing, options);
    const { info } = place;
    if (info?.isDirectory) throw failure("is-a-directory", doing);
    if (info !== undefined && create && exclusive) throw failure("already-exists", doing);
    const createNew = info === undefined && create;
    let file: F;
    try {
      file = await files.open(place.path, { read, write, createNew });
    } catch (error) {
      // Somebody else was faster.
      const isRace = kindOf(error) === "already-exists" && !exclusive;
      if (isRace && tries < MAX_TRIES) continue;
      throw error;
    }
    const isFound = await orClose(file, async () => {
      if (info === undefined) return true;
      if (!isStillThere(file.statSync(), info)) return false;
      if (truncate && info.size > 0) await file.truncate(0);
      return true;
    });
    if (isFound) return file;
    file.close();
    if (tries === MAX_TRIES) throw failure("not-a-file", doing);
  }
}

/** The whole file; throws `too-large` when it has more than `maxBytes`. */
export async function readAll(
  file: OpenedFile,
  maxBytes: number,
  doing: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const { size } = file.statSync();
  if (size > maxBytes) throw failure("too-large", doing);
  let bytes = new Uint8Array(size + 1);
  let length = 0;
  while (true) {
    // One byte of room more than expected, which stays empty: so a file that was as long as it said needs no
    // copy.
    const count = await file.read(bytes.subarray(length));
    if (count === null) return bytes.subarray(0, length);
    length += count;
    if (length > maxBytes) throw failure("too-large", doing);
    if (length < bytes.length) continue;
    const larger = new Uint8Array(2 * length + READ_BYTES);
    larger.set(bytes);
    bytes = larger;
  }
}

/** The whole file, at once. */
export function readNow(
  files: Files,
  path: string,
  doing: string,
  options: ReadFileOptions,
): Uint8Array<ArrayBuffer> {
  const { path: real, info } = findPlace(files, path, doing, options);
  if (info === undefined) throw failure("not-found", doing);
  if (info.isDirectory) throw failure("is-a-directory", doing);
  const file = files.openSync(real, { read: true });
  try {
    const now = file.statSync();
    if (!isStillThere(now, info)) throw failure("not-a-file", doing);
    if (now.size > (options.maxBytes ?? Infinity)) throw failure("too-large", doing);
    const bytes = new Uint8Array(now.size);
    let length = 0;
    while (length < bytes.length) {
      const count = file.readSync(bytes.subarray(length));
      if (count === null) break;
      length += count;
    }
    return bytes.subarray(0, length);
  } finally {
    file.close();
  }
}

/** A name beside a file that nobody can foresee. */
export function temporaryBeside(path: string): string {
  return `${dirname(path)}/.${basename(path)}.${crypto.randomUUID()}.tmp`;
}

/** Gives a file the owner and the mode of another, as far as this process may. */
export function makeAlike(files: Files, path: string, { mode, uid, gid }: FileFacts): void {
  const now = files.lstatSync(path);
  if (uid !== null && gid !== null && (uid !== now.uid || gid !== now.gid)) {
    // Only root may give a file away; a group that one belongs to is kept at least.
    if (!attempted(() => files.chownSync(path, uid, gid))) attempted(() => files.chownSync(path, null, gid));
  }
  // Where the file system has no modes, it stays the owner's alone.
  if (mode !== null) attempted(() => files.chmodSync(path, mode & 0o7777));
}

function attempted(work: () => void): boolean {
  try {
    work();
    return true;
  } catch (error) {
    if (error instanceof Error && error.name === "NotCapable") throw error;
    return false;
  }
}

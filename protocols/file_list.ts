/**
 * Lists of file names: as they travel between peers, and as the leader's log shows them.
 *
 * @module
 */
import { isSurrogate } from "./_surrogates.ts";

/** The most bytes of a list, of one's own and of one that is taken from a peer. */
export const MAX_LIST_BYTES: number = 1024 * 1024;

/** The most names of a list. */
export const MAX_LIST_NAMES = 10_000;

/** The most bytes of one name, as file systems have it. */
export const MAX_NAME_BYTES = 255;

/** A list that was taken from a peer. */
export interface FileList {
  /** Sorted, each once. */
  readonly names: readonly string[];
  /** How many names were refused: see {@linkcode isFileName}. */
  readonly refused: number;
}

/**
 * Whether a name may stand in a list: one that stays in its directory and on its line.
 *
 * Refused are the empty name, `.` and `..`, path separators of any platform, control characters and line
 * separators, lone surrogates, and what is over {@linkcode MAX_NAME_BYTES}.
 *
 * @example
 * ```ts
 * import { isFileName } from "@troupe/actors/protocols/file-list";
 * import { assert } from "@std/assert";
 *
 * assert(isFileName("1_1.txt"));
 * assert(!isFileName("../1_1.txt"));
 * ```
 */
export function isFileName(name: string): boolean {
  return name !== "" && name !== "." && name !== ".." && name.isWellFormed() && !FORBIDDEN.test(name) &&
    (name.length * 3 <= MAX_NAME_BYTES || UTF8.encode(name).length <= MAX_NAME_BYTES);
}

/** Separators of paths, control characters (C0, DEL, C1), line and paragraph separators. */
// deno-lint-ignore no-control-regex
const FORBIDDEN = /[\/\\\u0000-\u001f\u007f-\u009f\u2028\u2029]/;
const UTF8 = new TextEncoder();

/**
 * The names that may stand in a list, sorted by code point (as UTF-8 sorts), each once.
 *
 * @example
 * ```ts
 * import { fileNames } from "@troupe/actors/protocols/file-list";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(fileNames(["b.txt", "a.txt", "b.txt", "../c.txt"]), ["a.txt", "b.txt"]);
 * ```
 */
export function fileNames(names: Iterable<string>): string[] {
  return [...new Set(names)].filter(isFileName).sort(compareCodePoints);
}

/**
 * As many of the names, from the first on, as a list may have: {@linkcode MAX_LIST_NAMES},
 * {@linkcode MAX_LIST_BYTES}.
 *
 * @example
 * ```ts
 * import { limitFileList, MAX_LIST_NAMES } from "@troupe/actors/protocols/file-list";
 * import { assertEquals } from "@std/assert";
 *
 * const names = Array.from({ length: MAX_LIST_NAMES + 1 }, (_, index) => `${index}.txt`);
 * assertEquals(limitFileList(names).length, MAX_LIST_NAMES);
 * ```
 */
export function limitFileList(names: readonly string[]): readonly string[] {
  let bytes = 0;
  let count = 0;
  for (const name of names.slice(0, MAX_LIST_NAMES)) {
    bytes += UTF8.encode(name).length + 1;
    if (bytes > MAX_LIST_BYTES) break;
    count++;
  }
  return count === names.length ? names : names.slice(0, count);
}

/**
 * The answer to `SEND`: one name a line.
 *
 * @example
 * ```ts
 * import { decodeFileList, encodeFileList } from "@troupe/actors/protocols/file-list";
 * import { assertEquals } from "@std/assert";
 *
 * const list = encodeFileList(["a.txt", "b.txt"]);
 * assertEquals(list, "a.txt\nb.txt\n");
 * assertEquals(decodeFileList(new TextEncoder().encode(list)), { names: ["a.txt", "b.txt"], refused: 0 });
 * ```
 */
export function encodeFileList(names: readonly string[]): string {
  return names.length === 0 ? "" : names.join("\n") + "\n";
}

/**
 * Reads the answer to `SEND`. Old nodes may end their lines with `\r\n`, and the last one with nothing.
 *
 * @throws `TypeError` on what is no UTF-8
 * @throws `RangeError` on more than {@linkcode MAX_LIST_NAMES} names
 */
export function decodeFileList(bytes: Uint8Array): FileList {
  const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  const lines = text.split("\n").map((line) => line.endsWith("\r") ? line.slice(0, -1) : line);
  const given = lines.filter((line) => line !== "");
  if (given.length > MAX_LIST_NAMES) throw new RangeError(`its list has over ${MAX_LIST_NAMES} names`);
  const names = fileNames(given);
  return { names, refused: given.filter((name) => !isFileName(name)).length };
}

/** The names of one node, for {@linkcode formatFileLog}. */
export interface NodeFiles {
  /** Its ID. */
  readonly node: number;
  /** Sorted. */
  readonly names: readonly string[];
}

/**
 * A name that would look like a heading of the log, or like the empty line before one, stands in it with a
 * backslash before it, which no name has.
 */
function logLine(name: string): string {
  const looks = name.normalize("NFKC").replaceAll(INVISIBLE, "");
  return (/^(?:(?:leader)?node\p{Nd}+files:)?$/iu.test(looks) ? "\\" + name : name) + "\n";
}

/** What people do not see, or see as a blank. */
const INVISIBLE = /[\s\p{Z}\p{Cf}\u115f\u1160\u2800\u3164\uffa0]/gu;

/**
 * The leader's log: its own files, then every other node's in the order of their IDs.
 *
 * @example
 * ```ts
 * import { formatFileLog } from "@troupe/actors/protocols/file-list";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(
 *   formatFileLog(1, [{ node: 2, names: ["b.txt"] }, { node: 1, names: ["a.txt"] }]),
 *   "Leader Node 1 files:\na.txt\n\nNode 2 files:\nb.txt\n",
 * );
 * ```
 */
export function formatFileLog(leader: number, lists: readonly NodeFiles[]): string {
  const others = lists.filter(({ node }) => node !== leader).sort((a, b) => a.node - b.node);
  const sections = [...lists.filter(({ node }) => node === leader), ...others];
  return sections
    .map(({ node, names }) =>
      `${node === leader ? "Leader " : ""}Node ${node} files:\n${names.map(logLine).join("")}`
    )
    .join("\n");
}

/** UTF-16 sorts what lies beyond the first plane before U+E000 to U+FFFF; code points, like UTF-8, do not. */
function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const left = a.charCodeAt(index);
    const right = b.charCodeAt(index);
    if (left !== right) {
      const leftBeyond = isSurrogate(left);
      const rightBeyond = isSurrogate(right);
      return leftBeyond === rightBeyond ? left - right : leftBeyond ? 1 : -1;
    }
  }
  return a.length - b.length;
}

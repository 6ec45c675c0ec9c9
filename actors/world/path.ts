/**
 * Paths of files.
 *
 * @module
 */

/**
 * The directory in which a path lies: `.` for a bare name, `/` for what lies in the root.
 *
 * @example
 * ```ts
 * import { dirname } from "@troupe/actors";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(["/data/log", "log", "/log", "a/b/"].map(dirname), ["/data", ".", "/", "a"]);
 * ```
 */
export function dirname(path: string): string {
  const end = endOf(path);
  const slash = path.lastIndexOf("/", end - 1);
  if (slash < 0) return path.startsWith("/") ? "/" : ".";
  return slash === 0 ? "/" : path.slice(0, slash);
}

/**
 * The last name of a path; empty for the root.
 *
 * @example
 * ```ts
 * import { basename } from "@troupe/actors";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(["/data/log", "log", "a/b/", "/"].map(basename), ["log", "log", "b", ""]);
 * ```
 */
export function basename(path: string): string {
  const end = endOf(path);
  return path.slice(path.lastIndexOf("/", end - 1) + 1, end);
}

/**
 * The path of another name in the same directory.
 *
 * @example
 * ```ts
 * import { sibling } from "@troupe/actors";
 * import { assertEquals } from "@std/assert";
 *
 * const found = ["/data/log", "log", "/log"].map((path) => sibling(path, "new"));
 * assertEquals(found, ["/data/new", "new", "/new"]);
 * ```
 */
export function sibling(path: string, name: string): string {
  const directory = dirname(path);
  if (directory === ".") return path.startsWith(".") ? `./${name}` : name;
  return directory === "/" ? `/${name}` : `${directory}/${name}`;
}

/** Where the path ends without the slashes at its end. */
function endOf(path: string): number {
  let end = path.length;
  while (end > 0 && path[end - 1] === "/") end--;
  return end;
}

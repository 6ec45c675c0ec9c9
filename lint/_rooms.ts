/**
 * Which room of the house a file stands in.
 *
 * @module
 */

const root = new URL("..", import.meta.url).pathname;

/** A file's path inside the repository, `actors/echo/mod.ts`; null when it is not of it. */
export function inRepository(filename: string): string | null {
  const path = filename.replace(/^file:\/\//, "").replaceAll("\\", "/");
  if (path.startsWith(root)) return path.slice(root.length);
  return path.startsWith("/") ? null : path.replace(/^\.\//, "");
}

/** The directories through which actors reach a real world: one a platform, and what these have in common. */
export function isRealWorld(path: string): boolean {
  return /^actors\/world\/(deno|node|real)\//.test(path);
}

/** The one file with a `node:` module that computes a pure function, which every world has. */
export function isPureNode(path: string): boolean {
  return path === "actors/world/_node_hash.ts";
}

/**
 * The one file of the simulated world that gives the real event loop a turn, so that real promises can
 * settle.
 */
export function isRealLoop(path: string): boolean {
  return path === "actors/world/sim/_real_loop.ts";
}

/**
 * The engines of a cluster that stand on a library of their own: a database's, a server's. What they do with
 * it is behind the interface `Driver`, with a simulated one beside them.
 */
export function isEngine(path: string): boolean {
  return /^actors\/cluster\/engines\/(_?sqlite(_\w+)?|_nats_socket)\.ts$/.test(path);
}

/**
 * What is not on this machine is left out, and named.
 *
 * @module
 */
const named = new Set<string>();

/** Says so once. */
export function leaveOut(what: string): undefined {
  if (!named.has(what)) console.error(`Left out, it is not on this machine: ${what}`);
  named.add(what);
}

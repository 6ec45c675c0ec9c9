/**
 * How much processor time the threads of this process have used. Linux alone, with all rights.
 *
 * @module
 */

/** CPU seconds of each thread, by its number. */
export function threadUsage(): Record<string, number> {
  const used: Record<string, number> = {};
  for (const { name } of Deno.readDirSync("/proc/self/task")) {
    const [nanoseconds = "0"] = Deno.readTextFileSync(`/proc/self/task/${name}/schedstat`).split(" ");
    used[name] = Number(nanoseconds) / 1e9;
  }
  return used;
}

/**
 * The machine that is measured on.
 *
 * @module
 */
import { cpus } from "node:os";
import type { Machine } from "./report/figures.ts";

/** What a report says of this machine. */
export function thisMachine(): Machine {
  const [first] = cpus();
  return {
    cpu: first?.model.replace(/\s+/g, " ").trim() ?? "an unknown processor",
    cores: navigator.hardwareConcurrency,
    memoryGiB: Math.round(Deno.systemMemoryInfo().total / 2 ** 30),
    kernel: Deno.osRelease().replace(/^(\d+\.\d+).*/, "$1"),
    deno: Deno.version.deno,
  };
}

/** How many processes wanted a core, on average over the last minute. */
export function loadAverage(): number {
  return Deno.loadavg()[0] ?? NaN;
}

/**
 * The real clock.
 *
 * @module
 */
import type { Cancellable, Clock } from "../clock.ts";
import { parsePosixZone } from "../posix_zone.ts";

/** The longest delay that `setTimeout` takes; a longer one would fire at once. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** The clock of the machine. */
export class DenoClock implements Clock {
  /** The platform takes most zones of the form of POSIX for UTC. */
  readonly #zoneText = zoneText();
  readonly #posixZone = parsePosixZone(this.#zoneText);

  now(): number {
    return Date.now();
  }

  monotonic(): number {
    return performance.now();
  }

  utcOffsetMinutes(atMs: number): number {
    return this.#posixZone?.utcOffsetMinutes(atMs) ?? -new Date(atMs).getTimezoneOffset();
  }

  timeZone(): string {
    if (this.#posixZone !== undefined) return this.#zoneText;
    // The platform has no name for some zones.
    return Intl.DateTimeFormat().resolvedOptions().timeZone ?? "UTC";
  }

  timer(delayMs: number, task: () => void): Cancellable {
    return new DenoTimer(delayMs, task);
  }
}

/** What the environment says, where this process may read it. */
function zoneText(): string {
  const right = { name: "env", variable: "TZ" } as const;
  if (Deno.permissions.querySync(right).state !== "granted") return "";
  return Deno.env.get("TZ")?.replace(/^:/, "") ?? "";
}

class DenoTimer implements Cancellable {
  #id: ReturnType<typeof setTimeout>;

  constructor(delayMs: number, task: () => void) {
    this.#id = this.#start(delayMs, task);
  }

  #start(delayMs: number, task: () => void): ReturnType<typeof setTimeout> {
    if (delayMs <= MAX_DELAY_MS) return setTimeout(task, delayMs);
    return setTimeout(() => {
      this.#id = this.#start(delayMs - MAX_DELAY_MS, task);
    }, MAX_DELAY_MS);
  }

  cancel(): void {
    clearTimeout(this.#id);
  }
}

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
export class RealClock implements Clock {
  readonly #zoneText: string;
  /**
   * The platform takes most zones of the form of POSIX for UTC, and of a file of the zone database it knows
   * no summer time.
   */
  readonly #ownZone: Pick<Clock, "utcOffsetMinutes"> | undefined;
  /** Why local times are those of UTC, although `TZ` asks for others. */
  readonly zoneProblem: string | undefined;

  /** @param zoneText what the environment's `TZ` says, empty where it says nothing or may not be read */
  constructor(zoneText: string) {
    this.#zoneText = zoneText.replace(/^:/, "");
    this.#ownZone = parsePosixZone(this.#zoneText) ?? databaseZone(this.#zoneText);
    this.zoneProblem = this.#problemOfZone();
  }

  now(): number {
    return Date.now();
  }

  monotonic(): number {
    return performance.now();
  }

  utcOffsetMinutes(atMs: number): number {
    if (this.zoneProblem !== undefined) return 0;
    return this.#ownZone?.utcOffsetMinutes(atMs) ?? -new Date(atMs).getTimezoneOffset();
  }

  timeZone(): string {
    if (this.#ownZone !== undefined) return this.#zoneText.replace(DATABASE, "");
    if (this.zoneProblem !== undefined) return "UTC";
    // The platform has no name for some zones.
    return Intl.DateTimeFormat().resolvedOptions().timeZone ?? "UTC";
  }

  timer(delayMs: number, task: () => void): Cancellable {
    return new RealTimer(delayMs, task);
  }

  #problemOfZone(): string | undefined {
    if (this.#zoneText === "" || this.#ownZone !== undefined || isPlatformZone(this.#zoneText)) {
      return undefined;
    }
    return `TZ=${
      JSON.stringify(this.#zoneText)
    } is no time zone that is known here: local times are those of UTC`;
  }
}

/** What stands before a zone's name where it is given as a file of the zone database. */
const DATABASE = /^(?:\/usr\/share\/zoneinfo\/(?:posix\/|right\/)?|(?:posix|right)\/)/;

/** The zone that a file of the zone database has, by its name; undefined where there is none of that name. */
function databaseZone(text: string): Pick<Clock, "utcOffsetMinutes"> | undefined {
  if (!DATABASE.test(text)) return undefined;
  const timeZone = text.replace(DATABASE, "");
  try {
    const format = new Intl.DateTimeFormat("en-US", { timeZone, timeZoneName: "longOffset" });
    return {
      utcOffsetMinutes(atMs) {
        const { value = "" } = format.formatToParts(atMs).find(({ type }) => type === "timeZoneName") ?? {};
        const [, sign, hours, minutes] = /([+-])(\d\d):(\d\d)/.exec(value) ?? [];
        return (sign === "-" ? -1 : 1) * (60 * Number(hours ?? 0) + Number(minutes ?? 0));
      },
    };
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Whether the platform's local time is that of the zone, which it takes for UTC when it does not know it. */
function isPlatformZone(text: string): boolean {
  try {
    const zoned = new Intl.DateTimeFormat("en-US", {
      timeZone: text,
      dateStyle: "short",
      timeStyle: "short",
    });
    const local = new Intl.DateTimeFormat("en-US", { dateStyle: "short", timeStyle: "short" });
    const year = new Date().getUTCFullYear();
    return [0, 6].every((month) => {
      const moment = Date.UTC(year, month, 1);
      return zoned.format(moment) === local.format(moment);
    });
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

class RealTimer implements Cancellable {
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

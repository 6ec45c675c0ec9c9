/**
 * Time zones in the form of POSIX: `CET-1CEST,M3.5.0,M10.5.0/3`.
 *
 * @module
 */

/** A time zone, as its `TZ` text tells. */
export interface PosixZone {
  /** How far local time is ahead of UTC at a moment, in minutes. */
  utcOffsetMinutes(atMs: number): number;
}

const DAY_S = 86_400;
const HOUR_S = 3600;
/** Names with digits that the zone database has, with the history of their zones. */
const IN_DATABASE = /^(EST5EDT|CST6CDT|MST7MDT|PST8PDT)$/;
const NAME = "(?:[A-Za-z]{3,}|<[A-Za-z0-9+-]{3,}>)";
const OFFSET = "([+-]?\\d{1,2}(?::\\d{2}){0,2})";
const ZONE = new RegExp(`^${NAME}${OFFSET}(?:(${NAME})${OFFSET}?(?:,([^,]+),([^,]+))?)?$`);
/** Where a text names no days: those of the United States, as the C library has it. */
const USUAL_RULES = ["M3.2.0", "M11.1.0"] as const;

/**
 * Reads a `TZ` text of the form of POSIX (IEEE 1003.1, 8.3, with the hours of -167 to 167 that RFC 8536
 * gives the changes); undefined when it is of another form, as the names of the zone database are, or is
 * further from UTC than a day.
 *
 * @example
 * ```ts
 * import { parsePosixZone } from "./posix_zone.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const zone = parsePosixZone("CET-1CEST,M3.5.0,M10.5.0/3");
 * assertEquals(zone?.utcOffsetMinutes(Date.UTC(2026, 0, 1)), 60);
 * assertEquals(zone?.utcOffsetMinutes(Date.UTC(2026, 6, 1)), 120);
 * ```
 */
export function parsePosixZone(text: string): PosixZone | undefined {
  const match = IN_DATABASE.test(text) ? null : ZONE.exec(text);
  if (match === null) return undefined;
  const [, offset = "", summerName, summerOffset, startText = USUAL_RULES[0], endText = USUAL_RULES[1]] =
    match;
  if ([offset, summerOffset ?? "0"].some((each) => Math.abs(seconds(each)) > DAY_S)) return undefined;
  // POSIX counts to the west.
  const standardS = -seconds(offset);
  if (summerName === undefined) return { utcOffsetMinutes: () => standardS / 60 };
  const summerS = summerOffset === undefined ? standardS + HOUR_S : -seconds(summerOffset);
  const start = parseRule(startText);
  const end = parseRule(endText);
  if (start === undefined || end === undefined) return undefined;
  return {
    utcOffsetMinutes(atMs) {
      const atS = atMs / 1000;
      const year = new Date(atMs + standardS * 1000).getUTCFullYear();
      const startS = start(year) - standardS;
      const endS = end(year) - summerS;
      // South of the equator summer begins in one year and ends in the next.
      const isSummer = startS < endS ? startS <= atS && atS < endS : atS < endS || startS <= atS;
      return (isSummer ? summerS : standardS) / 60;
    },
  };
}

/** When a year's change is, in seconds of the local time before it, counted as those of UTC are. */
type Rule = (year: number) => number;

function parseRule(text: string): Rule | undefined {
  const [day = "", time = "2", ...rest] = text.split("/");
  if (rest.length > 0 || !/^[+-]?\d{1,3}(:\d{2}){0,2}$/.test(time)) return undefined;
  const timeS = seconds(time);
  if (Math.abs(timeS) > 168 * HOUR_S) return undefined;
  const dayOf = parseDay(day);
  return dayOf && ((year) => dayOf(year) * DAY_S + timeS);
}

/** The day of a year, counted from 1970-01-01. */
function parseDay(text: string): ((year: number) => number) | undefined {
  const weekly = /^M(\d{1,2})\.([1-5])\.([0-6])$/.exec(text);
  if (weekly !== null) {
    const [month = 0, week = 0, weekday = 0] = weekly.slice(1).map(Number);
    if (month < 1 || month > 12) return undefined;
    return (year) => weekdayOf(year, month, week, weekday);
  }
  const julian = /^(J?)(\d{1,3})$/.exec(text);
  if (julian === null) return undefined;
  const number = Number(julian[2]);
  if (julian[1] === "") return number > 365 ? undefined : (year) => dayNumber(year, 0, 1) + number;
  if (number < 1 || number > 365) return undefined;
  // The 29th of February is not counted.
  return (year) => dayNumber(year, 0, number) + (number >= 60 && isLeap(year) ? 1 : 0);
}

/** The `week`-th such weekday of a month; 5 is the last. */
function weekdayOf(year: number, month: number, week: number, weekday: number): number {
  const first = dayNumber(year, month - 1, 1);
  // The 1st of January 1970 was a Thursday.
  const firstWeekday = ((first + 4) % 7 + 7) % 7;
  const day = first + (weekday - firstWeekday + 7) % 7 + 7 * (week - 1);
  return day < dayNumber(year, month, 1) ? day : day - 7;
}

function dayNumber(year: number, monthIndex: number, day: number): number {
  return Date.UTC(year, monthIndex, day) / 1000 / DAY_S;
}

function isLeap(year: number): boolean {
  return dayNumber(year, 2, 1) - dayNumber(year, 1, 1) === 29;
}

function seconds(text: string): number {
  const [hours = 0, minutes = 0, rest = 0] = text.replace(/^[+-]/, "").split(":").map(Number);
  return (text.startsWith("-") ? -1 : 1) * (hours * HOUR_S + minutes * 60 + rest);
}

/**
 * What is said to a clock in datagrams: one request, one answer, nothing remembered.
 *
 * @module
 */

/** The requests that a clock knows. */
export const CLOCK_REQUESTS = ["SEND_DATE", "SEND_TIME"] as const;

/** A request that a clock knows. */
export type ClockRequest = typeof CLOCK_REQUESTS[number];

/** The answer to anything else. */
export const UNKNOWN_REQUEST = "Error: unknown request";

/** Options of {@linkcode formatDate} and {@linkcode formatTime}. */
export interface ClockFormatOptions {
  /** How far the clock told is ahead of UTC, in minutes. @default 0 */
  readonly utcOffsetMinutes?: number;
}

/**
 * The day of a moment, `YYYY-MM-DD`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { formatDate } from "./clock.ts";
 *
 * assertEquals(formatDate(0), "1970-01-01");
 * ```
 */
export function formatDate(timeMs: number, options: ClockFormatOptions = {}): string {
  const date = shifted(timeMs, options);
  return `${padded(date.getUTCFullYear(), 4)}-${padded(date.getUTCMonth() + 1, 2)}-${
    padded(date.getUTCDate(), 2)
  }`;
}

/**
 * The time of day of a moment, `HH:MM:SS`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { formatTime } from "./clock.ts";
 *
 * assertEquals(formatTime(3_661_000, { utcOffsetMinutes: 60 }), "02:01:01");
 * ```
 */
export function formatTime(timeMs: number, options: ClockFormatOptions = {}): string {
  const date = shifted(timeMs, options);
  return `${padded(date.getUTCHours(), 2)}:${padded(date.getUTCMinutes(), 2)}:${
    padded(date.getUTCSeconds(), 2)
  }`;
}

/**
 * A clock's answer to a datagram that came at `timeMs`. A line end after the request is forgiven: `nc` sends
 * one.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { answerClock } from "./clock.ts";
 *
 * assertEquals(answerClock("SEND_TIME", 0), "00:00:00");
 * assertEquals(answerClock("send_time", 0), "Error: unknown request");
 * ```
 */
export function answerClock(request: string, timeMs: number, options: ClockFormatOptions = {}): string {
  switch (request.replace(/\r?\n$/, "")) {
    case "SEND_DATE":
      return formatDate(timeMs, options);
    case "SEND_TIME":
      return formatTime(timeMs, options);
    default:
      return UNKNOWN_REQUEST;
  }
}

/** A date whose UTC fields are what the clock shows. */
function shifted(timeMs: number, { utcOffsetMinutes = 0 }: ClockFormatOptions): Date {
  return new Date(timeMs + utcOffsetMinutes * 60_000);
}

function padded(value: number, digits: number): string {
  return String(value).padStart(digits, "0");
}

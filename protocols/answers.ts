/**
 * What could itself be an answer, and so must not be answered: two servers that answer each other's answers
 * never end.
 *
 * @module
 */
import { JOKE_ANSWER } from "./joke.ts";

const DATE = /^\d{4,}-\d\d-\d\d$/;
const TIME = /^\d\d:\d\d:\d\d$/;
const ERROR = /^error\b/i;

/**
 * Whether a datagram's text could be the answer of one of our services: a date, a time, `Ok`, or an error.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { couldBeAnswer } from "./answers.ts";
 *
 * assertEquals(couldBeAnswer("Error: unknown request"), true);
 * assertEquals(couldBeAnswer("SEND_TIME"), false);
 * ```
 */
export function couldBeAnswer(text: string): boolean {
  const said = text.trim();
  return said === JOKE_ANSWER || DATE.test(said) || TIME.test(said) || ERROR.test(said);
}

/**
 * The halves of a character that takes two units of UTF-16.
 *
 * @module
 */

/** Whether a unit is the first half. */
export function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00;
}

/** Whether a unit is one of the halves. */
export function isSurrogate(unit: number): boolean {
  return isHighSurrogate(unit) || isLowSurrogate(unit);
}

/** Whether a unit is the second half. */
export function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000;
}

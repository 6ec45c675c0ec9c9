/**
 * Values in the texts of errors.
 *
 * @module
 */
import { errorText } from "../world/world.ts";
import { shortened } from "../world/log_format.ts";

/** So much of a value says which one it is. */
const MAX_LENGTH = 200;

/** A value as it can stand in a line: whatever it is, and however large. Never throws. */
export function inWords(value: unknown): string {
  return shortened(textOf(value), MAX_LENGTH);
}

function textOf(value: unknown): string {
  if (typeof value !== "string" && (typeof value !== "object" || value === null)) return errorText(value);
  try {
    return JSON.stringify(value) ?? typeof value;
  } catch {
    // It holds itself, or a big integer, or throws when it is looked at.
    return errorText(value);
  }
}

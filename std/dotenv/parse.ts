/**
 * `@std/dotenv/parse` for machines that reach npm alone: a thin binding of the parser that the runtime
 * carries.
 *
 * @module
 */
import { parseEnv } from "node:util";

/** Reads the text of a `.env` file: its names and their values. */
export function parse(text: string): Record<string, string> {
  const values: Record<string, string> = {};
  for (const [name, value] of Object.entries(parseEnv(text))) {
    if (value !== undefined) values[name] = value;
  }
  return values;
}

import type { Mutant } from "./mutant.ts";

/** Mutants of protocols. */
export const protocols: readonly Mutant[] = [
  {
    what: "a line that never ends has no limit",
    file: "protocols/frames.ts",
    from: "if (length > this.#maxBytes + 1 || last !== CR) this.#failTooLong();",
    to: ";",
  },
  {
    what: "long lines are taken",
    file: "protocols/frames.ts",
    from: "if (end - start > this.#maxBytes) this.#failTooLong();",
    to: ";",
  },
  {
    what: "silence in the middle of a character ends a message",
    file: "protocols/frames.ts",
    from: "      this.#midCharacter = true;\n      return;",
    to: "      this.#midCharacter = true;",
  },
  {
    what: "silence ends lines of a peer that ends its own",
    file: "protocols/frames.ts",
    from: "this.#sawLineEnd || this.#midCharacter",
    to: "this.#midCharacter",
  },
  {
    what: "what is not UTF-8 is passed over",
    file: "protocols/frames.ts",
    from: 'if (text === undefined) this.#fail("message is not UTF-8");',
    to: "if (text === undefined) return;",
  },
  {
    what: "long JSON is taken",
    file: "protocols/json_stream.ts",
    from: "if (length > this.#maxBytes) frames.push(this.#tooLongFrame());",
    to: "if (false) frames.push(this.#tooLongFrame());",
  },
  {
    what: "after bad JSON nothing is read any more",
    file: "protocols/json_stream.ts",
    from: "at = chunk.indexOf(LF, at);",
    to: "at = chunk.length;",
  },
  {
    what: "a value cut off by the end is passed over",
    file: "protocols/json_stream.ts",
    from: "const unfinished = this.#depth > 0 && !this.#tooLong;",
    to: "const unfinished = false;",
  },
  {
    what: "a bucket never gets empty",
    file: "protocols/token_bucket.ts",
    from: "if (this.#perMs > 0) this.#tokens -= 1;",
    to: ";",
  },
  {
    what: "a bucket gives one more than it has",
    file: "protocols/token_bucket.ts",
    from: "return this.#tokens >= 1;",
    to: "return this.#tokens >= 0;",
  },
  {
    what: "a bucket is never filled again",
    file: "protocols/token_bucket.ts",
    from: "if (nowMs > this.#atMs) {",
    to: "if (false) {",
  },
  {
    what: "a division by zero has a value",
    file: "protocols/calculator.ts",
    from: "return right === 0 ? undefined : left / right;",
    to: "return left / right;",
  },
  {
    what: "large numbers are written another way",
    file: "protocols/calculator.ts",
    from: "exponent < -4 || exponent >= 16",
    to: "exponent < -4 || exponent >= 15",
  },
  {
    what: "minus zero has no sign",
    file: "protocols/calculator.ts",
    from: 'value < 0 || Object.is(value, -0) ? "-" : ""',
    to: 'value < 0 ? "-" : ""',
  },
  {
    what: "local time is wrong",
    file: "protocols/clock.ts",
    from: "utcOffsetMinutes * 60_000",
    to: "utcOffsetMinutes * 6_000",
  },
  {
    what: "a gap holds what was there before",
    file: "protocols/_growing_bytes.ts",
    from: "if (offset > this.#length) this.#buffer.fill(0, this.#length, offset);",
    to: ";",
  },
  {
    what: "writing over the beginning cuts the end",
    file: "protocols/_growing_bytes.ts",
    from: "this.#length = Math.max(this.#length, end);",
    to: "this.#length = end;",
  },
  {
    what: "a line end inside a bad JSON string ends nothing",
    file: "protocols/json_stream.ts",
    from: "        at--;\n",
    to: "",
  },
];

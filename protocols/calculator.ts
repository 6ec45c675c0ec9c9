/**
 * What is said on a calculator's wire: a name first, then one expression a line, `q` to end.
 *
 * @module
 */

/** The line that ends a session. */
export const CALCULATOR_QUIT = "q";

/** The answer to {@linkcode CALCULATOR_QUIT}. */
export const SESSION_ENDED = "Session ended";

/** The answer to what is not `NUMBER OP NUMBER`. */
export const INVALID_EXPRESSION = "Invalid expression";

/** The answer to a division by zero, of either sign. */
export const DIVISION_BY_ZERO = "Error: division by zero";

/** An operation between two numbers. */
export interface Expression {
  /** The first number. */
  readonly left: number;
  /** What is done with the two. */
  readonly operator: "+" | "-" | "*" | "/";
  /** The second number. */
  readonly right: number;
}

const NUMBER = "[+-]?(?:[0-9]+(?:\\.[0-9]*)?|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?";
const EXPRESSION = new RegExp(`^ *(${NUMBER}) +([-+*/]) +(${NUMBER}) *$`);

/**
 * Reads `NUMBER OP NUMBER`, or says that the text is not that with `undefined`.
 *
 * A number is written as people do: `12`, `-6`, `3.24`, `.5`, `1e3`. One too large for an IEEE double is
 * infinite.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseExpression } from "./calculator.ts";
 *
 * assertEquals(parseExpression("12 + .5"), { left: 12, operator: "+", right: 0.5 });
 * assertEquals(parseExpression("12+.5"), undefined);
 * ```
 */
export function parseExpression(text: string): Expression | undefined {
  const [, left, operator, right] = EXPRESSION.exec(text) ?? [];
  if (operator !== "+" && operator !== "-" && operator !== "*" && operator !== "/") return undefined;
  return { left: Number(left), operator, right: Number(right) };
}

/**
 * The value, in IEEE double arithmetic; `undefined` for a division by zero.
 *
 * @example
 * ```ts
 * import { evaluate } from "@troupe/actors/protocols/calculator";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(evaluate({ left: 1, operator: "/", right: 4 }), 0.25);
 * assertEquals(evaluate({ left: 1, operator: "/", right: 0 }), undefined);
 * ```
 */
export function evaluate(expression: Expression): number | undefined {
  const { left, operator, right } = expression;
  switch (operator) {
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return left * right;
    case "/":
      return right === 0 ? undefined : left / right;
  }
}

/**
 * A double in the shortest form that reads back as the same number, always with a fraction or an exponent: as
 * Python's `repr` has it, and so as old servers answered.
 *
 * The exponent is used from 1e+16 up and below 0.0001, with two digits or more. What is not finite is `inf`,
 * `-inf` or `nan`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { formatDouble } from "./calculator.ts";
 *
 * assertEquals([25, -41.76, 1e16, 0.00001].map(formatDouble), ["25.0", "-41.76", "1e+16", "1e-05"]);
 * ```
 */
export function formatDouble(value: number): string {
  if (Number.isNaN(value)) return "nan";
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  const magnitude = Math.abs(value);
  if (magnitude === Infinity) return `${sign}inf`;
  // toExponential without an argument gives the fewest digits from which the number can be read back.
  const [mantissa = "", exponentText = ""] = magnitude.toExponential().split("e");
  const exponent = Number(exponentText);
  if (exponent < -4 || exponent >= 16) {
    const digits = String(Math.abs(exponent)).padStart(2, "0");
    return `${sign}${mantissa}e${exponent < 0 ? "-" : "+"}${digits}`;
  }
  const digits = mantissa.replace(".", "");
  if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, "0");
  return `${sign}${whole}.${digits.slice(exponent + 1) || "0"}`;
}

/**
 * The calculator's answer to one line of a session.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { calculate } from "./calculator.ts";
 *
 * assertEquals(calculate("12 + 13"), "25.0");
 * assertEquals(calculate("1 / 0"), "Error: division by zero");
 * assertEquals(calculate("twelve"), "Invalid expression");
 * ```
 */
export function calculate(text: string): string {
  const expression = parseExpression(text);
  if (expression === undefined) return INVALID_EXPRESSION;
  const value = evaluate(expression);
  return value === undefined ? DIVISION_BY_ZERO : formatDouble(value);
}

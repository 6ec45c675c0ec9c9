import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { calculate, formatDouble, parseExpression } from "../../protocols/calculator.ts";

Deno.test("calculator: answers have the shortest form with a fraction or an exponent", () => {
  for (
    const [expression, answer] of [
      ["12 + 13", "25.0"],
      ["-6 * 6.96", "-41.76"],
      ["3 / -4", "-0.75"],
      ["  1e3   -   .5  ", "999.5"],
      ["+5 * 5.", "25.0"],
      ["0.1 + 0.2", "0.30000000000000004"],
      ["1e15 * 10", "1e+16"],
      ["1e15 * 9", "9000000000000000.0"],
      ["1 / 10000", "0.0001"],
      ["1 / 100000", "1e-05"],
      ["1e300 * 1", "1e+300"],
      ["1e-320 * 1", "1e-320"],
      ["-1 * 0", "-0.0"],
      ["1e308 * 10", "inf"],
      ["-1e308 * 10", "-inf"],
      ["1e999 - 1e999", "nan"],
      ["1 / 3", "0.3333333333333333"],
    ] as const
  ) assertEquals(calculate(expression), answer, expression);
});

Deno.test("calculator: a division by zero of either sign, or by what underflows to it, is an error", () => {
  for (const expression of ["1 / 0", "0 / 0", "1 / -0.0", "1 / 1e-999"]) {
    assertEquals(calculate(expression), "Error: division by zero", expression);
  }
});

Deno.test("calculator: whatever is not NUMBER OP NUMBER is an invalid expression", () => {
  const malformed = [
    ...[
      "",
      " ",
      "q q",
      "12",
      "12 +",
      "+ 13",
      "12+13",
      "12 +13",
      "12+ 13",
      "1 + 2 + 3",
      "(1 + 2)",
      "1 % 2",
      "1 ** 2",
    ],
    ...[
      "1 // 2",
      "one + two",
      "0x10 + 1",
      "1_000 + 1",
      "1,5 + 1",
      "1.2.3 + 1",
      ". + 1",
      "1e + 1",
      "e5 + 1",
      "1e1.5 + 1",
    ],
    ...[
      "--1 + 1",
      "inf + 1",
      "nan + 1",
      "Infinity + 1",
      "١٢ + ١",
      "１ + 1",
      "1 − 1",
      "1 × 2",
      "1 ÷ 2",
      "1\t+\t2",
    ],
    ...["1 + 2\n", "\u00001 + 2", "1 + 2;", "1 + 2 #", "__import__('os') + 1", "1n + 2n", "\u00a01 + 2"],
  ];
  for (const text of malformed) assertEquals(calculate(text), "Invalid expression", JSON.stringify(text));
});

Deno.test("calculator: no text at all makes it throw", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => typeof calculate(text) === "string"));
});

Deno.test("calculator: a very long expression takes no longer than its length", () => {
  assertEquals(calculate("1".repeat(65_000) + " +" + " ".repeat(500) + "x"), "Invalid expression");
  assertEquals(calculate(" ".repeat(60_000) + "1 + 1" + " ".repeat(5_000)), "2.0");
});

Deno.test("calculator: every double reads back from its text as the same number", () => {
  fc.assert(
    fc.property(fc.double({ noDefaultInfinity: true, noNaN: true }), (value) => {
      const text = formatDouble(value);
      return Object.is(Number(text), value) && /[.e]/.test(text);
    }),
    { numRuns: 5000 },
  );
});

Deno.test("calculator: an expression is read as its three parts", () => {
  assertEquals(parseExpression("12 - -6"), { left: 12, operator: "-", right: -6 });
  assertEquals(parseExpression("12 -6"), undefined);
});

const PYTHON_ARITHMETIC = `
import sys
for line in sys.stdin.read().splitlines():
    left, operator, right = line.split()
    a, b = float(left), float(right)
    if operator == "/" and b == 0: print("Error: division by zero")
    elif operator == "/": print(repr(a / b))
    elif operator == "*": print(repr(a * b))
    elif operator == "+": print(repr(a + b))
    else: print(repr(a - b))
`;

Deno.test({
  name: "calculator: 10,000 random expressions agree with Python's arithmetic (needs python3)",
  ignore: !await has("python3"),
  fn: async () => {
    const number = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
      fc.integer().map(String),
      fc.tuple(fc.integer({ min: -999, max: 999 }), fc.integer({ min: 0, max: 99 })).map(([a, b]) =>
        `${a}.${b}`
      ),
      fc.tuple(fc.integer({ min: 0, max: 99 }), fc.integer({ min: -320, max: 310 })).map(([a, b]) =>
        `.${a}e${b}`
      ),
    );
    const expression = fc.tuple(number, fc.constantFrom("+", "-", "*", "/"), number).map((parts) =>
      parts.join(" ")
    );
    const expressions = fc.sample(expression, 10_000);
    const answers = (await python(PYTHON_ARITHMETIC, expressions.join("\n"))).trimEnd().split("\n");
    assertEquals(answers.length, expressions.length);
    for (const [index, text] of expressions.entries()) assertEquals(calculate(text), answers[index], text);
  },
});

async function has(program: string): Promise<boolean> {
  try {
    return (await new Deno.Command(program, { args: ["--version"], stdout: "null", stderr: "null" }).output())
      .success;
  } catch {
    return false;
  }
}

async function python(script: string, input: string): Promise<string> {
  await using process = new Deno.Command("python3", { args: ["-c", script], stdin: "piped", stdout: "piped" })
    .spawn();
  const output = process.stdout.pipeThrough(new TextDecoderStream());
  const writer = process.stdin.getWriter();
  const written = writer.write(new TextEncoder().encode(input)).then(() => writer.close());
  const text = (await Array.fromAsync(output)).join("");
  await written;
  return text;
}

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { notLinearizable, type Operation } from "./_linearizability.ts";

const write = (value: string, from: number, to: number): Operation => ({ type: "write", value, from, to });
const read = (value: string | null, from: number, to: number): Operation => ({
  type: "read",
  value,
  from,
  to,
});

Deno.test("linearizability: histories that one register can have had are taken for such", () => {
  for (
    const history of [
      [],
      [read(null, 1, 2), write("a", 3, 4), read("a", 5, 6)],
      [write("a", 1, 10), read("a", 2, 3), read("a", 4, 5)],
      [write("a", 1, 10), read(null, 2, 3), read("a", 4, 5)],
      [write("a", 1, 4), write("b", 2, 5), read("a", 6, 7)],
      [write("a", 1, 2), write("b", 3, Infinity), read("a", 4, 5), read("b", 6, 7)],
      [write("a", 1, 2), write("b", 3, Infinity), read("a", 4, 5), read("a", 6, 7)],
    ]
  ) assertEquals(notLinearizable(history), undefined);
});

Deno.test("linearizability: planted faults are found: stale, lost, from the future, to and fro", () => {
  for (
    const history of [
      [write("a", 1, 2), write("b", 3, 4), read("a", 5, 6)],
      [write("a", 1, 2), read(null, 3, 4)],
      [read("a", 1, 2), write("a", 3, 4)],
      [write("a", 1, 2), write("b", 1, 9), read("b", 3, 4), read("a", 5, 6)],
      [write("a", 1, 2), write("b", 3, Infinity), read("b", 4, 5), read("a", 6, 7)],
      [read("a", 1, 2)],
    ]
  ) assert(notLinearizable(history) !== undefined, JSON.stringify(history));
});

/** The same question asked of every order that there could have been. */
function isLinearizableByTrying(operations: readonly Operation[], value: string | null): boolean {
  if (operations.every((operation) => operation.type === "write" && operation.to === Infinity)) return true;
  const firstEnd = Math.min(...operations.map(({ to }) => to));
  return operations.some((operation, index) => {
    // Only what began before anything else had ended can have been the first.
    if (operation.from > firstEnd || (operation.type === "read" && operation.value !== value)) return false;
    const rest = operations.filter((_, other) => other !== index);
    return isLinearizableByTrying(rest, operation.value);
  });
}

Deno.test("linearizability: of short histories it says what trying every order says", () => {
  const times = fc.tuple(fc.nat(20), fc.integer({ min: 1, max: 8 }), fc.boolean());
  const operation = fc.tuple(fc.constantFrom("read", "write"), fc.nat(3), times);
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 6 }), (drawn) => {
      // No two moments are the same: as in a history that is counted by events.
      const history = drawn.map(([type, value, [from, length, isLost]], index): Operation => {
        const begin = from + index / 10;
        const end = begin + length + 0.05;
        return type === "write"
          ? write(`v${index}`, begin, isLost ? Infinity : end)
          : read(value === 3 ? null : `v${value}`, begin, end);
      });
      const written = new Set(history.flatMap((one) => one.type === "write" ? [one.value] : []));
      const known = history.filter((one) => one.value === null || written.has(one.value));
      assertEquals(
        notLinearizable(known) === undefined,
        isLinearizableByTrying(known, null),
        JSON.stringify(known),
      );
    }),
    { numRuns: 3000 },
  );
});

import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { GrowingBytes } from "../../protocols/_growing_bytes.ts";

/** What is done to the bytes, here and to a plain array that does the same the long way. */
type Deed =
  | { readonly type: "write"; readonly bytes: readonly number[]; readonly offset: number }
  | { readonly type: "append"; readonly bytes: readonly number[] }
  | { readonly type: "truncate"; readonly length: number }
  | { readonly type: "take" | "clear" };

const bytes = fc.array(fc.integer({ min: 1, max: 255 }), { maxLength: 12 });
const deed: fc.Arbitrary<Deed> = fc.oneof(
  fc.record({ type: fc.constant("write" as const), bytes, offset: fc.integer({ min: 0, max: 40 }) }),
  fc.record({ type: fc.constant("append" as const), bytes }),
  fc.record({ type: fc.constant("truncate" as const), length: fc.integer({ min: 0, max: 40 }) }),
  fc.record({ type: fc.constantFrom("take" as const, "clear" as const) }),
);

/** What is there after it. */
function model(before: readonly number[], deed: Deed): number[] {
  switch (deed.type) {
    case "append":
      return [...before, ...deed.bytes];
    case "truncate":
      return Array.from({ length: deed.length }, (_, at) => before[at] ?? 0);
    case "write": {
      const end = Math.max(before.length, deed.offset + deed.bytes.length);
      return Array.from({ length: end }, (_, at) => deed.bytes[at - deed.offset] ?? before[at] ?? 0);
    }
    default:
      return [];
  }
}

Deno.test("growing bytes: whatever is written, cut and taken, gaps are zeros and the rest is what was written", () => {
  fc.assert(fc.property(fc.array(deed, { maxLength: 20 }), (deeds) => {
    const growing = new GrowingBytes(8);
    let expected: number[] = [];
    for (const deed of deeds) {
      if (deed.type === "write") growing.write(Uint8Array.from(deed.bytes), deed.offset);
      else if (deed.type === "append") growing.append(Uint8Array.from(deed.bytes));
      else if (deed.type === "truncate") growing.truncate(deed.length);
      else if (deed.type === "take") assertEquals([...growing.take()], expected);
      else growing.clear();
      expected = model(expected, deed);
      assertEquals([...growing.view], expected);
      assertEquals(growing.length, expected.length);
    }
  }));
});

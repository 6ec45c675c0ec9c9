import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  BencodeError,
  type BencodeInput,
  type BencodeValue,
  binaryText,
  decodeBencode,
  decodeBencodePrefix,
  encodeBencode,
} from "../../protocols/bencode.ts";

const utf8 = new TextEncoder();

/** The value as JSON-like data, byte strings as text: for comparing. */
function plain(value: BencodeValue): unknown {
  if (value instanceof Uint8Array) return binaryText(value);
  if (value instanceof Map) {
    return Object.fromEntries([...value].map(([key, member]) => [key, plain(member)]));
  }
  return Array.isArray(value) ? value.map(plain) : value;
}

Deno.test("bencode: each kind of value is read from its one form", () => {
  const cases: [string, unknown][] = [
    ["i0e", 0],
    ["i42e", 42],
    ["i-7e", -7],
    ["i9007199254740991e", Number.MAX_SAFE_INTEGER],
    ["0:", ""],
    ["4:spam", "spam"],
    ["le", []],
    ["l4:spami1ee", ["spam", 1]],
    ["de", {}],
    ["d0:i1e1:ai2e1:bld1:cleeee", { "": 1, a: 2, b: [{ c: [] }] }],
  ];
  for (const [text, value] of cases) {
    assertEquals(plain(decodeBencode(utf8.encode(text))), value, text);
    assertEquals(new TextDecoder().decode(encodeBencode(decodeBencode(utf8.encode(text)))), text);
  }
});

Deno.test("bencode: what is malformed, cut short or not canonical is an error that names its place", () => {
  const cases: [string, number][] = [
    ["", 0],
    ["x", 0],
    ["i", 1],
    ["ie", 1],
    ["i-e", 2],
    ["i-0e", 1],
    ["i03e", 1],
    ["i-03e", 1],
    ["i1", 2],
    ["i1.5e", 2],
    ["i9007199254740992e", 1],
    ["i99999999999999999999999999999e", 1],
    ["-1:a", 0],
    ["01:a", 0],
    ["3:ab", 0],
    ["99999999999:a", 0],
    ["3", 1],
    ["l", 1],
    ["li1e", 4],
    ["d1:ai1e", 7],
    ["d1:a", 4],
    ["d1:ae", 4],
    ["di1ei2ee", 1],
    ["d1:bi1e1:ai2ee", 7],
    ["d1:ai1e1:ai2ee", 7],
    ["i1ei2e", 3],
    ["e", 0],
  ];
  for (const [text, offset] of cases) {
    const error = assertThrows(() => decodeBencode(utf8.encode(text)), BencodeError, undefined, text);
    assertEquals(error.offset, offset, `${text}: ${error.message}`);
  }
});

Deno.test("bencode: depth, values and bytes have limits", () => {
  const nested = (depth: number) => utf8.encode("l".repeat(depth) + "e".repeat(depth));
  decodeBencode(nested(32));
  assertThrows(() => decodeBencode(nested(33)), BencodeError, "deeper than 32");
  assertThrows(() => decodeBencode(nested(2_000_000)), BencodeError, "deeper than 32");
  assertThrows(
    () => decodeBencode(utf8.encode(`l${"le".repeat(250_000)}e`)),
    BencodeError,
    "too many values",
  );
  assertThrows(() => decodeBencode(new Uint8Array(17 * 1024 * 1024)), BencodeError, "longer than");
});

Deno.test("bencode: a value that others follow tells where it ends", () => {
  assertEquals(decodeBencodePrefix(utf8.encode("d1:ai1eerest")).end, 8);
});

Deno.test("bencode: what is no integer, or no byte, cannot be encoded", () => {
  assertThrows(() => encodeBencode(1.5), RangeError);
  assertThrows(() => encodeBencode(2 ** 53), RangeError);
  assertThrows(() => encodeBencode({ "ключ": 1 }), RangeError);
});

const value = fc.letrec<{ value: BencodeInput }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.integer(),
    fc.uint8Array({ maxLength: 20 }),
    fc.array(tie("value"), { maxLength: 5 }),
    fc.dictionary(fc.uint8Array({ maxLength: 4 }).map(binaryText), tie("value"), { maxKeys: 5 }).map((
      members,
    ) => new Map(Object.entries(members))),
  ),
})).value;

Deno.test("bencode: whatever is encoded is read again, and encoded to the same bytes", () => {
  fc.assert(fc.property(value, (input) => {
    const bytes = encodeBencode(input);
    assertEquals(encodeBencode(decodeBencode(bytes)), bytes);
  }));
});

Deno.test("bencode: bytes that can be read have no other form, and all else is a BencodeError", () => {
  const soup = fc.array(fc.constantFrom("d", "l", "e", "i", "1", "0", "2", "-", ":", "a"), { maxLength: 30 });
  let read = 0;
  fc.assert(
    fc.property(soup, (parts) => {
      const bytes = utf8.encode(parts.join(""));
      try {
        assertEquals(encodeBencode(decodeBencode(bytes)), bytes);
        read++;
      } catch (error) {
        assert(error instanceof BencodeError, String(error));
      }
    }),
    { numRuns: 3000 },
  );
  assert(read > 0);
});

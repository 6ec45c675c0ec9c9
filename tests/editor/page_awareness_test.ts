import { assertEquals } from "@std/assert";
import { presenceOf } from "../../pages/editor/awareness.ts";

Deno.test("editor page: what others say of themselves is read, whatever it is", () => {
  const cursor = { anchor: { type: null }, head: { type: null } };
  assertEquals(presenceOf({ user: { name: "Ann", color: "#2563eb" }, cursor }), {
    name: "Ann",
    color: "#2563eb",
    cursor,
  });
  const nobody = { name: "Somebody", color: "", cursor: undefined };
  const odd = [
    ...[undefined, 5, "x", [], { user: null }, { user: "Ann" }, { user: { name: 5, color: {} } }],
    ...[{ user: { name: "" } }, { cursor: 1 }, { cursor: { anchor: null, head: "x" } }],
  ];
  for (const state of odd) assertEquals(presenceOf(state), nobody, JSON.stringify(state));
  assertEquals(presenceOf({ user: { name: "x".repeat(10_000) } }).name.length, 64);
});

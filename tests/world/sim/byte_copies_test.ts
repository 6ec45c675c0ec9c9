import { assertEquals } from "@std/assert";
import { ByteCopies } from "../../../actors/world/sim/byte_copies.ts";

Deno.test("simulated network: what is under way keeps its bytes, whatever is sent after it or becomes of the buffer", () => {
  const copies = new ByteCopies();
  const buffer = new Uint8Array(20_000);
  const sent = Array.from({ length: 200 }, (_, index) => {
    // Short ones, of which many share memory, and some that are too long for that.
    const count = index % 10 === 9 ? 20_000 : index * 7;
    buffer.fill(index);
    return { index, count, copy: copies.copy(buffer, count) };
  });
  buffer.fill(255);
  for (const { index, count, copy } of sent) assertEquals(copy, new Uint8Array(count).fill(index));
});

import { assertEquals, assertThrows } from "@std/assert";
import { decodeYMessage, encodeYMessage, type YMessage, YProtocolError } from "../../protocols/y_sync.ts";

const MESSAGES: readonly YMessage[] = [
  { type: "sync-step-1", stateVector: Uint8Array.of(0) },
  { type: "sync-step-2", update: Uint8Array.of(0, 0) },
  { type: "update", update: new Uint8Array(300).fill(7) },
  {
    type: "awareness",
    entries: [{ clientId: 4_294_967_295, clock: 1.8e12, state: '{"a":"é"}' }, {
      clientId: 1,
      clock: 0,
      state: "null",
    }],
  },
  { type: "query-awareness" },
  { type: "denied", reason: "read-only" },
  { type: "saved", updates: 1000 },
];

Deno.test("y-protocols: each message comes as it was sent", () => {
  for (const message of MESSAGES) assertEquals(decodeYMessage(encodeYMessage(message)), message);
  assertEquals(encodeYMessage({ type: "update", update: Uint8Array.of(0, 0) }), Uint8Array.of(0, 2, 2, 0, 0));
  assertEquals(
    encodeYMessage({ type: "sync-step-1", stateVector: Uint8Array.of(0) }),
    Uint8Array.of(0, 0, 1, 0),
  );
});

Deno.test("y-protocols: a message that was cut anywhere is refused", () => {
  for (const message of MESSAGES) {
    const whole = encodeYMessage(message);
    for (let end = 0; end < whole.length; end++) {
      assertThrows(
        () => decodeYMessage(whole.subarray(0, end)),
        YProtocolError,
        undefined,
        `${message.type} to ${end}`,
      );
    }
  }
});

Deno.test("y-protocols: what is not known is passed over, and numbers without an end are refused", () => {
  assertEquals(decodeYMessage(Uint8Array.of(77, 1, 2)), { type: "unknown" });
  assertThrows(() => decodeYMessage(new Uint8Array(20).fill(0xff)), YProtocolError, "a number is too large");
  assertThrows(() => decodeYMessage(Uint8Array.of(0, 9, 0)), YProtocolError, "unknown kind");
});

import { assertEquals, assertThrows } from "@std/assert";
import {
  decodeHocuspocus,
  encodeHocuspocus,
  type HocuspocusAnswer,
  wrapHocuspocus,
} from "../../protocols/hocuspocus.ts";
import { encodeYMessage, YProtocolError } from "../../protocols/y_sync.ts";

const TOKEN = Uint8Array.of(3, 100, 111, 99, 2, 0, 2, 104, 105, 3, 52, 46, 56);

Deno.test("Hocuspocus: a token, a farewell and the y-protocols are told apart, and the session from the name", () => {
  const { key, name, content } = decodeHocuspocus(TOKEN);
  assertEquals([key, name, content], ["doc", "doc", { type: "token", token: "hi" }]);
  assertEquals(decodeHocuspocus(Uint8Array.of(1, 97, 7)).content, { type: "close" });
  assertEquals(decodeHocuspocus(Uint8Array.of(1, 97, 2, 9)).content, { type: "unknown" });
  const frame = wrapHocuspocus("doc\0session", encodeYMessage({ type: "query-awareness" }));
  const inSession = decodeHocuspocus(frame);
  assertEquals([inSession.key, inSession.name], ["doc\0session", "doc"]);
  assertEquals(inSession.content, { type: "query-awareness" });
});

Deno.test("Hocuspocus: answers are those that its provider reads", () => {
  const answers: [HocuspocusAnswer, number[]][] = [
    [{ type: "authenticated", scope: "readonly" }, [2, 2, 8, ...new TextEncoder().encode("readonly")]],
    [{ type: "permission-denied", reason: "no" }, [2, 1, 2, 110, 111]],
    [{ type: "sync-status", isSaved: true }, [8, 1]],
    [{ type: "sync-status", isSaved: false }, [8, 0]],
  ];
  for (const [answer, bytes] of answers) {
    assertEquals(encodeHocuspocus("a", answer), Uint8Array.of(1, 97, ...bytes));
  }
});

Deno.test("Hocuspocus: what ends too early is refused, wherever it ends", () => {
  const state = encodeYMessage({ type: "awareness", entries: [{ clientId: 1, clock: 2, state: "{}" }] });
  for (const whole of [TOKEN.subarray(0, 9), wrapHocuspocus("doc", state)]) {
    for (let end = 0; end < whole.length; end++) {
      assertThrows(() => decodeHocuspocus(whole.subarray(0, end)), YProtocolError);
    }
  }
});

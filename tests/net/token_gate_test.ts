/**
 * Whose tokens a web door looks at while somebody guesses.
 */
import { assertEquals } from "@std/assert";
import { httpServer, isSameToken, textResponse, tokenOf } from "../../actors/net/mod.ts";
import { TokenGate } from "../../actors/net/_token_gate.ts";
import { open } from "./_door.ts";

const HOUR_MS = 3_600_000;

/** Shows wrong tokens until no more are looked at, and says how many were. */
function guess(gate: TokenGate, hostname: string, nowMs: number): number {
  let lookedAt = 0;
  for (let i = 0; i < 100; i++) {
    if (!gate.looksAt(`guess ${i}`, hostname, nowMs)) continue;
    lookedAt++;
    gate.wrong(hostname, nowMs);
  }
  return lookedAt;
}

Deno.test("tokens: a long one is served at the guesser's own address, and guesses go on being refused", () => {
  const gate = new TokenGate(["a token of 16 characters or more"]);
  assertEquals(guess(gate, "192.0.2.1", 0), 5);
  assertEquals(gate.looksAt("a token of 16 characters or more", "192.0.2.1", 0), true);
  assertEquals(gate.looksAt("a token of 16 characters or mor", "192.0.2.1", 0), false);
  assertEquals(guess(gate, "192.0.2.1", 1000), 5);
});

Deno.test("tokens: a short one can be guessed, and is served only where it has been shown before", () => {
  const gate = new TokenGate(["short", "another"]);
  for (const hostname of ["192.0.2.1", "192.0.2.2"]) {
    if (hostname === "192.0.2.2") gate.looksAt("short", hostname, 0);
    assertEquals(guess(gate, hostname, 10), 5);
  }
  const isServed = (hostname: string, nowMs = 10) => gate.looksAt("another", hostname, nowMs);
  assertEquals(["192.0.2.1", "192.0.2.2", "192.0.2.3"].map((host) => isServed(host)), [false, true, true]);
  assertEquals(guess(gate, "192.0.2.2", 2 * HOUR_MS), 5);
  assertEquals(isServed("192.0.2.2", 2 * HOUR_MS), false);
  // Guessing over, the token is as good as anywhere.
  assertEquals(isServed("192.0.2.2", 2 * HOUR_MS + 200), true);
});

Deno.test("tokens: an address that guesses cannot make the door forget those who have the token", () => {
  const gate = new TokenGate(["short"]);
  gate.looksAt("short", "192.0.2.1", 0);
  for (let host = 0; host <= 10_000; host++) gate.looksAt("guess", `10.0.${host >> 8}.${host & 255}`, 1);
  assertEquals(guess(gate, "192.0.2.1", 1), 5);
  assertEquals(gate.looksAt("short", "192.0.2.1", 1), true);
});

Deno.test("tokens: with none that the server knows, guessers are held off as ever", () => {
  const gate = new TokenGate([]);
  assertEquals(guess(gate, "::1", 0), 5);
  assertEquals(gate.looksAt("", "::1", 0), false);
});

Deno.test("web door: who has the token is served on a connection of its own while others guess beside it", async () => {
  const token = "0123456789abcdef";
  const secret = {
    method: "GET",
    path: "/secret",
    handle: (request: Parameters<typeof tokenOf>[0]) =>
      isSameToken(tokenOf(request), token) ? textResponse(200, "yes") : textResponse(401, "no"),
  } satisfies Parameters<typeof httpServer>[0]["routes"][number];
  await using door = await open({ routes: [secret], tokens: [token] });
  const ask = async (given: string) => {
    const response = await fetch(`${door.base}/secret?token=${given}`, { headers: { connection: "close" } });
    await response.body?.cancel();
    return response.status;
  };
  const guesses = await Promise.all(Array.from({ length: 50 }, (_, i) => ask(`${token}${i}`)));
  assertEquals(new Set(guesses), new Set([401, 429]));
  assertEquals([await ask(`${token}0`), await ask(token)].at(-1), 200);
});

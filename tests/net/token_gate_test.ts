/**
 * Whose tokens a web door looks at while somebody guesses.
 */
import { assertEquals, assertMatch } from "@std/assert";
import { type HttpServerOptions, isSameToken, textResponse, tokenOf } from "../../actors/net/mod.ts";
import { isStrongToken, TokenGate } from "../../actors/net/_token_gate.ts";
import { TestClient, until } from "../_helpers.ts";
import { type Door, open } from "./_door.ts";

const STRONG = "6f1c29aa70e84b5d";
const WEAK = "7351";

/** Shows wrong tokens, each on a connection of its own, and says how many were looked at. */
function guess(gate: TokenGate, hostname: string, nowMs: number): number {
  let lookedAt = 0;
  for (let i = 0; i < 100; i++) {
    if (gate.judge(`guess ${i}`, hostname, nowMs, false) !== "refused") lookedAt++;
  }
  return lookedAt;
}

Deno.test("tokens: a strong one is served at the guesser's own address, and guesses go on being refused", () => {
  const gate = new TokenGate([STRONG]);
  assertEquals(guess(gate, "192.0.2.1", 0), 5);
  assertEquals(gate.judge(STRONG, "192.0.2.1", 0, false), "right");
  for (const wrong of [STRONG.slice(1), `${STRONG}0`, STRONG.toUpperCase()]) {
    assertEquals(gate.judge(wrong, "192.0.2.1", 0, false), "refused");
  }
  assertEquals(guess(gate, "192.0.2.1", 1000), 5);
});

Deno.test("tokens: a weak one is no guess that is answered: over the rate right and wrong are refused alike", () => {
  const gate = new TokenGate([WEAK]);
  // Its owner, at the same address, has shown it before.
  assertEquals(gate.judge(WEAK, "192.0.2.1", 0, false), "right");
  let told = 0;
  for (let number = 0; number < 10_000; number++) {
    const verdict = gate.judge(`${number}`, "192.0.2.1", number / 10, false);
    if (verdict !== "refused") told++;
  }
  // A second of 10,000 guesses: the first five, and five a second.
  assertEquals(told >= 9 && told <= 10, true, `${told} guesses were told apart`);
  // Who has shown it on this connection is no guesser, nor is another address.
  assertEquals(gate.judge(WEAK, "192.0.2.1", 1000, true), "right");
  assertEquals(gate.judge(WEAK, "192.0.2.2", 1000, false), "right");
  // Once the guessing has paused it is as good as anywhere.
  assertEquals(gate.judge(WEAK, "192.0.2.1", 2000, false), "right");
});

Deno.test("tokens: a connection that has shown the right one guesses no faster with it", () => {
  const gate = new TokenGate([WEAK]);
  assertEquals(guess(gate, "192.0.2.1", 0), 5);
  assertEquals(gate.judge("7352", "192.0.2.1", 0, true), "refused");
});

Deno.test("tokens: where only the routes know them, it is the routes that say which are wrong", () => {
  const gate = new TokenGate([]);
  for (let i = 0; i < 100; i++) assertEquals(gate.judge(`${i}`, "192.0.2.1", 0, false), "unknown");
  for (let i = 0; i < 5; i++) gate.wrong("192.0.2.1", 0);
  assertEquals(gate.judge("one more", "192.0.2.1", 0, false), "refused");
});

Deno.test("tokens: long ones of few characters are weak, random ones strong", () => {
  const weak = ["", WEAK, "aaaaaaaaaaaaaaaa", "passwordpassword", "1111222233334444", "s3cret-and-long"];
  assertEquals(weak.filter(isStrongToken), []);
  const strong = [STRONG, "b9a1c4e7d2f60835b9a1c4e7d2f60835", "6f1c29aa-70e8-4b5d-9c3e-1f0a2b4c6d8e"];
  assertEquals(strong.filter(isStrongToken), strong);
});

/** A door with a secret; `ask` asks on a connection of its own. */
async function secretDoor(
  token: string,
): Promise<{ door: Door; ask: (given: string, path?: string) => Promise<number> }> {
  const secret: HttpServerOptions["routes"][number] = {
    method: "GET",
    path: "/secret",
    handle: (request) => isSameToken(tokenOf(request), token) ? textResponse(200, "") : textResponse(401, ""),
  };
  const door = await open({ routes: [secret], tokens: { "read-token": token } });
  const ask = async (given: string, path = "/secret") => {
    using client = await TestClient.connect(door.port);
    await client.send(
      `GET ${path}?token=${given} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`,
    );
    return Number((await client.rest()).split(" ")[1]);
  };
  return { door, ask };
}

Deno.test("web door: who has a strong token is served on new connections while others guess beside it", async () => {
  const { door, ask } = await secretDoor(STRONG);
  await using _door = door;
  const guesses = await Promise.all(Array.from({ length: 50 }, (_, i) => ask(`${STRONG}${i}`)));
  assertEquals(guesses.every((status) => status === 401 || status === 429), true);
  assertEquals(guesses.includes(429), true);
  assertEquals(await ask(STRONG), 200);
  assertEquals(door.log.some(({ fields }) => fields?.["event"] === "weak-token"), false);
});

Deno.test("web door: who has a weak token keeps it on the connection that has shown it, and is warned at the start", async () => {
  const { door, ask } = await secretDoor(WEAK);
  await using _door = door;
  const warnings = door.log.filter(({ fields }) => fields?.["event"] === "weak-token");
  assertEquals(warnings.map(({ level }) => level), ["warn"]);
  // Which token of which door: a program may have many.
  assertMatch(warnings[0]?.message ?? "", /^The read-token of \/\S+ can be guessed: /);
  using client = await TestClient.connect(door.port);
  const again = async (more = "") => {
    await client.send(`GET /secret?token=${WEAK} HTTP/1.1\r\nhost: localhost\r\n${more}\r\n`);
  };
  await again();
  assertEquals((await client.line())?.split(" ")[1], "200");
  for (let i = 0; i < 20; i++) await ask(`${i}`);
  await again("connection: close\r\n");
  assertEquals(/HTTP\/1\.1 (\d+)/.exec(await client.rest())?.[1], "200");
});

for (const path of ["/healthz", "/readyz", "/nothing", "/secret/below"]) {
  Deno.test(`web door: a guess counts at ${path} as well, where right and wrong are answered alike`, async () => {
    const { door, ask } = await secretDoor(WEAK);
    await using _door = door;
    const isOverRate = async () => {
      const guesses = await Promise.all(Array.from({ length: 20 }, (_, i) => ask(`${i}`, path)));
      return guesses.includes(429);
    };
    await until(isOverRate, "a guess to be refused");
  });
}

/**
 * Those who guess tokens at web doors: few guesses are looked at, few lines are said, nobody else notices.
 */
import { assert, assertEquals } from "@std/assert";
import { tempDirectory, until } from "../_helpers.ts";
import { count, serve } from "./_strangers.ts";

const TOKEN = "s3cret-and-long-enough";

const DOORS = [
  ["editor", ["--web-port", "0", "--token", TOKEN], "/document", /Web door listening on .*:(\d+)/],
  [
    "calculator",
    ["--inspect", "127.0.0.1:0", "--inspect-token", TOKEN],
    "/tree",
    /Inspector listening on .*:(\d+)/,
  ],
] as const;

for (const [service, flags, path, line] of DOORS) {
  Deno.test(`${service}: wrong tokens at the web door are looked at five times a second, and said`, async () => {
    await using directory = await tempDirectory();
    await using server = await serve(service, directory, flags);
    await until(() => line.test(server.process.stdout), "the door");
    const base = `http://127.0.0.1:${line.exec(server.process.stdout)?.[1]}${path}`;
    const ask = async (token?: string, inQuery = false) => {
      const headers: HeadersInit = token === undefined || inQuery ? {} : { authorization: `Bearer ${token}` };
      const response = await fetch(inQuery ? `${base}?token=${token}` : base, { headers });
      await response.body?.cancel();
      return response.status;
    };
    assertEquals([await ask(), await ask(TOKEN), await ask(TOKEN, true)], [401, 200, 200]);
    const startedAt = performance.now();
    const statuses = new Map<number, number>();
    const served: number[] = [];
    for (let guess = 0; guess < 400; guess++) {
      const status = await ask(`${TOKEN}${guess}`, guess % 2 === 0);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      if (guess % 40 === 39) served.push(await ask(TOKEN));
    }
    const seconds = (performance.now() - startedAt) / 1000;
    const lookedAt = statuses.get(401) ?? 0;
    assert(lookedAt >= 5 && lookedAt <= 5 + 5 * (seconds + 0.5), `${lookedAt} guesses in ${seconds} s`);
    assertEquals([...statuses.keys()].sort(), [401, 429]);
    // Who shows none is told so at once, and who has it is served all the time, from the same address.
    assertEquals(await ask(), 401);
    assertEquals(served, new Array(10).fill(200));
    const said = () => count(server.process.stdout, /\[WARN\] A wrong token came from 127\.0\.0\.1:\d+/g);
    await until(() => said() >= lookedAt, "a line for each");
    assertEquals(said(), lookedAt);
  });
}

Deno.test("chat: of a flood of browsers' pages at the port a few are named, and the rest is counted", async () => {
  await using directory = await tempDirectory();
  await using server = await serve("chat", directory);
  const startedAt = performance.now();
  for (let round = 0; round < 30; round++) {
    await Promise.all(Array.from({ length: 10 }, async () => {
      using conn = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
      await conn.write(new TextEncoder().encode("POST / HTTP/1.1\r\nHost: localhost\r\n\r\nx\n"));
      await conn.read(new Uint8Array(100)).catch(() => null);
    }));
  }
  await server.process.line(/more such lines were left out/);
  const seconds = (performance.now() - startedAt) / 1000;
  const named = count(server.process.stdout, /it speaks HTTP, which is not served here/g);
  assert(named >= 50 && named <= 50 + 5 * (seconds + 1), `${named} lines in ${seconds} s`);
});

/**
 * `LIST` by the age of rooms and of their topics, in a world where minutes pass at once.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { chatServer } from "../../actors/chat/mod.ts";
import { simulate } from "../../actors/world/sim/mod.ts";
import { LineClient, service } from "../sim/_harness.ts";

const MINUTE_MS = 60_000;

Deno.test("chat: LIST C and T choose rooms by the minutes since they were made, and since their topic was set", async () => {
  await simulate("list by age", { seeds: 2 }, async (sim) => {
    sim.host("server").start(service("chat", () =>
      chatServer({
        address: { hostname: "server", port: 5000 },
        irc: { address: { hostname: "server", port: 6667 } },
        rate: { perSecond: 0, burst: 1 },
        limits: { idleTimeoutMs: 24 * 60 * MINUTE_MS },
      })));
    const client = new LineClient(sim.host("ann").world, {
      hostname: "server",
      port: 6667,
      probe: "PING alive",
    });
    await sim.until(() => client.isConnected, 10_000);
    for (const line of ["NICK ann", "USER ann 0 * :ann", "JOIN #old", "TOPIC #old :first"]) client.send(line);
    await sim.advance(30 * MINUTE_MS);
    client.send("TOPIC #old :second");
    await sim.advance(10 * MINUTE_MS);
    for (const line of ["JOIN #new", "TOPIC #new :first"]) client.send(line);
    await sim.advance(MINUTE_MS);

    const list = async (condition: string) => {
      const before = client.sessions.at(-1)?.received.length ?? 0;
      client.send(`LIST ${condition}`);
      const lines = () => client.sessions.at(-1)?.received.slice(before) ?? [];
      await sim.until(() => lines().some((line) => / 323 /.test(line)), 10_000, "the end of the list");
      return lines().flatMap((line) => / 322 ann (#\S+) /.exec(line)?.[1] ?? []).sort();
    };
    // #old was made 41 minutes ago, and its topic set 11 minutes ago; #new is a minute old.
    assertEquals(await list("C>30"), ["#old"]);
    assertEquals(await list("C<30"), ["#new"]);
    assertEquals(await list("C<60"), ["#new", "#old"]);
    assertEquals(await list("T>5"), ["#old"]);
    assertEquals(await list("T<5"), ["#new"]);
    assertEquals(await list("T>20"), []);
    assertEquals(await list("C>30,T<20"), ["#old"]);
  });
});

import { assertEquals } from "@std/assert";
import { history } from "../../actors/chat/history.ts";
import { lineDoor } from "../../actors/chat/doors/line.ts";
import type { MemberMessage } from "../../actors/chat/messages.ts";
import { names } from "../../actors/chat/names.ts";
import { rooms } from "../../actors/chat/rooms.ts";
import { AddressRate, lineServer, LoginRate } from "../../actors/net/mod.ts";
import { denoWorld } from "../../actors/world/deno/mod.ts";
import { ActorSystem } from "../../mod.ts";
import { deadline, TestClient, until } from "../_helpers.ts";
import { failRoom, nobody } from "./_failing_room.ts";

/** No rates. */
function noLimits() {
  const rate = { perSecond: 0, burst: 1 };
  return { rate, addressRate: new AddressRate(rate), logins: new LoginRate(rate) };
}

Deno.test("chat: when a room fails, its members go back in unnoticed, and what was said is not lost", async () => {
  const real = denoWorld({ log: { level: "error" } });
  const errors: string[] = [];
  const log = {
    enabled: () => true,
    write: ({ level, message }: { level: string; message: string }) => {
      if (level === "error") errors.push(message);
    },
  };
  await using system = new ActorSystem("chat", { world: { ...real, log } });
  const keeper = system.spawn("history", history());
  const directory = system.spawn("rooms", rooms({ history: keeper }));
  const owner = system.spawn("names", names());
  const { promise: port, resolve } = Promise.withResolvers<number>();
  system.spawn(
    "server",
    lineServer(
      { address: { hostname: "127.0.0.1", port: 0 }, onListening: (address) => resolve(address.port) },
      lineDoor({ names: owner, rooms: directory, ...noLimits(), hostOf: () => "host" }),
    ),
  );
  const clients: TestClient[] = [];
  try {
    for (const name of ["ann", "bob"]) {
      const client = await TestClient.connect(await deadline(port));
      clients.push(client);
      await client.send(`${name}\n/who\n`);
      await client.line();
    }
    const [ann, bob] = clients;
    await ann?.line();
    await ann?.send("before\n");
    assertEquals(await bob?.line(), "ann: before");

    failRoom(system, directory, "lobby");
    await until(() => errors.length > 0, "the room's failure");
    let listed: number | undefined;
    const member = system.spawn<MemberMessage>("looker", () => (message) => {
      if (message.type !== "answer" || message.answer.type !== "rooms") return;
      const { rooms } = message.answer;
      listed = rooms.length === 1 ? rooms[0]?.members : undefined;
    });
    await until(() => {
      directory.tell({ type: "list", person: nobody(member), request: 1 });
      return listed === 2;
    }, "both are back");
    await bob?.send("after\n/history\n");
    assertEquals(await ann?.line(), "bob: after");
    assertEquals([await bob?.line(), await bob?.line(), await bob?.line()], [
      "The last 2 lines of lobby:",
      "ann: before",
      "bob: after",
    ]);
  } finally {
    for (const client of clients) client.close();
  }
});

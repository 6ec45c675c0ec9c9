import { assertEquals } from "@std/assert";
import { history } from "../../actors/chat/history.ts";
import { member } from "../../actors/chat/member.ts";
import type { JoinedRoom, MemberMessage, RoomSummary } from "../../actors/chat/messages.ts";
import { names } from "../../actors/chat/names.ts";
import { rooms } from "../../actors/chat/rooms.ts";
import { lineServer } from "../../actors/net/mod.ts";
import { denoWorld } from "../../actors/world/deno/mod.ts";
import { ActorSystem, type Ref } from "../../mod.ts";
import { parseChatName } from "../../protocols/chat_names.ts";
import { deadline, TestClient, until } from "../_helpers.ts";

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
      member({ names: owner, rooms: directory, rate: { perSecond: 0, burst: 1 } }),
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

    // Somebody from nowhere joins, to get hold of the room, and sends it what no room can handle.
    const lobby = parseChatName("lobby");
    if (!("keys" in lobby)) throw new Error("Cannot be");
    const ghost: Ref<MemberMessage> = system.spawn("ghost", () => () => {});
    const { room } = await directory.ask<JoinedRoom>(
      (replyTo) => ({ type: "join", room: lobby, member: ghost, name: "ghost", quietly: true, replyTo }),
      { timeoutMs: 5000 },
    );
    const poison: Parameters<typeof room.tell>[0] = JSON.parse(`{"type":"say","event":{"type":"said"}}`);
    room.tell(poison);
    await until(() => errors.length > 0, "the room's failure");
    await until(async () => {
      const list = await directory.ask<readonly RoomSummary[]>((replyTo) => ({ type: "list", replyTo }), {
        timeoutMs: 5000,
      });
      return list.length === 1 && list[0]?.members === 2;
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

import { assertEquals } from "@std/assert";
import { history } from "../../actors/chat/history.ts";
import { lineDoor } from "../../actors/chat/doors/line.ts";
import type { MemberMessage, Person, RoomCommand } from "../../actors/chat/messages.ts";
import { names } from "../../actors/chat/names.ts";
import { rooms } from "../../actors/chat/rooms.ts";
import { AddressRate, lineServer, LoginRate } from "../../actors/net/mod.ts";
import { denoWorld } from "../../actors/world/deno/mod.ts";
import { ActorSystem, type Ref } from "../../mod.ts";
import { parseChatName } from "../../protocols/chat_names.ts";
import { deadline, TestClient, until } from "../_helpers.ts";

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

    // Somebody from nowhere joins, to get hold of the room, and sends it what no room can handle.
    const lobby = parseChatName("lobby");
    if (!("keys" in lobby)) throw new Error("Cannot be");
    const rooms: Ref<RoomCommand>[] = [];
    let listed: number | undefined;
    const ghost = system.spawn<MemberMessage>("ghost", () => (message) => {
      if (message.type !== "answer") return;
      if (message.answer.type === "joined") rooms.push(message.answer.view.room);
      if (message.answer.type === "rooms") {
        const { rooms } = message.answer;
        listed = rooms.length === 1 ? rooms[0]?.members : undefined;
      }
    });
    const person: Person = {
      member: ghost,
      name: { text: "ghost", keys: ["ghost"] },
      user: "none",
      host: "nowhere",
      realName: "",
      isBot: false,
      isInvisible: false,
    };
    const asker = { person, request: 1 };
    directory.tell({
      ...asker,
      type: "join",
      room: lobby,
      quietly: { isOperator: false, hasVoice: false },
    });
    await until(() => rooms.length > 0, "the room");
    const [room] = rooms;
    if (room === undefined) throw new Error("Cannot be");
    const poison: Parameters<typeof room.tell>[0] = JSON.parse(`{"type":"say","person":null}`);
    room.tell(poison);
    await until(() => errors.length > 0, "the room's failure");
    await until(() => {
      directory.tell({ ...asker, type: "list" });
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

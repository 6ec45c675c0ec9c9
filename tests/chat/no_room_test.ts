import { assertEquals } from "@std/assert";
import { lineDoor } from "../../actors/chat/doors/line.ts";
import { history } from "../../actors/chat/history.ts";
import { names } from "../../actors/chat/names.ts";
import type { RoomsCommand } from "../../actors/chat/owner_messages.ts";
import { rooms } from "../../actors/chat/rooms.ts";
import { AddressRate, lineServer, LoginRate } from "../../actors/net/mod.ts";
import { type SimWorld, simWorld } from "../../actors/world/sim/mod.ts";
import { ActorSystem, type Behavior } from "../../mod.ts";
import { LineClient } from "../sim/_harness.ts";
import { failRoom } from "./_failing_room.ts";

const NO_ROOM = "Error: You are in no room: /join lobby";
/** Longer than a member waits for an answer. */
const OVERDUE_MS = 16_000;
const LATE_MS = 20_000;

/** Lets nobody in. */
const closedRooms: Behavior<RoomsCommand> = () => (message) => {
  if (message.type !== "join") return;
  const answer = { type: "refused", reason: "unavailable" } as const;
  message.person.member.tell({ type: "answer", request: message.request, answer });
};

/** Lets everybody in, and tells the first one nothing of it. */
const quietRooms: Behavior<RoomsCommand> = (self) => {
  const open = self.spawn("rooms", rooms({ history: self.spawn("history", history()) }));
  let joins = 0;
  return (message) => {
    const isFirst = message.type === "join" && ++joins === 1;
    open.tell(isFirst ? { ...message, request: 0 } : message);
  };
};

/** Lets everybody in, and some so late that they have given that up. */
function lateRooms(isLate: (join: number) => boolean): Behavior<RoomsCommand> {
  return (self) => {
    const open = self.spawn("rooms", rooms({ history: self.spawn("history", history()) }));
    let joins = 0;
    return (message) => {
      const isOfAll = message.type === "join" && message.person.name.text !== "ghost";
      if (!isOfAll || !isLate(++joins)) return open.tell(message);
      self.world.clock.timer(LATE_MS, () => open.tell(message));
    };
  };
}

/** Lets in who asks first at the moment at which it asks again. */
const waitingRooms: Behavior<RoomsCommand> = (self) => {
  const open = self.spawn("rooms", rooms({ history: self.spawn("history", history()) }));
  let first: RoomsCommand | undefined;
  return (message) => {
    if (message.type === "join" && first === undefined) return void (first = message);
    if (message.type === "join" && first !== undefined) open.tell(first);
    open.tell(message);
  };
};

/** A chat with these rooms and a line door. */
function start(sim: SimWorld, behavior: Behavior<RoomsCommand>) {
  const system = new ActorSystem("chat", { world: sim.host("s0").world });
  const directory = system.spawn("rooms", behavior);
  const rate = { perSecond: 0, burst: 1 };
  const door = lineDoor({
    names: system.spawn("names", names()),
    rooms: directory,
    ...{ rate, addressRate: new AddressRate(rate), logins: new LoginRate(rate), hostOf: () => "host" },
  });
  system.spawn("server", lineServer({ address: { hostname: "::", port: 5000 } }, door));
  return { system, directory };
}

/** Somebody who is called ann at the line door of a chat with these rooms, whose door others can use, too. */
async function ann(sim: SimWorld, behavior: Behavior<RoomsCommand>): Promise<LineClient> {
  start(sim, behavior);
  return await come(sim, "ann");
}

async function come(sim: SimWorld, name: string): Promise<LineClient> {
  const client = new LineClient(sim.host(name).world, { hostname: "s0", port: 5000, silenceMs: Infinity });
  await sim.until(() => client.isConnected, 1000, "a connection");
  client.send(name);
  return client;
}

Deno.test("chat: who is in no room is told so, whatever is said there", async () => {
  const sim = simWorld({ seed: 1 });
  const client = await ann(sim, closedRooms);
  for (const line of ["hello", "/who", "/topic"]) client.send(line);
  await sim.advance(1000);
  assertEquals(client.sessions[0]?.received, [
    "Error: Cannot join that room: the chat cannot reach its engine, try again in a moment",
    ...Array(3).fill(NO_ROOM),
  ]);
  sim.close();
});

Deno.test("chat: who was let in, and told so too late, is in when it asks again", async () => {
  const sim = simWorld({ seed: 1 });
  const client = await ann(sim, quietRooms);
  await sim.advance(OVERDUE_MS);
  for (const line of ["hello", "/join lobby", "/who"]) client.send(line);
  await sim.advance(1000);
  assertEquals(client.sessions[0]?.received, [
    "Error: Cannot join that room: there is no such room",
    NO_ROOM,
    "You are in lobby now.",
    "In lobby: ann",
  ]);
  sim.close();
});

Deno.test("chat: who was let in, and told so too late, is there by the name that it has by then", async () => {
  const sim = simWorld({ seed: 1 });
  const client = await ann(sim, quietRooms);
  await sim.advance(OVERDUE_MS);
  for (const line of ["/nick cleo", "/join lobby"]) client.send(line);
  await sim.advance(1000);
  client.send("/who");
  await sim.advance(1000);
  assertEquals(client.sessions[0]?.received.at(-1), "In lobby: cleo");
  sim.close();
});

const isFirst = (join: number) => join === 1;

Deno.test("chat: who gave up to be let in, and is let in then, is shown where it went in the meantime alone", async () => {
  for (const [line, rooms] of [["/join games", "In games: ann"], ["hello", NO_ROOM]] as const) {
    const sim = simWorld({ seed: 1 });
    const client = await ann(sim, lateRooms(isFirst));
    await sim.advance(OVERDUE_MS);
    client.send(line);
    const bob = await come(sim, "bob");
    await sim.advance(LATE_MS - OVERDUE_MS + 1000);
    bob.send("/who");
    client.send("/who");
    await sim.advance(1000);
    assertEquals(bob.sessions[0]?.received.at(-1), "In lobby: bob");
    assertEquals(client.sessions[0]?.received.at(-1), rooms);
    sim.close();
  }
});

Deno.test("chat: who gave up to be let in, and has another name when it is, goes by the name that came", async () => {
  const sim = simWorld({ seed: 1 });
  const client = await ann(sim, lateRooms(isFirst));
  await sim.advance(OVERDUE_MS);
  client.send("/nick cleo");
  const bob = await come(sim, "bob");
  await sim.advance(LATE_MS);
  bob.send("/who");
  await sim.advance(1000);
  assertEquals(bob.sessions[0]?.received, [
    "ann has joined the chat.",
    "ann has left the chat.",
    "In lobby: bob",
  ]);
  sim.close();
});

Deno.test("chat: who gave up to be let in, and asks again, is in whatever is answered to that", async () => {
  const bothLate = lateRooms((join) => join <= 2);
  for (const behavior of [lateRooms(isFirst), waitingRooms, bothLate]) {
    const sim = simWorld({ seed: 1 });
    const client = await ann(sim, behavior);
    await sim.advance(LATE_MS - 1);
    client.send("/join lobby");
    await sim.advance(2 * LATE_MS);
    const told = client.sessions[0]?.received.at(-1);
    client.send("/who");
    await sim.advance(1000);
    const isIn = told === "You are in lobby now.";
    assertEquals(client.sessions[0]?.received.at(-1), isIn ? "In lobby: ann" : NO_ROOM, told);
    assertEquals(isIn, behavior !== bothLate);
    const bob = await come(sim, "bob");
    await sim.advance(LATE_MS + 1000);
    bob.send("/who");
    await sim.advance(1000);
    assertEquals(bob.sessions[0]?.received.at(-1), isIn ? "In lobby: ann, bob" : "In lobby: bob");
    sim.close();
  }
});

Deno.test("chat: whose room has failed, and lets it back in late, is in and never knew that it was out", async () => {
  const sim = simWorld({ seed: 1 });
  // Ann's way back, or Bob's.
  const { system, directory } = start(sim, lateRooms((join) => join === 3));
  const clients = [await come(sim, "ann"), await come(sim, "bob")];
  await sim.advance(1000);
  failRoom(system, directory, "lobby");
  await sim.advance(LATE_MS + 5000);
  for (const [index, client] of clients.entries()) client.send(`hello from ${index}`);
  await sim.advance(1000);
  const heard = clients.map(({ sessions }) =>
    sessions[0]?.received.filter((line) => /left|hello/.test(line))
  );
  assertEquals(heard, [["bob: hello from 1"], ["ann: hello from 0"]]);
  clients[0]?.send("/who");
  await sim.advance(1000);
  assertEquals(clients[0]?.sessions[0]?.received.at(-1)?.split(/[:,] /).toSorted(), [
    "In lobby",
    "ann",
    "bob",
  ]);
  sim.close();
});

Deno.test("chat: whose room has failed, and who goes elsewhere before it is let back in late, is there alone", async () => {
  for (const [typed, where] of [["/join games", "games"], ["/join lobby", "lobby"]] as const) {
    for (const waitMs of [1000, OVERDUE_MS]) {
      const sim = simWorld({ seed: 1 });
      const { system, directory } = start(sim, lateRooms((join) => join === 3));
      const clients = [await come(sim, "ann"), await come(sim, "bob")];
      await sim.advance(1000);
      failRoom(system, directory, "lobby");
      await sim.advance(waitMs);
      for (const client of clients) client.send(typed);
      await sim.advance(2 * LATE_MS);
      const eve = await come(sim, "eve");
      await sim.advance(1000);
      for (const client of [...clients, eve]) client.send("/who");
      await sim.advance(1000);
      const shown = [...clients, eve].map(({ sessions }) =>
        sessions[0]?.received.at(-1)?.split(/[:,] /).sort()
      );
      const there = where === "lobby" ? ["In lobby", "ann", "bob", "eve"] : [`In ${where}`, "ann", "bob"];
      assertEquals(
        shown,
        [there, there, where === "lobby" ? there : ["In lobby", "eve"]],
        `${typed} ${waitMs}`,
      );
      sim.close();
    }
  }
});

Deno.test("chat: whose room has failed, and who asks for it and is told that it cannot go in, is out", async () => {
  const sim = simWorld({ seed: 1 });
  // The way back, and what is asked for then.
  const { system, directory } = start(sim, lateRooms((join) => join === 3 || join === 5));
  const [client] = [await come(sim, "ann"), await come(sim, "bob")];
  await sim.advance(1000);
  failRoom(system, directory, "lobby");
  await sim.advance(OVERDUE_MS);
  client.send("/join lobby");
  await sim.advance(2 * LATE_MS);
  assertEquals(
    client.sessions[0]?.received.filter((line) => line.startsWith("Error")).length,
    1,
    "it was told so",
  );
  const eve = await come(sim, "eve");
  await sim.advance(1000);
  eve.send("/who");
  await sim.advance(1000);
  assertEquals(eve.sessions[0]?.received.at(-1), "In lobby: bob, eve");
  sim.close();
});

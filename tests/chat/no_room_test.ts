import { assertEquals } from "@std/assert";
import { lineDoor } from "../../actors/chat/doors/line.ts";
import { names } from "../../actors/chat/names.ts";
import type { RoomsCommand } from "../../actors/chat/owner_messages.ts";
import { AddressRate, lineServer, LoginRate } from "../../actors/net/mod.ts";
import { simWorld } from "../../actors/world/sim/mod.ts";
import { ActorSystem, type Behavior } from "../../mod.ts";
import { LineClient } from "../sim/_harness.ts";

/** Lets nobody in. */
const closedRooms: Behavior<RoomsCommand> = () => (message) => {
  if (message.type !== "join") return;
  const answer = { type: "refused", reason: "unavailable" } as const;
  message.person.member.tell({ type: "answer", request: message.request, answer });
};

Deno.test("chat: who is in no room is told so, whatever is said there", async () => {
  const sim = simWorld({ seed: 1 });
  const system = new ActorSystem("chat", { world: sim.host("s0").world });
  const rate = { perSecond: 0, burst: 1 };
  const door = lineDoor({
    names: system.spawn("names", names()),
    rooms: system.spawn("rooms", closedRooms),
    ...{ rate, addressRate: new AddressRate(rate), logins: new LoginRate(rate), hostOf: () => "host" },
  });
  system.spawn("server", lineServer({ address: { hostname: "::", port: 5000 } }, door));
  const ann = new LineClient(sim.host("ann").world, { hostname: "s0", port: 5000, silenceMs: Infinity });
  await sim.until(() => ann.isConnected, 1000, "a connection");
  for (const line of ["ann", "hello", "/who", "/topic"]) ann.send(line);
  await sim.advance(1000);
  const noRoom = "Error: You are in no room: /join lobby";
  assertEquals(ann.sessions[0]?.received, [
    "Error: Cannot join that room: the chat cannot reach its engine, try again in a moment",
    ...Array(3).fill(noRoom),
  ]);
  sim.close();
});

import { assertEquals } from "@std/assert";
import { People } from "../../../actors/chat/cluster/people.ts";
import { RoomMirror } from "../../../actors/chat/cluster/room_mirror.ts";
import type { RoomRecord } from "../../../actors/chat/cluster/room_record.ts";
import type { MemberMessage, Person } from "../../../actors/chat/messages.ts";
import { emptyRoom } from "../../../actors/chat/room_state.ts";
import { simWorld } from "../../../actors/world/sim/mod.ts";
import { ActorSystem, type Ref } from "../../../mod.ts";
import { overridden } from "../../_overridden.ts";

const [ANN, BOB] = ["inbox.s0.1 ann", "inbox.s0.1 bob"];

function personOf(member: string): Person<string> {
  const text = member.slice(-3);
  const rest = { user: "u", host: "h", realName: "", isBot: false, isInvisible: false };
  return { member, name: { text, keys: [text] }, ...rest };
}

Deno.test("chat cluster: who of a server has gone before it looks at a room is told nothing, and nobody else misses that", async () => {
  const sim = simWorld({ seed: 1 });
  const system = new ActorSystem("test", { world: sim.host("s0").world });
  const told: string[] = [];
  const bob = system.spawn<MemberMessage>("bob", () => ({ type }) => void told.push(type));
  // No actor any more: an address, over which no object of a class goes.
  const ann: Ref<MemberMessage> = overridden(bob, {
    tell() {
      throw new TypeError("Cannot write value");
    },
  });
  const people = new People({
    addressOf: () => "",
    refAt: ((id: string) => id === ANN ? ann : bob) as never,
  });
  const mirror = new RoomMirror({
    ...{ key: "lobby", server: "s0", people },
    entered: ({ member }) => member !== ann,
    left: () => {},
  });
  const members = new Map(
    [ANN, BOB].map((id) => [id, { person: personOf(id), isOperator: false, hasVoice: false, isAway: false }]),
  );
  mirror.start({
    seq: 0,
    title: "lobby",
    keys: ["lobby"],
    createdMs: 0,
    room: { ...emptyRoom(), members },
    servers: new Map(),
  });
  const records: RoomRecord[] = [
    {
      fact: { type: "said", by: BOB, kind: "message", text: "hello", tags: [] },
      id: "1",
      timeMs: 1,
      request: 0,
    },
    { fact: { type: "quit", person: personOf(ANN) }, id: "2", timeMs: 2, request: 0 },
  ];
  assertEquals(mirror.take({ from: 1, records }), true);
  await sim.advance(10);
  assertEquals(told, ["talk", "event"]);
  assertEquals([...mirror.state.members.keys()], [bob]);
  sim.close();
});

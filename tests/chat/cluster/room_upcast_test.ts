import { assertEquals } from "@std/assert";
import type { MemberId } from "../../../actors/chat/cluster/people.ts";
import { allOf } from "../../../actors/chat/cluster/newest.ts";
import { evolveRoom, newRoom } from "../../../actors/chat/cluster/room_entity_state.ts";
import { upcastEvent, upcastState } from "../../../actors/chat/cluster/room_upcast.ts";
import type { Person } from "../../../actors/chat/messages.ts";

const ANN: Person<MemberId> = {
  ...{ member: "one/ann", name: { text: "ann", keys: ["ann"] }, user: "line", host: "h" },
  ...{ realName: "Ann", isBot: false, isInvisible: false },
};
const TOPIC = { text: "stones", by: "ann", setMs: 2 };

function happened(fact: unknown): unknown {
  return { type: "happened", record: { fact, id: "1", timeMs: 1, request: 0 } };
}

Deno.test("chat cluster: a topic of a journal from before there were other texts is the room's topic", () => {
  const journal = [
    happened({ type: "joined", person: ANN, isOperator: true }),
    happened({ type: "topic", person: ANN, topic: TOPIC }),
  ];
  const state = journal.map(upcastEvent).reduce(evolveRoom, newRoom());
  assertEquals(state.room.texts, { topic: TOPIC });
  const [, set] = allOf(state.recent);
  assertEquals(set?.fact, { type: "text", person: ANN, name: "topic", text: TOPIC });
});

Deno.test("chat cluster: a snapshot from before there were other texts keeps its topic, and one without has none", () => {
  const { texts: _, ...room } = newRoom().room;
  const record = { fact: { type: "topic", person: ANN, topic: TOPIC }, id: "1", timeMs: 1, request: 0 };
  const { room: { texts }, recent } = upcastState({
    ...newRoom(),
    room: { ...room, topic: TOPIC },
    recent: [record],
  });
  assertEquals(texts, { topic: TOPIC });
  assertEquals(allOf(recent).map(({ fact }) => fact.type), ["text"]);
  assertEquals(upcastState({ ...newRoom(), room }).room.texts, {});
  assertEquals(upcastState(newRoom()), newRoom());
});

/**
 * What the chat's page makes of what it is told.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { type ChatState, disconnected, EMPTY, keyOf, sending, shown, told } from "../../pages/chat/state.ts";
import { ofEachText } from "../../protocols/chat_texts.ts";
import { type ChatWebEvent, type ChatWebSaid, SLOW_DOWN } from "../../protocols/chat_web.ts";

/** A room that has none of its texts. */
const NO_TEXTS = ofEachText(() => "");

function said(id: string, name: string, text: string): ChatWebSaid {
  return { id, time: 1, name, kind: "message", text };
}

function after(state: ChatState, ...events: readonly ChatWebEvent[]): ChatState {
  return events.reduce((known, event) => told(known, event, 0), state);
}

const LOBBY = keyOf("room", "lobby");
const IN_LOBBY = after(EMPTY, { type: "named", name: "ann" }, {
  type: "room",
  room: "lobby",
  ...NO_TEXTS,
  members: [{ name: "ann", operator: false, away: false }],
  history: [said("a-1", "bob", "one")],
});

function texts(state: ChatState, key = LOBBY): string[] {
  return (state.conversations.get(key)?.lines ?? []).map((line) =>
    line.type === "said" ? line.said.text : line.text
  );
}

Deno.test("chat page: what was missed is shown once, however it comes", () => {
  const state = after(
    IN_LOBBY,
    { type: "said", room: "lobby", said: said("a-2", "bob", "two") },
    { type: "said", room: "lobby", said: said("a-2", "bob", "two") },
    // After a reconnect: from two on, of which two is known.
    {
      type: "room",
      room: "lobby",
      ...NO_TEXTS,
      members: [],
      history: [said("a-2", "bob", "two"), said("a-3", "bob", "three")],
    },
  );
  assertEquals(texts(state), ["one", "two", "three"]);
  assertEquals(state.conversations.get(LOBBY)?.lastId, "a-3");
});

Deno.test("chat page: what happens while a room is entered stands after what was missed, and is not lost", () => {
  const room = (...history: ChatWebSaid[]): ChatWebEvent => ({
    ...{ type: "room", room: "lobby", ...NO_TEXTS, topic: "then", members: [], history },
  });
  const since: readonly ChatWebEvent[] = [
    { type: "joined", room: "lobby", member: { name: "eve", operator: false, away: false } },
    { type: "topic", room: "lobby", name: "eve", text: "now" },
    { type: "said", room: "lobby", said: said("a-3", "eve", "three") },
    { type: "said", room: "lobby", said: said("a-4", "eve", "four") },
  ];
  const missed = [said("a-2", "bob", "two"), said("a-3", "eve", "three")];
  const back = after(disconnected(IN_LOBBY), ...since);
  for (
    const state of [
      after(back, room(...missed)),
      after(EMPTY, ...since, room(said("a-1", "bob", "one"), ...missed)),
    ]
  ) {
    assertEquals(texts(state).filter((text) => !text.startsWith("eve")), ["one", "two", "three", "four"]);
    const lobby = state.conversations.get(LOBBY);
    assertEquals([lobby?.members.map(({ name }) => name), lobby?.topic], [["eve"], "now"]);
    assertEquals([lobby?.lastId, state.held], ["a-4", []]);
  }
  // Lost again before it was told: what is asked for next is what it had.
  assertEquals(disconnected(back).conversations.get(LOBBY)?.lastId, "a-1");
  // Put out before it was told.
  const out = after(back, { type: "out", room: "lobby", why: "put out by bob" }, room(...missed));
  assertEquals([out.conversations.size, out.held], [0, []]);
});

Deno.test("chat page: what was under way when the connection was lost is not said twice", () => {
  const pending = { tag: "t1", conversation: LOBBY, text: "mine", action: false };
  const lost = sending(IN_LOBBY, pending);
  const kept = after(lost, {
    type: "room",
    room: "lobby",
    ...NO_TEXTS,
    members: [],
    history: [said("a-4", "ann", "mine")],
  });
  assertEquals([kept.pending, texts(kept)], [[], ["one", "mine"]]);
  const notKept = after(lost, { type: "room", room: "lobby", ...NO_TEXTS, members: [], history: [] });
  assertEquals(notKept.pending, [pending]);
});

Deno.test("chat page: what was said too fast is kept to be sent again, and what is refused for another reason is not", () => {
  const pending = { tag: "t1", conversation: LOBBY, text: "mine", action: false };
  const sent = sending(IN_LOBBY, pending);
  const refused = (reason: string) => after(sent, { type: "refused", command: "say", reason, tag: "t1" });
  assertEquals(refused(SLOW_DOWN).pending, [pending]);
  assertEquals(refused("you are banned from it").pending, []);
});

Deno.test("chat page: unread marks count what others say elsewhere, until it is looked at", () => {
  const away = after(IN_LOBBY, { type: "private", with: "bob", said: said("p-1", "bob", "psst") });
  assertEquals(away.conversations.get(keyOf("person", "bob"))?.unread, 1);
  assertEquals(shown(away, keyOf("person", "bob")).conversations.get(keyOf("person", "bob"))?.unread, 0);
  const own = after(away, { type: "private", with: "bob", said: said("p-2", "ann", "yes") });
  assertEquals(own.conversations.get(keyOf("person", "bob"))?.unread, 1);
});

Deno.test("chat page: members come, go, lead and are renamed, and a room that was left is gone", () => {
  const state = after(
    IN_LOBBY,
    { type: "joined", room: "lobby", member: { name: "bob", operator: false, away: false } },
    { type: "operators", room: "lobby", changes: [{ name: "bob", operator: true }] },
    { type: "away", room: "lobby", name: "bob", away: true },
    { type: "renamed", room: "lobby", name: "bob", to: "rob" },
    { type: "left", room: "lobby", name: "ann", how: "" },
  );
  assertEquals(state.conversations.get(LOBBY)?.members, [{ name: "rob", operator: true, away: true }]);
  assertEquals(after(state, { type: "out", room: "lobby", why: "" }).conversations.size, 0);
});

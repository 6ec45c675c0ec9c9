/**
 * A room that fails.
 *
 * @module
 */
import type { MemberMessage, Person, RoomCommand } from "../../actors/chat/messages.ts";
import type { RoomsCommand } from "../../actors/chat/owner_messages.ts";
import type { ActorSystem, Ref } from "../../mod.ts";
import { parseChatName } from "../../protocols/chat_names.ts";

/** Somebody from nowhere. */
export function nobody(member: Ref<MemberMessage>): Person {
  const name = { text: "ghost", keys: ["ghost"] };
  return { member, name, user: "none", host: "nowhere", realName: "", isBot: false, isInvisible: false };
}

/** Somebody from nowhere goes into the room, to get hold of it, and sends it what no room can handle. */
export function failRoom(system: ActorSystem, directory: Ref<RoomsCommand>, name: string): void {
  const room = parseChatName(name);
  if (!("keys" in room)) throw new Error("Cannot be");
  const poison: RoomCommand = JSON.parse(`{"type":"say","person":null}`);
  const member = system.spawn<MemberMessage>("ghost", () => (message) => {
    if (message.type === "answer" && message.answer.type === "joined") message.answer.view.room.tell(poison);
  });
  const quietly = { isOperator: false, hasVoice: false };
  directory.tell({ person: nobody(member), request: 1, type: "join", room, quietly });
}

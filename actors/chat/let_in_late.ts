/**
 * What becomes of somebody whom a room has let in, and who was not told so in time.
 *
 * @module
 */
import { type ChatName, sharesKey } from "../../protocols/chat_names.ts";
import type { Ref } from "../runtime/mod.ts";
import type { MemberMessage, Person, RoomMember, RoomView } from "./messages.ts";

/** The number of no request: nobody waits for its answer. */
const NO_REQUEST = 0;

/** What the room has of this member; undefined where it is not in. */
export function memberOf({ members }: RoomView, self: Ref<MemberMessage>): RoomMember | undefined {
  return members.find(({ person }) => person.member === self);
}

/** It was told that it cannot go in, and may be elsewhere by now, or have another name: it goes out again. */
export function goOut(view: RoomView, self: Ref<MemberMessage>): void {
  const me = memberOf(view, self);
  if (me !== undefined) view.room.tell({ type: "part", person: me.person, request: NO_REQUEST });
}

/** It is in, and the room was not told what has become of it since it was let in. */
export function tellChanges(view: RoomView, person: Person | undefined, away: string | undefined): void {
  const me = person && memberOf(view, person.member);
  if (person === undefined || me === undefined) return;
  const { room, members } = view;
  const { name: former } = me.person;
  // Who has its former name by now is not to read that it took another one.
  const isItsOwn = members.every(({ person: { name } }) => name.text !== former.text || name === former);
  if (former.text !== person.name.text && isItsOwn) {
    room.tell({ type: "rename", from: me.person, to: person });
  }
  if (me.isAway !== (away !== undefined)) {
    room.tell({ type: "set-away", person, ...(away === undefined ? {} : { away }) });
  }
}

/** Names of rooms, which may be written in several ways. */
export class RoomNames {
  readonly #names = new Set<ChatName>();

  add(name: ChatName): void {
    this.#names.add(name);
  }

  find(isIt: (name: ChatName) => boolean): ChatName | undefined {
    return [...this.#names].find(isIt);
  }

  /** Somebody has decided about it: it is none of them any more. */
  decided(name: ChatName): void {
    for (const one of this.#names) if (sharesKey(one, name)) this.#names.delete(one);
  }
}

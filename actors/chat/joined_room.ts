/**
 * What a member knows of the rooms that it is in.
 *
 * @module
 */
import { type ChatName, sharesKey } from "../../protocols/chat_names.ts";
import type { Ref } from "../runtime/mod.ts";
import type { Cancellable } from "../world/world.ts";
import type { RoomCommand } from "./messages.ts";

/** A room that the member is in. */
export interface JoinedRoom {
  readonly room: Ref<RoomCommand>;
  readonly title: string;
  readonly name: ChatName;
  isOperator: boolean;
  hasVoice: boolean;
  isSecret: boolean;
  readonly watching: Cancellable;
}

/** The room of a name, of those that are known by their keys. */
export function roomOf(rooms: ReadonlyMap<string, JoinedRoom>, name: ChatName): JoinedRoom | undefined {
  for (const key of name.keys) {
    const room = rooms.get(key);
    if (room !== undefined) return room;
  }
  for (const room of rooms.values()) if (sharesKey(room.name, name)) return room;
  return undefined;
}

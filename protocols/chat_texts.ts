/**
 * The texts that a room of the chat has, beside what is said in it: what sets and shows them at each door
 * comes from the one table here.
 *
 * @module
 */

/**
 * What each text is, for people. Its name is the command that sets it, and that shows it when it is given
 * none.
 */
export const ROOM_TEXTS = {
  topic: "what this room is about",
} as const;

/** The name of a text of a room. */
export type RoomTextName = keyof typeof ROOM_TEXTS;

/** The names of all of them. */
export const ROOM_TEXT_NAMES: readonly RoomTextName[] = Object.keys(ROOM_TEXTS).filter(isRoomTextName);

/**
 * Whether a word names a text of a room.
 *
 * @example
 * ```ts
 * import { isRoomTextName } from "@troupe/actors/protocols/chat-texts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([isRoomTextName("topic"), isRoomTextName("toString")], [true, false]);
 * ```
 */
export function isRoomTextName(word: string): word is RoomTextName {
  return Object.hasOwn(ROOM_TEXTS, word);
}

/**
 * Whether a message, which tells by its `type` what it is about, is about a text of a room.
 *
 * @example
 * ```ts
 * import { isAboutText } from "@troupe/actors/protocols/chat-texts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([{ type: "topic" }, { type: "kick" }].map(isAboutText), [true, false]);
 * ```
 */
export function isAboutText<T extends { readonly type: string }>(
  message: T,
): message is Extract<T, { readonly type: RoomTextName }> {
  return isRoomTextName(message.type);
}

/**
 * The same of each text of a room.
 *
 * @example
 * ```ts
 * import { ofEachText } from "@troupe/actors/protocols/chat-texts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(ofEachText((name) => name.length).topic, 5);
 * ```
 */
export function ofEachText<T>(valueOf: (name: RoomTextName) => T): Record<RoomTextName, T> {
  // `fromEntries` knows of no keys; these are all.
  return Object.fromEntries(ROOM_TEXT_NAMES.map((name) => [name, valueOf(name)])) as Record<RoomTextName, T>;
}

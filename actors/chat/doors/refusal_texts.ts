/**
 * Why something is refused, in words for people.
 *
 * @module
 */
import type { Refusal } from "../messages.ts";

/** A text for each refusal, that follows a colon. */
export const REFUSAL_TEXTS: Readonly<Record<Refusal, string>> = {
  "name-taken": "the name is taken",
  "no-such-person": "nobody has that name",
  "no-such-room": "there is no such room",
  "bad-room-name": "that is not a room's name",
  "not-in-room": "you are not in that room",
  "target-not-in-room": "nobody of that name is in this room",
  "already-in-room": "already in that room",
  "not-operator": "only an operator of the room may",
  "banned": "you are banned from it",
  "invite-only": "one comes in by invitation only",
  "bad-key": "it takes a key",
  "full": "it is full",
  "cannot-send": "you are not heard there",
  "bad-mask": "that is not a mask of names",
  "ban-list-full": "there are too many bans already",
  "too-many-rooms": "you are in too many rooms",
  "bad-mode-argument": "that is not a valid argument",
  "unavailable": "the chat cannot reach its engine, try again in a moment",
};

/** To who was cut off from the rest of the chat for too long. */
export const CUT_OFF_TEXTS = {
  "name-lost": "your name is somebody else's now, log in again",
  "news-missed": "this server was cut off for too long, connect again",
} as const;

/**
 * What can be set of a room: its texts, its modes, and its bans.
 *
 * @module
 */
import type { RoomTextName } from "../../protocols/chat_texts.ts";

/** A text of a room, such as its topic. */
export interface RoomText {
  readonly text: string;
  readonly by: string;
  readonly setMs: number;
}

/** The texts that are set. */
export type RoomTexts = Readonly<Partial<Record<RoomTextName, RoomText>>>;

/** What a room allows. */
export interface RoomModes {
  readonly isInviteOnly: boolean;
  /** Only operators and those with a voice are heard. */
  readonly isModerated: boolean;
  /** Who is not in the room is not heard in it. */
  readonly isMembersOnly: boolean;
  /** It is in no list of others. */
  readonly isSecret: boolean;
  /** Only operators set the topic, and any other text of the room. */
  readonly isTopicLocked: boolean;
  readonly key?: string;
  readonly limit?: number;
}

/** The modes that are on or off. */
export type RoomFlag = Exclude<keyof RoomModes, "key" | "limit">;

/** Who may not come in, or be heard. */
export interface Ban {
  readonly mask: string;
  readonly by: string;
  readonly setMs: number;
}

/** One change of what a room allows, or of whom it lets do what. */
export type ModeChange =
  | { readonly type: "flag"; readonly flag: RoomFlag; readonly on: boolean }
  | { readonly type: "key"; readonly key?: string }
  | { readonly type: "limit"; readonly limit?: number }
  | { readonly type: "ban"; readonly mask: string; readonly on: boolean }
  | { readonly type: "operator" | "voice"; readonly name: string; readonly on: boolean };

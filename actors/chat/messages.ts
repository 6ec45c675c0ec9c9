/**
 * What the chat's actors tell each other.
 *
 * @module
 */
import type { ChatEvent } from "../../protocols/chat.ts";
import type { ChatName } from "../../protocols/chat_names.ts";
import type { Ref } from "../runtime/mod.ts";

/** What a member's connection is told by the others. */
export type MemberMessage =
  /** A line for the member, ended, encoded once for all that are sent it. */
  | { readonly type: "line"; readonly bytes: Uint8Array }
  /** The room has passed on one of this member's lines, of so many UTF-16 units. */
  | { readonly type: "passed-on"; readonly length: number }
  /** The room has failed: its members are to go back in. */
  | { readonly type: "room-failed"; readonly room: Ref<RoomCommand> };

/** What a room can be told. */
export type RoomCommand =
  | {
    readonly type: "join";
    readonly member: Ref<MemberMessage>;
    readonly name: string;
    /** Nobody is told: the member never knew that it was out. */
    readonly quietly: boolean;
  }
  | { readonly type: "leave"; readonly member: Ref<MemberMessage>; readonly quietly: boolean }
  | { readonly type: "say"; readonly member: Ref<MemberMessage>; readonly event: SpokenEvent }
  | { readonly type: "who"; readonly replyTo: Ref<readonly string[]> }
  | { readonly type: "history"; readonly lines: number; readonly replyTo: Ref<readonly string[]> };

/** An event that is somebody's words: what a history is made of. */
export type SpokenEvent = Extract<ChatEvent, { readonly text: string }>;

/** What the owner of the rooms can be told. */
export type RoomsCommand =
  | {
    readonly type: "join";
    readonly room: ChatName;
    readonly member: Ref<MemberMessage>;
    readonly name: string;
    readonly quietly: boolean;
    readonly replyTo: Ref<JoinedRoom>;
  }
  | { readonly type: "list"; readonly replyTo: Ref<readonly RoomSummary[]> };

/** A room that a member has been let into. */
export interface JoinedRoom {
  readonly room: Ref<RoomCommand>;
  /** As the one who made the room wrote it. */
  readonly title: string;
}

/** One line of a list of rooms. */
export interface RoomSummary {
  readonly title: string;
  readonly members: number;
}

/** What the keeper of the history can be told. */
export type HistoryCommand =
  | {
    readonly type: "keep";
    readonly room: string;
    readonly lines: readonly string[];
    /** Told when the lines are as safe as they will be: on disk where there is a file. */
    readonly replyTo: Ref<void>;
  }
  /** The last lines of a room, oldest first. */
  | {
    readonly type: "last";
    readonly room: string;
    readonly lines: number;
    readonly replyTo: Ref<readonly string[]>;
  };

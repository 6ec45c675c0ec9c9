/**
 * What the owners of rooms, names and history are told.
 *
 * @module
 */
import type { ChatName } from "../../protocols/chat_names.ts";
import type { Ref } from "../runtime/mod.ts";
import type { Asker, MemberMessage, Person, RoomCommand } from "./messages.ts";

/** What the owner of the rooms can be told. */
export type RoomsCommand =
  /** Lets the member in; the room answers. */
  | Asker & {
    readonly type: "join";
    readonly room: ChatName;
    readonly key?: string;
    readonly away?: string;
    readonly quietly?: { readonly isOperator: boolean; readonly hasVoice: boolean };
  }
  /** Hands a command on to the room of a name; refused where there is none. */
  | { readonly type: "to-room"; readonly room: ChatName; readonly command: Extract<RoomCommand, Asker> }
  /** A member has gone that was on its way into the room: the room hears it behind the joining. */
  | {
    readonly type: "quit-room";
    readonly room: ChatName;
    readonly quit: Extract<RoomCommand, { readonly type: "quit" }>;
  }
  | Asker & { readonly type: "list" };

/** What the owner of the names can be told. */
export type NamesCommand =
  /** Asks for a name, the first or another one: refused when somebody has it, or one that looks like it. */
  | Asker & { readonly type: "claim" }
  /** Keeps a name that somebody else asked for. */
  | { readonly type: "keep"; readonly member: Ref<MemberMessage> }
  /** Gives up whatever name the member has. */
  | { readonly type: "release"; readonly member: Ref<MemberMessage> }
  | { readonly type: "set-away"; readonly person: Person; readonly away?: string }
  /** The person has said something. */
  | { readonly type: "spoke"; readonly member: Ref<MemberMessage> }
  /** Who has these names: those that are there, in the order of the names. */
  | Asker & { readonly type: "find"; readonly names: readonly ChatName[] }
  /** Everybody whom a mask fits. */
  | Asker & { readonly type: "search"; readonly mask: string }
  | Asker & { readonly type: "find-former"; readonly name: string }
  | Asker & { readonly type: "count" }
  /** Somebody has come, and has no name yet. */
  | { readonly type: "arrived"; readonly member: Ref<MemberMessage> }
  /** Tells the member when somebody with the name comes or goes; `false` no longer. */
  | {
    readonly type: "monitor";
    readonly member: Ref<MemberMessage>;
    readonly name: ChatName;
    readonly on: boolean;
  };

/** What the history can be told. */
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

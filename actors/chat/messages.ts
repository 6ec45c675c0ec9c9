/**
 * What the chat's actors tell each other. No wire's text is in it: a door encodes what happens for its
 * clients.
 *
 * A member asks by a request with a number of its own, and is told the {@linkcode Answer} in its mailbox,
 * after all that the request made happen: what a room tells a member comes in one order.
 *
 * @module
 */
import type { ChatName } from "../../protocols/chat_names.ts";
import type { Ref } from "../runtime/mod.ts";
import type { RoomEvent } from "./room_event.ts";
import type { Talk } from "./talk.ts";

/**
 * Somebody in the chat, as others see them. A new name makes a new person of the same member.
 *
 * @typeParam M what stands for the member: whom to tell, or a name for that which can be kept
 */
export interface Person<M = Ref<MemberMessage>> {
  /** Whom to tell. */
  readonly member: M;
  readonly name: ChatName;
  /** What the client says that its user is called on its machine, or the name of the door. */
  readonly user: string;
  /** A stable stand-in for the address, which is nobody else's business. */
  readonly host: string;
  /** What the client says that its user is called in life. */
  readonly realName: string;
  /** Marked by itself as a program. */
  readonly isBot: boolean;
  /** Asked by itself not to be found by those with whom it shares no room. */
  readonly isInvisible: boolean;
  /** The names that it had on this connection: a ban of one of them is not left behind with it. */
  readonly formerNames?: readonly FormerName[];
}

/** A name that somebody had. */
export interface FormerName {
  readonly name: ChatName;
  /** When it was given up, in milliseconds since 1970. */
  readonly leftMs: number;
}

/** What is known of somebody beside the person. */
export interface PersonStatus {
  readonly person: Person;
  /** Why the person is away; `undefined` when here. */
  readonly away?: string;
  readonly signedOnMs: number;
  /** When the person last said something. */
  readonly spokeMs: number;
}

/** Somebody who had a name until a while ago. */
export interface FormerPerson {
  readonly person: Person;
  readonly leftMs: number;
}

/** How something is said. */
export type SpeechKind = "message" | "action" | "notice" | "tags";

/** Something said to one person. */
export interface PrivateMessage {
  readonly type: "private";
  readonly from: Person;
  /** Whom it is for: for the echo to its sender. */
  readonly to: string;
  readonly kind: SpeechKind;
  readonly text: string;
  readonly tags: readonly (readonly [string, string])[];
  readonly id: string;
  readonly timeMs: number;
}

/** What a member's connection is told by the others. */
export type MemberMessage =
  /** Something happened in a room that the member is in. */
  | RoomEvent
  /** Things were said in a room that the member is in. */
  | Talk
  | PrivateMessage
  | {
    readonly type: "invited";
    readonly by: Person;
    readonly room: string;
    readonly roomKeys: readonly string[];
  }
  /** The answer to a request, after all that it made happen. */
  | { readonly type: "answer"; readonly request: number; readonly answer: Answer }
  /** Somebody whose coming and going the member watches has come or gone. */
  | { readonly type: "presence"; readonly name: string; readonly person?: Person }
  /** The room has ended. What it said before is still to be heard: a watch goes before what waits. */
  | { readonly type: "room-ended"; readonly room: Ref<RoomCommand> }
  /** The room has failed: its members are to go back in. */
  | { readonly type: "room-failed"; readonly room: Ref<RoomCommand> }
  /** Somebody asks for the member's name: it is given up by who has been silent for too long. */
  | { readonly type: "name-wanted" }
  /**
   * The member's server was away from the others for too long: somebody else has its name, or more has been
   * said than is known.
   */
  | { readonly type: "cut-off"; readonly why: "name-lost" | "news-missed" }
  /** Somebody asks which rooms the member is in. */
  | Asker & { readonly type: "tell-rooms" }
  /** The member has read most of what it was sent. */
  | { readonly type: "drained" }
  /** The answers to a command of the member are overdue. */
  | { readonly type: "overdue" }
  /** A door's own timers: what waited may be taken, and a silent client is to be asked. */
  | { readonly type: "next-turn" | "look-for-life" };

/** Why something is refused. */
export type Refusal =
  | "name-taken"
  | "no-such-person"
  | "no-such-room"
  | "bad-room-name"
  | "not-in-room"
  | "target-not-in-room"
  | "already-in-room"
  | "not-operator"
  | "banned"
  | "invite-only"
  | "bad-key"
  | "full"
  | "cannot-send"
  | "bad-mask"
  | "ban-list-full"
  | "too-many-rooms"
  | "bad-mode-argument"
  /** What the chat stands on does not answer. */
  | "unavailable";

/** The answer to a request. */
export type Answer =
  /** It is done; what it made happen was told before. */
  | { readonly type: "done" }
  | { readonly type: "refused"; readonly reason: Refusal; readonly detail?: string }
  | { readonly type: "joined"; readonly view: RoomView }
  | { readonly type: "view"; readonly view: RoomView; readonly isMember: boolean }
  | { readonly type: "bans"; readonly title: string; readonly bans: readonly Ban[] }
  | { readonly type: "entries"; readonly title: string; readonly entries: readonly HistoryEntry[] }
  | { readonly type: "rooms"; readonly rooms: readonly RoomSummary[] }
  | { readonly type: "people"; readonly people: readonly PersonStatus[] }
  | { readonly type: "former"; readonly people: readonly FormerPerson[] }
  | { readonly type: "memberships"; readonly rooms: readonly Membership[] }
  | {
    readonly type: "counts";
    readonly people: number;
    readonly invisible: number;
    /** Those who have no name yet. */
    readonly nameless: number;
    readonly mostPeople: number;
  };

/** A room that somebody is in. */
export interface Membership {
  readonly title: string;
  readonly isOperator: boolean;
  readonly hasVoice: boolean;
  readonly isSecret: boolean;
}

/** A member of a room. */
export interface RoomMember<M = Ref<MemberMessage>> {
  readonly person: Person<M>;
  readonly isOperator: boolean;
  readonly hasVoice: boolean;
  readonly isAway: boolean;
}

/** A room as it is at one moment. */
export interface RoomView {
  readonly room: Ref<RoomCommand>;
  /** As the one who made the room wrote it. */
  readonly title: string;
  readonly keys: readonly string[];
  readonly members: readonly RoomMember[];
  readonly topic?: RoomTopic;
  readonly modes: RoomModes;
  readonly createdMs: number;
}

/** What a room is about. */
export interface RoomTopic {
  readonly text: string;
  readonly by: string;
  readonly setMs: number;
}

/** What a room allows. */
export interface RoomModes {
  readonly isInviteOnly: boolean;
  /** Only operators and those with a voice are heard. */
  readonly isModerated: boolean;
  /** Who is not in the room is not heard in it. */
  readonly isMembersOnly: boolean;
  /** It is in no list of others. */
  readonly isSecret: boolean;
  /** Only operators set the topic. */
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

/** What the history has of something said. */
export interface HistoryEntry {
  readonly id: string;
  /** Milliseconds since 1970; 0 for what was kept before times were. */
  readonly timeMs: number;
  readonly name: string;
  readonly user: string;
  readonly host: string;
  readonly kind: Exclude<SpeechKind, "tags">;
  readonly text: string;
}

/** Who asks, and by which number it is answered. */
export interface Asker<M = Ref<MemberMessage>> {
  readonly person: Person<M>;
  readonly request: number;
}

/** What a room can be told. */
export type RoomCommand<M = Ref<MemberMessage>> =
  /** `quietly`: nobody is told, since the member never knew that it was out; it has back what it was. */
  | Asker<M> & {
    readonly type: "join";
    readonly key?: string;
    readonly away?: string;
    readonly quietly?: { readonly isOperator: boolean; readonly hasVoice: boolean };
  }
  | Asker<M> & { readonly type: "part"; readonly reason?: string }
  | Asker<M> & {
    readonly type: "say";
    readonly kind: SpeechKind;
    readonly text: string;
    readonly tags: readonly (readonly [string, string])[];
    /** Only for operators, or for those with a voice too. */
    readonly onlyFor?: "operators" | "voices";
  }
  | Asker<M> & { readonly type: "set-topic"; readonly text: string }
  | Asker<M> & { readonly type: "kick"; readonly target: ChatName; readonly reason?: string }
  | Asker<M> & { readonly type: "invite"; readonly target: Person<M> }
  | Asker<M> & { readonly type: "change-modes"; readonly changes: readonly ModeChange[] }
  | Asker<M> & { readonly type: "get-view" | "get-bans" }
  | Asker<M> & { readonly type: "get-history"; readonly query: HistoryQuery }
  /** The member has another name. */
  | { readonly type: "rename"; readonly from: Person<M>; readonly to: Person<M> }
  | { readonly type: "set-away"; readonly person: Person<M>; readonly away?: string }
  /** The member is gone from the chat. */
  | {
    readonly type: "quit";
    readonly person: Person<M>;
    readonly reason?: string;
    readonly quietly: boolean;
  };

/** Which part of a history is asked for, as `CHATHISTORY` has it. Limits are counted in entries. */
export type HistoryQuery =
  | { readonly type: "latest"; readonly after?: HistoryPoint; readonly limit: number }
  | { readonly type: "before" | "after" | "around"; readonly point: HistoryPoint; readonly limit: number }
  | {
    readonly type: "between";
    readonly from: HistoryPoint;
    readonly to: HistoryPoint;
    readonly limit: number;
  };

/** A place in a history: an entry, or a time. */
export type HistoryPoint = { readonly id: string } | { readonly timeMs: number };

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

/** One line of a list of rooms. */
export interface RoomSummary {
  readonly title: string;
  readonly members: number;
  readonly topic?: RoomTopic;
  readonly isSecret: boolean;
  readonly createdMs: number;
}

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

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
import type { RoomTextName } from "../../protocols/chat_texts.ts";
import type { Ref } from "../runtime/mod.ts";
import type { HistoryEntry, HistoryQuery, SpeechKind } from "./history_entry.ts";
import type { Ban, ModeChange, RoomModes, RoomText, RoomTexts } from "./room_properties.ts";

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

/** What happened. */
export type Happening<M = Ref<MemberMessage>> =
  | {
    readonly type: "joined";
    readonly person: Person<M>;
    readonly isOperator: boolean;
    readonly away?: string;
  }
  /** Left this room, by its own will. */
  | { readonly type: "parted"; readonly person: Person<M>; readonly reason?: string }
  /** Left the chat, and so all its rooms. */
  | { readonly type: "quit"; readonly person: Person<M>; readonly reason?: string }
  | { readonly type: "kicked"; readonly person: Person<M>; readonly by: Person<M>; readonly reason?: string }
  | {
    readonly type: "said";
    readonly person: Person<M>;
    readonly kind: SpeechKind;
    readonly text: string;
    readonly tags: readonly (readonly [string, string])[];
    readonly onlyFor?: "operators" | "voices";
  }
  | { readonly type: "renamed"; readonly person: Person<M>; readonly to: Person<M> }
  /** Told to the operators, who may invite themselves. */
  | { readonly type: "invited"; readonly person: Person<M>; readonly target: Person<M> }
  | {
    readonly type: "text";
    readonly person: Person<M>;
    readonly name: RoomTextName;
    readonly text: RoomText;
  }
  | { readonly type: "modes"; readonly person: Person<M>; readonly changes: readonly ModeChange[] }
  | { readonly type: "away"; readonly person: Person<M>; readonly away?: string };

/** A room, as an event names it. */
export interface EventRoom {
  readonly title: string;
  /** The first of its name's keys: the same however the title is written. */
  readonly key: string;
}

/** A way to write events down, shared by all clients to which they read the same. */
export interface EventCodec {
  /** The bytes that tell of the event; none where the wire has no word for it. */
  encode(event: RoomEvent): Uint8Array;
}

/** One event of a room. The same object is told to every member, and is not changed. */
export interface RoomEvent {
  readonly type: "event";
  readonly room: EventRoom;
  readonly happening: Happening;
  /** Unlike any other's, in this chat and its history. */
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly timeMs: number;
  /** The number of the request that made it happen, for the member that made it. */
  readonly request: number;
  /** Those members whom it is told; everybody where undefined. */
  readonly onlyFor: "operators" | "voices" | undefined;
  /** The event as `codec` writes it: written at the first call, and the same bytes at each further one. */
  encoded(codec: EventCodec): Uint8Array;
}

/**
 * Things said in a room one after the other, with nothing else between them. To a member who said some of it,
 * it is the answer, too.
 */
export interface Talk {
  readonly type: "talk";
  readonly room: EventRoom;
  /** What was said, in the order of the room. */
  readonly events: readonly RoomEvent[];
  /** What the member said of it. */
  of(member: Ref<MemberMessage>): readonly RoomEvent[];
  /** Whether the member said some of it. */
  isOf(member: Ref<MemberMessage>): boolean;
  /** All of it, as `codec` writes it: written at the first call, and the same bytes at each further one. */
  encoded(codec: EventCodec): Uint8Array;
  /** What others than the member said, as `codec` writes it, piece by piece. */
  encodedWithout(member: Ref<MemberMessage>, codec: EventCodec): readonly Uint8Array[];
}

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
  readonly texts: RoomTexts;
  readonly modes: RoomModes;
  readonly createdMs: number;
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
  | Asker<M> & { readonly type: "set-text"; readonly name: RoomTextName; readonly text: string }
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

/** One line of a list of rooms. */
export interface RoomSummary {
  readonly title: string;
  readonly members: number;
  readonly texts: RoomTexts;
  readonly isSecret: boolean;
  readonly createdMs: number;
}

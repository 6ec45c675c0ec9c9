/** What the chat's page knows, as a function of what it was told. */
import { isAboutText, ofEachText, type RoomTextName } from "../../protocols/chat_texts.ts";
import {
  type ChatWebEvent,
  type ChatWebMember,
  type ChatWebSaid,
  SLOW_DOWN,
} from "../../protocols/chat_web.ts";

/** One line of a conversation: something said, or something that happened. */
export type Line =
  | { readonly type: "said"; readonly said: ChatWebSaid; readonly pendingTag?: string }
  | { readonly type: "happened"; readonly text: string; readonly time: number };

/** A room, or the messages of one person. */
export interface Conversation extends Readonly<Record<RoomTextName, string>> {
  readonly kind: "room" | "person";
  readonly title: string;
  readonly members: readonly ChatWebMember[];
  readonly lines: readonly Line[];
  readonly unread: number;
  /** The number of the last thing said that the server has told of. */
  readonly lastId: string | undefined;
}

/** Something said that the server has not told of yet. */
export interface Pending {
  readonly tag: string;
  readonly conversation: string;
  readonly text: string;
  readonly action: boolean;
}

/** All of it. */
export interface ChatState {
  readonly name: string;
  readonly isConnected: boolean;
  readonly problem: string;
  readonly conversations: ReadonlyMap<string, Conversation>;
  readonly active: string;
  readonly rooms: readonly { readonly room: string; readonly members: number }[];
  readonly pending: readonly Pending[];
  /** The rooms that the server has told of since it was connected. */
  readonly entered: ReadonlySet<string>;
  /** What came of rooms that it has yet to tell of. */
  readonly held: readonly ChatWebEvent[];
}

/** The lines that a conversation keeps. */
const MAX_LINES = 2000;

export const EMPTY: ChatState = {
  name: "",
  isConnected: false,
  problem: "",
  conversations: new Map(),
  active: "",
  rooms: [],
  pending: [],
  entered: new Set(),
  held: [],
};

/** The key of a conversation: rooms and people have names of their own. */
export function keyOf(kind: Conversation["kind"], title: string): string {
  return `${kind === "room" ? "#" : "@"}${title}`;
}

/** What is shown while something waits to be said again. */
export const TOO_FAST = "Too fast for the server: the rest follows.";

/** Whether something that was said came too fast: it stays pending, and is sent again. */
export function isTooFast(state: ChatState, event: ChatWebEvent): boolean {
  return event.type === "refused" && event.reason === SLOW_DOWN &&
    state.pending.some(({ tag }) => tag === event.tag);
}

/** The state after an event of the server. */
export function told(state: ChatState, event: ChatWebEvent, now: number): ChatState {
  // A room is told as it was when the page came in, and its history comes after what happened since.
  if (isOfRoom(event) && !state.entered.has(keyOf("room", event.room))) {
    return { ...state, held: [...state.held, event].slice(-MAX_LINES) };
  }
  if (isAboutText(event)) {
    const { type, room, name, text } = event;
    const what = text === "" ? `cleared the ${type}` : `set the ${type}: ${text}`;
    const next = happened(state, room, `${name} has ${what}.`, now, (members) => members);
    return changed(next, keyOf("room", room), (known) => ({ ...known, [type]: text }));
  }
  switch (event.type) {
    case "named":
      return { ...state, name: event.name, problem: "" };
    case "refused":
      if (isTooFast(state, event)) return { ...state, problem: TOO_FAST };
      return { ...without(state, event.tag), problem: event.reason };
    case "rooms":
      return { ...state, rooms: event.rooms };
    case "stopping":
      return { ...state, problem: "The server is stopping." };
    case "room": {
      const [held, others] = partition(state.held, (one) => isOfRoom(one) && one.room === event.room);
      const rooms = new Set(state.entered).add(keyOf("room", event.room));
      const next = entered({ ...state, entered: rooms, held: others }, event);
      return held.reduce((known, one) => told(known, one, now), next);
    }
    case "said":
      return said(without(state, event.tag), keyOf("room", event.room), event.said);
    case "private":
      return said(without(state, event.tag), keyOf("person", event.with), event.said, event.with);
    case "invited":
      return { ...state, problem: `${event.by} invites you to ${event.room}.` };
    case "out": {
      const conversations = new Map(state.conversations);
      conversations.delete(keyOf("room", event.room));
      const rooms = new Set(state.entered);
      rooms.delete(keyOf("room", event.room));
      const [first = ""] = conversations.keys();
      const problem = event.why === "" ? "" : `You were ${event.why} in ${event.room}.`;
      return {
        ...state,
        conversations,
        entered: rooms,
        active: conversations.has(state.active) ? state.active : first,
        problem,
      };
    }
    case "joined":
      return happened(state, event.room, `${event.member.name} has come in.`, now, (members) => [
        ...members.filter(({ name }) => name !== event.member.name),
        event.member,
      ]);
    case "left": {
      const how = event.how === "" ? "" : ` (${event.how})`;
      return happened(
        state,
        event.room,
        `${event.name} has left${how}.`,
        now,
        (members) => members.filter(({ name }) => name !== event.name),
      );
    }
    case "renamed":
      return happened(
        state,
        event.room,
        `${event.name} is now ${event.to}.`,
        now,
        (members) =>
          members.map((member) => member.name === event.name ? { ...member, name: event.to } : member),
      );
    case "away":
      return changed(state, keyOf("room", event.room), (room) => ({
        ...room,
        members: room.members.map((member) =>
          member.name === event.name ? { ...member, away: event.away } : member
        ),
      }));
    case "operators":
      return changed(state, keyOf("room", event.room), (room) => ({
        ...room,
        members: room.members.map((member) => {
          const change = event.changes.find(({ name }) => name === member.name);
          return change === undefined ? member : { ...member, operator: change.operator };
        }),
      }));
  }
}

/** Shows a conversation, which is then read. */
export function shown(state: ChatState, key: string): ChatState {
  return changed({ ...state, active: key }, key, (conversation) => ({ ...conversation, unread: 0 }));
}

/** Begins to talk to somebody. */
export function openPerson(state: ChatState, name: string): ChatState {
  const key = keyOf("person", name);
  if (state.conversations.has(key)) return shown(state, key);
  const conversations = new Map(state.conversations);
  conversations.set(key, conversation("person", name));
  return { ...state, conversations, active: key };
}

/** Notes what is under way to the server. */
export function sending(state: ChatState, pending: Pending): ChatState {
  return { ...state, pending: [...state.pending, pending] };
}

/** Nothing is heard of the server: who is there is not known any more. */
export function disconnected(state: ChatState): ChatState {
  return { ...state, isConnected: false, entered: new Set(), held: [] };
}

/** Whether an event happened in a room that the page is in. */
function isOfRoom(event: ChatWebEvent): event is Exclude<ChatWebEvent, { type: "room" }> & { room: string } {
  return "room" in event && event.type !== "room" && event.type !== "invited";
}

function partition<T>(all: readonly T[], holds: (one: T) => boolean): [T[], T[]] {
  return [all.filter(holds), all.filter((one) => !holds(one))];
}

function conversation(kind: Conversation["kind"], title: string): Conversation {
  return { kind, title, ...ofEachText(() => ""), members: [], lines: [], unread: 0, lastId: undefined };
}

function entered(state: ChatState, event: Extract<ChatWebEvent, { type: "room" }>): ChatState {
  const key = keyOf("room", event.room);
  const known = state.conversations.get(key) ?? conversation("room", event.room);
  const heard = new Set(known.lines.flatMap((line) => line.type === "said" ? [line.said.id] : []));
  const missed = event.history.filter(({ id }) => id === "" ? known.lines.length === 0 : !heard.has(id));
  // What this page said before the connection was lost, and what the server has of it: not to be said again.
  let pending = state.pending;
  for (const { name, text } of missed) {
    const index = pending.findIndex((own) =>
      own.conversation === key && name === state.name && own.text === text
    );
    if (index >= 0) pending = pending.filter((_, place) => place !== index);
  }
  const lines: Line[] = missed.map((one) => ({ type: "said", said: one }));
  const isRead = state.active === key || state.active === "" || known.lines.length === 0;
  const conversations = new Map(state.conversations);
  conversations.set(key, {
    ...known,
    ...ofEachText((name) => event[name]),
    members: event.members,
    lines: [...known.lines, ...lines].slice(-MAX_LINES),
    lastId: event.history.at(-1)?.id || known.lastId,
    unread: isRead ? known.unread : known.unread + missed.length,
  });
  return { ...state, conversations, pending, active: state.active === "" ? key : state.active };
}

function said(state: ChatState, key: string, one: ChatWebSaid, person?: string): ChatState {
  const conversations = new Map(state.conversations);
  if (person !== undefined && !conversations.has(key)) conversations.set(key, conversation("person", person));
  return changed({ ...state, conversations }, key, (known) => {
    if (known.lines.some((line) => line.type === "said" && line.said.id === one.id)) return known;
    const isRead = state.active === key || one.name === state.name;
    return {
      ...known,
      lines: [...known.lines, { type: "said" as const, said: one }].slice(-MAX_LINES),
      lastId: one.id,
      unread: isRead ? known.unread : known.unread + 1,
    };
  });
}

function happened(
  state: ChatState,
  room: string,
  text: string,
  time: number,
  members: (members: readonly ChatWebMember[]) => readonly ChatWebMember[],
): ChatState {
  return changed(state, keyOf("room", room), (known) => ({
    ...known,
    members: members(known.members),
    lines: [...known.lines, { type: "happened" as const, text, time }].slice(-MAX_LINES),
  }));
}

function changed(state: ChatState, key: string, change: (known: Conversation) => Conversation): ChatState {
  const known = state.conversations.get(key);
  if (known === undefined) return state;
  const conversations = new Map(state.conversations);
  conversations.set(key, change(known));
  return { ...state, conversations };
}

function without(state: ChatState, tag: string | undefined): ChatState {
  if (tag === undefined) return state;
  return { ...state, pending: state.pending.filter((pending) => pending.tag !== tag) };
}

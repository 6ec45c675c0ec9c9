/**
 * What a room's entity knows, and what its events make of it.
 *
 * @module
 */
import { MAX_HISTORY_LINES } from "../../../protocols/chat.ts";
import type { ChatName } from "../../../protocols/chat_names.ts";
import type { HistoryEntry } from "../history_entry.ts";
import type { RoomAnswer } from "../room_rules.ts";
import { emptyRoom, type RoomData, type RoomFact, RoomState } from "../room_state.ts";
import { type Newest, type NewestLimits, NONE, withNewest } from "./newest.ts";
import type { MemberId } from "./people.ts";
import type { ServerLife } from "./registry.ts";
import { type RoomRecord, wholeFact } from "./room_record.ts";

/** What comes of a batch of commands. */
export type BatchReply =
  | {
    readonly type: "done";
    /** The number of the last record by then. */
    readonly seq: number;
    readonly members: number;
    /** The answers to commands, by their places in the batch; of the others, it is that it is done. */
    readonly answers: readonly (readonly [place: number, answer: RoomAnswer])[];
  }
  /** The server was given up: it has to begin another life first. */
  | { readonly type: "given-up" };

/** A batch that was carried out, and its reply. */
interface DoneBatch {
  readonly number: number;
  readonly reply: BatchReply;
}

/** What happens to a room's entity. */
export type RoomEntityEvent =
  | { readonly type: "happened"; readonly record: RoomRecord }
  /** All of a batch has happened. */
  | { readonly type: "batch"; readonly sender: string; readonly batch: DoneBatch }
  /** A server has begun another life. */
  | { readonly type: "server"; readonly server: ServerLife }
  | { readonly type: "given-up"; readonly life: string };

/** What a room's entity knows. */
export interface RoomEntityState {
  readonly seq: number;
  readonly name?: ChatName;
  readonly createdMs: number;
  readonly room: RoomData<MemberId>;
  /** What was said last, oldest first. */
  readonly entries: Newest<HistoryEntry>;
  /** The newest records, of which the last has the number `seq`. */
  readonly recent: Newest<RoomRecord>;
  /** The lives of the servers that members came by. */
  readonly servers: ReadonlyMap<string, string>;
  /** Lives that were given up, the newest last. */
  readonly givenUp: readonly string[];
  /** The last batch of each sender, the newest last. */
  readonly batches: ReadonlyMap<string, DoneBatch>;
}

/** UTF-16 units of text in the newest records, and in the history. */
const MAX_LENGTH = 128 * 1024;
/** The newest records, of which a server may have missed some. */
export const RECENT: NewestLimits<RoomRecord> = {
  count: 300,
  length: MAX_LENGTH,
  lengthOf: ({ fact }) => fact.type === "said" ? fact.text.length : 0,
};
/** What was said last. */
export const HISTORY: NewestLimits<HistoryEntry> = {
  count: MAX_HISTORY_LINES,
  length: MAX_LENGTH,
  lengthOf: ({ text }) => text.length,
};
const MAX_GIVEN_UP = 50;
const MAX_SERVERS = 500;
const MAX_SENDERS = 500;

/** A room's entity before anything has happened. */
export function newRoom(): RoomEntityState {
  return {
    seq: 0,
    createdMs: 0,
    room: emptyRoom(),
    entries: NONE,
    recent: NONE,
    servers: new Map(),
    givenUp: [],
    batches: new Map(),
  };
}

/** The room after something happened in it. One that nobody is left in begins anew. */
export function after(
  room: RoomData<MemberId>,
  fact: RoomFact<MemberId>,
  timeMs: number,
): RoomData<MemberId> {
  if (fact.type === "said") return room;
  const state = new RoomState(room);
  state.apply(fact, timeMs);
  return state.members.size === 0 ? emptyRoom() : state.data;
}

/** The room after an event. */
export function evolveRoom(state: RoomEntityState, event: RoomEntityEvent): RoomEntityState {
  switch (event.type) {
    case "batch":
      return { ...state, batches: withKey(state.batches, event.sender, event.batch, MAX_SENDERS) };
    case "server": {
      const { id, life } = event.server;
      return { ...state, servers: withKey(state.servers, id, life, MAX_SERVERS) };
    }
    case "given-up":
      return { ...state, givenUp: [...state.givenUp, event.life].slice(-MAX_GIVEN_UP) };
    case "happened": {
      const { record } = event;
      const fact = wholeFact(record.fact, (id) => state.room.members.get(id)?.person);
      const entry = entryOf(fact, record);
      return {
        ...state,
        ...(record.opens === undefined ? {} : { name: record.opens, createdMs: record.timeMs }),
        seq: state.seq + 1,
        room: after(state.room, fact, record.timeMs),
        recent: withNewest(state.recent, record, RECENT),
        entries: entry === undefined ? state.entries : withNewest(state.entries, entry, HISTORY),
      };
    }
  }
}

/** A map with one more, the newest last, at most so many. */
function withKey<V>(
  map: ReadonlyMap<string, V>,
  key: string,
  value: V,
  most: number,
): ReadonlyMap<string, V> {
  const next = new Map(map);
  next.delete(key);
  next.set(key, value);
  for (const oldest of next.keys()) {
    if (next.size <= most) break;
    next.delete(oldest);
  }
  return next;
}

/** What the history has of a record: of what was said, and to all. */
function entryOf(fact: RoomFact<MemberId>, { id, timeMs }: RoomRecord): HistoryEntry | undefined {
  if (fact.type !== "said" || fact.kind === "tags" || fact.onlyFor !== undefined) return undefined;
  const { person: { name, user, host }, kind, text } = fact;
  return { id, timeMs, name: name.text, user, host, kind, text };
}

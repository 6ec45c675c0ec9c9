/**
 * A room of all servers: its state is what happened in it.
 *
 * The rules are those of any room ({@linkcode judge}). What happens is published once it is durable, with its
 * number, so that a server notices what it has not heard, and asks for that.
 *
 * @module
 */
import { MAX_HISTORY_LINES } from "../../../protocols/chat.ts";
import type { ChatName } from "../../../protocols/chat_names.ts";
import type { EntityType } from "../../cluster/entity_type.ts";
import { type Decision, persistent, type PersistentContext, reply } from "../../cluster/persistent.ts";
import { type Ref, type Topic, topic } from "../../runtime/mod.ts";
import { type MessageIds, messageIds } from "../message_ids.ts";
import type { HistoryEntry, Person } from "../messages.ts";
import { judge, type RoomAnswer, type RoomDeed } from "../room_rules.ts";
import { emptyRoom, type RoomData, type RoomFact, RoomState } from "../room_state.ts";
import { allOf, type Newest, type NewestLimits, newestOf, NONE, withNewest } from "./newest.ts";
import { type MemberId, serverOf } from "./people.ts";
import type { ServerLife } from "./registry.ts";
import { type KeptFact, keptFact, type RoomNews, type RoomRecord, wholeFact } from "./room_record.ts";

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

/** A room as it is at one moment. */
export interface RoomNow {
  readonly seq: number;
  readonly title: string;
  readonly keys: readonly string[];
  readonly createdMs: number;
  readonly room: RoomData<MemberId>;
  /** The lives of the servers that members came by. */
  readonly servers: ReadonlyMap<string, string>;
}

/** What a room can be told by the servers. */
export type RoomEntityCommand =
  | {
    readonly type: "carry-out";
    readonly operationId: string;
    /** Who sends batches one after the other, and which of them it is: one that comes again is known. */
    readonly sender: string;
    readonly number: number;
    readonly server: ServerLife;
    /** Its name, if it has none yet. */
    readonly name: ChatName;
    readonly hasFounder: boolean;
    readonly deeds: readonly RoomDeed<MemberId>[];
    readonly replyTo: Ref<BatchReply>;
  }
  /** A life of a server is over: so are its members here. */
  | {
    readonly type: "give-up";
    readonly operationId: string;
    readonly server: ServerLife;
    readonly replyTo: Ref<number>;
  }
  | { readonly type: "look"; readonly name: ChatName; readonly replyTo: Ref<RoomNow> }
  /** What happened after a record; `null` where that is too long ago. */
  | { readonly type: "since"; readonly seq: number; readonly replyTo: Ref<RoomNews | null> }
  | {
    readonly type: "history";
    readonly replyTo: Ref<{ readonly seq: number; readonly entries: readonly HistoryEntry[] }>;
  };

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

/** Why somebody has left whose server was given up. */
export const GONE_REASON = "Its server is gone";

/** UTF-16 units of text in the newest records, and in the history. */
const MAX_LENGTH = 128 * 1024;
/** The newest records, of which a server may have missed some. */
const RECENT: NewestLimits<RoomRecord> = {
  count: 300,
  length: MAX_LENGTH,
  lengthOf: ({ fact }) => fact.type === "said" ? fact.text.length : 0,
};
const HISTORY: NewestLimits<HistoryEntry> = {
  count: MAX_HISTORY_LINES,
  length: MAX_LENGTH,
  lengthOf: ({ text }) => text.length,
};
const MAX_GIVEN_UP = 50;
const MAX_SERVERS = 500;
const MAX_SENDERS = 500;

/** The type of the rooms. */
export const roomType: EntityType<RoomEntityCommand> = persistent({
  type: "chat-room",
  // Near those who are in it; and a host that was frozen is asked nothing.
  placement: "local",
  // One has its last lines in it.
  snapshotEvery: 1000,
  // What comes again is known by its sender.
  rememberedOperations: 50,
  initial: (): RoomEntityState => ({
    seq: 0,
    createdMs: 0,
    room: emptyRoom(),
    entries: NONE,
    recent: NONE,
    servers: new Map(),
    givenUp: [],
    batches: new Map(),
  }),
  decide: decideRoom,
  evolve: evolveRoom,
  upcastState,
  // Whoever has died may have had something to tell.
  started: ({ seq }, { id, publish }) => publish(roomTopic(id), { from: seq + 1, records: [] }),
});

/** Where what happens in a room is published. */
export function roomTopic(id: string): Topic<RoomNews> {
  return topic(`chat.room.${id}`);
}

type Context = Pick<PersistentContext<RoomEntityCommand>, "id" | "world" | "publish">;

/** What a command comes to. */
function decideRoom(
  state: RoomEntityState,
  command: RoomEntityCommand,
  context: Context,
): Decision<RoomEntityEvent> {
  switch (command.type) {
    case "carry-out":
      return carryOut(state, command, context);
    case "give-up":
      return giveUp(state, command, context);
    case "look": {
      const { text: title, keys } = state.name ?? command.name;
      const { seq, createdMs, room, servers } = state;
      return { replies: [reply(command.replyTo, { seq, title, keys, createdMs, room, servers })] };
    }
    case "since": {
      const from = command.seq + 1;
      const first = state.seq - state.recent.count + 1;
      const news = from < first ? null : { from, records: allOf(state.recent).slice(from - first) };
      return { replies: [reply(command.replyTo, news)] };
    }
    case "history": {
      const { seq } = state;
      const entries = allOf(state.entries).slice(-MAX_HISTORY_LINES);
      return { replies: [reply(command.replyTo, { seq, entries })] };
    }
  }
}

type CommandOf<T extends RoomEntityCommand["type"]> = Extract<RoomEntityCommand, { readonly type: T }>;

function carryOut(
  state: RoomEntityState,
  command: CommandOf<"carry-out">,
  context: Context,
): Decision<RoomEntityEvent> {
  const { server, name, hasFounder, deeds, replyTo, sender, number } = command;
  const before = state.batches.get(sender);
  // One before the last was answered, and nobody waits for it.
  if (before !== undefined && before.number > number) return {};
  if (before?.number === number) return { replies: [reply(replyTo, before.reply)] };
  if (state.givenUp.includes(server.life)) return { replies: [reply(replyTo, { type: "given-up" })] };
  const nowMs = context.world.clock.now();
  const events: RoomEntityEvent[] = [];
  const answers: (readonly [number, RoomAnswer])[] = [];
  let { room } = state;
  let title = state.name?.text ?? name.text;
  if (state.servers.get(server.id) !== server.life) events.push({ type: "server", server });
  for (const [place, deed] of deeds.entries()) {
    const isOpened = deed.type === "join" && room.members.size === 0;
    if (isOpened) title = name.text;
    const stale = staleHolder(readOnly(room), deed);
    const leaving: RoomFact<MemberId>[] = stale === undefined ? [] : [gone(stale)];
    for (const fact of leaving) room = after(room, fact, nowMs);
    const { facts, answer } = judge(readOnly(room), deed, { title, hasFounder, nowMs });
    if (answer !== undefined && answer.type !== "done") answers.push([place, answer]);
    const request = "request" in deed ? deed.request : 0;
    for (const fact of leaving) events.push(happened(fact, context, nowMs, 0));
    for (const fact of facts) {
      const kept = keptFact(fact, room);
      events.push(happened(kept, context, nowMs, request, isOpened ? name : undefined));
      room = after(room, fact, nowMs);
    }
  }
  const records = recordsOf(events);
  const seq = state.seq + records.length;
  const done: BatchReply = { type: "done", seq, members: room.members.size, answers };
  if (events.length > 0) events.push({ type: "batch", sender, batch: { number, reply: done } });
  return { events, replies: [reply(replyTo, done)], then: () => tell(context, state.seq, records) };
}

function giveUp(
  state: RoomEntityState,
  { server: { id, life }, replyTo }: CommandOf<"give-up">,
  context: Context,
): Decision<RoomEntityEvent> {
  const known = state.servers.get(id);
  // It lives again already, or was given up before.
  if ((known !== undefined && known !== life) || state.givenUp.includes(life)) {
    return { replies: [reply(replyTo, state.seq)] };
  }
  const timeMs = context.world.clock.now();
  const events: RoomEntityEvent[] = [{ type: "given-up", life }];
  for (const { person } of state.room.members.values()) {
    if (serverOf(person.member) !== id) continue;
    events.push(happened(gone(person), context, timeMs, 0));
  }
  const records = recordsOf(events);
  return {
    events,
    replies: [reply(replyTo, state.seq + records.length)],
    then: () => tell(context, state.seq, records),
  };
}

function tell({ id, publish }: Context, seq: number, records: readonly RoomRecord[]): void {
  if (records.length > 0) publish(roomTopic(id), { from: seq + 1, records });
}

function recordsOf(events: readonly RoomEntityEvent[]): RoomRecord[] {
  return events.flatMap((event) => event.type === "happened" ? [event.record] : []);
}

function happened(
  fact: KeptFact,
  { world }: Context,
  timeMs: number,
  request: number,
  opens?: ChatName,
): RoomEntityEvent {
  const id = idsOf(world).next();
  const record = { fact, id, timeMs, request, ...(opens === undefined ? {} : { opens }) };
  return { type: "happened", record };
}

/** Numbers for what happens, a source for each world. */
const sources = new WeakMap<Context["world"], MessageIds>();

function idsOf(world: Context["world"]): MessageIds {
  let ids = sources.get(world);
  if (ids === undefined) sources.set(world, ids = messageIds(world));
  return ids;
}

function gone(person: Person<MemberId>): RoomFact<MemberId> {
  return { type: "quit", person, reason: GONE_REASON };
}

/**
 * Who is in the room by the name of somebody who comes: the registry says whose it is now, and the room has
 * yet to hear of it.
 */
function staleHolder(state: RoomState<MemberId>, deed: RoomDeed<MemberId>): Person<MemberId> | undefined {
  if (deed.type !== "join" && deed.type !== "rename") return undefined;
  const { member } = deed.type === "join" ? deed.person : deed.from;
  if (deed.type === "rename" && !state.members.has(member)) return undefined;
  const person = deed.type === "join" ? deed.person : deed.to;
  const other = state.named(person.name)?.person;
  return other?.member === member ? undefined : other;
}

/** States to look at, by what they are made of. */
const states = new WeakMap<RoomData<MemberId>, RoomState<MemberId>>();

function readOnly(room: RoomData<MemberId>): RoomState<MemberId> {
  let state = states.get(room);
  if (state === undefined) states.set(room, state = new RoomState(room));
  return state;
}

/** The room after something happened in it. One that nobody is left in begins anew. */
function after(room: RoomData<MemberId>, fact: RoomFact<MemberId>, timeMs: number): RoomData<MemberId> {
  if (fact.type === "said") return room;
  const state = new RoomState(room);
  state.apply(fact, timeMs);
  return state.members.size === 0 ? emptyRoom() : state.data;
}

/** The room after an event. */
function evolveRoom(state: RoomEntityState, event: RoomEntityEvent): RoomEntityState {
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

/** What was kept, by this version or the one before. */
function upcastState(stored: unknown): RoomEntityState {
  // But for these two lists, what was kept is what this program keeps.
  const state = stored as RoomEntityState;
  return {
    ...state,
    recent: newestOf(state.recent, RECENT.lengthOf),
    entries: newestOf(state.entries, HISTORY.lengthOf),
  };
}

/** What the history has of a record: of what was said, and to all. */
function entryOf(fact: RoomFact<MemberId>, { id, timeMs }: RoomRecord): HistoryEntry | undefined {
  if (fact.type !== "said" || fact.kind === "tags" || fact.onlyFor !== undefined) return undefined;
  const { person: { name, user, host }, kind, text } = fact;
  return { id, timeMs, name: name.text, user, host, kind, text };
}

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
import type { HistoryEntry } from "../history_entry.ts";
import type { Person } from "../messages.ts";
import { judge, type RoomAnswer, type RoomDeed } from "../room_rules.ts";
import { type RoomData, type RoomFact, RoomState } from "../room_state.ts";
import { allOf } from "./newest.ts";
import { type MemberId, serverOf } from "./people.ts";
import type { ServerLife } from "./registry.ts";
import {
  after,
  type BatchReply,
  evolveRoom,
  newRoom,
  type RoomEntityEvent,
  type RoomEntityState,
} from "./room_entity_state.ts";
import { type KeptFact, keptFact, type RoomNews, type RoomRecord } from "./room_record.ts";
import { upcastEvent, upcastState } from "./room_upcast.ts";

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

/** Why somebody has left whose server was given up. */
export const GONE_REASON = "Its server is gone";

/** The type of the rooms. */
export const roomType: EntityType<RoomEntityCommand> = persistent({
  type: "chat-room",
  // Near its members, without a question to a host that may be frozen.
  placement: "local",
  // A snapshot has the last lines of the room in it.
  snapshotEvery: 1000,
  // A batch that comes again is known by its sender and number.
  rememberedOperations: 50,
  initial: newRoom,
  decide: decideRoom,
  evolve: evolveRoom,
  upcast: upcastEvent,
  upcastState,
  // The former host may have died before it published its last records.
  started: ({ seq }, { id, publish }) => publish(roomTopic(id), { from: seq + 1, records: [] }),
});

/** Where what happens in a room is published. */
export function roomTopic(id: string): Topic<RoomNews> {
  return topic(`chat.room.${id}`);
}

type Context = Pick<PersistentContext<RoomEntityCommand>, "id" | "world" | "publish">;

/** Decides on one command. */
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

/** Sources of the ids of events, one a world. */
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

/** Read-only states, by the data that they were made from. */
const states = new WeakMap<RoomData<MemberId>, RoomState<MemberId>>();

function readOnly(room: RoomData<MemberId>): RoomState<MemberId> {
  let state = states.get(room);
  if (state === undefined) states.set(room, state = new RoomState(room));
  return state;
}

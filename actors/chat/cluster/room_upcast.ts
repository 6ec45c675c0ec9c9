/**
 * What former versions kept of a room, as this one keeps it.
 *
 * @module
 */
import type { Person } from "../messages.ts";
import type { RoomText } from "../room_properties.ts";
import type { RoomData } from "../room_state.ts";
import { mapNewest, newestOf } from "./newest.ts";
import type { MemberId } from "./people.ts";
import { HISTORY, RECENT, type RoomEntityEvent, type RoomEntityState } from "./room_entity_state.ts";
import type { KeptFact, RoomRecord } from "./room_record.ts";

/** A change of the topic, from before a room had any other text. */
interface TopicSet {
  readonly type: "topic";
  readonly person: Person<MemberId>;
  readonly topic: RoomText;
}

/** An event as it was written. */
type WrittenEvent =
  | Exclude<RoomEntityEvent, { readonly type: "happened" }>
  | { readonly type: "happened"; readonly record: WrittenRecord };

type WrittenRecord = Omit<RoomRecord, "fact"> & { readonly fact: KeptFact | TopicSet };

/** A state as it was written. The two lists have kept their records as they came. */
interface WrittenState extends Omit<RoomEntityState, "room"> {
  readonly room: Omit<RoomData<MemberId>, "texts"> & Partial<RoomData<MemberId>> & {
    readonly topic?: RoomText;
  };
}

/** An event of the journal. */
export function upcastEvent(stored: unknown): RoomEntityEvent {
  // The journal has what this program wrote, or one of its former versions.
  const event = stored as WrittenEvent;
  return event.type === "happened" ? { ...event, record: upcastRecord(event.record) } : event;
}

/** A state of a snapshot. */
export function upcastState(stored: unknown): RoomEntityState {
  const state = stored as WrittenState;
  const { topic, ...room } = state.room;
  return {
    ...state,
    room: { texts: topic === undefined ? {} : { topic }, ...room },
    recent: mapNewest(newestOf(state.recent, RECENT.lengthOf), upcastRecord),
    entries: newestOf(state.entries, HISTORY.lengthOf),
  };
}

function upcastRecord(record: WrittenRecord): RoomRecord {
  const { fact, ...rest } = record;
  if (fact.type !== "topic") return { ...rest, fact };
  const { person, topic } = fact;
  return { ...rest, fact: { type: "text", person, name: "topic", text: topic } };
}

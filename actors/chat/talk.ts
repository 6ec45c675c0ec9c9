/**
 * What is said in a room in one go, told to each member as one message.
 *
 * @module
 */
import type { Ref } from "../runtime/mod.ts";
import type { EventCodec, EventRoom, MemberMessage, RoomEvent, Talk } from "./messages.ts";

/** A talk on one wire: its bytes, and where each of its events ends in them. */
interface Written {
  readonly bytes: Uint8Array;
  readonly ends: readonly number[];
  /** All of it as the parts that it is for those who said none of it. */
  readonly whole: readonly Uint8Array[];
}

const NOWHERE: readonly number[] = [];

/**
 * What was said in one go: in a busy room that is far less to hand out than a message for each of it, and
 * each member is sent it in one piece or two.
 */
export class SharedTalk implements Talk {
  readonly type = "talk";
  readonly room: EventRoom;
  readonly events: readonly RoomEvent[];
  /** Who said which of it. */
  readonly #places = new Map<Ref<MemberMessage>, number[]>();
  readonly #written = new Map<EventCodec, Written>();

  constructor(room: EventRoom, events: readonly RoomEvent[]) {
    this.room = room;
    this.events = events;
    for (const [place, { happening: { person: { member } } }] of events.entries()) {
      const places = this.#places.get(member);
      if (places === undefined) this.#places.set(member, [place]);
      else places.push(place);
    }
  }

  of(member: Ref<MemberMessage>): readonly RoomEvent[] {
    return (this.#places.get(member) ?? NOWHERE).flatMap((place) => this.events[place] ?? []);
  }

  isOf(member: Ref<MemberMessage>): boolean {
    return this.#places.has(member);
  }

  encoded(codec: EventCodec): Uint8Array {
    return this.#writtenBy(codec).bytes;
  }

  encodedWithout(member: Ref<MemberMessage>, codec: EventCodec): readonly Uint8Array[] {
    const { bytes, ends, whole } = this.#writtenBy(codec);
    const own = this.#places.get(member) ?? NOWHERE;
    if (own.length === 0) return whole;
    const pieces: Uint8Array[] = [];
    let start = 0;
    for (const place of own) {
      const end = ends[place - 1] ?? 0;
      if (end > start) pieces.push(bytes.subarray(start, end));
      start = ends[place] ?? bytes.length;
    }
    if (start < bytes.length) pieces.push(bytes.subarray(start));
    return pieces;
  }

  #writtenBy(codec: EventCodec): Written {
    const known = this.#written.get(codec);
    if (known !== undefined) return known;
    const pieces = this.events.map((event) => codec.encode(event));
    const ends: number[] = [];
    let length = 0;
    for (const piece of pieces) ends.push(length += piece.length);
    const bytes = new Uint8Array(length);
    for (const [place, piece] of pieces.entries()) bytes.set(piece, ends[place - 1] ?? 0);
    const written = { bytes, ends, whole: [bytes] };
    this.#written.set(codec, written);
    return written;
  }
}

/**
 * What happens in a room, encoded once for all that share a wire.
 *
 * @module
 */
import type { Ref } from "../runtime/mod.ts";
import type { MemberMessage, ModeChange, Person, RoomTopic, SpeechKind } from "./messages.ts";

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
  | { readonly type: "topic"; readonly person: Person<M>; readonly topic: RoomTopic }
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

const NOTHING = new Uint8Array();

/** One event of a room. The same object is told to every member, and is not changed. */
export class RoomEvent {
  readonly type = "event";
  readonly room: EventRoom;
  readonly happening: Happening;
  /** Unlike any other's, in this chat and its history. */
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly timeMs: number;
  /** The number of the request that made it happen, for the member that made it. */
  readonly request: number;
  #codec: EventCodec | undefined;
  #bytes: Uint8Array = NOTHING;
  #more: Map<EventCodec, Uint8Array> | undefined;

  constructor(room: EventRoom, happening: Happening, id: string, timeMs: number, request: number) {
    this.room = room;
    this.happening = happening;
    this.id = id;
    this.timeMs = timeMs;
    this.request = request;
  }

  /** Those members whom it is told; everybody where undefined. */
  get onlyFor(): "operators" | "voices" | undefined {
    if (this.happening.type === "invited") return "operators";
    return this.happening.type === "said" ? this.happening.onlyFor : undefined;
  }

  /** The event as `codec` writes it: written at the first call, and the same bytes at each further one. */
  encoded(codec: EventCodec): Uint8Array {
    if (this.#codec === codec) return this.#bytes;
    const known = this.#more?.get(codec);
    if (known !== undefined) return known;
    const bytes = codec.encode(this);
    if (this.#codec === undefined) {
      this.#codec = codec;
      this.#bytes = bytes;
    } else {
      (this.#more ??= new Map()).set(codec, bytes);
    }
    return bytes;
  }
}

/**
 * What happens in a room, encoded once for all that share a wire.
 *
 * @module
 */
import type { EventCodec, EventRoom, Happening, RoomEvent } from "./messages.ts";

const NOTHING = new Uint8Array();

/** One event of a room, which remembers its bytes on each wire. */
export class SharedEvent implements RoomEvent {
  readonly type = "event";
  readonly room: EventRoom;
  readonly happening: Happening;
  readonly id: string;
  readonly timeMs: number;
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

  get onlyFor(): "operators" | "voices" | undefined {
    if (this.happening.type === "invited") return "operators";
    return this.happening.type === "said" ? this.happening.onlyFor : undefined;
  }

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

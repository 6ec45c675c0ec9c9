/**
 * What the room itself says has happened in it.
 *
 * @module
 */
import type { Cluster } from "../../../actors/cluster/mod.ts";
import { roomTopic, roomType } from "../../../actors/chat/cluster/room_entity.ts";
import type { RoomRecord } from "../../../actors/chat/cluster/room_record.ts";

/** Reads along with a room, from its first record. */
export class RoomTruth {
  readonly #cluster: Cluster;
  readonly #room: string;
  readonly #records = new Map<number, RoomRecord>();
  #last = 0;

  constructor(cluster: Cluster, room: string) {
    this.#cluster = cluster;
    this.#room = room;
  }

  /** Begins to read along. */
  async listen(): Promise<AsyncDisposable> {
    return await this.#cluster.subscribe(
      roomTopic(this.#room),
      ({ from, records }) => this.#add(from, records),
    );
  }

  /** Asks for what was not heard. */
  async catchUp(): Promise<void> {
    while (this.#records.has(this.#last + 1)) this.#last++;
    try {
      const ref = this.#cluster.ref(roomType, this.#room);
      const news = await ref.ask({ type: "since", seq: this.#last }, { timeoutMs: 3000 });
      if (news !== null) this.#add(news.from, news.records);
    } catch {
      // It is asked again.
    }
  }

  #add(from: number, records: readonly RoomRecord[]): void {
    for (const [index, record] of records.entries()) this.#records.set(from + index, record);
    while (this.#records.has(this.#last + 1)) this.#last++;
  }

  /** All of it, in its order. */
  get records(): readonly RoomRecord[] {
    return [...this.#records].sort(([one], [other]) => one - other).map(([, record]) => record);
  }

  /** Whether no record is missing. */
  get isWhole(): boolean {
    return this.#records.size === this.#last;
  }
}

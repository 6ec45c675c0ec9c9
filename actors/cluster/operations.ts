/**
 * Operations that were carried out, by name.
 *
 * @module
 */

/** What was replied to an operation: nothing, or a value. */
export type KnownReply = readonly [] | readonly [unknown];

/** The newest operations of one entity, and what was replied to them. */
export class Operations {
  readonly #capacity: number;
  #replies: Map<string, KnownReply> | undefined;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get(operationId: string): KnownReply | undefined {
    return this.#replies?.get(operationId);
  }

  /** Remembers one, and forgets the oldest where there are too many. */
  add(operationId: string, reply: KnownReply): void {
    if (this.#capacity === 0) return;
    const replies = this.#replies ??= new Map();
    replies.set(operationId, reply);
    if (replies.size <= this.#capacity) return;
    for (const oldest of replies.keys()) {
      replies.delete(oldest);
      return;
    }
  }

  /** All of them, oldest first. */
  toList(): (readonly [string, KnownReply])[] {
    return [...this.#replies ?? []];
  }
}

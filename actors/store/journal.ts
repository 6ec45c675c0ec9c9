/**
 * The seam between a service and where it keeps its events.
 *
 * @module
 */

/** How an event is kept as bytes. */
export interface EventCodec<E> {
  /** The bytes of an event. */
  encode(event: E): Uint8Array;
  /** The event of these bytes, which are valid until it returns; undefined when they are none. */
  decode(bytes: Uint8Array): E | undefined;
}

/**
 * A sequence of events that outlives a crash, owned by one actor.
 *
 * Events are gathered by {@linkcode Journal.append}. **An event is durable when a {@linkcode Journal.commit}
 * that was called after its `append` has resolved**, and not before: only then may others be told of it.
 * Commits that are asked for while one is under way share the next.
 *
 * {@linkcode openFileJournal} keeps it in a file.
 *
 * @typeParam E the type of an event
 */
export interface Journal<E> {
  /** Bytes that the journal takes, to judge when a snapshot is worth its cost. */
  readonly bytes: number;
  /** Adds events to the next commit. */
  append(events: Iterable<E>): void;
  /**
   * Resolves when all that was appended before is durable.
   *
   * Rejects with a `WorldError`; the events are then not in the journal, and have to be appended again if
   * they are to be.
   */
  commit(): Promise<void>;
  /**
   * Replaces all events by those of a snapshot, atomically and durably. `state` is called when all that was
   * appended before is in the journal; what is appended after that call comes behind the snapshot.
   *
   * Rejects with a `WorldError`; the journal is then as it was.
   */
  snapshot(state: () => Iterable<E>): Promise<void>;
  /**
   * Commits what was appended, and closes. Twice is fine. Rejects when that commit fails; it is closed all
   * the same.
   */
  close(): Promise<void>;
}

/** Options of every journal. */
export interface JournalOptions<E> {
  /** How an event is kept. */
  readonly codec: EventCodec<E>;
  /** Called with each event that is there, oldest first, before the journal is open. */
  readonly replay: (event: E) => void;
  /** Told what was not in order with what the journal keeps, for the log. */
  readonly warn: (message: string) => void;
}

/**
 * Messages that wait with a note of where they came from.
 *
 * @module
 */

/** What an actor arranged for itself and may call off: a timer, a watch, a subscription. */
export interface Source {
  /** Called off by its owner: what of it still waits is not to be heard. */
  readonly isCancelled: boolean;
  /** What it sent is about to be handled, or has been thrown away. */
  taken?(): void;
}

/**
 * A message in the mailbox that is not simply what was told: one of the actor's own (a tick, a watch, the
 * outcome of a promise), which belongs to one life, or one that a trace follows. What is told travels bare,
 * so that it costs nothing.
 */
export class Envelope {
  readonly message: unknown;
  /** The number of the life it is for; undefined when it is for whichever comes. */
  readonly life: number | undefined;
  readonly source: Source | undefined;
  readonly #isOwn: boolean;
  /** What the instruments gave it to travel with. */
  readonly context: unknown;

  constructor(
    message: unknown,
    life: number | undefined,
    source: Source | undefined,
    isOwn: boolean,
    context?: unknown,
  ) {
    this.message = message;
    this.life = life;
    this.source = source;
    this.#isOwn = isOwn;
    this.context = context;
  }

  /** Sent by the actor to itself: never dropped for another. */
  get isOwn(): boolean {
    return this.#isOwn;
  }

  /**
   * Tells envelopes from messages. Not by `instanceof`, which runs the traps of a message that is a proxy.
   */
  static is(item: unknown): item is Envelope {
    return typeof item === "object" && item !== null && #isOwn in item;
  }
}

/** The message itself, of what waits in a mailbox: a message or an envelope. */
export function messageOf(item: unknown): unknown {
  return Envelope.is(item) ? item.message : item;
}

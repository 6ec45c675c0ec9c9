/**
 * What a mailbox and its turns need of their actor.
 *
 * @module
 */
import type { Envelope } from "./envelope.ts";
import type { Receive } from "./handler.ts";
import type { AskOptions, Ref } from "./ref.ts";
import type { Trimmable } from "./scheduler.ts";

/** The actor behind a ref. */
export interface TurnHost extends Trimmable {
  readonly path: string;
  /** Messages that wait, the urgent ones too. */
  readonly waiting: number;
  /** The number of its present life. */
  readonly lifeNumber: number;
  /** It handles messages. */
  readonly isRunning: boolean;
  /** Tells a message that the bound of the mailbox, its end, or the instruments have a word in. */
  tellSlowly(message: unknown): void;
  offer(message: unknown, signal: AbortSignal | undefined): Promise<void>;
  ask(question: ((replyTo: Ref<never>) => unknown) | object, options: AskOptions): Promise<never>;
  /** Handles a message that came in an envelope, or is timed. */
  handleSlowly(item: unknown, receive: Receive<unknown>): unknown;
  open(envelope: Envelope, receive: Receive<unknown>): unknown;
  /** More wait than the longest turn has handled: answers how many this one handles. */
  limitTurn(waiting: number, longest: number): number;
  /**
   * Looks at a message that may take longer than those before it, and answers its kind.
   *
   * @param handled messages so far, this one included
   * @param known the kind of the one before
   */
  look(item: unknown, handled: number, known: unknown): unknown;
  /** One of its handlers was slow: the next messages are timed one by one. */
  isFoundSlow(): void;
  /** Sees to system messages; answers how much of an interrupted turn is left, or 0. */
  handleSignals(): number;
  markHighWater(waiting: number): void;
  /** A turn was interrupted with so many messages left of it. */
  leaveTurn(left: number): void;
  /** There may be room now, or nothing to do. */
  afterDequeue(): void;
  /** Nobody who is handed one of the open questions may put anything on it. */
  sealQuestions(): void;
  /** A handler has returned a promise, which is awaited. */
  suspended(): void;
  awaited(): void;
  /** An awaited handler is done, and the turn with it. */
  goOnAfterHandler(): void;
  failInHandler(error: unknown, item: unknown): void;
  /** A handler of an earlier life has failed. */
  failedLate(error: unknown, item: unknown): void;
  /** Something that was called for the actor has failed, outside of its handler. */
  failOutside(error: unknown): void;
}

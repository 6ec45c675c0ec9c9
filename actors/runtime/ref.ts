/**
 * References to actors.
 *
 * @module
 */

/** How long an {@linkcode Ref.ask} may take: a time in milliseconds, or a signal of the caller's. One of the two is required. */
export type AskOptions =
  | { readonly timeout: number; readonly signal?: never }
  | { readonly signal: AbortSignal; readonly timeout?: never };

/**
 * The right to send messages of type `M` to one actor. It stays good over restarts.
 *
 * `Ref` is contravariant in `M`: a `Ref<A | B>` may be held as a `Ref<A>`, which is how an actor keeps some of its
 * messages to itself.
 */
export interface Ref<in M> {
  /** Where the actor stands in the tree, `/root/parent/child`. For people, not for look-ups. */
  readonly path: string;
  /**
   * Puts a message into the mailbox and returns at once.
   *
   * A message to an actor that has stopped becomes a dead letter.
   * Throws {@linkcode MailboxFull} when the mailbox is bounded, full, and of overflow policy `reject`.
   */
  tell(message: M): void;
  /**
   * Puts a message into the mailbox as soon as there is room: awaited, it slows the sender to the receiver's pace.
   *
   * Rejects with {@linkcode ActorStopped} when the actor stops before it took the message, or with the signal's reason.
   */
  offer(message: M, options?: { readonly signal?: AbortSignal }): Promise<void>;
  /**
   * Sends a message that carries a reply address, and resolves to the reply.
   *
   * Rejects with {@linkcode AskTimeout} when none came in time, with {@linkcode ActorStopped} when the actor stopped
   * before it answered, or with the signal's reason.
   */
  ask<R>(make: (replyTo: Ref<R>) => M, options: AskOptions): Promise<R>;
}

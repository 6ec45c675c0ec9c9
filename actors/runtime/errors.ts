/**
 * What can go wrong between a sender and an actor.
 *
 * @module
 */

/** The actor has stopped, or stopped before it answered. */
export class ActorStopped extends Error {
  /** The name of the class. */
  override readonly name = "ActorStopped";
  /** Path of the actor. */
  readonly path: string;
  /** Made by the runtime. */
  constructor(path: string, options?: ErrorOptions) {
    super(`Cannot reach ${path}: the actor has stopped`, options);
    this.path = path;
  }
}

/** No answer came in time. */
export class AskTimeout extends Error {
  /** The name of the class. */
  override readonly name = "AskTimeout";
  /** Path of the actor that was asked. */
  readonly path: string;
  /** The time it was given. */
  readonly timeoutMs: number;
  /** Made by the runtime. */
  constructor(path: string, timeoutMs: number) {
    super(`Cannot get an answer from ${path}: none came within ${timeoutMs} ms`);
    this.path = path;
    this.timeoutMs = timeoutMs;
  }
}

/**
 * Nobody will answer the question: its handler failed, and `cause` is what it threw; or it was not handled at
 * all, and `cause` says why ({@linkcode MailboxFull} where it was dropped from a full mailbox).
 */
export class AskFailed extends Error {
  /** The name of the class. */
  override readonly name = "AskFailed";
  /** Path of the actor that was asked. */
  readonly path: string;
  /** Made by the runtime. */
  constructor(path: string, options?: ErrorOptions, why = "it failed on the question") {
    super(`Cannot get an answer from ${path}: ${why}`, options);
    this.path = path;
  }
}

/** A bounded mailbox of policy `reject` was full. The message is given back. */
export class MailboxFull extends Error {
  /** The name of the class. */
  override readonly name = "MailboxFull";
  /** Path of the actor. */
  readonly path: string;
  /** How many messages may wait. */
  readonly capacity: number;
  /** The message that was not taken. */
  readonly rejected: unknown;
  /** Made by the runtime. */
  constructor(path: string, capacity: number, rejected: unknown) {
    super(`Cannot tell ${path}: its mailbox is full (${capacity} messages)`);
    this.path = path;
    this.capacity = capacity;
    this.rejected = rejected;
  }
}

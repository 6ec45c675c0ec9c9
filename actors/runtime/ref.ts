/**
 * References to actors.
 *
 * @module
 */

/**
 * How long an {@linkcode Ref.ask} may take. One of the two is required, both may be given: what comes first
 * ends it.
 */
export type AskOptions =
  | {
    /** Milliseconds, above 0, counted from the call. */
    readonly timeoutMs: number;
    /** Calls the question off: it rejects with the signal's reason. */
    readonly signal?: AbortSignal;
  }
  | { readonly timeoutMs?: number; readonly signal: AbortSignal };

/** The messages that a ref takes. */
export type MessageOf<R> = R extends Ref<infer M> ? M : never;

/** The messages of `M` that carry a reply address, without it: what {@linkcode Ref.ask} can be given. */
export type Question<M> = M extends { readonly replyTo: Ref<never> } ? Omit<M, "replyTo"> : never;

/** What is replied to the question `Q` by an actor that takes `M`. */
export type ReplyOf<M, Q> = M extends { readonly replyTo: Ref<infer R> }
  ? (Q extends AsConst<Omit<M, "replyTo">> ? R : never)
  : never;

/** `T` as the compiler infers a literal of it: with `readonly` all through. */
export type AsConst<T> = T extends (...args: never) => unknown ? T
  : { readonly [K in keyof T]: AsConst<T[K]> };

/** The keys of every member of a union. */
export type KeysOf<T> = T extends unknown ? keyof T : never;

/** Makes a field that no question has an error, as it is for `tell`. */
export type NothingElse<Q, M> = { readonly [K in Exclude<keyof Q, KeysOf<Question<M>>>]: never };

/**
 * The right to send messages of type `M` to one actor. It stays good over restarts.
 *
 * `Ref` is contravariant in `M`: a `Ref<A | B>` may be held as a `Ref<A>`, which is how an actor keeps some
 * of its messages to itself. It is a capability: nothing but what stands here can be reached through it.
 *
 * @example
 * ```ts
 * import { ActorSystem, type Ref } from "@troupe/actors";
 * import { assertEquals } from "@std/assert";
 *
 * type Command = { type: "add"; by: number } | { type: "get"; replyTo: Ref<number> };
 * await using system = new ActorSystem("demo");
 * const counter: Ref<Command> = system.spawn<Command>("counter", () => {
 *   let count = 0;
 *   return (message) => message.type === "add" ? void (count += message.by) : message.replyTo.tell(count);
 * });
 *
 * counter.tell({ type: "add", by: 2 });
 * await counter.offer({ type: "add", by: 3 }); // would wait where a mailbox is bounded and full
 * assertEquals(await counter.ask({ type: "get" }, { timeoutMs: 1000 }), 5);
 * ```
 */
export interface Ref<in M> {
  /** Where the actor stands in the tree, `/root/parent/child`. For people, not for look-ups. */
  readonly path: string;
  /**
   * False once nobody will hear what is told: the actor has stopped, or the asker no longer waits.
   * {@linkcode Context.watch} tells of the same as it happens.
   *
   * @example A line in which nobody stands whose time is over
   * ```ts
   * import { ActorSystem, type Behavior, type Ref } from "@troupe/actors";
   * import { assertEquals } from "@std/assert";
   *
   * type Command = { type: "wait"; replyTo: Ref<string> } | { type: "next" };
   * type Left = { type: "left"; replyTo: Ref<string> };
   * const line: Ref<string>[] = [];
   * const counter: Behavior<Command | Left> = (self) => (message) => {
   *   switch (message.type) {
   *     case "wait":
   *       line.push(message.replyTo);
   *       self.watch(message.replyTo, () => ({ type: "left", replyTo: message.replyTo }));
   *       return;
   *     case "left":
   *       line.splice(line.indexOf(message.replyTo) >>> 0, 1);
   *       return;
   *     case "next":
   *       // One who has just left may be told of after this message.
   *       line.find((replyTo) => replyTo.isOpen)?.tell("your turn");
   *   }
   * };
   *
   * await using system = new ActorSystem("demo");
   * const ref: Ref<Command> = system.spawn("counter", counter);
   * const impatient = ref.ask({ type: "wait" }, { timeoutMs: 1 }).catch((error) => error.name);
   * const patient = ref.ask({ type: "wait" }, { timeoutMs: 10_000 });
   * assertEquals(await impatient, "AskTimeout");
   * ref.tell({ type: "next" });
   * console.log(await patient);
   * assertEquals(await patient, "your turn");
   * ```
   */
  readonly isOpen: boolean;
  /**
   * Puts a message into the mailbox and returns at once.
   *
   * A message to an actor that has stopped becomes a dead letter.
   *
   * @throws {@linkcode MailboxFull} when the mailbox is bounded, full, and of the policy `reject`, which is
   * the default of a bounded one: in a handler that does not catch it, it fails the sender.
   */
  tell(message: M): void;
  /**
   * Puts a message into the mailbox as soon as there is room: awaited, it slows the sender to the receiver's
   * pace.
   *
   * @throws {@linkcode ActorStopped} when the actor stops before it took the message; the signal's reason;
   * `TypeError` when an actor would wait, in its own handler, for room in its own mailbox.
   */
  offer(message: M, options?: { readonly signal?: AbortSignal }): Promise<void>;
  /**
   * Makes a message that carries the reply address it is given, sends it, and resolves to the reply.
   *
   * For a question whose reply address is not the field `replyTo`, or that is an instance of a class.
   *
   * @throws what asking by message does, and what `make` does.
   */
  ask<R>(make: (replyTo: Ref<R>) => M, options: AskOptions): Promise<R>;
  /**
   * Sends a message, given without its `replyTo`, and resolves to the reply, whose type follows from the
   * message.
   *
   * @throws {@linkcode AskTimeout} when none came in time; {@linkcode ActorStopped} when the actor stopped
   * before it answered; {@linkcode AskFailed} when it failed on the question; the signal's reason;
   * `TypeError` when an actor asks itself in its own handler; `RangeError` on a timeout that is not above 0.
   */
  ask<Self extends Ref<never>, const Q extends Question<MessageOf<Self>>>(
    this: Self,
    message: Q & NothingElse<Q, MessageOf<Self>>,
    options: AskOptions,
  ): Promise<ReplyOf<MessageOf<Self>, Q>>;
}

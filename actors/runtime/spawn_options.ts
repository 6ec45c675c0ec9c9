/**
 * How an actor is started, and what is done when it fails.
 *
 * @module
 */
import type { LogLevel } from "../world/world.ts";
import type { FailurePhase } from "./events.ts";
import type { OnFailure } from "./supervision.ts";

/** What a full mailbox does with one message more. */
export type Overflow = "reject" | "drop-newest" | "drop-oldest";

/** How a mailbox takes messages. */
export interface MailboxOptions<in M = unknown> {
  /**
   * The most messages of others that may wait, 1 or more; the actor's own (timers, watches, results of
   * `pipe`) are taken beyond it.
   * @default unbounded
   */
  readonly capacity?: number;
  /**
   * What happens to one message more. With `"reject"` the `tell` of whoever sends it throws
   * {@linkcode MailboxFull}: a sender that does not catch it fails in the receiver's place. Where senders
   * shall not, drop, or have them `offer`.
   * @default "reject"
   */
  readonly overflow?: Overflow;
  /**
   * Messages of which this holds go before all others, in their own order. Asked once a message, by the
   * sender.
   *
   * @example
   * ```ts
   * import { ActorSystem } from "@troupe/actors";
   * import { assertEquals } from "@std/assert";
   *
   * const seen: string[] = [];
   * const done = Promise.withResolvers<void>();
   * await using system = new ActorSystem("demo");
   * const ref = system.spawn<string>("door", () => (message) => {
   *   seen.push(message);
   *   if (seen.length === 3) done.resolve();
   * }, { mailbox: { isUrgent: (message) => message === "close" } });
   * for (const message of ["first guest", "second guest", "close"]) ref.tell(message);
   * await done.promise;
   * assertEquals(seen, ["close", "first guest", "second guest"]);
   * ```
   */
  readonly isUrgent?: (message: M) => boolean;
}

/**
 * When an actor is started again: `"permanent"` always, also when it has stopped itself; `"transient"` when
 * it has failed; `"temporary"` never, not even with its siblings.
 *
 * @example
 * ```ts
 * import { ActorSystem, type RestartType } from "@troupe/actors";
 * import { assertEquals } from "@std/assert";
 *
 * await using system = new ActorSystem("demo");
 * const kept: string[] = [];
 * const { promise: allKept, resolve } = Promise.withResolvers<void>();
 * for (const restart of ["permanent", "transient", "temporary"] as const satisfies RestartType[]) {
 *   for (const end of ["stops", "fails"]) {
 *     let lives = 0;
 *     const ref = system.spawn<string>(`${restart}-${end}`, (self) => {
 *       if (++lives === 2 && kept.push(`${restart} that ${end}`) === 3) resolve();
 *       return () => {
 *         if (end === "stops") self.stop();
 *         else throw new Error("told to");
 *       };
 *     }, { restart });
 *     ref.tell("end");
 *   }
 * }
 * await allKept;
 * assertEquals(kept.sort(), ["permanent that fails", "permanent that stops", "transient that fails"]);
 * ```
 */
export type RestartType = "permanent" | "transient" | "temporary";

/** What is known of a failure about which a function decides. */
export interface FailureContext {
  /** In what the actor failed. */
  readonly phase: FailurePhase;
  /** The `type` of the message it failed on, where it has one. */
  readonly messageType: string | undefined;
  /** Restarts of this actor so far. */
  readonly restarts: number;
}

/**
 * Decides about a failure by what was thrown. One that throws itself escalates.
 *
 * @example
 * ```ts
 * import { ActorSystem, type DecideOnFailure, type Ref, restart, resume } from "@troupe/actors";
 * import { assertEquals } from "@std/assert";
 *
 * // A bad message is the sender's mistake; after anything else the state cannot be trusted.
 * const decide: DecideOnFailure = (error) => error instanceof SyntaxError ? resume() : restart();
 *
 * type Message = { type: "parse"; text: string } | { type: "count"; replyTo: Ref<number> };
 * await using system = new ActorSystem("demo");
 * const parser = system.spawn<Message>("parser", () => {
 *   let parsed = 0;
 *   return (message) => {
 *     if (message.type === "count") return message.replyTo.tell(parsed);
 *     JSON.parse(message.text);
 *     parsed++;
 *   };
 * }, { onFailure: decide });
 * for (const text of ["1", "not JSON", "2"]) parser.tell({ type: "parse", text });
 * assertEquals(await parser.ask({ type: "count" }, { timeoutMs: 1000 }), 2);
 * ```
 */
export type DecideOnFailure = (error: unknown, failure: FailureContext) => OnFailure;

/** Options of {@linkcode Context.spawn}. */
export interface SpawnOptions<in M = unknown> {
  /** Bounds the mailbox, and says what goes first. @default unbounded */
  readonly mailbox?: MailboxOptions<M>;
  /** What the parent does when this actor fails. @default restart() */
  readonly onFailure?: OnFailure | DecideOnFailure;
  /** Whether it is started again after it has stopped itself, or has failed. @default "transient" */
  readonly restart?: RestartType;
  /** The most messages that its stash holds. @default 10_000 */
  readonly stashCapacity?: number;
  /**
   * Milliseconds that a stop may take: the running handler, then `onStop`. After them the actor is given up.
   * @default 5000
   */
  readonly shutdownMs?: number;
  /**
   * At which level the log has a message that comes when this actor has stopped. `"debug"` is for an actor
   * that others end, such as a connection's: whoever tells it something cannot know in time. @default "warn"
   */
  readonly deadLetterLevel?: LogLevel;
}

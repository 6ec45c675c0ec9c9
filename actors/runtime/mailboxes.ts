/**
 * What the rest of the runtime does with the mailboxes and turns that `actor_ref.ts` keeps to itself.
 *
 * @module
 */
import type { Receive } from "./handler.ts";
import type { TurnHost } from "./turn_host.ts";

/**
 * What the runtime does with mailboxes.
 *
 * @typeParam Actor the refs
 * @typeParam Flag the flags that others than the mailbox itself set
 */
export interface Mailboxes<Actor extends object, Flag extends number> {
  /** The actor behind a ref; undefined for what is no actor's ref. */
  hostOf(ref: object): TurnHost | undefined;
  turn(ref: Actor): void;
  push(ref: Actor, item: unknown): void;
  unshift(ref: Actor, item: unknown): void;
  shift(ref: Actor): unknown | undefined;
  /** Takes out the oldest of which `isWanted` holds; undefined where there is none. */
  remove(ref: Actor, isWanted: (item: unknown) => boolean): { readonly item: unknown } | undefined;
  /** Queues the actor for a turn, if it takes messages. */
  wake(ref: Actor): void;
  length(ref: Actor): number;
  /** Slots made for messages beyond the first. */
  slots(ref: Actor): number;
  handled(ref: Actor): number;
  longestTurn(ref: Actor): number;
  /** It waits for a turn: if it has one now, that handles no message. */
  isQueued(ref: Actor): boolean;
  /** Its handler is on the stack. */
  isInTurn(ref: Actor): boolean;
  setReceive(ref: Actor, receive: Receive<unknown>): void;
  clearReceive(ref: Actor): void;
  hasReceive(ref: Actor): boolean;
  setLimit(ref: Actor, limit: number): void;
  /** Takes nothing any more. */
  close(ref: Actor): void;
  setFlag(ref: Actor, flag: Flag): void;
  clearFlag(ref: Actor, flag: Flag): void;
  unblock(ref: Actor): void;
  /** Has {@linkcode TurnHost.handleSignals} called in a turn, before any message. */
  signal(ref: Actor): void;
  /** The same, in the turn that comes anyway. */
  mark(ref: Actor): void;
  trim(ref: Actor): void;
}

/**
 * What the rest of the runtime does with the mailboxes and turns that `actor_ref.ts` keeps to itself.
 *
 * @module
 */
import type { ActorRef, FLAGS } from "./actor_ref.ts";
import type { Receive } from "./behavior.ts";
import type { Cell } from "./cell.ts";

/** A flag that others than the mailbox itself set. */
export type Flag = (typeof FLAGS)[keyof typeof FLAGS];

/** What the runtime does with mailboxes. */
export interface Mailboxes {
  /** The actor behind a ref; undefined for what is no actor's ref. */
  cellOf(ref: object): Cell | undefined;
  turn(ref: ActorRef<never>): void;
  push(ref: ActorRef<never>, item: unknown): void;
  unshift(ref: ActorRef<never>, item: unknown): void;
  shift(ref: ActorRef<never>): unknown | undefined;
  /** Takes out the oldest of which `isWanted` holds. */
  remove(ref: ActorRef<never>, isWanted: (item: unknown) => boolean): unknown | undefined;
  /** Queues the actor for a turn, if it takes messages. */
  wake(ref: ActorRef<never>): void;
  length(ref: ActorRef<never>): number;
  /** Slots made for messages beyond the first. */
  slots(ref: ActorRef<never>): number;
  handled(ref: ActorRef<never>): number;
  longestTurn(ref: ActorRef<never>): number;
  /** Its handler is on the stack. */
  isInTurn(ref: ActorRef<never>): boolean;
  setReceive(ref: ActorRef<never>, receive: Receive<unknown>): void;
  clearReceive(ref: ActorRef<never>): void;
  hasReceive(ref: ActorRef<never>): boolean;
  setLimit(ref: ActorRef<never>, limit: number): void;
  /** Takes nothing any more. */
  close(ref: ActorRef<never>): void;
  setFlag(ref: ActorRef<never>, flag: Flag): void;
  clearFlag(ref: ActorRef<never>, flag: Flag): void;
  unblock(ref: ActorRef<never>): void;
  /** Has {@linkcode Cell.handleSignals} called in a turn, before any message. */
  signal(ref: ActorRef<never>): void;
  /** The same, in the turn that comes anyway. */
  mark(ref: ActorRef<never>): void;
  trim(ref: ActorRef<never>): void;
}

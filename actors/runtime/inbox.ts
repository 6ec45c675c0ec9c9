/**
 * The slow ways into a mailbox: over a bound, before all others, in an envelope, and out of it when its actor
 * ends.
 *
 * @module
 */
import type { LogLevel } from "../world/world.ts";
import { type ActorRef, FLAGS, mailboxes } from "./actor_ref.ts";
import { Admission } from "./admission.ts";
import { ColdState } from "./cold_state.ts";
import { Envelope, messageOf } from "./envelope.ts";
import type { ActorStopped } from "./errors.ts";
import type { DeadLetterReason } from "./events.ts";
import type { Receive } from "./handler.ts";
import type { Holdings } from "./holdings.ts";
import { kindOf, NO_KIND } from "./kinds.ts";
import { NO_LIMIT } from "./options.ts";
import { Ring } from "./ring.ts";
import { FIRST_TURN_LIMIT, LARGE_RING_SLOTS, type Trimmable } from "./scheduler.ts";
import type { ActorSystemCore, CellSetup } from "./system_core.ts";
import { isThenable } from "./thenable.ts";
import { follow } from "./tracing.ts";

/** System message: there is one that goes before those of the mailbox. */
export const URGENT = 1;

/** An actor of more kinds of messages is trusted as a whole. */
const MAX_KINDS = 16;
/** A pause of the garbage collector may look like a slow handler: trust comes back. */
const TIMED_AFTER_SLOW = 256;
/** Handlers are timed once in as many as this part of those handled: from 1 to the scheduler's stride. */
const TRUST_SHIFT = 11;
const FULL_TRUST = 8;

/** The part of an actor that takes messages. */
export abstract class Inbox implements Trimmable {
  readonly ref: ActorRef<unknown>;
  protected readonly setup: CellSetup;
  protected coldIfAny: ColdState | undefined;
  /**
   * System messages that wait: bits, since each is either there or not. Above them, the state: with a hundred
   * thousand actors each word of theirs is a megabyte, and so is a `#` method of their classes.
   */
  protected signals = 0;
  /** What the present life holds. */
  holdings: Holdings<unknown> | undefined;

  constructor(setup: CellSetup) {
    this.setup = setup;
    this.ref = this.makeRef();
    if (!setup.isPlain || setup.system.instruments.send !== undefined) this.watchMailbox();
  }

  get system(): ActorSystemCore {
    return this.setup.system;
  }

  abstract get path(): string;

  /** Runs, and is not in the middle of a handler. */
  protected abstract get takesMessages(): boolean;

  /** What an earlier life left behind is known by not being of this number. */
  abstract readonly lifeNumber: number;

  /** The error that tells others this actor is gone. */
  abstract stopped(): ActorStopped;

  protected abstract makeRef(): ActorRef<unknown>;

  /** A message has been thrown away, while the actor goes on. */
  protected abstract unhandled(message: unknown, reason: DeadLetterReason): void;

  /** A message that the bound of the mailbox, its end, or the instruments have a word in. */
  tellSlowly(message: unknown): void {
    if (!this.ref.isOpen) return this.deadLetterOf(message, "stopped");
    const item = this.traced(message);
    const admission = this.coldIfAny?.admission;
    if (admission === undefined) this.take(item);
    else admission.tell(item);
  }

  offer(message: unknown, signal: AbortSignal | undefined): Promise<void> {
    if (!this.ref.isOpen) {
      this.deadLetterOf(message, "stopped");
      return Promise.reject(this.stopped());
    }
    if (signal?.aborted) return Promise.reject(signal.reason);
    const item = this.traced(message);
    const admission = this.coldIfAny?.admission;
    if (admission === undefined) this.take(item);
    else if (!admission.takes(item)) return admission.wait(item, signal);
    return Promise.resolve();
  }

  /** Puts an item into the mailbox, whatever its bound. */
  private take(item: unknown): void {
    mailboxes.push(this.ref, item);
    mailboxes.wake(this.ref);
  }

  /** What was published is bounded like what is told, but its overflow is not the publisher's failure. */
  deliverPublished(item: Envelope): void {
    if (!this.ref.isOpen) return this.deadLetterOf(item, "stopped");
    const admission = this.coldIfAny?.admission;
    if (admission === undefined) this.take(item);
    else admission.publish(item);
  }

  /** Puts one of the actor's own messages into the mailbox, over its bound if need be. */
  deliver(item: Envelope): void {
    if (!this.ref.isOpen) return this.deadLetterOf(item, "stopped");
    this.take(item);
  }

  /** Puts a message before those of the mailbox, after those that were put there this way. */
  deliverFirst(item: unknown): void {
    if (!this.ref.isOpen) return this.deadLetterOf(item, "stopped");
    (this.cold.urgent ??= new Ring()).push(item);
    this.signal(URGENT);
  }

  /** Puts messages back in front of those that wait. */
  putBack(items: unknown[]): void {
    for (const item of items.toReversed()) mailboxes.unshift(this.ref, item);
    mailboxes.wake(this.ref);
  }

  /** True while one message more may wait; false when others wait for that. */
  get hasRoom(): boolean {
    return this.ref.isOpen && (this.coldIfAny?.admission?.hasRoom ?? true);
  }

  get urgentLength(): number {
    return this.coldIfAny?.urgent?.length ?? 0;
  }

  /** Messages that wait. */
  get waiting(): number {
    return mailboxes.length(this.ref) + this.urgentLength;
  }

  /** Messages that it has begun to handle. */
  get handled(): number {
    return mailboxes.handled(this.ref);
  }

  private watchMailbox(): void {
    const { capacity, overflow, isUrgent } = this.setup;
    const isTraced = this.system.instruments.send !== undefined;
    if (capacity !== NO_LIMIT || isUrgent !== undefined) {
      this.cold.admission = new Admission(this, capacity, overflow, isUrgent, isTraced);
      mailboxes.setFlag(this.ref, FLAGS.WATCHFUL);
    } else if (isTraced) mailboxes.setLimit(this.ref, 0);
  }

  private traced(message: unknown): unknown {
    const { instruments: { send }, tracer } = this.system;
    if (send === undefined && tracer === undefined) return message;
    const context = send === undefined
      ? tracer?.send(this.ref, message)
      : this.system.guarded(() => send(this.ref, message));
    return context === undefined ? message : new Envelope(message, undefined, undefined, false, context);
  }

  /** Handles what may be in an envelope, or is a sample. */
  handleSlowly(item: unknown, receive: Receive<unknown>): unknown {
    const { sampler } = this.system;
    if (sampler?.takes(this.ref)) {
      return sampler.time(this.ref, messageOf(item), () => this.handleAny(item, receive));
    }
    return this.handleAny(item, receive);
  }

  private handleAny(item: unknown, receive: Receive<unknown>): unknown {
    return Envelope.is(item) ? this.open(item, receive) : receive(item);
  }

  /** Opens an envelope and has its message handled, unless nobody is to hear it any more. */
  open(envelope: Envelope, receive: Receive<unknown>): unknown {
    const { message, life, source, context } = envelope;
    source?.taken?.();
    if (source?.isCancelled) return undefined;
    if (life !== undefined && life !== this.lifeNumber) return this.deadLetterOf(envelope, "restarted");
    this.opened(envelope);
    const result: unknown = context === undefined
      ? receive(message)
      : this.receiveWith(context, message, () => receive(message));
    if (!isThenable(result)) this.opened(undefined);
    return result;
  }

  /** The message of this envelope is being handled; undefined when it has been. */
  private opened(envelope: Envelope | undefined): void {
    const { cold } = this;
    cold.opened = envelope;
    cold.openedAt = this.handled;
  }

  itemOf(message: unknown): unknown {
    const cold = this.coldIfAny;
    return cold?.openedAt === this.handled && Object.is(cold.opened?.message, message)
      ? cold.opened
      : message;
  }

  /** Handles a message that travels with a context of the instruments'. */
  private receiveWith(context: unknown, message: unknown, handle: () => unknown): unknown {
    const { instruments: { receive }, tracer } = this.system;
    if (receive !== undefined) return receive(context, this.ref, message, handle);
    const step = tracer?.receive(context, this.ref, message);
    return step === undefined ? handle() : follow(step, handle);
  }

  /**
   * More wait than ever were handled in a turn. The turn is limited, so that one burst does not keep the
   * others waiting; but to twice the former mark, since a limit below what producers send in a turn of theirs
   * would let it grow without end.
   */
  limitTurn(waiting: number, longest: number): number {
    // Not by Math.min, which would make what counts the turn down a floating-point number to V8.
    const limit = 2 * longest > FIRST_TURN_LIMIT ? 2 * longest : FIRST_TURN_LIMIT;
    if (waiting > LARGE_RING_SLOTS) mailboxes.setFlag(this.ref, FLAGS.WATCHFUL);
    if (waiting <= limit) return waiting;
    this.markHighWater(waiting);
    return limit;
  }

  /** Has the handler of a message timed that may take longer than those before it. */
  look(item: unknown, handled: number, known: unknown): unknown {
    const kind = kindOf(item);
    const isNew = handled === 1 || known === NO_KIND || kind !== known && this.meets(kind, known);
    const isTimed = this.isTimed();
    if (isTimed) mailboxes.setFlag(this.ref, FLAGS.LOOKS);
    const trust = handled >> TRUST_SHIFT;
    if (isNew || isTimed) this.system.scheduler.readAfter(1);
    else if (trust < FULL_TRUST) this.system.scheduler.readAfter(trust || 1);
    return kind;
  }

  /** Whether a kind of message is new here; from now on it is known, as is the one before it. */
  private meets(kind: unknown, known: unknown): boolean {
    const kinds = this.cold.kinds ??= new Set([known]);
    if (kinds.size >= MAX_KINDS || kinds.has(kind)) return false;
    kinds.add(kind);
    return true;
  }

  /** One of its handlers was slow: the next messages are timed one by one. */
  isFoundSlow(): void {
    this.cold.timed = TIMED_AFTER_SLOW;
    mailboxes.setFlag(this.ref, FLAGS.LOOKS);
  }

  /** Whether this message is timed since another was slow. */
  private isTimed(): boolean {
    const cold = this.coldIfAny;
    if (cold === undefined || cold.timed === 0) return false;
    cold.timed--;
    return true;
  }

  markHighWater(waiting: number): void {
    this.cold.highWater = Math.max(this.cold.highWater, waiting);
  }

  leaveTurn(left: number): void {
    this.cold.leftOfTurn = left;
  }

  trim(): void {
    mailboxes.trim(this.ref);
  }

  /** From now on the life is told of the end of each turn. */
  watchTurns(): void {
    mailboxes.setFlag(this.ref, FLAGS.WATCHFUL);
  }

  /** A system message: it is looked at before any message that waits. */
  protected signal(signal: number): void {
    this.signals |= signal;
    mailboxes.signal(this.ref);
  }

  /**
   * One at a time, and only where it is handled in this turn: so they keep their order, and none is in the
   * mailbox when that drops its oldest.
   */
  protected takeUrgent(): void {
    const urgent = this.coldIfAny?.urgent;
    if (urgent === undefined || urgent.length === 0) return;
    const isHandledNow = this.takesMessages && !mailboxes.isQueued(this.ref);
    if (isHandledNow) mailboxes.unshift(this.ref, urgent.shift());
    if (urgent.length === 0) return;
    this.signals |= URGENT;
    mailboxes.mark(this.ref);
  }

  protected emptyMailbox(): void {
    // Whoever stops as it should leaves to the others what it has not come to.
    const level = this.cold.reason.type === "stopped" ? "debug" : "warn";
    const urgent = this.coldIfAny?.urgent;
    while (urgent !== undefined && urgent.length > 0) this.deadLetterOf(urgent.shift(), "stopped", level);
    while (mailboxes.length(this.ref) > 0) this.deadLetterOf(mailboxes.shift(this.ref), "stopped", level);
    mailboxes.trim(this.ref);
  }

  deadLetterOfEarlierLife(message: unknown): void {
    const cold = this.coldIfAny;
    if (!cold?.isStoppingForGood) return this.deadLetterOf(message, "restarted");
    // Its own work, such as a dial, which it has ended with itself.
    this.deadLetterOf(message, "stopped", cold.reason.type === "stopped" ? "debug" : undefined);
  }

  deadLetterOf(item: unknown, reason: DeadLetterReason, level?: LogLevel): void {
    if (Envelope.is(item) && item.source?.isCancelled) return;
    const message = messageOf(item);
    if (reason === "stopped") level ??= this.setup.deadLetterLevel;
    this.system.deadLetter(message, this, reason, level);
    if (reason !== "stopped") this.unhandled(message, reason);
  }

  /** What few need, made now. */
  get cold(): ColdState {
    return this.coldIfAny ??= new ColdState();
  }
}

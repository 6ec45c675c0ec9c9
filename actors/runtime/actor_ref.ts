/**
 * What others hold of an actor, and what every message touches: its mailbox and its turns.
 *
 * All of an actor that a message needs stands in this one object, since each further one is a further line of
 * the processor's cache: with 100,000 actors that is most of what a message costs. And since the same object
 * is handed out as the ref, all of it is private: who holds a ref reaches what `Ref` says, and nothing else.
 * The runtime itself goes through {@linkcode mailboxes}.
 *
 * @module
 */
import { Backlog } from "./backlog.ts";
import { Envelope } from "./envelope.ts";
import type { Receive } from "./handler.ts";
import { isOfKind, NO_KIND } from "./kinds.ts";
import type { Mailboxes } from "./mailboxes.ts";
import type { AskOptions, Ref } from "./ref.ts";
import { LARGE_RING_SLOTS, type Scheduler } from "./scheduler.ts";
import { isThenable } from "./thenable.ts";
import { followed } from "./tracing.ts";
import type { TurnHost } from "./turn_host.ts";

/** Waits for its turn. */
const IN_RING = 1;
/** Takes no message: it does not run, or its handler is under way. */
const BLOCKED = 2;
/** System messages wait: {@linkcode TurnHost.handleSignals} looks at them before any message. */
const SIGNALLED = 4;
/** Some of what waits is in envelopes. */
const ENVELOPES = 8;
/**
 * There is more to do at the end of a turn: a bounded mailbox, a receive timeout, a ring that has grown
 * large.
 */
const WATCHFUL = 16;
/** Its handler, or something that it called, is running now. */
const IN_TURN = 32;
/** Each message that waits is looked at before it is handled: some may take longer than those before them. */
const LOOKS = 64;
/** Somebody has asked it: at the end of the turn the questions that are open still are sealed. */
const QUESTIONED = 128;
/** The next message is timed for the instruments. */
const SAMPLED = 256;

/**
 * Those that others set. Not exported one by one: V8 compiles a constant that a module exports into a load
 * and a check.
 */
export const FLAGS = { BLOCKED, WATCHFUL, QUESTIONED, SAMPLED, LOOKS } as const;

/** The limit of a mailbox that takes nothing any more. */
const CLOSED = -1;

/** So many messages of a backlog an actor must have handled until its handlers are timed as rarely as any. */
const FULL_TRUST = 16_384;

/** No message is `undefined` to this. */
const NONE: unique symbol = Symbol("none");

// Of what a module imports V8 asks at each use whether it is there; not of what it has itself.
const follows = followed;
const isSameKind = isOfKind;

/** The handler of an actor that does not run. */
const NOT_RUNNING: Receive<unknown> = () => {};

/** The runtime's own way into mailboxes; `mod.ts` does not export it. */
export let mailboxes: Mailboxes<ActorRef<never>, (typeof FLAGS)[keyof typeof FLAGS]>;

/** An actor, as others see it. */
export class ActorRef<in M> implements Ref<M> {
  // What each message touches stands together: with many actors it is cache lines that cost.
  #length = 0;
  /**
   * At so many messages `tell` takes the slow way: the bound, 0 where each is to be looked at,
   * {@linkcode CLOSED}.
   */
  #limit = 0;
  #flags = BLOCKED | LOOKS;
  readonly #scheduler: Scheduler<ActorRef<never>>;
  #receive: Receive<unknown> = NOT_RUNNING;
  /** The message that waits first, where it came into an empty mailbox: most never see more than one. */
  #first: unknown = NONE;
  #handled = 0;
  /** Those behind the first. */
  #rest: Backlog | undefined;
  readonly #cell: TurnHost;

  constructor(cell: TurnHost, scheduler: Scheduler<ActorRef<never>>, limit: number) {
    this.#cell = cell;
    this.#scheduler = scheduler;
    this.#limit = limit;
    // What one holder put on it would be what the others call.
    Object.preventExtensions(this);
  }

  get path(): string {
    return this.#cell.path;
  }

  get isOpen(): boolean {
    return this.#limit !== CLOSED;
  }

  tell(message: M): void {
    if (this.#length >= this.#limit || follows.count !== 0) return this.#cell.tellSlowly(message);
    if (this.#length++ === 0) this.#first = message;
    else this.#pushBehind(message);
    if ((this.#flags & (IN_RING | BLOCKED)) === 0) {
      this.#flags |= IN_RING;
      this.#scheduler.enqueue(this);
    }
  }

  offer(message: M, options?: { readonly signal?: AbortSignal }): Promise<void> {
    return this.#cell.offer(message, options?.signal);
  }

  // The overloads of `Ref` tell callers what the reply is; here it is only handed on.
  ask(question: ((replyTo: Ref<never>) => M) | object, options: AskOptions): Promise<never> {
    return this.#cell.ask(question, options);
  }

  #push(item: unknown): void {
    if (Envelope.is(item)) this.#flags |= ENVELOPES;
    if (this.#length++ === 0) this.#first = item;
    else this.#pushBehind(item);
  }

  /**
   * Here, where it is in the processor's cache still, a message is compared with its like: in the turn that
   * would cost as much as all the rest of handling it.
   */
  #pushBehind(item: unknown): void {
    const rest = this.#rest ??= new Backlog();
    rest.push(item);
    if (!isSameKind(item, rest.kind)) this.#flags |= LOOKS;
  }

  #unshift(item: unknown): void {
    if (Envelope.is(item)) this.#flags |= ENVELOPES;
    if (this.#first !== NONE) (this.#rest ??= new Backlog()).unshift(this.#first);
    this.#first = item;
    this.#length++;
  }

  #shift(): unknown | undefined {
    if (this.#length === 0) return undefined;
    this.#length--;
    const first = this.#first;
    if (first === NONE) return this.#rest?.shift();
    this.#first = NONE;
    return first;
  }

  #remove(isWanted: (item: unknown) => boolean): { readonly item: unknown } | undefined {
    if (this.#first !== NONE && isWanted(this.#first)) return { item: this.#shift() };
    const removed = this.#rest?.remove(isWanted);
    if (removed !== undefined) this.#length--;
    return removed;
  }

  #wake(unless: number = IN_RING | BLOCKED): void {
    if ((this.#flags & unless) !== 0) return;
    this.#flags |= IN_RING;
    this.#scheduler.enqueue(this);
  }

  /**
   * Handles what is queued now; what comes meanwhile waits for the next turn.
   *
   * Here is where a message's time goes. The functions are small so that the compiler puts them, and what
   * they call, into the scheduler's loop; what happens rarely is in functions of its own.
   */
  #turn(): void {
    // Nearly all have one message, about which there is nothing else to be done.
    if (this.#length === 1 && this.#flags === IN_RING) this.#turnOfOne();
    else this.#turnOfMany();
  }

  #turnOfOne(): void {
    this.#flags = IN_TURN;
    const item = this.#shift();
    this.#handled++;
    try {
      const result: unknown = this.#receive(item);
      if (result !== undefined && isThenable(result)) return this.#suspend(result, item, 0);
      if (!this.#scheduler.spend(this)) this.#endSlice();
    } catch (error) {
      return this.#failTurn(error, item);
    }
    const flags = this.#flags &= ~IN_TURN;
    // One that has told itself waits again already.
    if (flags === 0 ? this.#length > 0 : flags !== IN_RING) this.#closeTurn(0);
  }

  #turnOfMany(): void {
    const scheduler = this.#scheduler;
    const flags = this.#flags = this.#flags & ~IN_RING | IN_TURN;
    let left = (flags & SIGNALLED) === 0 ? this.#length : this.#handleSignals();
    if ((this.#flags & (IN_RING | BLOCKED)) !== 0 || left === 0) {
      this.#flags &= ~IN_TURN;
      return void scheduler.spend();
    }
    const rest = this.#rest;
    if (rest !== undefined && left > rest.longestTurn) {
      left = rest.longestTurn = this.#cell.limitTurn(left, rest.longestTurn);
    }
    // Those that come one at a time are a turn each: to look at them all would cost a tenth of it.
    const looks = (this.#flags & LOOKS) !== 0 || left > 1 && this.#handled < FULL_TRUST;
    if (looks && left === this.#length) this.#flags &= ~LOOKS;
    let item: unknown | undefined;
    try {
      do {
        left--;
        this.#handled++;
        item = this.#shift();
        if (looks) this.#look(item);
        const result: unknown = (this.#flags & (ENVELOPES | SAMPLED)) !== 0
          ? this.#cell.handleSlowly(item, this.#receive)
          : this.#receive(item);
        if (result !== undefined && isThenable(result)) return this.#suspend(result, item, left);
      } while (
        (scheduler.spend(this) || this.#endSlice()) && left > 0 && (this.#flags & (SIGNALLED | BLOCKED)) === 0
      );
    } catch (error) {
      return this.#failTurn(error, item);
    }
    this.#flags &= ~IN_TURN;
    // What is left of a turn that was interrupted has not been looked at.
    if (looks && left > 0) this.#flags |= LOOKS;
    // One that waits again already, since it told itself, has nothing more to do.
    const isQueued = this.#length === 0 || (this.#flags & IN_RING) !== 0;
    if (!isQueued || (this.#flags & (SIGNALLED | WATCHFUL | ENVELOPES | QUESTIONED)) !== 0) {
      this.#closeTurn(left);
    }
  }

  /** Has the handler of a message timed that may take longer than those before it. */
  #look(item: unknown): void {
    // Of one that is looked at alone, and for the first time, nothing needs to be known.
    if (this.#rest === undefined && this.#handled === 1) return void this.#cell.look(item, 1, NO_KIND);
    const rest = this.#rest ??= new Backlog();
    rest.kind = this.#cell.look(item, this.#handled, rest.kind);
  }

  /** The slice is over; who ended it all at once is not trusted for a while. */
  #endSlice(): false {
    if (this.#scheduler.foundSlow) this.#cell.isFoundSlow();
    return false;
  }

  #failTurn(error: unknown, item: unknown): void {
    this.#flags = this.#flags & ~IN_TURN | LOOKS;
    this.#sealQuestions();
    this.#endsSlice();
    this.#cell.failInHandler(error, item);
  }

  #handleSignals(): number {
    this.#flags &= ~SIGNALLED;
    const left = this.#cell.handleSignals();
    return left === 0 || left > this.#length ? this.#length : left;
  }

  #closeTurn(left: number): void {
    this.#sealQuestions();
    if (this.#length === 0) this.#flags &= ~ENVELOPES;
    if ((this.#flags & WATCHFUL) !== 0) this.#cell.afterDequeue();
    this.#queueAgain(left);
  }

  #sealQuestions(): void {
    if ((this.#flags & QUESTIONED) === 0) return;
    this.#flags &= ~QUESTIONED;
    this.#cell.sealQuestions();
  }

  /** @param left what the turn would have handled, had it not been interrupted */
  #queueAgain(left: number): void {
    if ((this.#flags & (IN_RING | BLOCKED)) !== 0) return;
    const isSignalled = (this.#flags & SIGNALLED) !== 0;
    if (this.#length === 0 && !isSignalled) {
      if (this.#rest !== undefined && this.#rest.slots > LARGE_RING_SLOTS) {
        this.#scheduler.trimLater(this.#cell);
      }
      return;
    }
    this.#flags |= IN_RING;
    if (left > 0) {
      this.#cell.leaveTurn(left);
      this.#flags |= SIGNALLED;
      this.#scheduler.enqueueFirst(this);
    } else if (isSignalled) this.#scheduler.enqueueFirst(this);
    else this.#scheduler.enqueue(this);
  }

  #suspend(pending: PromiseLike<unknown>, item: unknown, left: number): void {
    this.#flags = this.#flags & ~IN_TURN | BLOCKED | LOOKS;
    this.#cell.suspended();
    this.#sealQuestions();
    if ((this.#flags & WATCHFUL) !== 0) this.#cell.afterDequeue();
    if (this.#endsSlice()) left = 0;
    this.#finishTurn(pending, item, left).catch((error) => this.#cell.failOutside(error));
  }

  /** Counts what a handler did before it waits or fails: true when the slice is over by that. */
  #endsSlice(): boolean {
    return !this.#scheduler.isChoosing && !this.#scheduler.spend(this) && !this.#endSlice();
  }

  /** Awaits a handler, then goes on with the rest of the turn in one asynchronous loop. */
  async #finishTurn(pending: PromiseLike<unknown>, first: unknown, left: number): Promise<void> {
    const cell = this.#cell;
    const life = cell.lifeNumber;
    let item: unknown | undefined = first;
    let next: PromiseLike<unknown> | undefined = pending;
    try {
      while (next !== undefined) {
        await next;
        if (life !== cell.lifeNumber) return;
        if (!this.#scheduler.spend(this) && !this.#endSlice()) left = 0;
        next = undefined;
        while (left > 0 && cell.isRunning && (this.#flags & SIGNALLED) === 0 && this.#length > 0) {
          left--;
          this.#handled++;
          item = this.#shift();
          if (this.#handled < FULL_TRUST || (this.#flags & LOOKS) !== 0) this.#look(item);
          this.#flags |= IN_TURN;
          const result: unknown = Envelope.is(item) ? cell.open(item, this.#receive) : this.#receive(item);
          this.#flags &= ~IN_TURN;
          this.#sealQuestions();
          if (result !== undefined && isThenable(result)) {
            next = result;
            if (this.#endsSlice()) left = 0;
            if ((this.#flags & WATCHFUL) !== 0) cell.afterDequeue();
            break;
          }
          if (!this.#scheduler.spend(this) && !this.#endSlice()) left = 0;
        }
      }
    } catch (error) {
      this.#flags &= ~IN_TURN;
      this.#sealQuestions();
      this.#endsSlice();
      if (life !== cell.lifeNumber) return cell.failedLate(error, item);
      cell.awaited();
      return cell.failInHandler(error, item);
    }
    cell.awaited();
    if ((this.#flags & WATCHFUL) !== 0) cell.afterDequeue();
    cell.goOnAfterHandler();
  }

  /** A flood is over: its slots are given back, and the next one begins with short turns again. */
  #trim(): void {
    if (this.#length > 0 || this.#rest === undefined) return;
    this.#cell.markHighWater(this.#rest.longestTurn);
    this.#rest = undefined;
  }

  static {
    mailboxes = {
      hostOf: (ref) => #cell in ref ? ref.#cell : undefined,
      turn: (ref) => ref.#turn(),
      push: (ref, item) => ref.#push(item),
      unshift: (ref, item) => ref.#unshift(item),
      shift: (ref) => ref.#shift(),
      remove: (ref, isWanted) => ref.#remove(isWanted),
      wake: (ref) => ref.#wake(),
      length: (ref) => ref.#length,
      slots: (ref) => ref.#rest?.slots ?? 0,
      handled: (ref) => ref.#handled,
      longestTurn: (ref) => ref.#rest?.longestTurn ?? Math.min(ref.#handled, 1),
      isQueued: (ref) => (ref.#flags & IN_RING) !== 0,
      isInTurn: (ref) => (ref.#flags & IN_TURN) !== 0,
      setReceive: (ref, receive) => void (ref.#receive = receive),
      clearReceive: (ref) => void (ref.#receive = NOT_RUNNING),
      hasReceive: (ref) => ref.#receive !== NOT_RUNNING,
      setLimit: (ref, limit) => void (ref.#limit = limit),
      close: (ref) => void (ref.#limit = CLOSED),
      setFlag: (ref, flag) => void (ref.#flags |= flag),
      clearFlag: (ref, flag) => void (ref.#flags &= ~flag),
      unblock: (ref) => {
        ref.#flags &= ~BLOCKED;
        ref.#queueAgain(0);
      },
      signal: (ref) => {
        ref.#flags |= SIGNALLED;
        ref.#wake(IN_RING);
      },
      mark: (ref) => void (ref.#flags |= SIGNALLED),
      trim: (ref) => ref.#trim(),
    };
  }
}

// Not by way of its class either can more be reached, nor can one who holds a ref change what the others' do.
Object.defineProperty(ActorRef.prototype, "constructor", { value: Object });
Object.freeze(ActorRef.prototype);

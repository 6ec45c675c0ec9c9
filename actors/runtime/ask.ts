/**
 * Questions that wait for their answers.
 *
 * @module
 */
import { type ActorRef, FLAGS, mailboxes } from "./actor_ref.ts";
import { type ActorStopped, AskTimeout } from "./errors.ts";
import type { DeadLetterReason, StopReason } from "./events.ts";
import { onAbort } from "./on_abort.ts";
import type { AskOptions, Ref } from "./ref.ts";
import { isThenable, whenSettled } from "./thenable.ts";
import { type ActorTracer, follow, followed } from "./tracing.ts";

/** What gives questions their deadlines. */
export interface Deadlines {
  /** Throws `RangeError` on a timeout that is not above 0. */
  check(timeoutMs: number | undefined): number;
  /** Gives those who wait there their deadlines when the event loop turns. */
  stampLater(asks: AskList): void;
}

/** When one question is given up. */
export interface AskDeadline {
  /** It is closed: nothing is due any more. */
  remove(): void;
}

/** What asks need of their system. */
export interface AskHost {
  readonly deadlines: Deadlines;
  readonly tracer: ActorTracer | undefined;
  deadLetter(message: unknown, target: { readonly path: string }, reason: DeadLetterReason): void;
}

/** What asks need of the actor that is asked: the list of those who wait for it. */
export interface AskTarget {
  readonly path: string;
  readonly system: AskHost;
  /** Made with the first of them. */
  asks: AskList | undefined;
  /** The error that says it has stopped, and why. */
  stopped(): ActorStopped;
}

/** Those who wait for one actor. */
export class AskList {
  oldest: PendingAsk<never> | undefined;
  newest: PendingAsk<never> | undefined;
  /** Up to here, itself included, those with a timeout have their deadlines. */
  lastStamped: PendingAsk<never> | undefined;
  /** The others are to be given theirs. */
  willBeStamped = false;
}

/** Waits for an answer. */
const OPEN = 0;
/** The answer is a promise that has not settled yet: the time still counts. */
const ANSWERED = 1;
const CLOSED = 2;

/** What the runtime does with questions, and nobody who only holds a reply address. */
export interface Questions {
  isQuestion(value: unknown): value is PendingAsk<never>;
  /** Begins to wait. Throws when the options do not allow it. */
  open(ask: PendingAsk<never>, options: AskOptions): void;
  /** Remembers what was asked. */
  setMessage(ask: PendingAsk<never>, message: unknown): void;
  message(ask: PendingAsk<never>): unknown;
  target(ask: PendingAsk<never>): AskTarget;
  /** The next question to the same actor. */
  newer(ask: PendingAsk<never>): PendingAsk<never> | undefined;
  fail(ask: PendingAsk<never>, error: unknown): void;
  expire(ask: PendingAsk<never>, timeoutMs: number): void;
  targetStopped(ask: PendingAsk<never>): void;
  /** Seals it, and those before it that are open still. */
  seal(ask: PendingAsk<never> | undefined): void;
  /** Calls back once when nobody waits any more; what it gives back calls that off. */
  onClosed(ask: PendingAsk<never>, closed: (reason: StopReason) => void): () => void;
  /** 0 where only a signal ends it. */
  timeoutMs(ask: PendingAsk<never>): number;
  setDeadline(ask: PendingAsk<never>, deadline: AskDeadline): void;
}

/** The runtime's own way into questions, as `mailboxes` is into actors. */
export let questions: Questions;

/**
 * One question under way. It is the reply address, too, and so all of it is private. A node of its target's
 * list, oldest first.
 *
 * What one holder puts on an address must not be what the others call: it is sealed before its target's turn
 * is over, so before anybody to whom the target hands it on can have it. Not when it is made, since that
 * would be a fifth of a question's cost, and most are answered in that turn.
 */
export class PendingAsk<R> implements Ref<R> {
  readonly #target: AskTarget;
  readonly #resolve: (reply: R) => void;
  readonly #reject: (error: unknown) => void;
  #state: typeof OPEN | typeof ANSWERED | typeof CLOSED = OPEN;
  /** What was asked. */
  #message: unknown;
  #coldState: AskColdState | undefined;
  #timeoutMs = 0;
  #deadline: AskDeadline | undefined;
  #older: PendingAsk<never> | undefined;
  #newer: PendingAsk<never> | undefined;

  constructor(target: AskTarget, resolve: (reply: R) => void, reject: (error: unknown) => void) {
    this.#target = target;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  get path(): string {
    return `${this.#target.path}?ask`;
  }

  get isOpen(): boolean {
    return this.#state === OPEN;
  }

  tell(reply: R): void {
    if (this.#state !== OPEN) return this.#target.system.deadLetter(reply, this, "not-asked");
    if ((typeof reply === "object" && reply !== null) || typeof reply === "function") {
      return this.#answerObject(reply);
    }
    this.#close();
    this.#resolve(reply);
  }

  offer(reply: R): Promise<void> {
    this.tell(reply);
    return Promise.resolve();
  }

  /** A reply address takes replies, not questions: rejects with `TypeError`. */
  ask(): Promise<never> {
    return Promise.reject(new TypeError(`Cannot ask ${this.path}: it is a reply address`));
  }

  /**
   * A promise would take the asker's place in waiting, for ever perhaps: what it comes to is the answer, in
   * time.
   */
  #answerObject(reply: R): void {
    let pending: PromiseLike<R> | undefined;
    try {
      if (isThenable(reply)) pending = reply as PromiseLike<R>;
    } catch (error) {
      return this.#fail(error);
    }
    if (pending === undefined) {
      this.#close();
      return this.#resolve(reply);
    }
    this.#state = ANSWERED;
    whenSettled(pending, (value) => {
      if (this.#state === CLOSED) return;
      this.#close();
      this.#resolve(value);
    }, (error) => this.#fail(error));
  }

  /** Starts to wait. Throws when it cannot. */
  #open(options: AskOptions): void {
    const { signal, timeoutMs } = options;
    signal?.throwIfAborted();
    const target = this.#target;
    const asks = target.asks ??= new AskList();
    if (timeoutMs !== undefined || signal === undefined) {
      this.#timeoutMs = target.system.deadlines.check(timeoutMs);
      if (!asks.willBeStamped) target.system.deadlines.stampLater(asks);
    }
    if (signal !== undefined) this.#cold.release = onAbort(signal, () => this.#fail(signal.reason));
    const { newest } = asks;
    this.#older = newest;
    if (newest === undefined) asks.oldest = this;
    else newest.#newer = this;
    asks.newest = this;
  }

  get #cold(): AskColdState {
    return this.#coldState ??= { release: undefined, watchers: undefined };
  }

  #fail(error: unknown): void {
    if (this.#state === CLOSED) return;
    this.#close();
    this.#reject(error);
  }

  #close(): void {
    this.#state = CLOSED;
    this.#deadline?.remove();
    const { asks } = this.#target;
    const newer = this.#newer;
    const older = this.#older;
    if (newer !== undefined) newer.#older = older;
    else if (asks?.newest === this) asks.newest = older;
    if (older !== undefined) older.#newer = newer;
    else if (asks?.oldest === this) asks.oldest = newer;
    if (asks?.lastStamped === this) asks.lastStamped = older;
    this.#newer = this.#older = undefined;
    if (this.#coldState !== undefined) this.#closeCold(this.#coldState);
  }

  #closeCold({ release, watchers }: AskColdState): void {
    this.#coldState = undefined;
    release?.();
    for (const closed of watchers ?? []) closed(CLOSED_REASON);
  }

  static {
    questions = {
      isQuestion: (value): value is PendingAsk<never> =>
        typeof value === "object" && value !== null && #target in value,
      open: (ask, options) => ask.#open(options),
      setMessage: (ask, message) => void (ask.#message = message),
      message: (ask) => ask.#message,
      target: (ask) => ask.#target,
      newer: (ask) => ask.#newer,
      fail: (ask, error) => ask.#fail(error),
      expire: (ask, timeoutMs) => ask.#fail(new AskTimeout(ask.#target.path, timeoutMs)),
      seal: (newest) => {
        for (let ask = newest; ask !== undefined && Object.isExtensible(ask); ask = ask.#older) {
          Object.preventExtensions(ask);
        }
      },
      targetStopped: (ask) => ask.#fail(ask.#target.stopped()),
      onClosed: (ask, closed) => {
        if (ask.#state === CLOSED) return closed(CLOSED_REASON), () => {};
        const watchers = ask.#cold.watchers ??= new Set();
        watchers.add(closed);
        return () => void watchers.delete(closed);
      },
      timeoutMs: (ask) => ask.#timeoutMs,
      setDeadline: (ask, deadline) => void (ask.#deadline = deadline),
    };
  }
}

Object.defineProperty(PendingAsk.prototype, "constructor", { value: Object });
Object.freeze(PendingAsk.prototype);

/** What few questions need. */
interface AskColdState {
  /** Lets go of the asker's signal. */
  release: (() => void) | undefined;
  watchers: Set<(reason: StopReason) => void> | undefined;
}

const CLOSED_REASON: StopReason = Object.freeze({ type: "stopped" });

/** Asks an actor: `question` makes the message, or is the message without its reply address. */
export function askActor(
  target: AskTarget,
  ref: ActorRef<unknown>,
  question: ((replyTo: Ref<never>) => unknown) | object,
  options: AskOptions,
): Promise<never> {
  if (mailboxes.isInTurn(ref)) return Promise.reject(asksItself(target));
  if (followed.count === 0) return openQuestion(target, ref, question, options);
  // Here and not before it, so that a question that nobody follows makes no function.
  return askFollowed(target, ref, question, options);
}

function askFollowed(
  target: AskTarget,
  ref: ActorRef<unknown>,
  question: ((replyTo: Ref<never>) => unknown) | object,
  options: AskOptions,
): Promise<never> {
  const step = target.system.tracer?.ask(ref, question);
  const ask = () => openQuestion(target, ref, question, options);
  return step === undefined ? ask() : follow(step, ask);
}

function openQuestion(
  target: AskTarget,
  ref: ActorRef<unknown>,
  question: ((replyTo: Ref<never>) => unknown) | object,
  options: AskOptions,
): Promise<never> {
  return new Promise((resolve: (reply: never) => void, reject) => {
    const pending = new PendingAsk<never>(target, resolve, reject);
    if (ref.isOpen) questions.open(pending, options);
    try {
      const message = typeof question === "function" ? question(pending) : { ...question, replyTo: pending };
      questions.setMessage(pending, message);
      mailboxes.setFlag(ref, FLAGS.QUESTIONED);
      ref.tell(message);
    } catch (error) {
      questions.fail(pending, error);
    }
    if (!ref.isOpen) questions.fail(pending, target.stopped());
  });
}

function asksItself({ path }: AskTarget): TypeError {
  return new TypeError(
    `Cannot ask ${path} in its own handler: it answers only once that is done; tell it, and go on with its answer`,
  );
}

/** The question that a message carries as its `replyTo`, or is itself. */
export function questionIn(message: unknown): PendingAsk<never> | undefined {
  if (questions.isQuestion(message)) return message;
  if (typeof message !== "object" || message === null) return undefined;
  try {
    if ("replyTo" in message && questions.isQuestion(message.replyTo)) return message.replyTo;
  } catch {
    // A message that throws when it is looked at.
  }
  return undefined;
}

/** Seals the reply address of a message that strangers look at within the turn of who sent it. */
export function sealQuestionIn(message: unknown): void {
  questions.seal(questionIn(message));
}

/**
 * The question that a message is: by its `replyTo` in nearly all cases, else by looking through all that
 * wait.
 */
export function questionOf(target: AskTarget, message: unknown): PendingAsk<never> | undefined {
  const question = questionIn(message);
  if (question !== undefined || typeof message !== "object" || message === null) return question;
  for (let ask = target.asks?.oldest; ask !== undefined; ask = questions.newer(ask)) {
    if (questions.message(ask) === message) return ask;
  }
  return undefined;
}

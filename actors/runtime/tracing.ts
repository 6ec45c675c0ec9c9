/**
 * Work that is followed from message to message.
 *
 * @module
 */
import type { Ref } from "./ref.ts";
import { isThenable, promiseOf } from "./thenable.ts";

/** What begins outside of the actors: a frame from a peer, a datagram. */
export interface TraceStart {
  /** What happens, in few words, the same for all of its kind. */
  readonly name: string;
  /** Details, in OpenTelemetry's names where it has them. */
  readonly attributes: Readonly<Record<string, string | number>>;
}

/** One piece of work that is followed. */
export interface TraceStep {
  /** Runs the work, which what it sends and asks belongs to; also after an `await`. */
  run<T>(work: () => T): T;
  /** The work is over: with what it threw, if it failed. That may be `undefined`, too. */
  end(failure?: { readonly error: unknown }): void;
}

/**
 * Follows work from where it begins through the actors that it reaches: by `tell`, by `ask` to the answer,
 * and by what is piped back. While nothing is followed, a message costs what it costs without a tracer.
 */
export interface Tracer {
  /**
   * Something begins. Undefined: it is not followed. `describe` is asked only when it is; `nowMs` is
   * monotonic.
   */
  begin(nowMs: number, describe: () => TraceStart): TraceStep | undefined;
  /**
   * What a message that is sent now is to travel with; undefined where the work that runs is not followed.
   */
  send(target: Ref<never>, message: unknown): unknown;
  /**
   * A message that travels with a context is about to be handled. Undefined: it is not followed any further.
   */
  receive(context: unknown, actor: Ref<never>, message: unknown): TraceStep | undefined;
  /**
   * A question is asked; the step ends with its answer. Undefined where the work that runs is not followed.
   */
  ask(target: Ref<never>, question: unknown): TraceStep | undefined;
  /** Notes something of the work that runs, if it is followed. */
  note(event: string, attributes: Readonly<Record<string, string | number>>): void;
  /** Runs work that belongs to nothing that is followed. */
  detach(work: () => void): void;
}

/**
 * How much followed work is under way in this process. Where it is none, which is nearly always, that is all
 * that a message looks at. Work runs on one thread: what is under way in one system is nobody's in another,
 * and asked of its tracer.
 */
export const followed: { count: number } = { count: 0 };

/** More at once would be a trace of everything: what begins then is not followed. */
const MAX_FOLLOWED = 1000;

/** What actors are given of their system's tracer. */
export class ActorTracer {
  readonly #tracer: Tracer;
  readonly #guarded: <T>(work: () => T) => T | undefined;

  /** `guarded` keeps what a tracer throws from those who use it. */
  constructor(tracer: Tracer, guarded: <T>(work: () => T) => T | undefined) {
    this.#tracer = tracer;
    this.#guarded = guarded;
  }

  /** Something begins that comes from outside: undefined where it is not followed. */
  begin(nowMs: number, describe: () => TraceStart): TraceStep | undefined {
    if (followed.count >= MAX_FOLLOWED) return undefined;
    return this.#guarded(() => this.#tracer.begin(nowMs, describe));
  }

  /** Runs the work of a step, and ends the step when the work has settled. */
  follow<T>(step: TraceStep, work: () => T): T {
    return follow(step, work);
  }

  /** Notes something of the work that runs, if it is followed. */
  note(event: string, attributes: Readonly<Record<string, string | number>>): void {
    if (followed.count > 0) this.#guarded(() => this.#tracer.note(event, attributes));
  }

  /** What a message that is sent now travels with. */
  send(target: Ref<never>, message: unknown): unknown {
    return followed.count === 0 ? undefined : this.#guarded(() => this.#tracer.send(target, message));
  }

  /** The step of a message that travels with a context. */
  receive(context: unknown, actor: Ref<never>, message: unknown): TraceStep | undefined {
    return this.#guarded(() => this.#tracer.receive(context, actor, message));
  }

  /** The step of a question. */
  ask(target: Ref<never>, question: unknown): TraceStep | undefined {
    return followed.count === 0 ? undefined : this.#guarded(() => this.#tracer.ask(target, question));
  }
}

/** Runs the work of a step, and ends the step when the work has settled. */
export function follow<T>(step: TraceStep, work: () => T): T {
  followed.count++;
  let isOpen = true;
  // Once, whatever a promise of somebody's own does.
  const end = (failure?: { readonly error: unknown }) => {
    if (!isOpen) return;
    isOpen = false;
    followed.count--;
    try {
      step.end(failure);
    } catch {
      // A tracer that fails must not fail what it follows.
    }
  };
  try {
    const result = step.run(work);
    if (!isThenable(result)) {
      end();
      return result;
    }
    // A thenable of somebody's own may begin its work at each `then`: whoever waits gets this promise.
    const promise = promiseOf(result);
    promise.then(() => end(), (error) => end({ error }));
    return promise as T;
  } catch (error) {
    end({ error });
    throw error;
  }
}

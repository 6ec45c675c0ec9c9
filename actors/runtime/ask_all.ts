/**
 * One question to many.
 *
 * @module
 */
import { inWords } from "./in_words.ts";
import type { AskOptions, MessageOf, Question, Ref, ReplyOf } from "./ref.ts";

/** Options of {@linkcode askAll}. */
export type AskAllOptions = AskOptions & {
  /** So many answers are enough: the others are not waited for. @default all */
  readonly enough?: number;
};

/** What came of a question to many. */
export interface Answers<R> {
  /** The answers, as they came. */
  readonly replies: readonly R[];
  /**
   * Why the others did not answer: a time-out, a stop, a failure. Those that were no longer waited for are
   * not in it.
   */
  readonly failures: readonly unknown[];
}

/**
 * Asks many actors the same, and resolves when all have answered or failed, when enough have answered, or
 * when the time is over, with what there is by then: a time-out or a failure of one rejects nothing.
 *
 * @throws `RangeError` on a timeout that is not above 0, and on fewer than 0 that are enough.
 *
 * @example
 * ```ts
 * import { ActorSystem, askAll, type Behavior, type Ref } from "@troupe/actors";
 * import { assertEquals } from "@std/assert";
 *
 * type Question = { type: "temperature"; replyTo: Ref<number> };
 * const sensor = (degrees: number): Behavior<Question> => () => ({ replyTo }) => replyTo.tell(degrees);
 *
 * await using system = new ActorSystem("demo");
 * const sensors = [19, 20, 24].map((degrees) => system.spawn(`at-${degrees}`, sensor(degrees)));
 * const { replies } = await askAll(sensors, { type: "temperature" }, { timeoutMs: 1000 });
 * assertEquals(replies.toSorted(), [19, 20, 24]);
 * ```
 */
export function askAll<T extends Ref<never>, const Q extends Question<MessageOf<T>>>(
  refs: readonly T[],
  question: Q,
  options: AskAllOptions,
): Promise<Answers<ReplyOf<MessageOf<T>, Q>>> {
  const { enough = refs.length, timeoutMs, signal } = options;
  if (!(typeof enough === "number" && enough >= 0)) {
    return Promise.reject(new RangeError(`Cannot wait for ${inWords(enough)} answers: it takes 0 or more`));
  }
  if (timeoutMs === undefined ? signal === undefined : !(typeof timeoutMs === "number" && timeoutMs > 0)) {
    return Promise.reject(
      new RangeError(`Cannot ask with a timeout of ${inWords(timeoutMs)}: it takes milliseconds above 0`),
    );
  }
  const replies: ReplyOf<MessageOf<T>, Q>[] = [];
  const failures: unknown[] = [];
  if (refs.length === 0 || enough <= 0) return Promise.resolve({ replies, failures });
  const done = new AbortController();
  const signals = signal === undefined ? done.signal : AbortSignal.any([done.signal, signal]);
  return new Promise((resolve) => {
    const settled = () => {
      if (replies.length < enough && replies.length + failures.length < refs.length) return;
      resolve({ replies: [...replies], failures: [...failures] });
      // Those who have not answered need not any more.
      done.abort();
    };
    for (const ref of refs) {
      const limits = { ...(timeoutMs !== undefined && { timeoutMs }), signal: signals };
      // One question makes many messages, each with a reply address of its own.
      ref.ask<ReplyOf<MessageOf<T>, Q>>((replyTo) => ({ ...question, replyTo }) as never, limits)
        .then((reply) => replies.push(reply), (error) => done.signal.aborted || failures.push(error))
        .then(settled);
    }
  });
}

/**
 * What happens at once when an actor fails: who is told, before anybody decides.
 *
 * @module
 */
import { type AskList, type AskTarget, questionIn, questionOf, questions } from "./ask.ts";
import { messageOf } from "./envelope.ts";
import { ActorStopped, AskFailed, MailboxFull } from "./errors.ts";
import type { DeadLetterReason, FailurePhase } from "./events.ts";
import { Inbox } from "./inbox.ts";
import { messageType } from "./kinds.ts";
import { isThenable, whenSettled } from "./thenable.ts";

/** The part of an actor that fails. */
export abstract class Failing extends Inbox implements AskTarget {
  get asks(): AskList | undefined {
    return this.coldIfAny?.asks;
  }

  set asks(asks: AskList | undefined) {
    this.cold.asks = asks;
  }

  /** How often it has been restarted. */
  protected abstract readonly restarts: number;

  /** Keeps still until the parent has decided. */
  protected abstract fail(error: unknown, phase: FailurePhase, message: unknown): void;

  /** What few actors have to do when they have taken messages out. */
  afterDequeue(): void {
    this.holdings?.receiveTimeout?.heard();
    this.coldIfAny?.admission?.admit();
  }

  sealQuestions(): void {
    questions.seal(this.asks?.newest);
  }

  failInHandler(error: unknown, item: unknown | undefined): void {
    this.afterDequeue();
    const message = messageOf(item);
    this.holdings?.stash?.failed(message);
    const question = questionOf(this, message);
    if (question !== undefined) this.cold.failedQuestion = { question, error };
    this.fail(error, "message", message);
  }

  /**
   * It has been decided what becomes of this actor after its failure: who asked what it failed on hears at
   * once.
   */
  answerFailed(isStopped: boolean): void {
    const failed = this.coldIfAny?.failedQuestion;
    if (failed === undefined) return;
    this.cold.failedQuestion = undefined;
    const { question, error: cause } = failed;
    const options = { cause };
    questions.fail(
      question,
      isStopped ? new ActorStopped(this.path, options) : new AskFailed(this.path, options),
    );
  }

  /**
   * Who asked what was thrown away hears at once. Not where the question was handed on: somebody else may
   * answer it.
   */
  protected override unhandled(message: unknown, reason: DeadLetterReason): void {
    if (this.asks?.oldest === undefined) return;
    const question = questionIn(message);
    if (question === undefined || questions.message(question) !== message) return;
    if (questions.target(question) !== this) return;
    const cause = reason === "dropped-oldest" || reason === "dropped-newest"
      ? new MailboxFull(this.path, this.setup.capacity, message)
      : new Error(`Cannot handle the question: it is a dead letter (${reason})`);
    questions.fail(question, new AskFailed(this.path, { cause }, "it was not handled"));
  }

  /** A handler of a life that is over has failed. */
  failedLate(error: unknown, item: unknown | undefined): void {
    const message = messageOf(item);
    const question = questionOf(this, message);
    if (question !== undefined) questions.fail(question, new AskFailed(this.path, { cause: error }));
    this.reportAlone(error, "message", message);
  }

  /** Fails in something that ran for this actor outside its handler. */
  failOutside(error: unknown): void {
    this.fail(error, "message", undefined);
  }

  /** Releases what nobody waits for any more; a failure is reported. */
  releaseUnawaited(release: () => void | Promise<void>): void {
    const report = (error: unknown) => this.reportAlone(error, "stop", undefined);
    try {
      const pending: unknown = release();
      if (isThenable(pending)) whenSettled(pending, () => {}, report);
    } catch (error) {
      report(error);
    }
  }

  /** The error that tells others this actor is gone. */
  stopped(): ActorStopped {
    const reason = this.coldIfAny?.reason;
    return new ActorStopped(this.path, reason?.type === "failed" ? { cause: reason.error } : undefined);
  }

  /** A failure about which nothing is to be decided: the actor is going already. */
  reportAlone(error: unknown, phase: FailurePhase, message: unknown): void {
    this.system.report({
      actor: this,
      phase,
      messageType: messageType(message),
      error,
      decision: "none",
      restarts: this.restarts,
    });
  }
}

/**
 * References that lead over the cluster.
 *
 * @module
 */
import { AskDeadlines } from "../runtime/ask_deadlines.ts";
import { type AskHost, type AskList, type AskTarget, PendingAsk, questions } from "../runtime/ask.ts";
import { ActorStopped, AskFailed } from "../runtime/errors.ts";
import type { AskOptions, Ref } from "../runtime/ref.ts";
import type { ActorSystem } from "../runtime/system.ts";
import type { Cancellable } from "../world/world.ts";
import { checkValue } from "./codec.ts";
import type { EntityId } from "./engine.ts";
import { OutcomeUnknown } from "./errors.ts";
import { addForeignRef } from "./ref_codec.ts";

/** Has questions that are over swept after so long. */
const TRIM_MS = 1000;

/** What questions over the cluster need: their deadlines, and where late answers go. */
export class ClusterAsks implements AskHost {
  readonly deadlines: AskDeadlines;
  /** A trace ends where a message leaves its host. */
  readonly tracer = undefined;
  readonly #system: ActorSystem;
  readonly #trims = new Set<Cancellable>();

  constructor(system: ActorSystem) {
    this.#system = system;
    const { clock, loop } = system.world;
    this.deadlines = new AskDeadlines({
      clock,
      loop,
      trimLater: (holder) => {
        const timer = clock.timer(TRIM_MS, () => {
          this.#trims.delete(timer);
          holder.trim();
        });
        this.#trims.add(timer);
      },
    });
  }

  /** Nobody asks any more. */
  dispose(): void {
    this.deadlines.dispose((ask) => {
      const { path } = questions.target(ask);
      const cause = new OutcomeUnknown(`a question to ${path}, whose sender has left the cluster`);
      questions.fail(ask, new AskFailed(path, { cause }));
    });
    for (const timer of this.#trims) timer.cancel();
    this.#trims.clear();
  }

  deadLetter(message: unknown, { path }: { readonly path: string }, reason: "not-asked" | "stopped"): void {
    this.#system.events.emit({ type: "dead-letter", message, target: path, reason });
  }
}

/** A question over the cluster: what no other host could answer is no answer of this one either. */
class ClusterAsk<R> extends PendingAsk<R> {
  override tell(reply: R): void {
    try {
      checkValue(reply);
    } catch (cause) {
      questions.fail(this, new AskFailed(questions.target(this).path, { cause }));
      throw cause;
    }
    super.tell(reply);
  }
}

Object.freeze(ClusterAsk.prototype);

/** A reference whose messages are sent by somebody else. */
export class ForeignRef<M> implements Ref<M>, AskTarget {
  readonly path: string;
  readonly system: ClusterAsks;
  /** Those who wait for an answer. */
  asks: AskList | undefined;
  readonly #send: (message: unknown) => void;

  constructor(path: string, asks: ClusterAsks, send: (message: unknown) => void) {
    this.path = path;
    this.system = asks;
    this.#send = send;
    addForeignRef(this);
  }

  /** The cluster finds somebody, or says that it cannot. */
  get isOpen(): boolean {
    return true;
  }

  tell(message: M): void {
    checkValue(message);
    this.#send(message);
  }

  offer(message: M): Promise<void> {
    return Promise.try(() => this.tell(message));
  }

  // The overloads of `Ref` tell callers what the reply is; here it is only handed on.
  ask(question: ((replyTo: Ref<never>) => M) | object, options: AskOptions): Promise<never> {
    return new Promise((resolve: (reply: never) => void, reject) => {
      const pending = new ClusterAsk<never>(this, resolve, reject);
      questions.open(pending, options);
      try {
        const message: unknown = typeof question === "function"
          ? question(pending)
          : { ...question, replyTo: pending };
        checkValue(message);
        questions.setMessage(pending, message);
        this.#send(message);
      } catch (error) {
        questions.fail(pending, error);
      }
    });
  }

  stopped(): ActorStopped {
    return new ActorStopped(this.path);
  }
}

/** A reference to an entity, wherever it lives. */
export class EntityRef<M> extends ForeignRef<M> {
  readonly entity: EntityId;
  readonly key: string;

  constructor(
    entity: EntityId,
    key: string,
    path: string,
    asks: ClusterAsks,
    send: (ref: EntityRef<M>, message: unknown) => void,
  ) {
    super(path, asks, (message) => send(this, message));
    this.entity = entity;
    this.key = key;
  }
}

/** A reference to an actor, or an asker, of another host. */
export class HostedRef<M> extends ForeignRef<M> {
  readonly address: string;
  readonly #refuse: (error: unknown) => void;

  /** `refuse` tells an asker that there will be no answer. */
  constructor(
    address: string,
    asks: ClusterAsks,
    send: (message: unknown) => void,
    refuse: (error: unknown) => void,
  ) {
    super(`/${address}`, asks, send);
    this.address = address;
    this.#refuse = refuse;
  }

  override tell(message: M): void {
    try {
      super.tell(message);
    } catch (error) {
      this.#refuse(error);
      throw error;
    }
  }
}

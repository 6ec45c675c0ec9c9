/**
 * Hearing what is published on topics of all servers.
 *
 * @module
 */
import type { Cluster } from "../../cluster/cluster.ts";
import { OutcomeUnknown } from "../../cluster/errors.ts";
import { pause } from "../../cluster/pause.ts";
import type { Context, Topic } from "../../runtime/mod.ts";
import { errorText } from "../../world/world.ts";

const AGAIN_MS = 200;

type Self = Pick<Context<never>, "log" | "onStop" | "signal" | "world">;

/** What an actor hears, for its life: what it does at its end later than this was made, it does before. */
export class Hearing {
  readonly #self: Self;
  readonly #cluster: Pick<Cluster, "subscribe">;
  readonly #taken = new AsyncDisposableStack();
  #isFailureTold = false;

  constructor(self: Self, cluster: Pick<Cluster, "subscribe">) {
    this.#self = self;
    this.#cluster = cluster;
    self.onStop(() => this.#taken.disposeAsync());
  }

  /** Resolves once what is published is heard; rejects where the engine does not answer. */
  async hear<T>(topic: Topic<T>, receive: (message: T) => void): Promise<void> {
    const subscription = await this.#cluster.subscribe(topic, receive).catch((error) => this.#failed(error));
    if (this.#taken.disposed) await subscription[Symbol.asyncDispose]();
    else this.#taken.use(subscription);
  }

  #failed(error: unknown): never {
    // Of an engine that does not answer the cluster tells.
    if (!(error instanceof OutcomeUnknown) && !this.#isFailureTold) {
      this.#isFailureTold = true;
      this.#self.log.error(`Cannot hear the news of the other servers: ${errorText(error)}`, {
        event: "news-not-heard",
      });
    }
    throw error;
  }

  /** The same, for who can do nothing before: an engine that does not answer is asked again. */
  async hearPatiently<T>(topic: Topic<T>, receive: (message: T) => void): Promise<void> {
    const { signal, world } = this.#self;
    for (;;) {
      try {
        return await this.hear(topic, receive);
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof OutcomeUnknown)) throw error;
      }
      await pause(world, AGAIN_MS, signal);
      signal.throwIfAborted();
    }
  }
}

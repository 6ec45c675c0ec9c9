/**
 * Publishing to whoever subscribed.
 *
 * @module
 */
import { checkFunctions } from "./check_function.ts";
import type { Cancellable } from "../world/world.ts";
import { sealQuestionIn } from "./ask.ts";
import { Listeners } from "./listeners.ts";
import { checkKeyName } from "./options.ts";

/** A topic that carries messages of type `T`. Its name is the topic. */
export interface Topic<in out T> {
  /** What makes it this topic: two topics of one name are one topic, also in two processes. */
  readonly name: string;
  /** Never there: it ties `T` to the topic, both ways. */
  readonly _messages?: (message: T) => T;
}

/**
 * Makes a topic. Make each once, and name it after the module that owns it.
 *
 * @throws `TypeError` on an empty name.
 *
 * @example
 * ```ts
 * import { ActorSystem, topic } from "@troupe/actors";
 * import { assertEquals } from "@std/assert";
 *
 * const news = topic<string>("news");
 * const heard: string[] = [];
 *
 * await using system = new ActorSystem("demo");
 * system.subscribe(news, (item) => heard.push(item));
 * system.publish(news, "rain");
 * assertEquals(heard, ["rain"]);
 * ```
 */
export function topic<T>(name: string): Topic<T> {
  checkKeyName(name);
  return { name };
}

/** The topics of one system. A subscriber that throws is logged, and nobody else notices. */
export class Topics {
  readonly #failed: (error: unknown) => void;
  readonly #subscribers = new Map<string, unknown>();

  constructor(failed: (error: unknown) => void) {
    this.#failed = failed;
  }

  /** Calls `receive` with each message, in the order of publishing. */
  subscribe<T>(topic: Topic<T>, receive: (message: T) => void): Cancellable {
    checkFunctions(`Cannot subscribe to "${topic.name}"`, { receive });
    let subscribers = this.#find(topic);
    if (subscribers === undefined) {
      subscribers = new Listeners<T>(this.#failed);
      this.#subscribers.set(topic.name, subscribers);
    }
    const subscription = subscribers.add(receive);
    return {
      cancel: () => {
        subscription.cancel();
        if (subscribers.size === 0 && this.#find(topic) === subscribers) this.#subscribers.delete(topic.name);
      },
    };
  }

  /** Gives a message to every subscriber. */
  publish<T>(topic: Topic<T>, message: T): void {
    // Subscribers look at it within the turn of who publishes it.
    sealQuestionIn(message);
    this.#find(topic)?.tell(message);
  }

  #find<T>(topic: Topic<T>): Listeners<T> | undefined {
    // What stands under a topic was put there by `subscribe`, with the same `T`.
    return this.#subscribers.get(topic.name) as Listeners<T> | undefined;
  }
}

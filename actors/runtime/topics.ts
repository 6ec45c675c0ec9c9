/**
 * Publishing to whoever subscribed.
 *
 * @module
 */
import type { Cancellable } from "../world/world.ts";

/** A topic that carries messages of type `T`. The object is the topic: the name is for people. */
export interface Topic<in out T> {
  /** For people, in messages. */
  readonly name: string;
  /** Never there: it ties `T` to the topic, both ways. */
  readonly _messages?: (message: T) => T;
}

/** Makes a topic. */
export function topic<T>(name: string): Topic<T> {
  return { name };
}

/** The topics of one system. */
export class Topics {
  readonly #subscribers = new Map<unknown, Set<(message: never) => void>>();

  /** Calls `receive` with each message, in the order of publishing. */
  subscribe<T>(topic: Topic<T>, receive: (message: T) => void): Cancellable {
    let subscribers = this.#subscribers.get(topic);
    if (subscribers === undefined) this.#subscribers.set(topic, subscribers = new Set());
    const entry = (message: T) => receive(message);
    subscribers.add(entry);
    return { cancel: () => this.#unsubscribe(topic, entry) };
  }

  /** Gives a message to every subscriber. */
  publish<T>(topic: Topic<T>, message: T): void {
    // What stands under a topic was put there by `subscribe`, with the same `T`.
    const subscribers = this.#subscribers.get(topic) as Set<(message: T) => void> | undefined;
    if (subscribers === undefined) return;
    for (const receive of subscribers) receive(message);
  }

  #unsubscribe(topic: unknown, entry: (message: never) => void): void {
    const subscribers = this.#subscribers.get(topic);
    if (subscribers?.delete(entry) && subscribers.size === 0) this.#subscribers.delete(topic);
  }
}

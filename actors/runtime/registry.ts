/**
 * Finding actors by key.
 *
 * @module
 */
import type { Cancellable } from "../world/world.ts";
import type { Ref } from "./ref.ts";

/** A key under which an actor that takes messages of type `M` may be registered. The object is the key: the name is for people. */
export interface RegistryKey<in out M> {
  /** For people, in messages. */
  readonly name: string;
  /** Never there: it ties `M` to the key, both ways. */
  readonly _messages?: (message: M) => M;
}

/** Makes a key of a {@linkcode Registry}. Who holds the key may look its actor up: share it as narrowly as the actor's ref. */
export function registryKey<M>(name: string): RegistryKey<M> {
  return { name };
}

/** Which actor stands under which key. An actor that stops is taken out. */
export interface Registry {
  /**
   * Puts an actor under a key, until it stops or the registration is cancelled.
   * Throws `TypeError` when another one is there.
   */
  register<M>(key: RegistryKey<M>, ref: Ref<M>): Cancellable;
  /** The actor under a key. */
  find<M>(key: RegistryKey<M>): Ref<M> | undefined;
  /** Calls `changed` now, and whenever an actor appears under the key or goes. */
  observe<M>(key: RegistryKey<M>, changed: (ref: Ref<M> | undefined) => void): Cancellable;
}

interface Entry {
  ref: Ref<never> | undefined;
  readonly observers: Set<(ref: Ref<never> | undefined) => void>;
}

/** The registry of one system. `onStopped` calls back once when an actor has stopped. */
export class LocalRegistry implements Registry {
  readonly #entries = new Map<unknown, Entry>();
  readonly #onStopped: (ref: Ref<never>, stopped: () => void) => Cancellable;

  constructor(onStopped: (ref: Ref<never>, stopped: () => void) => Cancellable) {
    this.#onStopped = onStopped;
  }

  register<M>(key: RegistryKey<M>, ref: Ref<M>): Cancellable {
    const entry = this.#entry(key);
    if (entry.ref !== undefined) {
      throw new TypeError(`Cannot register ${ref.path} as "${key.name}": ${entry.ref.path} is registered`);
    }
    this.#set(key, entry, ref);
    const watching = this.#onStopped(ref, () => this.#remove(key, ref));
    return {
      cancel: () => {
        watching.cancel();
        this.#remove(key, ref);
      },
    };
  }

  find<M>(key: RegistryKey<M>): Ref<M> | undefined {
    return this.#entries.get(key)?.ref as Ref<M> | undefined;
  }

  observe<M>(key: RegistryKey<M>, changed: (ref: Ref<M> | undefined) => void): Cancellable {
    const entry = this.#entry(key);
    // An entry of its own, so that the same function may observe twice.
    const observer = (ref: Ref<never> | undefined) => changed(ref as Ref<M> | undefined);
    entry.observers.add(observer);
    observer(entry.ref);
    return {
      cancel: () => {
        entry.observers.delete(observer);
        this.#forget(key, entry);
      },
    };
  }

  #entry(key: unknown): Entry {
    let entry = this.#entries.get(key);
    if (entry === undefined) this.#entries.set(key, entry = { ref: undefined, observers: new Set() });
    return entry;
  }

  #remove(key: unknown, ref: Ref<never>): void {
    const entry = this.#entries.get(key);
    if (entry?.ref !== ref) return;
    this.#set(key, entry, undefined);
    this.#forget(key, entry);
  }

  #set(_key: unknown, entry: Entry, ref: Ref<never> | undefined): void {
    entry.ref = ref;
    for (const observer of [...entry.observers]) observer(ref);
  }

  #forget(key: unknown, entry: Entry): void {
    if (entry.ref === undefined && entry.observers.size === 0) this.#entries.delete(key);
  }
}

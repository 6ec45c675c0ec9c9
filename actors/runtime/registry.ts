/**
 * Finding actors by key.
 *
 * @module
 */
import type { Cancellable } from "../world/world.ts";
import { Listeners } from "./listeners.ts";
import { checkKeyName } from "./options.ts";
import type { Ref } from "./ref.ts";

/** A key under which an actor that takes messages of type `M` may be registered. Its name is the key. */
export interface RegistryKey<in out M> {
  /** What makes it this key: two keys of one name are one key, also in two processes. */
  readonly name: string;
  /** Never there: it ties `M` to the key, both ways. */
  readonly _messages?: (message: M) => M;
}

/**
 * Makes a key of a {@linkcode Registry}. Who knows the key may look its actor up.
 *
 * Make each key once, in the module that owns it, and give it a name of that module's (`"chat/rooms"`): the compiler
 * cannot see that two keys of one name are to carry the same messages. Throws `TypeError` on an empty name.
 *
 * @example
 * ```ts
 * import { ActorSystem, registryKey } from "@troupe/actors";
 * import { assertEquals } from "@std/assert";
 *
 * const greeter = registryKey<string>("greeter");
 *
 * await using system = new ActorSystem("demo");
 * const ref = system.spawn<string>("greeter", () => () => {});
 * system.registry.register(greeter, ref);
 * assertEquals(system.registry.find(greeter), ref);
 * ```
 */
export function registryKey<M>(name: string): RegistryKey<M> {
  checkKeyName(name);
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
  /** Told when it has changed: each looks for itself who is there now. */
  readonly observers: Listeners<void>;
}

/** The registry of one system. `onStopped` calls back once when an actor has stopped. */
export class LocalRegistry implements Registry {
  readonly #entries = new Map<string, Entry>();
  readonly #onStopped: (ref: Ref<never>, stopped: () => void) => Cancellable;
  readonly #failed: (error: unknown) => void;

  /** `failed` is told of what observers throw. */
  constructor(
    onStopped: (ref: Ref<never>, stopped: () => void) => Cancellable,
    failed: (error: unknown) => void,
  ) {
    this.#onStopped = onStopped;
    this.#failed = failed;
  }

  register<M>(key: RegistryKey<M>, ref: Ref<M>): Cancellable {
    const entry = this.#entry(key.name);
    if (entry.ref !== undefined) {
      throw new TypeError(`Cannot register ${ref.path} as "${key.name}": ${entry.ref.path} is registered`);
    }
    let isOpen = true;
    const end = () => {
      if (!isOpen) return;
      isOpen = false;
      this.#set(entry, undefined);
      this.#forget(key.name, entry);
    };
    const watching = this.#onStopped(ref, end);
    if (isOpen) this.#set(entry, ref);
    return {
      cancel: () => {
        watching.cancel();
        end();
      },
    };
  }

  find<M>(key: RegistryKey<M>): Ref<M> | undefined {
    return this.#entries.get(key.name)?.ref as Ref<M> | undefined;
  }

  observe<M>(key: RegistryKey<M>, changed: (ref: Ref<M> | undefined) => void): Cancellable {
    const entry = this.#entry(key.name);
    // An observer that changes the registry has the others told of the newest state first, and not of the older again.
    let told: { readonly ref: Ref<never> | undefined } | undefined;
    const look = () => {
      if (told !== undefined && told.ref === entry.ref) return;
      told = { ref: entry.ref };
      changed(entry.ref as Ref<M> | undefined);
    };
    const observing = entry.observers.add(look);
    look();
    return {
      cancel: () => {
        observing.cancel();
        this.#forget(key.name, entry);
      },
    };
  }

  #entry(name: string): Entry {
    let entry = this.#entries.get(name);
    if (entry === undefined) {
      entry = { ref: undefined, observers: new Listeners(this.#failed) };
      this.#entries.set(name, entry);
    }
    return entry;
  }

  #set(entry: Entry, ref: Ref<never> | undefined): void {
    entry.ref = ref;
    entry.observers.tell();
  }

  #forget(name: string, entry: Entry): void {
    if (entry.ref !== undefined || entry.observers.size > 0) return;
    if (this.#entries.get(name) === entry) this.#entries.delete(name);
  }
}

/**
 * Finding actors by key.
 *
 * @module
 */
import { checkFunctions } from "./check_function.ts";
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
 * Make each key once, in the module that owns it, and give it a name of that module's (`"chat/rooms"`): the
 * compiler cannot see that two keys of one name are to carry the same messages.
 *
 * @throws `TypeError` on an empty name.
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

/** Which actors stand under which keys. An actor that stops is taken out. */
export interface Registry {
  /**
   * Puts an actor under a key, until it stops or the registration is cancelled. The same actor again replaces
   * its own registration: so one that registers itself in its behaviour can be restarted.
   *
   * @throws `TypeError` when another one is there.
   */
  register<M>(key: RegistryKey<M>, ref: Ref<M>): Cancellable;
  /** The actor registered under a key. */
  find<M>(key: RegistryKey<M>): Ref<M> | undefined;
  /** Calls `changed` now, and whenever an actor is registered under the key or goes. */
  observe<M>(key: RegistryKey<M>, changed: (ref: Ref<M> | undefined) => void): Cancellable;
  /**
   * Adds an actor to those that share a key, until it stops or the membership is cancelled. The same actor
   * again replaces its own membership.
   *
   * @example
   * ```ts
   * import { ActorSystem, registryKey } from "@troupe/actors";
   * import { assertEquals } from "@std/assert";
   *
   * const workers = registryKey<string>("demo/workers");
   * await using system = new ActorSystem("demo");
   * for (const name of ["a", "b"]) {
   *   system.registry.join(workers, system.spawn<string>(name, () => () => {}));
   * }
   * assertEquals(system.registry.members(workers).map(({ path }) => path), ["/demo/a", "/demo/b"]);
   * ```
   */
  join<M>(key: RegistryKey<M>, ref: Ref<M>): Cancellable;
  /** The actors that share a key, in the order of joining. */
  members<M>(key: RegistryKey<M>): readonly Ref<M>[];
  /** Calls `changed` now, and whenever an actor joins or leaves. */
  observeMembers<M>(key: RegistryKey<M>, changed: (refs: readonly Ref<M>[]) => void): Cancellable;
}

/** What put an actor under a key, until another of the same actor replaces it. */
interface Registration {
  /** Waits for the actor's stop. */
  watching: Cancellable | undefined;
}

/** What stands under one key. */
class Entry {
  /** The actor registered, and the registration that put it there. */
  registered: { readonly ref: Ref<never>; readonly by: Registration } | undefined;
  readonly members = new Map<Ref<never>, Registration>();
  /** Told when something has changed: each looks for itself who is there now. */
  readonly observers: Listeners<void>;
  readonly memberObservers: Listeners<void>;

  constructor(failed: (error: unknown) => void) {
    this.observers = new Listeners(failed);
    this.memberObservers = new Listeners(failed);
  }

  /** One that has stopped is there no more, though its end is being told still. */
  get current(): Ref<never> | undefined {
    const ref = this.registered?.ref;
    return ref?.isOpen ? ref : undefined;
  }

  get isEmpty(): boolean {
    return this.registered === undefined && this.members.size === 0 && this.observers.size === 0 &&
      this.memberObservers.size === 0;
  }
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
    const other = entry.current;
    const begin = (by: Registration) => {
      entry.registered?.by.watching?.cancel();
      entry.registered = { ref, by };
      if (other !== ref) entry.observers.tell();
    };
    if (other !== undefined && other !== ref) {
      throw new TypeError(`Cannot register ${ref.path} as "${key.name}": ${other.path} is registered`);
    }
    return this.#untilStopped(key.name, ref, begin, (by) => {
      if (entry.registered?.by !== by) return;
      entry.registered = undefined;
      entry.observers.tell();
    });
  }

  find<M>(key: RegistryKey<M>): Ref<M> | undefined {
    return this.#entries.get(key.name)?.current as Ref<M> | undefined;
  }

  observe<M>(key: RegistryKey<M>, changed: (ref: Ref<M> | undefined) => void): Cancellable {
    checkFunctions(`Cannot observe "${key.name}"`, { changed });
    const entry = this.#entry(key.name);
    // An observer that changes the registry has the others told of the newest state first, and not of the
    // older again.
    let told: { readonly ref: Ref<never> | undefined } | undefined;
    return this.#observe(key.name, entry.observers, () => {
      const ref = entry.current;
      if (told !== undefined && told.ref === ref) return;
      told = { ref };
      changed(ref as Ref<M> | undefined);
    });
  }

  join<M>(key: RegistryKey<M>, ref: Ref<M>): Cancellable {
    const { members, memberObservers } = this.#entry(key.name);
    return this.#untilStopped(key.name, ref, (by) => {
      const former = members.get(ref);
      former?.watching?.cancel();
      members.set(ref, by);
      if (former === undefined) memberObservers.tell();
    }, (by) => {
      if (members.get(ref) !== by) return;
      members.delete(ref);
      memberObservers.tell();
    });
  }

  members<M>(key: RegistryKey<M>): readonly Ref<M>[] {
    const members = this.#entries.get(key.name)?.members.keys().filter(({ isOpen }) => isOpen);
    return [...members ?? []] as Ref<M>[];
  }

  observeMembers<M>(key: RegistryKey<M>, changed: (refs: readonly Ref<M>[]) => void): Cancellable {
    checkFunctions(`Cannot observe "${key.name}"`, { changed });
    const { memberObservers } = this.#entry(key.name);
    return this.#observe(key.name, memberObservers, () => changed(this.members(key)));
  }

  /**
   * Keeps something up until its actor stops or it is cancelled; `by` is what tells it from one that replaced
   * it.
   */
  #untilStopped(
    name: string,
    ref: Ref<never>,
    begin: (by: Registration) => void,
    end: (by: Registration) => void,
  ): Cancellable {
    const by: Registration = { watching: undefined };
    let isOpen = true;
    const close = () => {
      if (!isOpen) return;
      isOpen = false;
      end(by);
      this.#forget(name);
    };
    try {
      by.watching = this.#onStopped(ref, close);
    } catch (error) {
      this.#forget(name);
      throw error;
    }
    if (isOpen) begin(by);
    return {
      cancel: () => {
        by.watching?.cancel();
        close();
      },
    };
  }

  #observe(name: string, observers: Listeners<void>, look: () => void): Cancellable {
    const observing = observers.add(look);
    const cancel = () => {
      observing.cancel();
      this.#forget(name);
    };
    try {
      look();
    } catch (error) {
      // Nobody has what would call it off.
      cancel();
      throw error;
    }
    return { cancel };
  }

  #entry(name: string): Entry {
    let entry = this.#entries.get(name);
    if (entry === undefined) {
      entry = new Entry(this.#failed);
      this.#entries.set(name, entry);
    }
    return entry;
  }

  #forget(name: string): void {
    if (this.#entries.get(name)?.isEmpty) this.#entries.delete(name);
  }
}

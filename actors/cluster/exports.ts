/**
 * References that leave their host, and those that come from others.
 *
 * @module
 */
import { questions } from "../runtime/ask.ts";
import type { Ref } from "../runtime/ref.ts";
import { EntityRef, HostedRef } from "./cluster_ref.ts";
import type { EntityId } from "./engine.ts";
import { isRef, type RefCodec } from "./ref_codec.ts";

/** What exports need of their host. */
export interface ExportsHost {
  /** A reference to an entity. */
  entityRef(entity: EntityId): Ref<never>;
  /** A reference to what another host exported. */
  hostedRef(address: string): Ref<never>;
  /** Calls back when an actor of this host has stopped. */
  onStopped(ref: Ref<never>, stopped: () => void): void;
}

/** The references of this host that others have, by number. */
export class Exports implements RefCodec {
  /** Where this host takes what is sent to them. */
  readonly address: string;
  readonly #host: ExportsHost;
  readonly #numbers = new Map<Ref<never>, number>();
  readonly #refs = new Map<number, Ref<never>>();
  #last = 0;

  constructor(address: string, host: ExportsHost) {
    this.address = address;
    this.#host = host;
  }

  /** How many there are. */
  get size(): number {
    return this.#refs.size;
  }

  /** The reference of a number, if it is still there. */
  find(number: number): Ref<never> | undefined {
    return this.#refs.get(number);
  }

  encode(ref: Ref<never>): string {
    if (ref instanceof EntityRef) return `entity ${ref.entity.type} ${ref.entity.id}`;
    if (ref instanceof HostedRef) return ref.address;
    return `${this.address} ${this.#numbers.get(ref) ?? this.#add(ref)}`;
  }

  decode(text: string): Ref<never> | undefined {
    const [first = "", second = ""] = text.split(" ", 2);
    if (first === "entity") {
      return this.#host.entityRef({ type: second, id: text.slice(first.length + second.length + 2) });
    }
    if (first === this.address) return this.#refs.get(Number(second)) ?? this.#host.hostedRef(text);
    return /^inbox\.[\w.-]+ \d+$/.test(text) ? this.#host.hostedRef(text) : undefined;
  }

  #add(ref: Ref<never>): number {
    const number = ++this.#last;
    this.#numbers.set(ref, number);
    this.#refs.set(number, ref);
    const gone = () => {
      this.#numbers.delete(ref);
      this.#refs.delete(number);
    };
    if (isRef(ref) && questions.isQuestion(ref)) questions.onClosed(ref, gone);
    else this.#host.onStopped(ref, gone);
    return number;
  }
}

/**
 * How references are told from other values.
 *
 * @module
 */
import { mailboxes } from "../runtime/actor_ref.ts";
import { questions } from "../runtime/ask.ts";
import type { Ref } from "../runtime/ref.ts";

/** References as text, and back. */
export interface RefCodec {
  /** The address of a reference; undefined where it has none that lasts. */
  encode(ref: Ref<never>): string | undefined;
  /** The reference at an address; undefined when the text is no address. */
  decode(address: string): Ref<never> | undefined;
}

/** References that are no actor's of this process. */
const foreign = new WeakSet<object>();

/** Has a reference of another kind known as one. */
export function addForeignRef(ref: Ref<never>): void {
  foreign.add(ref);
}

/** Whether a value is a reference: to an actor of this process or of the cluster, or a reply address. */
export function isRef(value: object): value is Ref<never> {
  return foreign.has(value) || questions.isQuestion(value) || mailboxes.hostOf(value) !== undefined;
}

/**
 * Members of a document who are on their way into it.
 *
 * @module
 */
import type { Ref } from "../runtime/mod.ts";
import type { DocumentEvent } from "./document_events.ts";

/** Who has asked to come in, and what each has said since. */
export class JoiningMembers {
  readonly #updates = new Map<Ref<DocumentEvent>, string[]>();

  has(member: Ref<DocumentEvent>): boolean {
    return this.#updates.has(member);
  }

  add(member: Ref<DocumentEvent>): void {
    this.#updates.set(member, []);
  }

  /** Whether an update has to wait until its member is in. */
  hold(member: Ref<DocumentEvent>, text: string): boolean {
    const updates = this.#updates.get(member);
    updates?.push(text);
    return updates !== undefined;
  }

  /** It is in, or has left: gives what it has said; undefined when it was not on its way. */
  take(member: Ref<DocumentEvent>): readonly string[] | undefined {
    const updates = this.#updates.get(member);
    this.#updates.delete(member);
    return updates;
  }
}

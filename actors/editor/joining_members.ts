/**
 * Members of a document who are on their way into it.
 *
 * @module
 */
import type { Ref } from "../runtime/mod.ts";
import type { DocumentEvent } from "./document_events.ts";

/** Who has asked to come in, in this order, and what each has said since. */
export class JoiningMembers {
  readonly #updates = new Map<Ref<DocumentEvent>, string[]>();
  readonly #gone = new WeakSet<Ref<DocumentEvent>>();

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

  /** It will not come in. What it has said keeps its turn: the same person may be the next to join. */
  leave(member: Ref<DocumentEvent>): void {
    this.#gone.add(member);
  }

  hasLeft(member: Ref<DocumentEvent>): boolean {
    return this.#gone.has(member);
  }

  /** Its turn has come: gives what it has said. */
  take(member: Ref<DocumentEvent>): readonly string[] {
    const updates = this.#updates.get(member) ?? [];
    this.#updates.delete(member);
    return updates;
  }

  /** Nobody comes in any more: gives what each has said. */
  takeAll(): { readonly member: Ref<DocumentEvent>; readonly text: string }[] {
    const said = [...this.#updates].flatMap(([member, updates]) => updates.map((text) => ({ member, text })));
    this.#updates.clear();
    return said;
  }
}

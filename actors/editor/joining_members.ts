/**
 * Members of a document who are on their way into it.
 *
 * @module
 */
import type { Ref } from "../runtime/mod.ts";
import type { DocumentEvent } from "./document_events.ts";

/** One of them. */
interface Joining {
  /** What it has said since it asked to come in. */
  readonly updates: string[];
  hasLeft: boolean;
}

/** Who has asked to come in, in this order, and what each has said since. */
export class JoiningMembers {
  readonly #members = new Map<Ref<DocumentEvent>, Joining>();

  has(member: Ref<DocumentEvent>): boolean {
    return this.#members.has(member);
  }

  add(member: Ref<DocumentEvent>): void {
    this.#members.set(member, { updates: [], hasLeft: false });
  }

  /** Whether an update has to wait until its member is in. */
  hold(member: Ref<DocumentEvent>, text: string): boolean {
    const joining = this.#members.get(member);
    joining?.updates.push(text);
    return joining !== undefined;
  }

  /** It will not come in. What it has said keeps its turn: the same person may be the next to join. */
  leave(member: Ref<DocumentEvent>): void {
    const joining = this.#members.get(member);
    if (joining !== undefined) joining.hasLeft = true;
  }

  /** Its turn has come: gives what it has said, and whether it has left. */
  take(member: Ref<DocumentEvent>): Readonly<Joining> {
    const joining = this.#members.get(member) ?? { updates: [], hasLeft: true };
    this.#members.delete(member);
    return joining;
  }

  /** Nobody comes in any more: gives what each has said. */
  takeAll(): (readonly [Ref<DocumentEvent>, readonly string[]])[] {
    const said = [...this.#members].map(([member, { updates }]) => [member, updates] as const);
    this.#members.clear();
    return said;
  }
}

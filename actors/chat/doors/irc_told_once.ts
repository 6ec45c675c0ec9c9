/**
 * What an IRC client is told once, however many of its rooms tell of it.
 *
 * @module
 */
import type { Happening, Person } from "../messages.ts";

/** Remembers whose new name, and whose departure, a client was told of. */
export class ToldOnce {
  readonly #names = new WeakSet<Person>();
  readonly #quits = new WeakSet<Person>();

  /** Whether the client has yet to be told: asked once for each event that it is told of. */
  isNews(happening: Happening): boolean {
    if (happening.type === "quit") return isFirst(this.#quits, happening.person);
    return happening.type !== "renamed" || isFirst(this.#names, happening.to);
  }

  /** The client was told of its own new name. */
  renamed(to: Person): void {
    this.#names.add(to);
  }
}

function isFirst(told: WeakSet<Person>, person: Person): boolean {
  if (told.has(person)) return false;
  told.add(person);
  return true;
}

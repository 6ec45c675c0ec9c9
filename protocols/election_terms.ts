/**
 * Terms: which node each belongs to, and which numbers can be terms at all.
 *
 * @module
 */

/**
 * How far a term may be above another node's, so that the two can belong to one network. A network that
 * elects twice a second without a pause takes days for so many terms; a larger distance is an error or a
 * forgery.
 */
export const MAX_TERM_STEP: number = 2 ** 20;

/**
 * The largest term that is taken from a memory file: every term up to here has a next one that can be sent.
 */
export const MAX_REMEMBERED_TERM: number = 2 ** 50;

/**
 * Whether `term` can be a term of a network in which a node is in term `own`.
 *
 * @example
 * ```ts
 * import { isPlausibleTerm } from "@troupe/actors/protocols/election-terms";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([isPlausibleTerm(8, 7), isPlausibleTerm(2 ** 40, 7)], [true, false]);
 * ```
 */
export function isPlausibleTerm(term: number, own: number): boolean {
  return term <= own + MAX_TERM_STEP;
}

/**
 * Which node may lead in which term: the terms are dealt out to the nodes in turn, in the order of their IDs.
 *
 * @example Three nodes
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { TermOwners } from "@troupe/actors/protocols/election-terms";
 *
 * const owners = new TermOwners([3, 1, 2]);
 * assertEquals([1, 2, 3, 4].map((term) => owners.ownerOf(term)), [1, 2, 3, 1]);
 * assertEquals(owners.nextOf(1, 2), 4);
 * ```
 */
export class TermOwners {
  readonly #ids: readonly number[];

  /** For the nodes of these IDs, the same at every node. */
  constructor(ids: readonly number[]) {
    this.#ids = [...ids].sort((a, b) => a - b);
  }

  /** The one node that may stand and lead in a term; 0 for term 0, which is nobody's. */
  ownerOf(term: number): number {
    return term < 1 ? 0 : this.#ids[(term - 1) % this.#ids.length] ?? 0;
  }

  /** The first term above `above` that belongs to a node. */
  nextOf(id: number, above: number): number {
    let term = above + 1;
    while (this.ownerOf(term) !== id) term++;
    return term;
  }
}

/**
 * What a node tells its surroundings when it changes: which links it needs, and who is there.
 *
 * @module
 */
import type { ElectionAction } from "./election_rules.ts";

/** Remembers what was told last. */
export class View {
  readonly #ownId: number;
  #wanted = "";
  #members = "";

  constructor(ownId: number) {
    this.#ownId = ownId;
  }

  /** `others` are all the other nodes, `wanted` those that a link is needed with. */
  links(others: readonly number[], wanted: readonly number[], leader: number): ElectionAction[] {
    const key = wanted.join();
    if (key === this.#wanted) return [];
    this.#wanted = key;
    const actions: ElectionAction[] = [{ type: "want", peers: wanted }];
    // Lower IDs than the leader's are about to take over, and need their links.
    const useless = others.filter((id) => !wanted.includes(id) && id > leader);
    if (useless.length > 0) actions.push({ type: "drop", peers: useless });
    return actions;
  }

  /** `known` are the other nodes that are there. */
  members(known: readonly number[]): ElectionAction[] {
    const members = [this.#ownId, ...known].sort((a, b) => a - b);
    const key = members.join();
    if (key === this.#members) return [];
    this.#members = key;
    return [{ type: "members", members }];
  }
}

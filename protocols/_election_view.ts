/**
 * What a node tells its surroundings when it changes: which links it needs, and who is there.
 *
 * @module
 */
import type { ElectionState } from "./_election_state.ts";
import type { ElectionAction } from "./election_rules.ts";

/** Remembers what was told last. */
export class View {
  #wanted = "";
  #members = "";

  /** What is to be told since the last time. */
  actions(state: ElectionState): ElectionAction[] {
    return [...this.#links(state), ...this.#memberships(state)];
  }

  #links({ id: ownId, leader, peers, plain, follows }: ElectionState): ElectionAction[] {
    const others = peers.list.map((peer) => peer.id);
    // One that is about to take over needs links with all. An old leader tells nobody of lower IDs, which are
    // looked for.
    const needsFew = follows && leader < ownId;
    const wanted = others.filter((id) => !needsFew || id === leader || (plain && id < leader));
    const key = wanted.join();
    if (key === this.#wanted) return [];
    this.#wanted = key;
    const actions: ElectionAction[] = [{ type: "want", peers: wanted }];
    // Lower IDs than the leader's are about to take over, and need their links.
    const useless = others.filter((id) => !wanted.includes(id) && id > leader);
    if (useless.length > 0) actions.push({ type: "drop", peers: useless });
    return actions;
  }

  #memberships({ id, nowMs, peers }: ElectionState): ElectionAction[] {
    const members = [id, ...peers.known(nowMs).map((peer) => peer.id)].sort((a, b) => a - b);
    const key = members.join();
    if (key === this.#members) return [];
    this.#members = key;
    return [{ type: "members", members }];
  }
}

/**
 * Who is told of the election's leader and members.
 *
 * @module
 */
import type {
  ElectionNotice,
  LeaderKnown,
  LeaderLost,
  MembersChanged,
  SubscribeElection,
} from "../../protocols/election_events.ts";
import type { Ref } from "../runtime/mod.ts";
import type { PeerNode } from "./nodes.ts";

/** A {@linkcode SubscribeElection} of an actor: what an election that is found by its registry key takes. */
export type ElectionFeedCommand = SubscribeElection<Ref<ElectionNotice>>;

/** A node, and all nodes. */
interface Network {
  readonly id: number;
  readonly nodes: readonly PeerNode[];
}

/** The subscribers of one election, and what the next one is told first. */
export class ElectionFeed {
  readonly #subscribers = new Set<Ref<ElectionNotice>>();
  #leader: LeaderKnown | LeaderLost = { type: "leader-lost" };
  #members: MembersChanged = { type: "members-changed", members: [] };

  /** True when the subscriber is new, and is to be watched so that it is removed when it stops. */
  subscribe(subscriber: Ref<ElectionNotice>): boolean {
    const isNew = !this.#subscribers.has(subscriber);
    this.#subscribers.add(subscriber);
    subscriber.tell(this.#leader);
    subscriber.tell(this.#members);
    return isNew;
  }

  /** Forgets a subscriber that has stopped. */
  remove(subscriber: Ref<ElectionNotice>): void {
    this.#subscribers.delete(subscriber);
  }

  /** Tells the subscribers who leads in the network, 0 for nobody. */
  tellLeaderOf({ id, nodes }: Network, leader: number, term: number): void {
    const address = nodes.find((node) => node.id === leader)?.address;
    this.tellLeader(
      address === undefined
        ? { type: "leader-lost" }
        : { type: "leader-known", leader, address, term, isSelf: leader === id },
    );
  }

  /** Tells the subscribers of a leader, or that there is none, unless they know. */
  tellLeader(notice: LeaderKnown | LeaderLost): void {
    const before = this.#leader;
    if (notice.type === "leader-lost" && before.type === "leader-lost") return;
    if (
      notice.type === "leader-known" && before.type === "leader-known" &&
      notice.leader === before.leader && notice.term === before.term
    ) return;
    this.#leader = notice;
    this.#tell(notice);
  }

  /** Tells the subscribers who is there. */
  tellMembers(members: readonly number[]): void {
    this.#members = { type: "members-changed", members };
    this.#tell(this.#members);
  }

  #tell(notice: ElectionNotice): void {
    for (const subscriber of this.#subscribers) subscriber.tell(notice);
  }
}

/**
 * What an election tells the other services of its node.
 *
 * @module
 */
import type { ElectionFeedCommand } from "../../actors/election/feed.ts";
import type { ElectionNotice } from "../../protocols/election_events.ts";
import { type Behavior, escalate, type Ref, type RegistryKey, registryKey } from "../../mod.ts";

/** A leader, as users of an election know it. */
export interface ToldLeader {
  readonly leader: number;
  readonly term: number;
  readonly isSelf: boolean;
}

type Heard = ElectionNotice | Ref<ElectionFeedCommand> | undefined;

/** Another service of a node: it is told of the leader. */
export class ElectionUser {
  /** Who it was told leads; undefined for nobody. */
  told: ToldLeader | undefined;
  /** How often it was told anything. */
  notices = 0;

  /** A node, made with the key of its election, with this user beside it. */
  beside(node: (feedKey: RegistryKey<ElectionFeedCommand>) => Behavior<never>): Behavior<never> {
    const key = registryKey<ElectionFeedCommand>("election");
    return (self) => {
      this.told = undefined;
      self.spawn("peer", node(key), { onFailure: escalate() });
      self.spawn("user", this.#behavior(key), { onFailure: escalate() });
      return () => {};
    };
  }

  #behavior(key: RegistryKey<ElectionFeedCommand>): Behavior<Heard> {
    return (self) => {
      self.watchKey(key, (election) => election);
      return (message) => {
        if (message === undefined) return;
        if (!("type" in message)) return message.tell({ type: "subscribe", subscriber: self.self });
        this.notices++;
        if (message.type === "leader-lost") this.told = undefined;
        if (message.type !== "leader-known") return;
        const { leader, term, isSelf } = message;
        this.told = { leader, term, isSelf };
      };
    };
  }
}

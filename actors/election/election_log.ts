/**
 * What a node says to people of its elections.
 *
 * @module
 */
import type { ChangeAction } from "../../protocols/election.ts";
import type { ActorLog } from "../runtime/mod.ts";

/** Whether a role is a leader's. */
export function isLeading(role: ChangeAction["from"]): boolean {
  return role === "leader" || role === "plain-leader";
}

/** Names each leader once, and its loss. */
export class ElectionLog {
  readonly #id: number;
  readonly #log: ActorLog;
  /** The leader that was named last; 0 when its loss was. */
  #named = 0;

  constructor(id: number, log: ActorLog) {
    this.#id = id;
    this.#log = log;
  }

  change({ from, to, term, leader, why }: ChangeAction): void {
    const id = this.#id;
    this.#log.debug(`Node ${id} is ${to} in term ${term}: ${why}`, { term, from, to, leader });
    const leads = isLeading(to);
    if (isLeading(from) && !leads) {
      this.#log.warn(`Leader Node ${id} steps down: ${why}`, { term });
      this.#named = 0;
    } else if (to === "looking" && (from === "follower" || from === "plain-follower")) {
      this.#log.info(`Node ${id} follows Node ${this.#named} no more: ${why}`);
      this.#named = 0;
    }
    if (leader === 0 || leader === this.#named) return;
    this.#named = leader;
    this.#log.plain(`Leader elected: Node ${leader}`, { event: "leader-elected", leader, term });
    if (leads) this.#log.plain(`Leader Node ${id} remains connected to all peers.`, { term });
  }
}

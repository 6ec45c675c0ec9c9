/**
 * What campaigns see of elections.
 *
 * @module
 */
import { assert } from "@std/assert";
import type { SimHost } from "../../actors/world/sim/mod.ts";

/** Looks at what the nodes log of their transitions. */
export class ElectionWatch {
  readonly #hosts: readonly SimHost[];
  readonly #ids: readonly number[];
  /** Who led each term. */
  readonly #leaders = new Map<number, number>();
  readonly #read: number[];
  /** Who has given up an impossible term (rule 9): it may lead in the terms before that once more. */
  readonly #forgot = new Set<number>();

  /** The nodes have the IDs from 1 on, unless others are given. */
  constructor(hosts: readonly SimHost[], ids: readonly number[] = hosts.map((_, index) => index + 1)) {
    this.#hosts = hosts;
    this.#ids = ids;
    this.#read = hosts.map(() => 0);
  }

  /**
   * Throws when two have led in one term, when two lead at once, and when a node is taken for an old one; the
   * last two may be where a hostile host has a vote. And when a node warns of dead letters: that connections
   * end, however they may, is no news to an operator.
   */
  check(mayOverlap = false): void {
    // Who stands still cannot say that it leads no more, and does nothing: it does so first when it goes on.
    const leading = this.#hosts.filter((host, index) =>
      host.isUp && !host.isPaused && this.leaderOf(host) === this.#ids[index]
    );
    assert(
      leading.length <= 1 || mayOverlap,
      `${leading.map(({ name }) => name).join(" and ")} lead at once`,
    );
    this.#hosts.forEach((host, index) => {
      const { records } = host.log;
      for (const { fields, message, level } of records.slice(this.#read[index])) {
        assert(level === "debug" || !/dead letter/i.test(message), `${host.name}: ${message}`);
        assert(mayOverlap || !message.includes("is an old node"), `${host.name}: ${message}`);
        const leader = this.#ids[index] ?? 0;
        if (fields?.from === "forgotten") this.#forgot.add(leader);
        if (fields?.to !== "leader") continue;
        const term = Number(fields.term);
        const known = this.#leaders.get(term);
        assert(
          known === undefined || (known === leader && this.#forgot.has(leader)),
          known === leader
            ? `node ${leader} leads in term ${term} again`
            : `nodes ${known} and ${leader} both lead in term ${term}`,
        );
        this.#leaders.set(term, leader);
      }
      this.#read[index] = records.length;
    });
  }

  /** Whether a majority takes somebody for the leader who does so too. */
  isLed(): boolean {
    const views = this.#hosts.map((host) => this.leaderOf(host));
    return views.some((leader, index) =>
      leader === this.#ids[index] && views.filter((other) => other === leader).length > views.length / 2
    );
  }

  /** Whom a node takes for the leader; 0 for nobody. */
  leaderOf(host: SimHost): number {
    const { records } = host.log;
    for (let index = records.length - 1; index >= 0; index--) {
      const { message, fields } = records[index] ?? {};
      if (fields?.to !== undefined) return Number(fields.leader);
      if (message?.includes(" is listening on ")) return 0;
    }
    return 0;
  }
}

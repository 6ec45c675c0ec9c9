/**
 * An election whose outcome is drawn: leaders come and go by chance, each node hears of it when it does, and
 * two may think that they lead. It costs a hundredth of a real one, and changes its mind more often.
 *
 * @module
 */
import type { SimHost, SimWorld } from "../../actors/world/sim/mod.ts";
import type { ElectionNotice, SubscribeElection } from "../../protocols/election_events.ts";
import { type Behavior, type Ref, withPrivateMessages } from "../../mod.ts";

type Subscribe = SubscribeElection<Ref<ElectionNotice>>;

/** Who leads from a time on. */
interface Reign {
  readonly fromMs: number;
  /** The ID of a node; undefined: nobody. */
  readonly leader: number | undefined;
  /** How much later each node hears of it, by index. */
  readonly lagsMs: readonly number[];
}

const REIGN_MS = [500, 6000] as const;
const MAX_LAG_MS = 1500;
/** How often a node looks at what it is to have heard by now. */
const LOOK_MS = 200;
/** One reign of so many is of nobody. */
const NOBODY_ONE_IN = 6;

/** What becomes of a network of nodes, each on a host of its own: its ID is the host's place, from 1. */
export class DrawnElection {
  readonly #sim: SimWorld;
  readonly #hosts: readonly SimHost[];
  readonly #port: number;
  readonly #reigns: Reign[] = [];

  /** Leaders change until `untilMs`; then one leads for good. */
  constructor(sim: SimWorld, hosts: readonly SimHost[], port: number, untilMs: number) {
    this.#sim = sim;
    this.#hosts = hosts;
    this.#port = port;
    let fromMs = 0;
    while (fromMs < untilMs) {
      this.#draw(fromMs, sim.random.integer(1, NOBODY_ONE_IN) > 1);
      fromMs += sim.random.integer(...REIGN_MS);
    }
    this.#draw(untilMs, true);
  }

  #draw(fromMs: number, hasLeader: boolean): void {
    const { random } = this.#sim;
    this.#reigns.push({
      fromMs,
      leader: hasLeader ? random.integer(1, this.#hosts.length) : undefined,
      lagsMs: this.#hosts.map(() => random.integer(0, MAX_LAG_MS)),
    });
  }

  /** What a node has heard by now. */
  #notices(id: number): readonly ElectionNotice[] {
    const { now } = this.#sim;
    const term = this.#reigns.findLastIndex(({ fromMs, lagsMs }) => fromMs + (lagsMs[id - 1] ?? 0) <= now);
    const leader = this.#reigns[term]?.leader;
    const members = this.#hosts.flatMap(({ isUp }, index) => isUp || index + 1 === id ? [index + 1] : []);
    if (leader === undefined) return [{ type: "leader-lost" }, { type: "members-changed", members: [id] }];
    const isSelf = leader === id;
    const address = { hostname: this.#hosts[leader - 1]?.name ?? "", port: this.#port };
    return [
      { type: "leader-known", leader, address, term: term + 1, isSelf },
      { type: "members-changed", members: isSelf ? members : [id, leader].sort((a, b) => a - b) },
    ];
  }

  /** The election as a node has it. */
  of(id: number): Behavior<Subscribe> {
    return withPrivateMessages<Subscribe, { readonly type: "look" }>((self) => {
      const subscribers = new Set<Ref<ElectionNotice>>();
      let told = this.#notices(id);
      self.every(LOOK_MS, { type: "look" });
      return (message) => {
        if (message.type === "subscribe") {
          subscribers.add(message.subscriber);
          for (const notice of told) message.subscriber.tell(notice);
          return;
        }
        const before = told.map((notice) => JSON.stringify(notice));
        told = this.#notices(id);
        for (const [index, notice] of told.entries()) {
          if (before[index] === JSON.stringify(notice)) continue;
          for (const subscriber of subscribers) subscriber.tell(notice);
        }
      };
    });
  }
}

/**
 * Networks of elections whose faults are aimed at messages: whoever has just asked, voted or acknowledged
 * dies, freezes, is started anew or cut off. And what is promised to networks in which nothing else happens.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { ElectionMessage } from "../../protocols/election_messages.ts";
import { type Chance, Network, type NetworkOptions, TIMES } from "./_network.ts";
import { traceViolations } from "./_trace.ts";

const ROUNDS = 6;
/** The messages that matter in the moment at which they are sent. */
const TYPES: readonly ElectionMessage["type"][] = [
  ...["vote-request", "vote", "vote", "ack", "ack", "beat", "poll", "poll-granted"] as const,
];
/** A majority that is connected has a leader in this time. */
const ELECTION_MS = 2000;
/** For so long it is remembered that a node led and was lost. */
const FLAP_MEMORY_MS = 60_000;
const SETTLED_MS = 60_000;

/** What is aimed at messages. */
export const STRIKES = ["a fault struck at a message", "a voter swung", "half a take-over"] as const;

/** One of them. */
export type Strike = typeof STRIKES[number];

/** Options of {@linkcode aimedSchedule}. */
export interface AimedOptions extends NetworkOptions {
  /** Told what struck. */
  readonly struck?: (what: Strike) => void;
}

/** One network: what it goes through, and what must hold. */
export function aimedSchedule(seed: number, { struck = () => {}, ...options }: AimedOptions = {}): void {
  const network = new Network(seed % 3 === 0 ? 5 : 3, seed, options);
  const trials = new Trials(network, seed, struck);
  trials.begin();
  for (let round = 0; round < ROUNDS; round++) trials.round();
  trials.calm();
}

class Trials {
  readonly #network: Network;
  readonly #seed: number;
  readonly #chance: Chance;
  readonly #struck: (what: Strike) => void;
  #round = 0;

  constructor(network: Network, seed: number, struck: (what: Strike) => void) {
    this.#struck = struck;
    this.#network = network;
    this.#seed = seed;
    this.#chance = network.chance;
  }

  #check(): void {
    const { nodes, overlaps, warnings } = this.#network;
    const traces = [...nodes.values()].map(({ trace }) => trace);
    assertEquals(traceViolations(traces), [], this.#where("a promise is broken"));
    assertEquals(warnings, [], this.#where("a node said what the rules cannot have led to"));
    assertEquals(overlaps, [], this.#where("two lead at once"));
  }

  #where(what: string): string {
    const states = this.#network.running.map(({ id, election }) =>
      `${id}: ${election?.role} of ${election?.leader} in ${election?.term}`
    );
    return `seed ${this.#seed}, at ${this.#network.nowMs} ms: ${what} (${states.join("; ")})`;
  }

  #leader(): number | undefined {
    const { nodes, quorum } = this.#network;
    const all = [...nodes.values()];
    return all.find(({ id, election }) =>
      election?.role === "leader" && all.filter((other) => other.election?.leader === id).length >= quorum
    )?.id;
  }

  #isLedBy(id: number): boolean {
    return [...this.#network.nodes.values()].every(({ election }) => election?.leader === id);
  }

  /** Runs until the lowest leads all. */
  #settle(): void {
    const tookMs = this.#network.runUntil(() => this.#isLedBy(1), SETTLED_MS);
    assert(tookMs < Infinity, this.#where("node 1 does not lead all"));
    this.#check();
  }

  begin(): void {
    for (const id of this.#network.ids) this.#network.start(id);
    this.#settle();
  }

  /** Who leads goes, or all goes on; faults strike at messages; and then all is mended. */
  round(): void {
    const network = this.#network;
    const chance = this.#chance;
    network.maxDelayMs = chance.pick([2, 20, 100]);
    const kind = chance.below(6);
    if (kind === 0) this.#swing();
    else if (kind === 1) this.#halfTakeOver();
    else this.#strikes();
    this.#mend();
  }

  /** Whatever befalls whoever sends something. */
  #strikes(): void {
    const network = this.#network;
    const chance = this.#chance;
    for (let ways = chance.below(4); ways > 0; ways--) this.#slowDown();
    for (let faults = 1 + chance.below(3); faults > 0; faults--) this.#aim();
    const leader = this.#leader() ?? 1;
    switch (chance.below(5)) {
      case 0:
        network.kill(leader);
        break;
      case 1:
        this.#cutOff(leader);
        break;
      case 2:
        network.freeze(leader, chance.below(3000));
        break;
      case 3:
        // It is not heard, and hears.
        for (const id of network.ids) network.cut(leader, id);
        break;
    }
    for (let step = 0; step < 6; step++) {
      network.run(chance.below(700));
      // Who died is started anew, soon or late.
      for (const id of network.ids) if (chance.below(3) === 0) network.start(id);
      if (chance.below(6) === 0) this.#cutOff(this.#leader() ?? 1);
      this.#check();
    }
  }

  /**
   * A follower on whose word its leader leads forgets it, being started anew, among those who have no leader.
   */
  #swing(): void {
    const network = this.#network;
    const leader = this.#leader() ?? 1;
    const [voter = 0, ...others] = this.#shuffled(network.ids.filter((id) => id !== leader));
    // Of five nodes, one goes with the leader: either side has a quorum with the voter.
    const [with_, without] = [others.slice(2), others.slice(0, 2)];
    const apart = (a: readonly number[], b: readonly number[]) => {
      for (const one of a) for (const other of b) network.cut(one, other).cut(other, one);
    };
    apart([leader, ...with_], without);
    network.run(1000 + this.#chance.below(2000));
    let isOver = false;
    network.onSent = (from, _, type) => {
      if (isOver || from !== voter || type !== "ack") return;
      isOver = true;
      this.#strike("a voter swung", () => {
        network.kill(voter);
        apart([voter], [leader, ...with_]);
        network.start(voter);
      });
    };
    for (let step = 0; step < 4; step++) {
      network.run(300);
      this.#check();
    }
  }

  /** The lowest takes over, and dies when it has votes, and not that of the one that leads still. */
  #halfTakeOver(): void {
    const network = this.#network;
    network.kill(1);
    network.run(3000);
    const leader = this.#leader();
    const isUnheard = this.#chance.below(3) > 0;
    network.start(1);
    let isOver = false;
    network.onSent = (from, to, type) => {
      if (from !== 1 || type !== "vote-request" || to !== leader) return;
      this.#strike("a fault struck at a message", () => {
        network.cut(from, to);
        if (isUnheard) { for (const id of network.ids) network.cut(to, id); }
      });
      // A few votes come.
      if (!isOver) {
        this.#strike(
          "half a take-over",
          () => network.kill(1),
          2 * network.maxDelayMs + this.#chance.below(50),
        );
      }
      isOver = true;
    };
    network.runUntil(() => isOver, 20_000);
    for (let step = 0; step < 5; step++) {
      network.run(300);
      this.#check();
    }
  }

  #shuffled(ids: readonly number[]): number[] {
    return ids.map((id) => ({ id, key: this.#chance.next() })).sort((a, b) => a.key - b.key).map(({ id }) =>
      id
    );
  }

  /** Has something befall the network soon, in this round. */
  #strike(what: Strike, run: () => void, inMs = 0): void {
    const round = this.#round;
    this.#network.after(inMs, () => {
      if (this.#round !== round) return;
      this.#struck(what);
      run();
    });
  }

  #mend(): void {
    const network = this.#network;
    this.#round++;
    network.onSent = undefined;
    network.maxDelayMs = 20;
    network.slowWays.clear();
    network.cuts.clear();
    for (const id of network.ids) {
      network.thaw(id);
      network.start(id);
    }
    // What was slow is still under way.
    network.run(3000);
    const tookMs = network.runUntil(() => this.#leader() !== undefined, ELECTION_MS);
    assert(tookMs < Infinity, this.#where("nobody leads"));
    this.#check();
    if (this.#chance.below(2) === 0) this.#settle();
  }

  #slowDown(): void {
    const { ids, slowWays } = this.#network;
    const from = this.#chance.pick(ids);
    const to = this.#chance.pick(ids.filter((id) => id !== from));
    slowWays.set(`${from}>${to}`, 200 + this.#chance.below(2000));
  }

  #cutOff(id: number): void {
    const network = this.#network;
    for (const other of network.ids) network.cut(id, other).cut(other, id);
  }

  /** When the next message of a type is sent, something befalls its sender or its receiver. */
  #aim(): void {
    const network = this.#network;
    const chance = this.#chance;
    const before = network.onSent;
    const type = chance.pick(TYPES);
    let skip = chance.below(6);
    const strike = this.#anyStrike();
    let isOver = false;
    network.onSent = (from, to, sent) => {
      before?.(from, to, sent);
      if (isOver || sent !== type || skip-- > 0) return;
      isOver = true;
      this.#strike("a fault struck at a message", () => strike(from, to));
    };
  }

  #anyStrike(): (from: number, to: number) => void {
    const network = this.#network;
    const chance = this.#chance;
    const durationMs = chance.below(2000);
    switch (chance.below(8)) {
      case 0:
        return (from) => network.kill(from);
      case 1:
        return (_, to) => network.kill(to);
      case 2:
        // It comes back at once, among those who did not hear what it said.
        return (from, to) => {
          network.kill(from);
          network.cut(from, to).cut(to, from);
          network.start(from);
        };
      case 3:
        // Its answer is the last that it hears of the other one.
        return (from, to) => network.cut(to, from);
      case 4:
        return (from) => network.freeze(from, durationMs);
      case 5:
        return (_, to) => network.freeze(to, durationMs);
      case 6:
        return (from) => this.#cutOff(from);
      default:
        return (_, to) => {
          for (const id of network.ids) network.cut(to, id);
        };
    }
  }

  /** What is promised to a network in which all goes well. */
  calm(): void {
    this.#settle();
    this.#network.run(3000);
    switch (this.#seed % 5) {
      case 0:
        return this.#lateNews();
      case 4:
        return this.#lies();
      case 1:
        return this.#freeze();
      case 2:
        return this.#flap();
      default:
        return this.#forgive();
    }
  }

  /** Of the refusal of a write that it tried in an earlier term, a leader may hear very late. */
  #lateNews(): void {
    const network = this.#network;
    const { election, trace } = network.node(1);
    const transitions = trace.length;
    for (const term of [1, (election?.term ?? 1) - 1]) {
      network.tell(1, { type: "term-seen", term });
    }
    network.run(2000);
    assertEquals(trace.length, transitions, this.#where("an old term has ended a leadership"));
  }

  /** Rules 1 and 9: a node leads in its own terms alone, and no term is far above all others. */
  #lies(): void {
    const network = this.#network;
    const [liar = 0, hearer = 0] = this.#shuffled(network.ids.filter((id) => id !== 1));
    const term = network.node(hearer).election?.term ?? 0;
    const transitions = network.node(hearer).trace.length;
    const count = network.ids.length;
    const firstOwn = term + 1 + (liar - 1 - term % count + count) % count;
    const ofAnother = firstOwn + 1;
    const muchTooHigh = firstOwn + count * 2 ** 40;
    for (const said of [ofAnother, muchTooHigh]) {
      const beat = { term: said, leader: liar, standing: false, started: true, plain: false, old: [] };
      const message = { type: "beat", ...beat, sentMs: 0 } as const;
      network.tell(hearer, { type: "message", peer: liar, message });
      network.run(100);
      assert(network.warnings.splice(0).length <= 1, this.#where("a lie has many warnings"));
    }
    network.run(2000);
    const { election, trace } = network.node(hearer);
    assertEquals(trace.length, transitions, this.#where(`node ${hearer} believed a lie of node ${liar}`));
    assertEquals([election?.leader, election?.term], [1, term], this.#where("a lie has changed a term"));
  }

  /** Who was frozen finds what the others said meanwhile, and goes on as before. */
  #freeze(): void {
    const network = this.#network;
    const id = this.#chance.pick(network.ids.filter((id) => id !== 1));
    const { trace } = network.node(id);
    const transitions = trace.length;
    network.freeze(id, 500 + this.#chance.below(3000));
    network.run(6000);
    assertEquals(trace.length, transitions, this.#where(`node ${id} took its own silence for the leader's`));
    this.#check();
  }

  /** How long node 1 was back before it took over again. */
  #takeOverMs(): number {
    const network = this.#network;
    network.kill(1);
    network.run(1500 + this.#chance.below(500));
    network.start(1);
    const tookMs = network.runUntil(() => this.#isLedBy(1), SETTLED_MS);
    assert(tookMs < Infinity, this.#where("node 1 does not lead again"));
    this.#check();
    network.run(1000);
    return tookMs;
  }

  /** Rule 6: one that comes and goes takes over later each time. */
  #flap(): void {
    this.#network.run(FLAP_MEMORY_MS);
    for (let times = 0; times < 4; times++) {
      const tookMs = this.#takeOverMs();
      const leastMs = TIMES.dampingMs * 2 ** times;
      assert(tookMs >= leastMs, this.#where(`node 1 took over after ${tookMs} ms, not ${leastMs}`));
    }
  }

  /** And what it did is forgotten. */
  #forgive(): void {
    for (let times = 0; times < 4; times++) this.#takeOverMs();
    this.#network.run(FLAP_MEMORY_MS);
    const tookMs = this.#takeOverMs();
    const mostMs = TIMES.dampingMs + ELECTION_MS;
    assert(tookMs <= mostMs, this.#where(`node 1 took over after ${tookMs} ms, though it did well`));
  }
}

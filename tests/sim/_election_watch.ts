/**
 * What campaigns see of elections.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { SimHost, SimLogRecord, SimWorld } from "../../actors/world/sim/mod.ts";
import type { ElectionUser } from "./_election_user.ts";

/**
 * Who wakes, or has just changed, has said so within this time: it is what it does first, and all that has
 * waited for it comes at once.
 */
const SETTLED_MS = 20;

/** A change of role, leader or term that a node has logged. */
export interface ElectionChange {
  readonly timeMs: number;
  readonly role: string;
  /** 0 for nobody. */
  readonly leader: number;
  readonly term: number;
  readonly message: string;
}

/** One node, as its log has it. */
class Watched {
  readonly id: number;
  readonly host: SimHost;
  readonly changes: ElectionChange[] = [];
  /** What the present life of the process has said last. */
  last: ElectionChange | undefined;
  /** From when on the node can be asked: it has had the time to do what it does first of all. */
  readyAtMs = 0;
  #world: unknown;
  #wasAsleep = false;
  #read = 0;

  constructor(host: SimHost, id: number) {
    this.host = host;
    this.id = id;
    this.#world = host.isUp ? host.world : undefined;
  }

  /** Whom it takes for the leader; 0 for nobody. */
  get leader(): number {
    return this.last?.leader ?? 0;
  }

  /** Reads what was logged since the last time, and gives it. */
  read(): readonly SimLogRecord[] {
    const { log, isUp } = this.host;
    const news = log.records.slice(this.#read);
    this.#read += news.length;
    const world = isUp ? this.host.world : undefined;
    let isAnother = world !== this.#world;
    this.#world = world;
    for (const { message, fields, timeMs } of news) {
      if (message.includes(" is listening on ")) {
        this.last = undefined;
        isAnother = false;
      }
      if (fields?.to === undefined) continue;
      const { to, leader, term } = fields;
      this.last = { timeMs, role: String(to), leader: Number(leader), term: Number(term), message };
      this.changes.push(this.last);
    }
    // A life that has not said yet that it has begun.
    if (isAnother) this.last = undefined;
    return news;
  }

  /** Whether it is awake, and has been for so long that it has done what it does first. */
  isAwake(nowMs: number): boolean {
    const isAsleep = !this.host.isUp || this.host.isPaused;
    // It may have gone on just now, long after it was looked at last.
    if (isAsleep || this.#wasAsleep) this.readyAtMs = nowMs + SETTLED_MS;
    this.#wasAsleep = isAsleep;
    return nowMs > this.readyAtMs;
  }
}

/** How elections are watched. */
export interface ElectionWatchOptions {
  /** @default from 1 on */
  readonly ids?: readonly number[];
  /** One of each node, or none. */
  readonly users?: readonly ElectionUser[];
  /** A hostile host has a vote: several may lead at once, and nodes be taken for old ones. @default false */
  readonly mayOverlap?: boolean;
}

/** Looks at what the nodes log of their transitions, and at what their users are told. */
export class ElectionWatch {
  readonly #sim: SimWorld;
  readonly #nodes: readonly Watched[];
  readonly #users: readonly ElectionUser[];
  readonly #mayOverlap: boolean;
  /** Who led each term. */
  readonly #leaders = new Map<number, number>();
  /** Who has given up an impossible term (rule 9): it may lead in the terms before that once more. */
  readonly #forgot = new Set<number>();

  constructor(sim: SimWorld, hosts: readonly SimHost[], options: ElectionWatchOptions = {}) {
    const { ids, users = [], mayOverlap = false } = options;
    this.#sim = sim;
    this.#nodes = hosts.map((host, index) => new Watched(host, ids?.[index] ?? index + 1));
    this.#users = users;
    this.#mayOverlap = mayOverlap;
  }

  /**
   * Throws when two have led in one term, when two lead at once, when a node is taken for an old one, when
   * users are told something else, and when a node warns of dead letters: that connections end, however they
   * may, is no news to an operator.
   */
  check(): void {
    for (const node of this.#nodes) this.#read(node);
    const { now } = this.#sim;
    // Who stands still cannot say that it leads no more, and does nothing: it does so first when it goes on.
    const leading = this.#nodes.filter((node) => node.isAwake(now) && node.leader === node.id);
    assert(
      leading.length <= 1 || this.#mayOverlap,
      `${leading.map(({ host }) => host.name).join(" and ")} lead at once`,
    );
    for (const [index, user] of this.#users.entries()) {
      const node = this.#nodes[index];
      if (node === undefined || now <= Math.max(node.readyAtMs, (node.last?.timeMs ?? now) + SETTLED_MS)) {
        continue;
      }
      const { leader, term } = node.last ?? { leader: 0, term: 0 };
      const known = leader === 0 ? undefined : { leader, term, isSelf: leader === node.id };
      assertEquals(user.told, known, `what users of ${node.host.name} were told of the leader`);
    }
  }

  #read(node: Watched): void {
    const { id: leader, host } = node;
    for (const { fields, message, level } of node.read()) {
      assert(level === "debug" || !/dead letter/i.test(message), `${host.name}: ${message}`);
      assert(this.#mayOverlap || !message.includes("is an old node"), `${host.name}: ${message}`);
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
  }

  /** Lets so much time go by, and checks before each event. */
  async watchFor(forMs: number): Promise<void> {
    let isOver = false;
    this.#sim.advance(forMs).then(() => isOver = true);
    await this.until(() => isOver, forMs + 1, "time to go by");
  }

  /** Lets time go by until the condition holds, and checks before each event. */
  async until(condition: () => boolean, withinMs: number, what: string): Promise<void> {
    let wrong: unknown;
    const look = () => {
      try {
        this.check();
      } catch (error) {
        wrong = error;
      }
      return wrong !== undefined || condition();
    };
    await this.#sim.until(look, withinMs, what);
    if (wrong !== undefined) throw wrong;
  }

  /** Whether a majority takes somebody for the leader who does so too. */
  isLed(): boolean {
    const views = this.#nodes.map(({ host }) => this.leaderOf(host));
    return views.some((leader, index) =>
      leader === this.#nodes[index]?.id && views.filter((other) => other === leader).length > views.length / 2
    );
  }

  /** Whom a node takes for the leader; 0 for nobody. */
  leaderOf(host: SimHost): number {
    const node = this.#nodes.find((one) => one.host === host);
    if (node !== undefined) this.#read(node);
    return node?.leader ?? 0;
  }

  /** What a node has changed to so far, oldest first. */
  changesOf(host: SimHost): readonly ElectionChange[] {
    return this.#nodes.find((one) => one.host === host)?.changes ?? [];
  }
}

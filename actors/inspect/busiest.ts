/**
 * The actors that do most.
 *
 * @module
 */
import type { InspectorOrder, InspectorRow } from "../../protocols/inspector.ts";
import type { ActorSnapshot } from "../runtime/mod.ts";
import type { CountedSystem, Met } from "./census.ts";

const MIN_INTERVAL_MS = 500;

/** An actor, and how many messages a second it handled since the last count. */
export type BusyRow = InspectorRow & { readonly perSecond: number };

/** What each order goes by, the greatest first. */
export const BUSY_KEYS: Readonly<Record<InspectorOrder, (row: BusyRow) => number>> = {
  // Before there is a rate, who has done most comes first.
  messages: ({ perSecond, handled }) => perSecond === 0 ? -1 / (handled + 1) : perSecond,
  mailbox: ({ mailbox, highWater }) => mailbox === 0 ? -1 / (highWater + 1) : mailbox,
  restarts: ({ restarts }) => restarts,
};

const KEPT = 200;
/** So many actors are remembered from one count to the next; the rates of more are not known. */
const MAX_REMEMBERED = 200_000;

/** Finds the first few of many, without sorting all. */
class Leaders {
  readonly #key: (row: BusyRow) => number;
  #rows: BusyRow[] = [];
  #least = -Infinity;

  constructor(key: (row: BusyRow) => number) {
    this.#key = key;
  }

  add(row: BusyRow): void {
    if (this.#rows.length >= KEPT && this.#key(row) <= this.#least) return;
    this.#rows.push(row);
    if (this.#rows.length >= 2 * KEPT) this.#sort();
  }

  rows(): BusyRow[] {
    this.#sort();
    return this.#rows;
  }

  #sort(): void {
    this.#rows = this.#rows.sort((a, b) => this.#key(b) - this.#key(a)).slice(0, KEPT);
    const last = this.#rows.at(-1);
    if (this.#rows.length === KEPT && last !== undefined) this.#least = this.#key(last);
  }
}

/** One list for each order. */
export type BusiestRows = Readonly<Record<InspectorOrder, readonly BusyRow[]>>;

/** A count under way. */
interface BusiestCount {
  /** To be called with each actor. */
  met(actor: ActorSnapshot): void;
  /** Once all are counted. */
  rows(): BusiestRows;
}

/** Compares one count of a machine's tree with the one before. */
export class Busiest {
  #before = new Map<string, number>();
  #beforeMs: number | undefined;

  /** Begins a count. */
  begin(nowMs: number, rowOf: (actor: ActorSnapshot) => InspectorRow): BusiestCount {
    const before = this.#before;
    // A rate of a few milliseconds says nothing: then the count before that one is compared with.
    const isSoon = this.#beforeMs !== undefined && nowMs - this.#beforeMs < MIN_INTERVAL_MS;
    const seconds = this.#beforeMs === undefined
      ? Infinity
      : Math.max(0.001, (nowMs - this.#beforeMs) / 1000);
    const seen = new Map<string, number>();
    if (!isSoon) {
      this.#before = seen;
      this.#beforeMs = nowMs;
    }
    const orders = {
      messages: new Leaders(BUSY_KEYS.messages),
      mailbox: new Leaders(BUSY_KEYS.mailbox),
      restarts: new Leaders(BUSY_KEYS.restarts),
    };
    return {
      met(actor) {
        const { path, handled } = actor;
        const earlier = before.get(path) ?? handled;
        if (seen.size < MAX_REMEMBERED) seen.set(path, handled);
        const row = { ...rowOf(actor), perSecond: Math.max(0, handled - earlier) / seconds };
        for (const leaders of Object.values(orders)) leaders.add(row);
      },
      rows: () => ({
        messages: orders.messages.rows(),
        mailbox: orders.mailbox.rows(),
        restarts: orders.restarts.rows(),
      }),
    };
  }
}

/** The busiest of each machine, by its name: what two machines call alike are two. */
export type BusiestByHost = ReadonlyMap<string, BusiestRows>;

/** Compares counts of all machines. */
export class BusiestOfHosts {
  #hosts = new Map<string, Busiest>();

  /** Begins a count of these machines; what was known of others is forgotten. */
  begin(
    hosts: readonly { readonly name: string; readonly system: CountedSystem }[],
    nowMs: number,
    rowOf: (actor: ActorSnapshot) => InspectorRow,
  ): { readonly met: Met; rows(): BusiestByHost } {
    const before = this.#hosts;
    this.#hosts = new Map();
    const counts = new Map<string, BusiestCount>();
    const bySystem = new Map<CountedSystem, BusiestCount>();
    for (const { name, system } of hosts) {
      const busiest = before.get(name) ?? new Busiest();
      const count = busiest.begin(nowMs, rowOf);
      this.#hosts.set(name, busiest);
      counts.set(name, count);
      bySystem.set(system, count);
    }
    return {
      met: (actor, system) => bySystem.get(system)?.met(actor),
      rows: () => new Map(Array.from(counts, ([name, count]) => [name, count.rows()])),
    };
  }
}

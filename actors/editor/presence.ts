/**
 * Who is there: the awareness states of the clients of one document.
 *
 * @module
 */
import { type AwarenessEntry, encodeYMessage } from "../../protocols/y_sync.ts";

/** Bytes of one state, about: a name, a colour, a selection. */
const MAX_STATE_CHARACTERS = 16_384;
/** States of one connection, and their characters: a tab has one, a program that edits for many has more. */
const MAX_STATES = 64;
const MAX_CHARACTERS = 65_536;
/** New clients of one connection in a second: each is told to everybody, also when it has left at once. */
const MAX_NEW_STATES = 128;
const NEW_STATES_MS = 1000;
/** Entries of one message: some clients repeat what they were told of all others. */
const MAX_ENTRIES = 4096;
/** Those who have left are remembered, so that a late echo of their states does not bring them back. */
const MAX_REMEMBERED = 1000;
/** No client counts its changes to here; a clock beyond it is one that the server gave out. */
const FIRST_SERVER_CLOCK = 1e12;

interface Present<K> {
  readonly owner: K;
  /** The clock that was last given out. */
  clock: number;
  /** The owner's own clock. */
  ownClock: number;
  state: string;
}

/** Options of {@linkcode Presence}. */
export interface PresenceOptions<K> {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Sends a message to one client. */
  readonly send: (to: K, frame: Uint8Array) => void;
}

/**
 * The states of all clients, under clocks of the server's own.
 *
 * A state counts only with a higher clock than the one before. A client that was cut off was said to be gone,
 * with a higher clock; when it comes back with the clock that it had, others would take its state for an old
 * one until it has caught up, which takes up to half a minute. So the server gives out clocks itself, which
 * always grow, over its own restarts too: they are times.
 *
 * @typeParam K what a connection is known by
 */
export class Presence<K> {
  readonly #options: PresenceOptions<K>;
  readonly #present = new Map<number, Present<K>>();
  /** The last clocks of those who have left. */
  readonly #gone = new Map<number, number>();
  readonly #changed = new Set<number>();
  /** Whom each connection has stood for, and the clocks that it gave them. */
  readonly #claims = new Map<K, Map<number, number>>();
  /** How many new clients each connection had since when. */
  readonly #arrivals = new Map<K, { sinceMs: number; count: number }>();

  constructor(options: PresenceOptions<K>) {
    this.#options = options;
  }

  /** Whether there is something to be told by {@linkcode Presence.flush}. */
  get hasChanged(): boolean {
    return this.#changed.size > 0;
  }

  /**
   * Takes what a client says of itself. What it only repeats of others is passed over. Gives a reason to
   * close it, or undefined.
   */
  update(owner: K, entries: readonly AwarenessEntry[]): string | undefined {
    if (entries.length > MAX_ENTRIES) return "an awareness message has too many entries";
    // What a connection says first, of one client, it says of itself: it has heard of nobody yet.
    const isFirst = !this.#claims.has(owner) && entries.length === 1;
    if (!this.#claims.has(owner)) this.#claims.set(owner, new Map());
    let { states, characters } = this.#heldBy(owner);
    for (const entry of entries) {
      if (entry.state.length > MAX_STATE_CHARACTERS) return "an awareness state is too long";
      if (!isJson(entry.state)) return "an awareness state is not JSON";
      if (!this.#isNews(owner, entry, isFirst)) continue;
      const known = this.#present.get(entry.clientId);
      if (known?.owner === owner) {
        states--;
        characters -= known.state.length;
      }
      if (entry.state === "null") {
        this.#remove(entry.clientId);
        continue;
      }
      states++;
      characters += entry.state.length;
      const isTooMuch = states > MAX_STATES || characters > MAX_CHARACTERS;
      if (isTooMuch) return "there are too many awareness states";
      if (known === undefined && !this.#mayArrive(owner)) return "awareness states come and go too fast";
      this.#set(owner, entry);
    }
    return undefined;
  }

  /** A client has left, and with it all whom it stood for. */
  leave(owner: K): void {
    this.#claims.delete(owner);
    this.#arrivals.delete(owner);
    for (const [clientId, present] of this.#present) {
      if (present.owner === owner) this.#remove(clientId);
    }
  }

  /** The name that somebody goes by: `user.name` of its state, as editors on Yjs have it. */
  nameOf(owner: K): string | undefined {
    for (const present of this.#present.values()) {
      if (present.owner !== owner) continue;
      const state: unknown = JSON.parse(present.state);
      const user = isObject(state) ? state["user"] : undefined;
      if (isObject(user) && typeof user["name"] === "string") return user["name"].slice(0, 64);
    }
    return undefined;
  }

  /**
   * Everybody but `owner`, as one message; undefined where nobody else is there. Under new clocks: who was
   * cut off has forgotten the states of others, and still knows their clocks.
   */
  others(owner: K): Uint8Array | undefined {
    const others = [...this.#present].filter(([, present]) => present.owner !== owner);
    for (const [, present] of others) present.clock = this.#nextClock(present.clock);
    return this.#frame(others.map(([id]) => id));
  }

  /** Tells everybody what has changed, but of itself. Gives the bytes of what everybody was told. */
  flush(members: Iterable<K>): number {
    const changed = [...this.#changed];
    this.#changed.clear();
    const owners = new Set(changed.map((clientId) => this.#present.get(clientId)?.owner));
    const frame = this.#frame(changed);
    for (const member of members) {
      const own = owners.has(member)
        ? this.#frame(changed.filter((clientId) => this.#present.get(clientId)?.owner !== member))
        : frame;
      if (own !== undefined) this.#options.send(member, own);
    }
    return frame?.length ?? 0;
  }

  #isNews(owner: K, { clientId, clock, state }: AwarenessEntry, isFirst: boolean): boolean {
    const known = this.#present.get(clientId);
    if (known?.owner === owner) {
      return clock > known.ownClock || (clock === known.ownClock && state === "null");
    }
    if (state === "null") return false;
    // A client of its own that comes over a new connection, or one that repeats what it was told of another.
    if (isFirst) return true;
    if (known === undefined) {
      return clock < FIRST_SERVER_CLOCK || clock > (this.#gone.get(clientId) ?? 0);
    }
    // One of whom somebody else spoke for a while, and who speaks for itself again.
    const claimed = this.#claims.get(owner)?.get(clientId);
    return claimed !== undefined && clock > claimed;
  }

  #heldBy(owner: K): { states: number; characters: number } {
    let [states, characters] = [0, 0];
    for (const present of this.#present.values()) {
      if (present.owner !== owner) continue;
      states++;
      characters += present.state.length;
    }
    return { states, characters };
  }

  /** Counts one more new client of a connection. */
  #mayArrive(owner: K): boolean {
    const now = this.#options.now();
    let arrivals = this.#arrivals.get(owner);
    if (arrivals === undefined || Math.abs(now - arrivals.sinceMs) >= NEW_STATES_MS) {
      arrivals = { sinceMs: now, count: 0 };
      this.#arrivals.set(owner, arrivals);
    }
    return ++arrivals.count <= MAX_NEW_STATES;
  }

  #set(owner: K, { clientId, clock, state }: AwarenessEntry): void {
    const last = this.#present.get(clientId)?.clock ?? this.#gone.get(clientId) ?? 0;
    this.#gone.delete(clientId);
    this.#claims.get(owner)?.set(clientId, clock);
    this.#present.set(clientId, { owner, clock: this.#nextClock(last), ownClock: clock, state });
    this.#changed.add(clientId);
  }

  #remove(clientId: number): void {
    const present = this.#present.get(clientId);
    if (present === undefined) return;
    this.#present.delete(clientId);
    this.#claims.get(present.owner)?.delete(clientId);
    this.#gone.set(clientId, this.#nextClock(present.clock));
    this.#changed.add(clientId);
    if (this.#gone.size <= MAX_REMEMBERED) return;
    const [oldest] = this.#gone.keys();
    if (oldest !== undefined) this.#gone.delete(oldest);
  }

  /** A client's own clock has no part in it: a high one would end in clocks that nobody can read. */
  #nextClock(last: number): number {
    return Math.max(last + 1, this.#options.now());
  }

  #frame(clientIds: readonly number[]): Uint8Array | undefined {
    const entries = clientIds.map((clientId): AwarenessEntry => {
      const present = this.#present.get(clientId);
      if (present !== undefined) return { clientId, clock: present.clock, state: present.state };
      return { clientId, clock: this.#gone.get(clientId) ?? 0, state: "null" };
    });
    return entries.length === 0 ? undefined : encodeYMessage({ type: "awareness", entries });
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

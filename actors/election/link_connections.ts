/**
 * All connections with one other node, and which of them counts. Pure.
 *
 * @module
 */

/**
 * What a connection is good for:
 * - `greeting`: dialled and greeted, no answer yet.
 * - `answered`: dialled, and answered by the node whose address it is. What is said on it is believed;
 *   whether the other side believes this one is not known yet.
 * - `unproved`: accepted. Nothing that is said on it is believed but questions about the link.
 * - `up`: proved on both sides, as far as is known.
 * - `claimed`: accepted, of somebody who greeted as an old node does.
 * - `old`: with an old node.
 */
export type ConnectionPhase = "greeting" | "answered" | "unproved" | "up" | "claimed" | "old";

/** One connection. */
export interface ConnectionState {
  readonly isDialled: boolean;
  phase: ConnectionPhase;
  readonly sinceMs: number;
  /** When a message came last that was not about the link itself. */
  heardMs: number;
  /** What was given to the other side, or by it, in `HELLO`. */
  nonce: string;
  /** Since when it is to be closed. */
  surplusSinceMs: number;
}

/** How long a connection that is not used any more is read. */
const LINGER_MS = 500;
/** So many connections are read at once. */
const MAX_UP = 4;

/** The connections of one link, by their handles, oldest first. */
export class LinkConnections<C> {
  readonly #states = new Map<C, ConnectionState>();
  readonly #isLower: boolean;

  /** `isLower`: this node's ID is the lower of the two. */
  constructor(isLower: boolean) {
    this.#isLower = isLower;
  }

  get size(): number {
    return this.#states.size;
  }

  get isUp(): boolean {
    return this.inPhase("up").length > 0;
  }

  add(connection: C, isDialled: boolean, phase: ConnectionPhase, nowMs: number, nonce = ""): void {
    this.#states.set(connection, {
      isDialled,
      phase,
      sinceMs: nowMs,
      heardMs: -Infinity,
      nonce,
      surplusSinceMs: Infinity,
    });
  }

  get(connection: C): ConnectionState | undefined {
    return this.#states.get(connection);
  }

  /** Forgets a connection; gives what it was. */
  remove(connection: C): ConnectionState | undefined {
    const state = this.#states.get(connection);
    this.#states.delete(connection);
    return state;
  }

  all(): [C, ConnectionState][] {
    return [...this.#states];
  }

  inPhase(phase: ConnectionPhase): [C, ConnectionState][] {
    return this.all().filter(([, state]) => state.phase === phase);
  }

  /** The accepted connection that was given a nonce. */
  byNonce(nonce: string): [C, ConnectionState] | undefined {
    return this.all().find(([, state]) => !state.isDialled && state.nonce === nonce);
  }

  /**
   * The connection that counts: of those that are up that which the lower ID dialled, and of those the
   * newest.
   */
  counting(): C | undefined {
    let found: [C, ConnectionState] | undefined;
    for (const entry of this.inPhase("up")) {
      if (found === undefined || this.#isLowers(entry[1]) || !this.#isLowers(found[1])) found = entry;
    }
    return found?.[0];
  }

  #isLowers({ isDialled }: ConnectionState): boolean {
    return isDialled === this.#isLower;
  }

  /**
   * The connections to close for the sake of the one that counts: what this node dialled once the other
   * side was heard on that which counts; and of those that one side dialled all but the newest, since it
   * gave the others up. What was said on one of them before may still be under way: each is closed a while
   * later, unless there are too many.
   */
  surplus(nowMs: number): C[] {
    const counting = this.counting();
    const counts = counting === undefined ? undefined : this.#states.get(counting);
    const up = this.inPhase("up");
    return up.filter(([connection, state], index) => {
      if (connection === counting || counts === undefined) return false;
      const isReplaced = up.slice(index + 1).some(([, later]) => later.isDialled === state.isDialled);
      if (!isReplaced && !(state.isDialled && counts.heardMs > -Infinity)) return false;
      state.surplusSinceMs = Math.min(state.surplusSinceMs, nowMs);
      return nowMs - state.surplusSinceMs >= LINGER_MS || index < up.length - MAX_UP;
    }).map(([connection]) => connection);
  }

  /** When the link was last heard. */
  heardMs(): number {
    return Math.max(...this.inPhase("up").map(([, state]) => Math.max(state.heardMs, state.sinceMs)));
  }
}

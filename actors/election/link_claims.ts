/**
 * Asking a node whether it was it that dialled, and answering such questions.
 *
 * @module
 */
import type { LinkConnections } from "./link_connections.ts";
import type { LinkConnection } from "./link_messages.ts";

/** A proved connection on which a claim is not answered for so long may be dead: the node is dialled anew. */
export const CLAIM_MS = 300;
/**
 * So many connections may wait, each for its proof or to be found an old node's: who answers at the address
 * has them decided at once.
 */
export const MAX_WAITING = 8;

/** A claim that cannot be answered before a greeting is. */
interface Postponed {
  readonly connection: LinkConnection;
  readonly nonce: string;
}

/** The claims of one link, both ways. */
export class LinkClaims {
  readonly #connections: LinkConnections<LinkConnection>;
  #postponed: Postponed[] = [];
  /** When the other side was last asked. */
  #askedMs = -Infinity;

  constructor(connections: LinkConnections<LinkConnection>) {
    this.#connections = connections;
  }

  /** Asks, where the node is to be found, who dialled: all that wait, or who was given this nonce. */
  ask(nowMs: number, only?: string): void {
    const proved = this.#connections.inPhase("answered").at(-1) ?? this.#connections.inPhase("up").at(-1);
    if (proved === undefined) return;
    for (const [, { nonce }] of this.#connections.inPhase("unproved")) {
      if (only !== undefined && nonce !== only) continue;
      this.#askedMs = nowMs;
      proved[0].actor.tell({ type: "say", message: { type: "claim", nonce } });
    }
  }

  /** Whether a connection is to be dialled to ask on. */
  needConnection(nowMs: number): boolean {
    return this.#connections.inPhase("unproved").length > 0 && nowMs - this.#askedMs >= CLAIM_MS;
  }

  /** Answers a claim on the connection that it came on, or once the dial that is under way is answered. */
  answer(connection: LinkConnection, nonce: string, isDialling: boolean): void {
    const dialled = this.#connections.all().filter(([, state]) => state.isDialled);
    const yours = dialled.some(([, state]) => state.nonce === nonce);
    const mayCome = isDialling || dialled.some(([, { phase }]) => phase === "greeting");
    if (yours || !mayCome || this.#postponed.length >= MAX_WAITING) {
      connection.actor.tell({ type: "say", message: { type: "claimed", nonce, yours } });
    } else this.#postponed.push({ connection, nonce });
  }

  /** Answers what could not be answered before. */
  answerPostponed(isDialling: boolean): void {
    const postponed = this.#postponed;
    this.#postponed = [];
    for (const { connection, nonce } of postponed) {
      if (this.#connections.get(connection) !== undefined) this.answer(connection, nonce, isDialling);
    }
  }
}

/**
 * Whether the other side is an old node. Pure: it is told what was seen, and when.
 *
 * @module
 */

/** How long a greeting may stay unanswered until the node is asked for its list. */
const ANSWER_MS = 1000;
/** How long after the list the answer to the greeting may still come. */
const LATE_ANSWER_MS = 500;
/** So many probes without an answer, and a claim is forgotten. */
const CLAIM_PROBES = 3;

/**
 * What speaks for the other side being an old node: see `protocols/peer_link.ts`.
 *
 * Nothing counts before it has answered a probe (a `SEND`), from where it is to be found: so that neither silence nor
 * somebody's word is enough. Then it is an old one when it has dialled as old nodes do, when it has closed two greetings
 * without a word, or when it leaves one unanswered.
 */
export class OldNodeEvidence {
  #claimed = false;
  #closedGreetings = 0;
  #answeredMs = Infinity;
  #failedProbes = 0;

  /** Something speaks for it, other than a greeting that is still waiting. */
  get isSuspected(): boolean {
    return this.#claimed || this.#closedGreetings > 0;
  }

  /** Somebody dialled as old nodes do, in the node's name. */
  claim(): void {
    this.#claimed = true;
    this.#failedProbes = 0;
  }

  /** The node ended a connection on which it was greeted, without having said anything. So does a process that dies. */
  closeGreeting(): void {
    this.#closedGreetings++;
  }

  /** A probe has ended. */
  probed(answered: boolean, nowMs: number): void {
    if (answered) {
      this.#answeredMs = nowMs;
      return;
    }
    this.#answeredMs = Infinity;
    this.#closedGreetings = 0;
    if (++this.#failedProbes >= CLAIM_PROBES) this.#claimed = false;
  }

  /** It is a new node, or has been proved to be an old one. */
  clear(): void {
    this.#claimed = false;
    this.#closedGreetings = 0;
    this.#answeredMs = Infinity;
  }

  /** Whether a probe would tell more. `greetedMs` is when the greeting was sent that is waiting for its answer. */
  wantsProbe(nowMs: number, greetedMs: number | undefined): boolean {
    const waitsLong = greetedMs !== undefined && nowMs - greetedMs >= ANSWER_MS;
    return this.#answeredMs === Infinity && (this.isSuspected || waitsLong);
  }

  /** Why it is an old node; undefined while that is not proved. */
  proof(nowMs: number, greetedMs: number | undefined): string | undefined {
    if (this.#answeredMs === Infinity) return undefined;
    if (this.#claimed) return "it dials as old nodes do, and answers SEND";
    if (this.#closedGreetings > 1) return "it closes greetings without an answer, and answers SEND";
    const waitsLong = greetedMs !== undefined &&
      nowMs - Math.max(this.#answeredMs, greetedMs) >= LATE_ANSWER_MS;
    return waitsLong ? "it answers SEND, and no greeting" : undefined;
  }
}

/**
 * Whether the other side is an old node. Pure: it is told what was seen, and when.
 *
 * @module
 */

/**
 * How long a greeting may stay unanswered until the node is asked for its list: the first one, and a later
 * one.
 */
const ANSWER_MS = { first: 1000, later: 300 };
/** How long after the list the answer to the greeting may still come. */
const LATE_ANSWER_MS = 500;
/** So many failures to reach it where it is to be found, and a claim is forgotten. */
const CLAIM_TRIES = 8;

/**
 * What speaks for the other side being an old node: see `protocols/peer_link.ts`.
 *
 * Neither its silence nor anybody's word is enough. It must be greeted where it is to be found, and then
 * answer a probe (a `SEND`), so that it is running and reads, while it leaves the greeting unanswered or has
 * closed it without a word. A greeting may be lost on its way, and sent again by the system much later, while
 * the probe is not: one that may be a new node, since it was one or closes after its list as they do, is
 * greeted a second time after it has answered a probe, and must answer another one then.
 */
export class OldNodeEvidence {
  #claimed = false;
  #closedGreetings = 0;
  #answeredMs = Infinity;
  #failures = 0;
  /** It has shown that it is a new node, or has done what old nodes do not. */
  #mayBeNew = false;
  /** It was greeted again after it had answered a probe. */
  #isGreetedAgain = false;

  /** Somebody dialled as old nodes do, in the node's name: it is to be greeted, to see whether it is true. */
  get isClaimed(): boolean {
    return this.#claimed;
  }

  /** It is not to be greeted again before it has answered a probe. */
  get awaitsProbe(): boolean {
    return this.#closedGreetings > 0 && this.#answeredMs === Infinity;
  }

  /** Somebody dialled as old nodes do. */
  claim(): void {
    this.#claimed = true;
    this.#failures = 0;
  }

  /** Whether it has answered a probe, and is to be greeted again. */
  get wantsGreeting(): boolean {
    return this.#answeredMs !== Infinity && this.#mayBeNew && !this.#isGreetedAgain;
  }

  /** It was greeted. */
  greet(): void {
    if (this.wantsGreeting) this.#isGreetedAgain = true;
    // An answer from before says nothing of whether it has read this greeting.
    if (this.#closedGreetings === 0) this.#answeredMs = Infinity;
  }

  /**
   * It ended a connection on which it was greeted, without having said anything. So does a process that dies.
   */
  closeGreeting(): void {
    this.#closedGreetings++;
  }

  /** It answered a probe. `closes`: and closed the connection then, of its own accord. */
  answer(nowMs: number, closes = false): void {
    this.#answeredMs = nowMs;
    if (closes) this.#mayBeNew = true;
  }

  /** It could not be reached. */
  fail(): void {
    this.#answeredMs = Infinity;
    this.#isGreetedAgain = false;
    this.#closedGreetings = 0;
    if (++this.#failures >= CLAIM_TRIES) this.#claimed = false;
  }

  /** It is a new node. */
  answerGreeting(): void {
    this.#mayBeNew = true;
    this.clear();
  }

  /** It has been proved to be an old one, or somebody else is there. */
  clear(): void {
    this.#claimed = this.#isGreetedAgain = false;
    this.#closedGreetings = 0;
    this.#answeredMs = Infinity;
  }

  /** Whether it has answered a probe, and since it was sent the greeting that waits, if one does. */
  #hasAnswered(greetedMs = -Infinity): boolean {
    return this.#answeredMs !== Infinity && this.#answeredMs >= greetedMs;
  }

  /** Whether a probe would tell more. `greetedMs` is when the greeting was sent that waits for its answer. */
  wantsProbe(nowMs: number, greetedMs: number | undefined): boolean {
    if (this.#hasAnswered(greetedMs)) return false;
    const answerMs = this.#isGreetedAgain ? ANSWER_MS.later : ANSWER_MS.first;
    const waitsLong = greetedMs !== undefined && (this.#claimed || nowMs - greetedMs >= answerMs);
    return this.#closedGreetings > 0 || waitsLong;
  }

  /** Why it is an old node; undefined while that is not proved. */
  proof(nowMs: number, greetedMs: number | undefined): string | undefined {
    if (this.#answeredMs === Infinity) return undefined;
    // A single one may have been closed by a process that died, and that has started again since.
    if (this.#closedGreetings > (this.#claimed ? 0 : 1)) {
      return "it answers SEND, and closes greetings without a word";
    }
    const isProbed = greetedMs !== undefined && this.#hasAnswered(greetedMs) && !this.wantsGreeting;
    const waitsLong = isProbed && nowMs - this.#answeredMs >= LATE_ANSWER_MS;
    return waitsLong ? "it answers SEND, and no greeting" : undefined;
  }
}

/**
 * Finding out whether a node is an old one, and then whether it is still there.
 *
 * @module
 */
import type { FetchOutcome } from "./list_fetch.ts";
import { OldNodeEvidence } from "./old_node_evidence.ts";

/**
 * Between two looks whether an old node is still there: with no connection left; and with one, or when no
 * link with it is needed. So many that fail are enough.
 */
const LOOK_MS = { alone: 1000, connected: 5000 };
const LOOKS = 2;
/** Whoever claims to be a new node in the place of an old one has that greeted no more often. */
const DOUBT_MS = 5000;

/** What a {@linkcode OldNodeWatch} finds out. */
export type OldNodeFinding =
  | { readonly type: "old"; readonly why: string }
  | { readonly type: "lost" }
  /** It could not be reached; `refused`: nobody listens there. */
  | { readonly type: "missed"; readonly refused: boolean };

/** Asks for probes, and judges what they bring. Pure: it is told what happens, and when. */
export class OldNodeWatch {
  readonly #evidence = new OldNodeEvidence();
  #isOld = false;
  #isProbing = false;
  #probeAtMs = 0;
  #looksFailed = 0;
  #doubtedMs = -Infinity;

  /** Proved to be an old node. */
  get isOld(): boolean {
    return this.#isOld;
  }

  /** Somebody dialled as old nodes do, in its name. */
  get isClaimed(): boolean {
    return this.#evidence.isClaimed;
  }

  /** It is not to be greeted again before it has answered a probe. */
  get awaitsProbe(): boolean {
    return this.#evidence.awaitsProbe;
  }

  /** It is to be greeted again, beside a greeting that waits. */
  get wantsGreeting(): boolean {
    return this.#evidence.wantsGreeting;
  }

  /** Whether one that was proved to be old may be greeted, since somebody says that it is a new one. */
  mayBeDoubted(nowMs: number): boolean {
    return nowMs - this.#doubtedMs >= DOUBT_MS;
  }

  /** It is greeted. */
  doubt(nowMs: number): void {
    if (this.#isOld) this.#doubtedMs = nowMs;
  }

  claim(): void {
    this.#evidence.claim();
  }

  greet(): void {
    this.#evidence.greet();
  }

  /** It closed a greeting without a word. */
  closeGreeting(nowMs: number): void {
    this.#evidence.closeGreeting();
    this.#probeAtMs = nowMs;
  }

  /** It is a new node, or somebody else is there. True when it was held for an old one. */
  end(isNew: boolean): boolean {
    const wasOld = this.#isOld;
    this.#isOld = false;
    if (isNew) this.#evidence.answerGreeting();
    else this.#evidence.clear();
    return wasOld;
  }

  /** A connection with it ended. */
  lookSoon(nowMs: number): void {
    this.#probeAtMs = nowMs + LOOK_MS.alone;
  }

  fail(): void {
    this.#evidence.fail();
  }

  /**
   * Why it is an old node, the first time that this is known. `greetedMs` is when it was sent a greeting that
   * waits.
   */
  judge(nowMs: number, greetedMs: number | undefined): string | undefined {
    const proof = this.#isOld ? undefined : this.#evidence.proof(nowMs, greetedMs);
    if (proof === undefined) return undefined;
    this.#isOld = true;
    this.#looksFailed = 0;
    this.#probeAtMs = nowMs + LOOK_MS.alone;
    this.#evidence.clear();
    return proof;
  }

  /** Whether a probe is to be sent now; it then counts as sent. */
  takeProbe(nowMs: number, greetedMs: number | undefined): boolean {
    if (this.#isProbing || nowMs < this.#probeAtMs) return false;
    // Also one that needs no link with it tells others that it is there.
    this.#isProbing = this.#isOld || this.#evidence.wantsProbe(nowMs, greetedMs);
    return this.#isProbing;
  }

  /** What a probe brought. `isUrgent`: its loss is to be noticed soon. */
  probed(outcome: FetchOutcome, nowMs: number, isUrgent: boolean): OldNodeFinding | undefined {
    const answered = outcome.type === "fetched" && outcome.isProved;
    this.#isProbing = false;
    this.#probeAtMs = nowMs + (this.#isOld && !isUrgent ? LOOK_MS.connected : LOOK_MS.alone);
    if (this.#isOld) {
      this.#looksFailed = answered ? 0 : this.#looksFailed + 1;
      if (this.#looksFailed === 0) return undefined;
      this.#probeAtMs = nowMs + LOOK_MS.alone;
      return this.#looksFailed >= LOOKS ? { type: "lost" } : undefined;
    }
    if (answered) {
      this.#evidence.answer(nowMs, outcome.closes);
      return undefined;
    }
    return { type: "missed", refused: outcome.type === "not-fetched" && outcome.refused };
  }
}

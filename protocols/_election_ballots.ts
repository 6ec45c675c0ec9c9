/**
 * The questions of one node that are under way: a poll, or a candidacy.
 *
 * @module
 */
import type { ElectionMessage } from "./election_messages.ts";
import type { ElectionTimes } from "./election_times.ts";

/** One question to all, and who has said yes. */
export interface Ballot {
  readonly term: number;
  /** The leader that the node would take over from; 0 for none. */
  readonly replaces: number;
  /** When it was first asked; Infinity until then. */
  sinceMs: number;
  readonly granted: Set<number>;
  askedMs: number;
}

/** Whether the leader that is to be replaced, if there is one, has said yes. */
export function isReplacing({ replaces, granted }: Ballot): boolean {
  return replaces === 0 || granted.has(replaces);
}

/** At most one of a poll and a candidacy. */
export class Ballots {
  readonly #ownId: number;
  #poll: Ballot | undefined;
  #candidacy: Ballot | undefined;

  constructor(ownId: number) {
    this.#ownId = ownId;
  }

  get candidacy(): Ballot | undefined {
    return this.#candidacy;
  }

  /**
   * The poll for this term: the one under way, or a new one when that is another or has been open for too
   * long.
   */
  poll(term: number, replaces: number, nowMs: number, { pollMs }: ElectionTimes): Ballot {
    const poll = this.#poll;
    if (poll?.term === term && poll.replaces === replaces && nowMs - poll.sinceMs < pollMs) return poll;
    return this.#poll = this.#ballot(term, replaces, nowMs);
  }

  /** Nobody is asked yet: the candidacy is to be remembered first, and its time counts from when it is. */
  stand(term: number, replaces: number): void {
    this.#poll = undefined;
    this.#candidacy = this.#ballot(term, replaces, Infinity);
  }

  grantPoll(peer: number, term: number): void {
    if (term === this.#poll?.term) this.#poll.granted.add(peer);
  }

  grantVote(peer: number, term: number): void {
    if (term === this.#candidacy?.term) this.#candidacy.granted.add(peer);
  }

  isCandidacyOver(nowMs: number, { candidacyMs }: ElectionTimes): boolean {
    return this.#candidacy !== undefined && nowMs - this.#candidacy.sinceMs >= candidacyMs;
  }

  endPoll(): void {
    this.#poll = undefined;
  }

  end(): void {
    this.#poll = this.#candidacy = undefined;
  }

  /** What a peer that turns up now is asked. */
  questions(): ElectionMessage[] {
    const questions: ElectionMessage[] = [];
    for (const [type, ballot] of [["poll", this.#poll], ["vote-request", this.#candidacy]] as const) {
      if (ballot !== undefined && ballot.sinceMs < Infinity) {
        questions.push({ type, term: ballot.term, replaces: ballot.replaces });
      }
    }
    return questions;
  }

  #ballot(term: number, replaces: number, nowMs: number): Ballot {
    return { term, replaces, sinceMs: nowMs, granted: new Set([this.#ownId]), askedMs: -Infinity };
  }
}

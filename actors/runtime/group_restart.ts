/**
 * The restart of children that go down together.
 *
 * @module
 */
import type { Cancellable } from "../world/world.ts";
import type { DecideOnFailure, RestartType } from "./spawn_options.ts";
import type { OnFailure } from "./supervision.ts";
import type { ActorSystemCore } from "./system_core.ts";

/** What a restart needs of a member of its group: see `Child`. */
export interface GroupMember {
  readonly onFailure: OnFailure | DecideOnFailure;
  readonly restart: RestartType;
  readonly isBetweenLives: boolean;
  readonly isGone: boolean;
  begin(): void;
  requestRestart(): void;
  requestStop(): void;
}

/**
 * The restart of a group: its members' lives are ended one by one, the youngest first; then, after the
 * backoff, they begin anew one by one, the oldest first, each when the one before it has started.
 *
 * It waits for a member that fails to start until that one is stopped, or restarted in a group that takes
 * over the rest.
 */
export class GroupRestart<Member extends GroupMember> {
  readonly members: readonly Member[];
  /** The one whose failure or end it is. */
  readonly #cause: Member;
  readonly #system: ActorSystemCore;
  readonly #delayMs: number;
  readonly #done: () => void;
  #toEnd: number;
  #toStart = 0;
  #timer: Cancellable | undefined;
  /** Members that wait for their next life, from the end of the last one on. */
  #left = 0;
  #isOver = false;
  /** The members' lives are still being ended. */
  isEnding = true;
  #isStarting = false;

  constructor(
    system: ActorSystemCore,
    cause: Member,
    members: readonly Member[],
    delayMs: number,
    done: () => void,
  ) {
    this.members = members;
    this.#cause = cause;
    this.#system = system;
    this.#delayMs = delayMs;
    this.#done = done;
    this.#toEnd = members.length - 1;
  }

  /** Those whose new life has not begun. */
  get unfinished(): readonly Member[] {
    return this.#isStarting ? this.members.slice(this.#toStart) : this.members;
  }

  begin(): void {
    this.#endNext();
  }

  /** Whom a failure stops for good is not brought back by the failure of another. */
  stops(member: Member): boolean {
    return member !== this.#cause && isEndedByFailure(member);
  }

  cancel(): void {
    this.#isOver = true;
    this.#timer?.cancel();
  }

  memberEnded(child: Member): void {
    if (this.#isOver || !this.isEnding || this.members[this.#toEnd] !== child) return;
    this.#toEnd--;
    this.#endNext();
  }

  memberGone(child: Member): void {
    if (this.isEnding) return this.memberEnded(child);
    if (this.#isStarting || this.#isOver) return this.memberStarted(child);
    if (--this.#left > 0) return;
    // All were stopped within the backoff: nobody waits for its end.
    this.#timer?.cancel();
    this.#start();
  }

  memberStarted(child: Member): void {
    if (this.#isOver || !this.#isStarting || this.members[this.#toStart] !== child) return;
    this.#toStart++;
    this.#startNext();
  }

  #endNext(): void {
    for (; this.#toEnd >= 0; this.#toEnd--) {
      const member = this.members[this.#toEnd];
      if (member === undefined || member.isGone) continue;
      if (this.stops(member)) member.requestStop();
      else member.requestRestart();
      if (!member.isBetweenLives) return;
    }
    this.isEnding = false;
    this.#left = this.members.filter(({ isGone }) => !isGone).length;
    if (this.#delayMs > 0 && this.#left > 0) {
      this.#timer = this.#system.world.clock.timer(this.#delayMs, () => this.#start());
    } else this.#start();
  }

  #start(): void {
    this.#isStarting = true;
    this.#startNext();
  }

  #startNext(): void {
    for (; this.#toStart < this.members.length; this.#toStart++) {
      const member = this.members[this.#toStart];
      if (member?.isBetweenLives) return member.begin();
    }
    this.#isOver = true;
    this.#done();
  }
}

function isEndedByFailure({ onFailure, restart }: GroupMember): boolean {
  return restart === "temporary" || (typeof onFailure !== "function" && onFailure.type === "stop");
}

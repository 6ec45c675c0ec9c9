/**
 * The children of one actor: who they are, and what is done about their failures.
 *
 * @module
 */
import type { Cancellable } from "../world/world.ts";
import type { StopReason } from "./behavior.ts";
import type { ActorFailed, FailureDecision, FailurePhase } from "./events.ts";
import type { Ref } from "./ref.ts";
import type { ActorGlance } from "./snapshot.ts";
import type { ActorSystemCore } from "./system_core.ts";
import { backoffDelay, type GroupStrategy, type OnFailure, spendRestart } from "./supervision.ts";

/** A child, as its parent sees it. */
export interface Child extends Ref<never> {
  readonly name: string;
  readonly onFailure: OnFailure;
  /** Failed, and waiting for a decision. */
  readonly hasFailed: boolean;
  /** Its life is over, and another may begin. */
  readonly isBetweenLives: boolean;
  /** Gone for good. */
  readonly isGone: boolean;
  readonly record: RestartRecord;
  readonly children: Children | undefined;
  /** Begins a life. */
  begin(): void;
  /** Ends the life, if there is one, so that another can begin. */
  requestRestart(): void;
  /** Ends the actor. */
  requestStop(reason?: StopReason): void;
  /** Goes on after a failure as if nothing had been. */
  resume(): void;
  /** Ends the actor, whose children are gone, without waiting for anything. */
  abandon(): void;
  /** What is seen of it, without its children. */
  glance(path: string): ActorGlance;
}

/** The restarts of one child. */
export interface RestartRecord {
  /** Times of the restarts that count for the budget. */
  times: readonly number[];
  /** Restarts ever, those that a failure of another brought included. */
  restarts: number;
  /** Restarts in a row, each soon after the last: they lengthen the backoff. */
  inARow: number;
  lastAt: number;
}

/** A failure that waits for its decision. */
export interface Failure {
  readonly child: Child;
  readonly phase: FailurePhase;
  readonly messageType: string | undefined;
  readonly error: unknown;
}

/** What children, and the actor that owns them, need of their parent. */
export interface Parent {
  readonly path: string;
  readonly system: ActorSystemCore;
  readonly children: Children | undefined;
  /** Failed, and waiting for a decision: until then nothing is decided about its children. */
  readonly hasFailed: boolean;
  /** Fails in the child's place. */
  escalated(error: unknown, child: Child): void;
  /** Asks for a call of {@linkcode Children.decide}. */
  childrenChanged(): void;
}

/** The children of one actor. Made with the first of them. */
export class Children {
  readonly #parent: Parent;
  readonly #byName = new Map<string, Child>();
  #strategy: GroupStrategy = "one-for-one";
  #stopsTogether = false;
  #failures: Failure[] = [];
  /** The restart that a child is part of, while it is under way. */
  #restarting: Map<Child, GroupRestart> | undefined;
  /** Those still to be stopped, youngest last; undefined while nobody stops them all. */
  #stopping: Child[] | undefined;

  constructor(parent: Parent) {
    this.#parent = parent;
  }

  get size(): number {
    return this.#byName.size;
  }

  supervise(strategy: GroupStrategy, stopsTogether: boolean): void {
    this.#strategy = strategy;
    this.#stopsTogether = stopsTogether;
  }

  has(name: string): boolean {
    return this.#byName.has(name);
  }

  all(): Child[] {
    return [...this.#byName.values()];
  }

  add(child: Child): void {
    this.#byName.set(child.name, child);
  }

  failed(failure: Failure): void {
    if (this.#stopping !== undefined) return this.#report(failure, "none");
    this.#failures.push(failure);
    this.#parent.childrenChanged();
  }

  started(child: Child): void {
    this.#restarting?.get(child)?.memberStarted(child);
  }

  /** The child's life is over, and it waits for the next one. */
  betweenLives(child: Child): void {
    this.#restarting?.get(child)?.memberEnded(child);
  }

  gone(child: Child): void {
    this.#byName.delete(child.name);
    this.#restarting?.get(child)?.memberGone(child);
    if (this.#stopping !== undefined) this.#stopNext();
  }

  /** Stops all children; {@linkcode Parent.childrenChanged} is called as they go. */
  stopAll(): void {
    this.#cancelRestarts();
    for (const failure of this.#failures.splice(0)) this.#report(failure, "none");
    if (this.#stopsTogether) {
      this.#stopping = [];
      for (const child of this.all()) child.requestStop();
      return;
    }
    this.#stopping = this.all();
    this.#stopNext();
  }

  /** All are gone, and a new life of the parent begins with none. */
  reset(): void {
    this.#stopping = undefined;
    this.#strategy = "one-for-one";
    this.#stopsTogether = false;
  }

  /** The parent is given up, and its children with it: nothing is done about them any more. */
  giveUp(): void {
    this.#cancelRestarts();
    this.#failures = [];
    this.#stopping = undefined;
  }

  /** Decides about the failures that wait. */
  decide(): void {
    while (!this.#parent.hasFailed) {
      const failure = this.#failures.shift();
      if (failure === undefined) return;
      const { child } = failure;
      // Nothing is to be decided about one that has been stopped or restarted meanwhile, or is about to be.
      if (!child.hasFailed || this.#restarting?.get(child)?.isEnding) this.#report(failure, "none");
      else this.#decideOne(failure);
    }
  }

  #cancelRestarts(): void {
    for (const restart of this.#restarting?.values() ?? []) restart.cancel();
    this.#restarting = undefined;
  }

  #stopNext(): void {
    this.#stopping?.pop()?.requestStop();
    if (this.#byName.size === 0) this.#parent.childrenChanged();
  }

  #decideOne(failure: Failure): void {
    const { child, phase } = failure;
    const { onFailure } = child;
    switch (onFailure.type) {
      case "resume":
        if (phase === "start") return this.#stopFailed(failure);
        this.#report(failure, "resume");
        return child.resume();
      case "stop":
        return this.#stopFailed(failure);
      case "escalate":
        return this.#escalate(failure);
      case "restart":
        return this.#restart(failure, onFailure);
    }
  }

  #stopFailed(failure: Failure): void {
    this.#report(failure, "stop");
    failure.child.requestStop({ type: "failed", error: failure.error });
  }

  #escalate(failure: Failure): void {
    this.#report(failure, "escalate");
    this.#parent.escalated(failure.error, failure.child);
  }

  #restart(failure: Failure, budget: OnFailure & { type: "restart" }): void {
    const { child } = failure;
    const { record } = child;
    const { world } = this.#parent.system;
    const now = world.clock.monotonic();
    const spent = spendRestart(record.times, now, budget);
    record.times = spent.times;
    if (!spent.allowed) return this.#escalate(failure);
    record.inARow = now - record.lastAt <= budget.withinMs + (budget.backoff?.maxMs ?? 0)
      ? record.inARow + 1
      : 0;
    record.lastAt = now;
    this.#report(failure, "restart");
    const delayMs = budget.backoff === undefined
      ? 0
      : backoffDelay(budget.backoff, record.inARow, world.random.next());
    this.#restartGroup(this.#affected(child), delayMs);
  }

  /** Who goes down with a child, oldest first. */
  #affected(child: Child): Child[] {
    if (this.#strategy === "one-for-one") return [child];
    const all = this.all();
    return this.#strategy === "one-for-all" ? all : all.slice(all.indexOf(child));
  }

  /** Restarts a group. What is left to do of restarts that it meets becomes part of it. */
  #restartGroup(affected: Child[], delayMs: number): void {
    const restarting = this.#restarting ??= new Map();
    const members = new Set(affected);
    for (const child of affected) {
      const other = restarting.get(child);
      if (other === undefined) continue;
      other.cancel();
      for (const member of other.members) restarting.delete(member);
      for (const member of other.unfinished) members.add(member);
    }
    const group = members.size === affected.length
      ? affected
      : this.all().filter((child) => members.has(child));
    const restart = new GroupRestart(this.#parent.system, group, delayMs, () => {
      for (const member of group) restarting.delete(member);
    });
    for (const member of group) restarting.set(member, restart);
    restart.begin();
  }

  #report(failure: Failure, decision: FailureDecision): void {
    const event: ActorFailed = {
      type: "failed",
      actor: failure.child.path,
      phase: failure.phase,
      messageType: failure.messageType,
      error: failure.error,
      decision,
      restarts: failure.child.record.restarts + (decision === "restart" ? 1 : 0),
    };
    this.#parent.system.report(event);
  }
}

/**
 * The restart of a group: its members' lives are ended one by one, the youngest first; then, after the backoff, they
 * begin anew one by one, the oldest first, each when the one before it has started.
 *
 * It waits for a member that fails to start until that one is stopped, or restarted in a group that takes over the rest.
 */
class GroupRestart {
  readonly members: readonly Child[];
  readonly #system: ActorSystemCore;
  readonly #delayMs: number;
  readonly #done: () => void;
  #toEnd: number;
  #toStart = 0;
  #timer: Cancellable | undefined;
  #isOver = false;
  /** The members' lives are still being ended. */
  isEnding = true;
  #isStarting = false;

  constructor(system: ActorSystemCore, members: readonly Child[], delayMs: number, done: () => void) {
    this.members = members;
    this.#system = system;
    this.#delayMs = delayMs;
    this.#done = done;
    this.#toEnd = members.length - 1;
  }

  /** Those whose new life has not begun. */
  get unfinished(): readonly Child[] {
    return this.#isStarting ? this.members.slice(this.#toStart) : this.members;
  }

  begin(): void {
    this.#endNext();
  }

  cancel(): void {
    this.#isOver = true;
    this.#timer?.cancel();
  }

  memberEnded(child: Child): void {
    if (this.#isOver || !this.isEnding || this.members[this.#toEnd] !== child) return;
    this.#toEnd--;
    this.#endNext();
  }

  memberGone(child: Child): void {
    if (this.isEnding) this.memberEnded(child);
    else this.memberStarted(child);
  }

  memberStarted(child: Child): void {
    if (this.#isOver || !this.#isStarting || this.members[this.#toStart] !== child) return;
    this.#toStart++;
    this.#startNext();
  }

  #endNext(): void {
    for (; this.#toEnd >= 0; this.#toEnd--) {
      const member = this.members[this.#toEnd];
      if (member === undefined || member.isGone) continue;
      // Whom a failure stops for good is not brought back by the failure of another.
      if (member.onFailure.type === "stop") member.requestStop();
      else member.requestRestart();
      if (!member.isBetweenLives) return;
    }
    this.isEnding = false;
    if (this.#delayMs > 0) this.#timer = this.#system.world.clock.timer(this.#delayMs, () => this.#start());
    else this.#start();
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

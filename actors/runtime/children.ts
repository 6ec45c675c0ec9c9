/**
 * The children of one actor: who they are, and what is done about their failures.
 *
 * @module
 */
import type { Cancellable } from "../world/world.ts";
import type { StopReason } from "./behavior.ts";
import type { ActorFailed, FailureDecision, FailurePhase } from "./events.ts";
import type { Ref } from "./ref.ts";
import type { ActorSnapshot } from "./snapshot.ts";
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
  readonly record: RestartRecord;
  /** Begins a life. */
  begin(): void;
  /** Ends the life, so that another can begin. */
  requestRestart(): void;
  /** Ends the actor. */
  requestStop(reason?: StopReason): void;
  /** Goes on after a failure as if nothing had been. */
  resume(): void;
  /** Ends the actor without waiting for anything. */
  kill(): void;
  snapshot(): ActorSnapshot;
}

/** The restarts of one child. */
export interface RestartRecord {
  /** Times of the restarts that count for the budget. */
  times: readonly number[];
  /** Restarts ever. */
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
  #groupRestart: GroupRestart | undefined;
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
    this.#failures.push(failure);
    this.#groupRestart?.memberFailed(failure.child);
    this.#parent.childrenChanged();
  }

  started(child: Child): void {
    this.#groupRestart?.memberStarted(child);
  }

  /** The child's life is over, and it waits for the next one. */
  betweenLives(child: Child): void {
    this.#groupRestart?.memberEnded(child);
  }

  gone(child: Child): void {
    this.#byName.delete(child.name);
    this.#groupRestart?.memberGone(child);
    if (this.#stopping !== undefined) this.#stopNext();
  }

  /** Stops all children; {@linkcode Parent.childrenChanged} is called as they go. */
  stopAll(): void {
    this.#groupRestart?.cancel();
    this.#groupRestart = undefined;
    this.#failures = [];
    if (this.#stopsTogether) {
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

  kill(): void {
    this.#groupRestart?.cancel();
    for (const child of this.all().reverse()) child.kill();
  }

  /** Decides about the failures that wait, unless a group is being restarted just now. */
  decide(): void {
    while (this.#groupRestart === undefined) {
      const failure = this.#failures.shift();
      if (failure === undefined) return;
      if (failure.child.hasFailed) this.#decideOne(failure);
    }
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
    record.inARow = now - record.lastAt <= budget.within + (budget.backoff?.max ?? 0) ? record.inARow + 1 : 0;
    record.lastAt = now;
    record.restarts++;
    this.#report(failure, "restart");
    const delayMs = budget.backoff === undefined
      ? 0
      : backoffDelay(budget.backoff, record.inARow, world.random.next());
    this.#groupRestart = new GroupRestart(this.#parent.system, this.#affected(child), delayMs, () => {
      this.#groupRestart = undefined;
      this.#parent.childrenChanged();
    });
    this.#groupRestart.begin();
  }

  /** Who goes down with a child, oldest first. */
  #affected(child: Child): Child[] {
    const all = this.all();
    switch (this.#strategy) {
      case "one-for-one":
        return [child];
      case "one-for-all":
        return all;
      case "rest-for-one":
        return all.slice(all.indexOf(child));
    }
  }

  #report(failure: Failure, decision: FailureDecision): void {
    const event: ActorFailed = {
      type: "failed",
      actor: failure.child.path,
      phase: failure.phase,
      messageType: failure.messageType,
      error: failure.error,
      decision,
      restarts: failure.child.record.restarts,
    };
    this.#parent.system.report(event);
  }
}

/**
 * The restart of a group: its members' lives are ended one by one, the youngest first; then, after the backoff, they
 * begin anew one by one, the oldest first, each when the one before it has started.
 */
class GroupRestart {
  readonly #system: ActorSystemCore;
  readonly #members: Child[];
  readonly #delayMs: number;
  readonly #done: () => void;
  #toEnd: number;
  #toStart = 0;
  #timer: Cancellable | undefined;
  #isStarting = false;
  #isOver = false;

  constructor(system: ActorSystemCore, members: Child[], delayMs: number, done: () => void) {
    this.#system = system;
    this.#members = members;
    this.#delayMs = delayMs;
    this.#done = done;
    this.#toEnd = members.length - 1;
  }

  begin(): void {
    this.#endNext();
  }

  cancel(): void {
    this.#isOver = true;
    this.#timer?.cancel();
  }

  memberEnded(child: Child): void {
    if (this.#isOver || this.#isStarting || this.#members[this.#toEnd] !== child) return;
    this.#toEnd--;
    this.#endNext();
  }

  memberGone(child: Child): void {
    if (this.#isOver) return;
    if (!this.#isStarting) this.memberEnded(child);
    else if (this.#members[this.#toStart] === child) this.memberStarted(child);
  }

  memberStarted(child: Child): void {
    if (this.#isOver || !this.#isStarting || this.#members[this.#toStart] !== child) return;
    this.#toStart++;
    this.#startNext();
  }

  /** One that fails to start ends the sequence: what is decided about it covers those after it. */
  memberFailed(child: Child): void {
    if (!this.#isOver && this.#isStarting && this.#members[this.#toStart] === child) this.#finish();
  }

  #endNext(): void {
    for (; this.#toEnd >= 0; this.#toEnd--) {
      const member = this.#members[this.#toEnd];
      if (member === undefined || member.isBetweenLives) continue;
      // Whom a failure stops for good is not brought back by the failure of another.
      if (member.onFailure.type === "stop") member.requestStop();
      else member.requestRestart();
      return;
    }
    if (this.#delayMs > 0) this.#timer = this.#system.world.clock.timer(this.#delayMs, () => this.#start());
    else this.#start();
  }

  #start(): void {
    this.#isStarting = true;
    this.#startNext();
  }

  #startNext(): void {
    for (; this.#toStart < this.#members.length; this.#toStart++) {
      const member = this.#members[this.#toStart];
      if (member?.isBetweenLives) return member.begin();
    }
    this.#finish();
  }

  #finish(): void {
    this.#isOver = true;
    this.#done();
  }
}

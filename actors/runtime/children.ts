/**
 * The children of one actor: who they are, and what is done about their failures.
 *
 * @module
 */
import type { Cancellable } from "../world/world.ts";
import type { ChildEvent } from "./behavior.ts";
import type { DecideOnFailure, RestartType } from "./spawn_options.ts";
import type { FailureDecision, FailurePhase, StopReason } from "./events.ts";
import { GroupRestart } from "./group_restart.ts";
import { Listeners } from "./listeners.ts";
import { Named } from "./named.ts";
import { checkSupervision, isPolicy } from "./options.ts";
import type { Ref } from "./ref.ts";
import type { ShallowSnapshot } from "./snapshot.ts";
import {
  backoffDelay,
  escalate,
  type GroupStrategy,
  type OnFailure,
  restart,
  spendRestart,
  type SuperviseOptions,
} from "./supervision.ts";
import type { ActorSystemCore, Placed } from "./system_core.ts";

/** A child, as its parent sees it. */
export interface Child extends Placed {
  readonly name: string;
  readonly ref: Ref<never>;
  readonly onFailure: OnFailure | DecideOnFailure;
  readonly restart: RestartType;
  /** Failed, and waiting for a decision. */
  readonly hasFailed: boolean;
  /** Its life is over, and another may begin. */
  readonly isBetweenLives: boolean;
  /** Stops, or has stopped, for good. */
  readonly isStopping: boolean;
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
  /** Tells who asked what it failed on that nobody will answer. */
  answerFailed(isStopped: boolean): void;
  /** Ends the actor, whose children are gone, without waiting for anything. */
  abandon(): void;
  /** What is seen of it, without its children. */
  snapshotShallow(path: string): ShallowSnapshot;
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
export interface Parent extends Placed {
  readonly name: string;
  readonly parent: Parent | undefined;
  /** Its path, where it is kept. */
  readonly knownPath: string | undefined;
  keepPath(path: string): void;
  readonly system: ActorSystemCore;
  readonly children: Children | undefined;
  /** Failed, and waiting for a decision: until then nothing is decided about its children. */
  readonly hasFailed: boolean;
  /** The child whose failure it has made its own, until its life ends. */
  readonly escalatedBy: { readonly child: Child; readonly error: unknown } | undefined;
  /** Fails in the child's place. */
  escalated(error: unknown, child: Child): void;
  /** Asks for a call of {@linkcode Children.decide}. */
  childrenChanged(): void;
}

type RestartPolicy = OnFailure & { readonly type: "restart" };

const DEFAULT_RESTART = restart();

/** The children of one actor. Made with the first of them. */
export class Children {
  readonly #parent: Parent;
  readonly #byName = new Named<Child>();
  #strategy: GroupStrategy = "one-for-one";
  #stopsTogether = false;
  /** Restarts that all of them together are allowed. */
  #budget: { readonly limit: number; readonly withinMs: number } | undefined;
  #restartTimes: readonly number[] = [];
  #observers: Listeners<ChildEvent> | undefined;
  #failures: Failure[] = [];
  /** The restart that a child is part of, while it is under way. */
  #restarting: Map<Child, GroupRestart<Child>> | undefined;
  /** Those still to be stopped, youngest last; undefined while nobody stops them all. */
  #stopping: Child[] | undefined;

  constructor(parent: Parent) {
    this.#parent = parent;
  }

  get size(): number {
    return this.#byName.size;
  }

  /** Throws `TypeError` on an unknown strategy or order, `RangeError` on an invalid budget. */
  supervise(strategy: GroupStrategy, options: SuperviseOptions): void {
    checkSupervision(strategy, options);
    const { stopOrder, budget } = options;
    this.#strategy = strategy;
    this.#stopsTogether = stopOrder === "together";
    this.#budget = budget;
  }

  /** Calls back at each start, restart and stop of a child. */
  observe(changed: (event: ChildEvent) => void): Cancellable {
    this.#observers ??= new Listeners((error) => this.#parent.system.listenerFailed(error));
    return this.#observers.add(changed);
  }

  has(name: string): boolean {
    return this.#byName.get(name) !== undefined;
  }

  get(name: string): Child | undefined {
    return this.#byName.get(name);
  }

  all(): Child[] {
    return this.#byName.toArray();
  }

  /** Some of them, oldest first: so many at most, after the first `skip`. */
  slice(skip: number, count: number): Child[] {
    return this.#byName.slice(skip, count);
  }

  add(child: Child): void {
    this.#byName.add(child);
  }

  failed(failure: Failure): void {
    if (this.#stopping !== undefined) return this.#report(failure, "none");
    this.#failures.push(failure);
    this.#parent.childrenChanged();
  }

  started(child: Child, restarts: number): void {
    const { name, ref } = child;
    this.#observers?.tell(
      restarts === 0
        ? { type: "started", name, child: ref }
        : { type: "restarted", name, child: ref, restarts },
    );
    this.#restarting?.get(child)?.memberStarted(child);
  }

  /** The child's life is over, and it waits for the next one. */
  betweenLives(child: Child): void {
    this.#restarting?.get(child)?.memberEnded(child);
  }

  /** Its name may be used again. */
  freeName(child: Child): void {
    this.#byName.delete(child.name);
  }

  gone(child: Child, reason: StopReason): void {
    this.#observers?.tell({ type: "stopped", name: child.name, child: child.ref, reason });
    this.#restarting?.get(child)?.memberGone(child);
    if (this.#stopping !== undefined) this.#stopNext();
  }

  /** Stops all children; {@linkcode Parent.childrenChanged} is called as they go. */
  stopAll(): void {
    this.#cancelRestarts();
    this.#stopping = [];
    for (const failure of this.#failures.splice(0)) this.#report(failure, "none");
    if (this.#stopsTogether) {
      for (const child of this.all()) this.#stop(child);
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
    this.#budget = undefined;
    this.#restartTimes = [];
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
      if (this.#failures.length > 0 && this.#parent.system.scheduler.spendWithin()) {
        return this.#parent.childrenChanged();
      }
    }
  }

  #cancelRestarts(): void {
    for (const restart of this.#restarting?.values() ?? []) restart.cancel();
    this.#restarting = undefined;
  }

  #stopNext(): void {
    const child = this.#stopping?.pop();
    if (child !== undefined) this.#stop(child);
    if (this.#byName.size === 0) this.#parent.childrenChanged();
  }

  /** Who watches or asks the child that brought the parent down is told why. */
  #stop(child: Child): void {
    const by = this.#parent.escalatedBy;
    child.requestStop(by?.child === child ? { type: "failed", error: by.error } : undefined);
  }

  #decideOne(failure: Failure): void {
    const { child, phase } = failure;
    const policy = this.#policy(failure);
    switch (policy.type) {
      case "resume":
        if (phase === "start") return this.#stopFailed(failure);
        this.#report(failure, "resume");
        return child.resume();
      case "stop":
        return this.#stopFailed(failure);
      case "escalate":
        return this.#escalate(failure);
      case "restart":
        if (child.restart === "temporary") return this.#stopFailed(failure);
        return this.#restart(failure, policy);
    }
  }

  /** What is to be done. A function that fails to say is a failure that its parent cannot deal with. */
  #policy({ child, phase, messageType, error }: Failure): OnFailure {
    const { onFailure } = child;
    if (typeof onFailure !== "function") return onFailure;
    this.#parent.system.scheduler.beforeStart();
    const { restarts } = child.record;
    const decided: unknown = this.#parent.system.guarded(() =>
      onFailure(error, { phase, messageType, restarts })
    );
    return isPolicy(decided) ? decided : escalate();
  }

  #stopFailed(failure: Failure): void {
    this.#report(failure, "stop");
    failure.child.requestStop({ type: "failed", error: failure.error });
  }

  #escalate(failure: Failure): void {
    this.#report(failure, "escalate");
    this.#parent.escalated(failure.error, failure.child);
  }

  #restart(failure: Failure, policy: RestartPolicy): void {
    const delayMs = this.#spend(failure.child, policy);
    if (delayMs === undefined) return this.#escalate(failure);
    this.#report(failure, "restart");
    this.#restartGroup(failure.child, this.#affected(failure.child), delayMs);
  }

  /**
   * A permanent child has stopped itself: it begins anew. False where it does not, since this actor ends, or
   * the child has done so too often.
   */
  restartEnded(child: Child): boolean {
    if (this.#stopping !== undefined || child.isBetweenLives) return false;
    const policy = typeof child.onFailure !== "function" && child.onFailure.type === "restart"
      ? child.onFailure
      : DEFAULT_RESTART;
    const delayMs = this.#spend(child, policy);
    if (delayMs !== undefined) {
      this.#restartGroup(child, [child], delayMs);
      return true;
    }
    const error = new Error(
      `Cannot keep ${child.path} running: it ended ${policy.limit + 1} times too soon`,
    );
    // At once: what is decided about the parent may leave it its children.
    child.requestStop({ type: "failed", error });
    this.#parent.escalated(error, child);
    return false;
  }

  /**
   * Asks the child's budget, and the group's, for a restart; gives back after how many milliseconds, if at
   * all.
   */
  #spend({ record }: Child, policy: RestartPolicy): number | undefined {
    const { world } = this.#parent.system;
    const now = world.clock.monotonic();
    const spent = spendRestart(record.times, now, policy);
    record.times = spent.times;
    if (!spent.allowed) return undefined;
    if (this.#budget !== undefined) {
      const together = spendRestart(this.#restartTimes, now, this.#budget);
      this.#restartTimes = together.times;
      if (!together.allowed) return undefined;
    }
    const isSoon = now - record.lastAt <= policy.withinMs + (policy.backoff?.maxMs ?? 0);
    record.inARow = isSoon ? record.inARow + 1 : 0;
    record.lastAt = now;
    return policy.backoff === undefined
      ? 0
      : backoffDelay(policy.backoff, record.inARow, world.random.next());
  }

  /** Who goes down with a child, oldest first. */
  #affected(child: Child): Child[] {
    if (this.#strategy === "one-for-one") return [child];
    const all = this.all();
    return this.#strategy === "one-for-all" ? all : all.slice(all.indexOf(child));
  }

  /**
   * Restarts a group because of one of its members. What is left to do of restarts that it meets becomes part
   * of it.
   */
  #restartGroup(cause: Child, affected: Child[], delayMs: number): void {
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
    const restart = new GroupRestart(this.#parent.system, cause, group, delayMs, () => {
      for (const member of group) restarting.delete(member);
    });
    for (const member of group) restarting.set(member, restart);
    restart.begin();
  }

  #report({ child, phase, messageType, error }: Failure, decision: FailureDecision): void {
    const restarts = child.record.restarts + (decision === "restart" ? 1 : 0);
    this.#parent.system.report({ actor: child, phase, messageType, error, decision, restarts });
    child.answerFailed(this.#isEnd(child, decision));
  }

  /** Whether the child does not come back after this decision. */
  #isEnd(child: Child, decision: FailureDecision): boolean {
    if (this.#stopping !== undefined || child.isStopping) return true;
    if (decision === "none") return this.#restarting?.get(child)?.stops(child) ?? false;
    return decision === "stop" || decision === "escalate";
  }
}

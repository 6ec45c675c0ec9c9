/**
 * Where an actor is in its life, and who waits for it to come further.
 *
 * @module
 */
import type { Cancellable } from "../world/world.ts";
import { mailboxes } from "./actor_ref.ts";
import type { ActorStopped } from "./errors.ts";
import type { StopReason } from "./events.ts";
import { Failing } from "./failing.ts";
import type { LifePhase } from "./life_host.ts";
import { advance, FAILED, RUNNING, type State, STOPPED } from "./lifecycle.ts";
import type { Placed } from "./system_core.ts";

// Kept with the system messages, below so many bits.
/** A promise of the behaviour or of the handler is under way. */
const BUSY = 32;
/** The present life is about to end. */
const ABORTED = 64;
/** Where the state stands, above them. */
const STATE_SHIFT = 8;
const BELOW_STATE = (1 << STATE_SHIFT) - 1;
/** The number of what no life has. */
const NO_LIFE = -1;

/** The part of an actor that knows where it is in its life. */
export abstract class Staged extends Failing {
  protected get state(): State {
    // `enter` alone puts it there.
    return (this.signals >> STATE_SHIFT) as State;
  }

  protected enter(state: State): void {
    this.signals = advance(this.state, state) << STATE_SHIFT | this.signals & BELOW_STATE;
  }

  get isBusy(): boolean {
    return (this.signals & BUSY) !== 0;
  }

  set isBusy(isBusy: boolean) {
    this.signals = isBusy ? this.signals | BUSY : this.signals & ~BUSY;
  }

  protected override get takesMessages(): boolean {
    return this.state === RUNNING && !this.isBusy;
  }

  suspended(): void {
    this.isBusy = true;
  }

  awaited(): void {
    this.isBusy = false;
  }

  get isRunning(): boolean {
    return this.state === RUNNING;
  }

  get hasFailed(): boolean {
    return this.state === FAILED;
  }

  /** Stops, or has stopped, for good. */
  get isStopping(): boolean {
    return this.coldIfAny?.isStoppingForGood ?? false;
  }

  get isGone(): boolean {
    return this.state === STOPPED;
  }

  /** Running, and with nothing to do. */
  get isIdle(): boolean {
    return this.state === RUNNING && !this.isBusy && this.waiting === 0;
  }

  /** The behaviour is still to return a handler. */
  get isStarting(): boolean {
    return !mailboxes.hasReceive(this.ref);
  }

  /** Restarts: also what number the present life has. */
  protected get restarts(): number {
    return this.coldIfAny?.record?.restarts ?? 0;
  }

  get lifeNumber(): number {
    return this.state === STOPPED ? NO_LIFE : this.restarts;
  }

  phaseOf(life: number): LifePhase {
    if (life !== this.lifeNumber) return "over";
    return (this.signals & ABORTED) === 0 ? "open" : "ending";
  }

  /** A life begins. */
  protected lifeBegins(): void {
    this.signals &= ~ABORTED;
  }

  /** It is about to end. */
  protected lifeEnds(): void {
    this.signals |= ABORTED;
  }

  /** Calls back once when this actor has stopped; `by` is the actor that asks for it. */
  onStopped(stopped: (reason: StopReason) => void, by?: Placed): Cancellable {
    if (this.state === STOPPED) {
      stopped(this.cold.reason);
      return { cancel() {} };
    }
    const watchers = this.cold.watchers ??= new Map();
    // An entry of its own, so that the same function may watch twice.
    const entry = (reason: StopReason) => stopped(reason);
    watchers.set(entry, by);
    return { cancel: () => void watchers.delete(entry) };
  }

  /** Calls back once when a life of this actor has started, or with the reason why none will. */
  onStarted(settled: (failure?: ActorStopped) => void): Cancellable {
    if (this.state === RUNNING) settled();
    else if (this.state === STOPPED) settled(this.stopped());
    else {
      const waiters = this.cold.startWaiters ??= new Set();
      waiters.add(settled);
      return { cancel: () => void waiters.delete(settled) };
    }
    return { cancel() {} };
  }

  protected settleStart(failure?: ActorStopped): void {
    const waiters = this.coldIfAny?.startWaiters;
    if (waiters === undefined) return;
    this.cold.startWaiters = undefined;
    for (const settled of waiters) settled(failure);
  }
}

/**
 * One persistent entity at work.
 *
 * Commands are decided one by one on the state as it will be; what they come to is written in groups, one
 * group at a time, and nothing is answered before its group, and so all before it, is durable. When a write
 * is refused, or nobody knows what became of it, that state is dropped and the journal read again, which
 * tells what became of it.
 *
 * @module
 */
import type { Context } from "../runtime/behavior.ts";
import type { Receive } from "../runtime/handler.ts";
import { errorText } from "../world/world.ts";
import { checkDecision, checkState } from "./check_decision.ts";
import { cannotBeWritten, type Item, itemOf, replyToOf, textField } from "./command_item.ts";
import type { OpenJournal } from "./engine.ts";
import { type EntityLife, Passivate, type Refusal } from "./entity_type.ts";
import { Fenced, JournalDamaged, WriteRefused } from "./errors.ts";
import { pause } from "./pause.ts";
import type { PersistentContext, PersistentDefinition } from "./persistent_definition.ts";
import { type Live, noteOpened, replayed, Unreadable } from "./replay.ts";
import { runEffect, watchEffect } from "./run_effect.ts";

/** Commands that may wait for one write to end. */
const MAX_GROUP = 1000;
const RETRY: Refusal = { type: "retry" };
/** The pause before a journal that could not be opened is opened again. */
const REOPEN_MS = 50;
const MAX_REOPEN_MS = 1000;

/** Runs the entity of a definition in an actor. */
export class PersistentActor<S, C, E> {
  readonly #definition: PersistentDefinition<S, C, E>;
  readonly #life: EntityLife;
  readonly #self: Context<unknown>;
  readonly #context: PersistentContext<C>;
  readonly #snapshotEvery: number;
  /** What the journal came to; undefined until it is read, and where it cannot be. */
  #live: Live<S> | undefined;
  /** Decided, and not yet on the way to the journal. */
  #waiting: Item[] = [];
  /** On the way. */
  #writing: Item[] | undefined;
  #isFlushPlanned = false;
  #snapshotting: Promise<void> | undefined;
  /** Writes whose outcome was unknown, one after the other. */
  #failures = 0;
  /** Why nothing can be carried out: the journal cannot be read, whoever tries, or takes nothing for now. */
  #broken: unknown;
  /** Told when commands can be answered, be it that nothing can be carried out. */
  #canAnswer: () => void = () => {};
  #isOver = false;
  /** Told when nothing is on the way, or the entity is over. */
  #settled: (() => void)[] = [];

  constructor(definition: PersistentDefinition<S, C, E>, life: EntityLife, self: Context<unknown>) {
    this.#definition = definition;
    this.#life = life;
    this.#self = self;
    this.#snapshotEvery = definition.snapshotEvery ?? 200;
    this.#context = {
      id: life.entity.id,
      // The reference of an entity of this type takes its commands.
      self: life.self as PersistentContext<C>["self"],
      epoch: life.epoch,
      world: self.world,
      log: self.log,
      after: (delayMs, command) => self.after(delayMs, command),
      publish: (topic, message) => life.publish(topic, message),
    };
  }

  /** Reads the journal, and gives the handler. */
  async start(): Promise<Receive<unknown>> {
    // What is on the way when the system stops is waited for: who asked is told what became of it.
    this.#self.onStop(() => this.#idle());
    await new Promise<void>((resolve, reject) => {
      this.#canAnswer = resolve;
      this.#open().then(() => this.#begin()).then(resolve, reject);
    });
    return (message) => this.#receive(message);
  }

  #begin(): void {
    try {
      if (!this.#isOver && this.#live !== undefined) {
        watchEffect(this.#definition.started?.(this.#live.state, this.#context), this.#effectFailed);
      }
    } catch (error) {
      this.#break(error);
    }
  }

  #receive(message: unknown): void | Promise<void> {
    if (message instanceof Passivate) return this.#passivate();
    if (this.#isOver || !this.#life.isValid) return this.#refuse(message, RETRY);
    const live = this.#live;
    if (live === undefined) return this.#refuse(message, { type: "failed", error: this.#broken });
    // Under load without a pause, a snapshot still comes; and commands wait here, where they can be refused.
    const isLate = live.eventsSinceSnapshot >= 2 * this.#snapshotEvery && !this.#isIdle;
    if (isLate || this.#waiting.length >= MAX_GROUP) return this.#idle().then(() => this.#receive(message));
    this.#handle(live, message);
  }

  get #isIdle(): boolean {
    return this.#writing === undefined && this.#waiting.length === 0;
  }

  #handle(live: Live<S>, message: unknown): void {
    const operationId = textField(message, "operationId");
    const known = operationId === undefined ? undefined : live.operations.get(operationId);
    if (known !== undefined) return this.#repeat(message, known);
    // What others send to an entity of this type is a command: their program was checked against it.
    const command = message as C;
    let item: Item;
    let { state } = live;
    let events: readonly E[];
    try {
      const decision = checkDecision(
        this.#life.entity.type,
        this.#definition.decide(state, command, this.#context),
      );
      events = decision.events ?? [];
      for (const event of events) state = this.#definition.evolve(state, event);
      checkState(this.#life.entity.type, state);
      item = itemOf(message, operationId, decision);
    } catch (error) {
      this.#self.log.debug(`Cannot carry out a command: ${errorText(error)}`, {
        event: "command-failed",
        error,
      });
      return this.#refuse(message, { type: "failed", error });
    }
    live.state = state;
    live.eventsSinceSnapshot += events.length;
    if (item.entry?.operationId !== undefined) {
      live.operations.add(item.entry.operationId, "reply" in item.entry ? [item.entry.reply] : []);
    }
    this.#add(item);
  }

  /** The operation was carried out before: who asks is told what was answered then, once that is durable. */
  #repeat(message: unknown, known: readonly unknown[]): void {
    this.#life.metrics.repeatedOperations++;
    const replyTo = replyToOf(message);
    const replies = replyTo === undefined || known.length === 0
      ? []
      : [{ to: replyTo, message: known[0], send: () => replyTo.tell(known[0] as never) }];
    this.#add({ command: message, entry: undefined, replies, then: undefined });
  }

  #add(item: Item): void {
    // Nothing is on the way that the answer could depend on.
    if (item.entry === undefined && this.#isIdle && this.#definition.reads !== "barrier") {
      return this.#answer(item);
    }
    this.#waiting.push(item);
    this.#flushSoon();
  }

  #flushSoon(): void {
    if (this.#isFlushPlanned || this.#writing !== undefined) return;
    this.#isFlushPlanned = true;
    // What comes in this turn goes into the same group.
    this.#self.world.loop.soon(() => {
      this.#isFlushPlanned = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#writing !== undefined || this.#waiting.length === 0 || this.#isOver) return;
    const items = this.#waiting;
    this.#waiting = [];
    this.#writing = items;
    this.#write(items).then(() => this.#written(), (error) => this.#failed(error))
      .catch((error) => this.#fail(error));
  }

  /** Writes a group. What is too large for one commit becomes several. */
  async #write(items: readonly Item[]): Promise<void> {
    const log = this.#live?.log;
    if (log === undefined) throw new TypeError("Cannot write: the journal is not open");
    const entries = items.flatMap(({ entry }) => entry === undefined ? [] : [entry]);
    if (entries.length === 0) {
      if (this.#definition.reads === "barrier") await log.barrier();
      return this.#answerAll(items);
    }
    const { metrics } = this.#life;
    const { clock } = this.#self.world;
    const startedAt = clock.monotonic();
    try {
      await log.append(entries);
    } catch (error) {
      if (!cannotBeWritten(error) || items.length === 1) throw error;
      const half = items.length >> 1;
      this.#waiting.unshift(...items.slice(half));
      this.#writing = items.slice(0, half);
      return await this.#write(this.#writing);
    }
    this.#life.durableSeq = log.seq;
    metrics.commits++;
    metrics.committedCommands += entries.length;
    metrics.commitMs += clock.monotonic() - startedAt;
    this.#answerAll(items);
  }

  #answerAll(items: readonly Item[]): void {
    for (const item of items) this.#answer(item);
  }

  #answer({ command, entry, replies, then }: Item): void {
    // What was written is true whoever owns the entity now; what is only known by heart may not be any more.
    if (entry === undefined && !this.#life.isValid) return this.#refuse(command, RETRY);
    // What one of them throws is no matter to the others.
    for (const { send } of replies) runEffect(send, this.#effectFailed);
    if (then !== undefined) runEffect(then, this.#effectFailed);
  }

  readonly #effectFailed = (error: unknown): void =>
    this.#self.log.error(`Cannot tell of what is durable: ${errorText(error)}`, {
      event: "effect-failed",
      error,
    });

  #written(): void {
    this.#writing = undefined;
    this.#failures = 0;
    if (this.#waiting.length > 0) return this.#flush();
    this.#keepStateIfDue();
    this.#settle();
  }

  /** One snapshot after the other: a second beside the first would be told that a newer owner wrote it. */
  #keepStateIfDue(): Promise<void> | undefined {
    const live = this.#live;
    if (live === undefined || live.eventsSinceSnapshot < this.#snapshotEvery) return this.#snapshotting;
    return this.#snapshotting ??= this.#snapshot(live).finally(() => this.#snapshotting = undefined);
  }

  /** Keeps the state, which is what the journal says: nothing is on the way. */
  async #snapshot(live: Live<S>): Promise<void> {
    live.eventsSinceSnapshot = 0;
    const state = { state: live.state, operations: live.operations.toList() };
    try {
      await live.log.snapshot(state);
      this.#life.metrics.snapshots++;
    } catch (error) {
      // The journal has all of it; a log that is poisoned says so at the next write.
      this.#life.warn("Cannot keep a snapshot", "snapshot-not-kept", error);
    }
  }

  /** A write failed: what became of it is in the journal. */
  async #failed(error: unknown): Promise<void> {
    const { metrics } = this.#life;
    const unsure = this.#writing ?? [];
    const seq = this.#live?.log.seq ?? 0;
    if (error instanceof Fenced) {
      metrics.fencedWrites++;
      this.#life.fenced();
      return this.#end([...unsure, ...this.#waiting.splice(0)], []);
    }
    if (cannotBeWritten(error)) {
      // One command that the journal does not take, for its size say: it has not happened, and those after it
      // were decided on what it would have been.
      for (const { command } of unsure) this.#refuse(command, { type: "failed", error });
      this.#writing = [];
    } else {
      metrics.unknownOutcomes++;
      // One answer was lost. What fails again and again is no reason to write one fence after the other.
      const { world, signal } = this.#self;
      await pause(world, Math.min(REOPEN_MS * this.#failures++, MAX_REOPEN_MS), signal);
    }
    const opened = await this.#open();
    const live = this.#live;
    if (this.#isOver || live === undefined || opened === undefined) return;
    const again = this.#waiting.splice(0);
    const hasHappened = opened.commits.some((commit) =>
      commit.seq > seq && commit.epoch === this.#life.epoch && commit.entries.length > 0
    );
    const sure = this.#writing ?? [];
    this.#writing = undefined;
    if (hasHappened) this.#answerAll(sure);
    else again.unshift(...sure);
    for (const { command } of again) this.#handle(live, command);
    if (this.#isIdle) this.#settle();
  }

  /**
   * Reads the journal and makes the state anew, as often as it takes while the host may. Gives what was in
   * it.
   */
  async #open(): Promise<OpenJournal | undefined> {
    const { signal, world } = this.#self;
    const { clock } = world;
    const isWanted = () => this.#life.isValid && !signal.aborted;
    for (let pauseMs = REOPEN_MS; isWanted(); pauseMs = Math.min(2 * pauseMs, MAX_REOPEN_MS)) {
      const startedAt = clock.monotonic();
      try {
        const opened = await this.#life.journal.open(this.#life.entity, this.#life.epoch);
        this.#live = replayed(this.#definition, this.#life.entity, opened);
        this.#broken = undefined;
        noteOpened(this.#life, opened, this.#self.log);
        this.#replayed(clock.monotonic() - startedAt);
        return opened;
      } catch (error) {
        if (error instanceof Fenced) {
          this.#life.metrics.fencedWrites++;
          this.#life.fenced();
          break;
        }
        if (error instanceof JournalDamaged || error instanceof Unreadable) {
          this.#break(error);
          return undefined;
        }
        this.#life.warn("Cannot open the journal", "journal-unreadable", error);
        if (error instanceof WriteRefused) this.#refuseAll(error);
      }
      await pause(world, pauseMs, signal);
    }
    this.#end(this.#waiting.splice(0), this.#writing ?? []);
    return undefined;
  }

  #replayed(tookMs: number): void {
    const { metrics } = this.#life;
    metrics.replays++;
    metrics.replayMs += tookMs;
    metrics.longestReplayMs = Math.max(metrics.longestReplayMs, tookMs);
  }

  /** The engine takes nothing for now: who asks is told so, while the journal is tried again and again. */
  #refuseAll(error: WriteRefused): void {
    this.#broken = error;
    this.#live = undefined;
    for (const { command } of this.#waiting.splice(0)) this.#refuse(command, { type: "failed", error });
    this.#canAnswer();
    // Of what is on the way nobody knows yet what became of it.
    if (this.#writing?.length === 0) this.#writing = undefined;
    if (this.#isIdle) this.#settle();
  }

  /** This program cannot make a state of the journal, or begin with it: whoever asks is told so. */
  #break(error: unknown): void {
    this.#self.log.error(errorText(error), { event: "entity-failed", error });
    this.#broken = error;
    this.#live = undefined;
    const items = [...this.#writing ?? [], ...this.#waiting.splice(0)];
    this.#writing = undefined;
    for (const { command } of items) this.#refuse(command, { type: "failed", error });
    this.#settle();
  }

  async #passivate(): Promise<void> {
    await this.#idle();
    await this.#snapshotting;
    if (!this.#isOver && this.#life.isValid) await this.#keepStateIfDue();
    this.#isOver = true;
    this.#self.stop();
  }

  /**
   * The entity lives elsewhere, or nobody knows: what was not written never will be, of the rest nobody can
   * tell.
   */
  #end(unwritten: readonly Item[], unsure: readonly Item[]): void {
    this.#isOver = true;
    this.#writing = undefined;
    for (const { command } of unwritten) this.#refuse(command, RETRY);
    for (const { command } of unsure) this.#refuse(command, { type: "unknown" });
    this.#settle();
    // What waits in the mailbox is refused one by one, and the host says when to stop.
  }

  /** Something that cannot happen did: the entity is started anew, from its journal. */
  #fail(error: unknown): void {
    this.#self.log.error(`Cannot go on: ${errorText(error)}`, { event: "entity-stopped", error });
    this.#life.fenced();
    this.#end([], [...this.#writing ?? [], ...this.#waiting.splice(0)]);
  }

  #refuse(command: unknown, why: Refusal): void {
    this.#life.refuse(command, why);
  }

  /** Resolves once nothing is on the way. */
  #idle(): Promise<void> {
    if (this.#isOver || this.#isIdle) return Promise.resolve();
    return new Promise((resolve) => this.#settled.push(resolve));
  }

  #settle(): void {
    const settled = this.#settled;
    this.#settled = [];
    for (const resolve of settled) resolve();
  }
}

/**
 * Updates that came before what they refer to.
 *
 * @module
 */
import type { YId } from "../../protocols/y_text_update.ts";
import type { Ref } from "../runtime/mod.ts";
import type { Cancellable, World } from "../world/world.ts";
import type { ActorTools } from "./actor_tools.ts";
import type { Change } from "./change_batch.ts";
import type { CollaboratorEvent } from "./collaboration_events.ts";

/** The most of one client that wait, and for how long. */
const MAX_WAITING = 1000;
const MAX_WAIT_MS = 10_000;
/** The most that wait of all clients together. */
const MAX_WAITING_BYTES = 1 << 25;

const TOO_MANY = "too many updates refer to what was never sent";

type Update = Extract<Change, { type: "update" }>;

interface Waiting {
  readonly change: Update;
  readonly sinceMs: number;
  /** What must have come before it is worth another look; undefined where that cannot be told. */
  readonly missing: YId | undefined;
}

type Timers = Pick<ActorTools, "later"> & { readonly world: Pick<World, "clock"> };

/** Keeps them for a while: what they refer to may be on its way, over another connection. */
export class EarlyUpdates {
  readonly #tools: Timers;
  readonly #refuse: (member: Ref<CollaboratorEvent>, reason: string) => void;
  readonly #waiting = new Map<Ref<CollaboratorEvent>, Waiting[]>();
  #bytes = 0;
  /** Since when each of them waits, though it was tried again. */
  readonly #since = new WeakMap<Uint8Array, number>();
  #timer: Cancellable | undefined;

  constructor(tools: Timers, refuse: (member: Ref<CollaboratorEvent>, reason: string) => void) {
    this.#tools = tools;
    this.#refuse = refuse;
  }

  add(change: Update, missing: YId | undefined): void {
    const { member, update } = change;
    const waiting = this.#waiting.get(member) ?? [];
    if (waiting.length >= MAX_WAITING || !this.#makeRoom(member, update.length)) {
      return this.#drop(member, TOO_MANY);
    }
    const sinceMs = this.#since.get(update) ?? this.#tools.world.clock.monotonic();
    this.#since.set(update, sinceMs);
    waiting.push({ change, sinceMs, missing });
    this.#bytes += update.length;
    this.#waiting.set(member, waiting);
    this.#timer ??= this.#tools.later(MAX_WAIT_MS, () => this.#onTimer());
  }

  /** Of all clients who has most waiting goes first: who fills it up closes nobody's door but their own. */
  #makeRoom(member: Ref<CollaboratorEvent>, more: number): boolean {
    while (this.#bytes + more > MAX_WAITING_BYTES) {
      let [greediest, most] = [member, more + bytesOf(this.#waiting.get(member) ?? [])];
      for (const [other, waiting] of this.#waiting) {
        const bytes = bytesOf(waiting);
        if (other !== member && bytes > most) [greediest, most] = [other, bytes];
      }
      if (greediest === member) return false;
      this.#drop(greediest, TOO_MANY);
    }
    return true;
  }

  #drop(member: Ref<CollaboratorEvent>, reason: string): void {
    this.forget(member);
    this.#refuse(member, reason);
  }

  /** Whether something of this client waits. */
  has(member: Ref<CollaboratorEvent>): boolean {
    return this.#waiting.has(member);
  }

  /** Those of which the first that was missing has come, to be tried again. */
  takeReady(knows: (id: YId) => boolean): Update[] {
    const ready: Update[] = [];
    for (const [member, waiting] of this.#waiting) {
      const still = waiting.filter(({ change, missing }) => {
        const isReady = missing !== undefined && knows(missing);
        if (isReady) ready.push(change);
        return !isReady;
      });
      if (still.length === waiting.length) continue;
      if (still.length > 0) this.#waiting.set(member, still);
      else this.#waiting.delete(member);
    }
    for (const { update } of ready) this.#bytes -= update.length;
    return ready;
  }

  forget(member: Ref<CollaboratorEvent>): void {
    this.#bytes -= bytesOf(this.#waiting.get(member) ?? []);
    this.#waiting.delete(member);
  }

  close(): void {
    this.#timer?.cancel();
  }

  #onTimer(): void {
    this.#timer = undefined;
    const nowMs = this.#tools.world.clock.monotonic();
    let nextMs = Infinity;
    for (const [member, waiting] of this.#waiting) {
      const oldestMs = Math.min(...waiting.map(({ sinceMs }) => sinceMs));
      if (nowMs - oldestMs < MAX_WAIT_MS) nextMs = Math.min(nextMs, oldestMs + MAX_WAIT_MS - nowMs);
      else {
        this.#drop(member, "an update refers to what was never sent");
      }
    }
    if (nextMs < Infinity) this.#timer = this.#tools.later(Math.max(nextMs, 1), () => this.#onTimer());
  }
}

function bytesOf(waiting: readonly Waiting[]): number {
  return waiting.reduce((sum, { change }) => sum + change.update.length, 0);
}

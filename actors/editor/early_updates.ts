/**
 * Updates that came before what they refer to.
 *
 * @module
 */
import type { Ref } from "../runtime/mod.ts";
import type { Cancellable } from "../world/world.ts";
import type { ActorTools } from "./actor_tools.ts";
import type { Change, CollaboratorEvent } from "./collaboration_events.ts";

/** The most of one client that wait, and for how long. */
const MAX_WAITING = 1000;
const MAX_WAIT_MS = 10_000;

type Update = Extract<Change, { type: "update" }>;

interface Waiting {
  readonly change: Update;
  readonly sinceMs: number;
}

/** Keeps them for a while: what they refer to may be on its way, over another connection. */
export class EarlyUpdates {
  readonly #tools: ActorTools;
  readonly #refuse: (member: Ref<CollaboratorEvent>, reason: string) => void;
  readonly #waiting = new Map<Ref<CollaboratorEvent>, Waiting[]>();
  /** Since when each of them waits, though it was tried again. */
  readonly #since = new WeakMap<Uint8Array, number>();
  #timer: Cancellable | undefined;

  constructor(tools: ActorTools, refuse: (member: Ref<CollaboratorEvent>, reason: string) => void) {
    this.#tools = tools;
    this.#refuse = refuse;
  }

  add(member: Ref<CollaboratorEvent>, update: Uint8Array): void {
    const waiting = this.#waiting.get(member) ?? [];
    if (waiting.length >= MAX_WAITING) {
      this.#waiting.delete(member);
      return this.#refuse(member, "too many updates refer to what was never sent");
    }
    const sinceMs = this.#since.get(update) ?? this.#tools.world.clock.monotonic();
    this.#since.set(update, sinceMs);
    waiting.push({ change: { type: "update", member, update }, sinceMs });
    this.#waiting.set(member, waiting);
    this.#timer ??= this.#tools.later(MAX_WAIT_MS, () => this.#onTimer());
  }

  /** All of them, to be tried again. */
  takeAll(): Update[] {
    const all = [...this.#waiting.values()].flatMap((waiting) => waiting.map(({ change }) => change));
    this.#waiting.clear();
    return all;
  }

  forget(member: Ref<CollaboratorEvent>): void {
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
        this.#waiting.delete(member);
        this.#refuse(member, "an update refers to what was never sent");
      }
    }
    if (nextMs < Infinity) this.#timer = this.#tools.later(Math.max(nextMs, 1), () => this.#onTimer());
  }
}

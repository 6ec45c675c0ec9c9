/**
 * What happened in a simulation: the last events to read, and all of them as one number.
 *
 * @module
 */
import { mix } from "./random.ts";

/** One thing that happened. */
export interface TraceEvent {
  /** Virtual milliseconds since the simulation began. */
  readonly timeMs: number;
  /** The host it happened at, or "" for the network and the plan. */
  readonly host: string;
  /** The path of the actor, where one is known, or the part of the world: `net`, `disk`, `fault`. */
  readonly actor: string;
  /** What happened. */
  readonly event: string;
}

/** Keeps the last events and a hash over all of them. */
export class Trace {
  #kept: TraceEvent[] = [];
  #next = 0;
  #hash = 0x811c9dc5;
  #count = 0;
  readonly #capacity: number;

  /** Keeps the last `capacity` events. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Something happened. */
  add(timeMs: number, host: string, actor: string, event: string): void {
    this.#count++;
    let hash = this.#hash ^ ((timeMs * 1000) | 0);
    for (let i = 0; i < host.length; i++) hash = Math.imul(hash ^ host.charCodeAt(i), 0x01000193);
    for (let i = 0; i < event.length; i++) hash = Math.imul(hash ^ event.charCodeAt(i), 0x01000193);
    this.#hash = hash;
    if (this.#capacity === 0) return;
    this.#kept[this.#next] = { timeMs, host, actor, event };
    this.#next = (this.#next + 1) % this.#capacity;
  }

  /** How many events there were. */
  get count(): number {
    return this.#count;
  }

  /** Equal for equal runs, and for hardly any others. */
  get hash(): string {
    return mix(this.#hash).toString(16).padStart(8, "0") + mix(this.#count).toString(16).padStart(8, "0");
  }

  /** The last events, oldest first. */
  last(count: number): TraceEvent[] {
    const ordered = [...this.#kept.slice(this.#next), ...this.#kept.slice(0, this.#next)];
    return ordered.slice(-count);
  }
}

/** One line an event: time, host, actor, event. */
export function formatTrace(events: readonly TraceEvent[]): string {
  return events
    .map(({ timeMs, host, actor, event }) =>
      `${timeMs.toFixed(3).padStart(12)}  ${host.padEnd(8)}  ${actor.padEnd(24)}  ${event}`
    )
    .join("\n");
}

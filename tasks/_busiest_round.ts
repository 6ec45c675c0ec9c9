/**
 * The busiest actors of several machines, which an inspector tells of one machine at a time.
 *
 * @module
 */
import { BUSY_KEYS, type BusyRow } from "../actors/inspect/busiest.ts";
import type { InspectorOrder } from "../protocols/inspector.ts";
import type { PlacedRow } from "./_inspector_messages.ts";

/** The first of them comes while the look is under way. */
const MAX_SILENT_TICKS = 3;

/** Looks at each machine in turn. */
export class BusiestRound {
  readonly #hosts: readonly string[];
  readonly #order: InspectorOrder;
  readonly #count: number;
  readonly #rows: PlacedRow[] = [];
  #at = 0;
  /** Seconds that began while the machine did not answer. */
  #silentTicks = 0;

  /** At so many actors in this order. */
  constructor(
    hosts: readonly string[],
    { by, count }: { readonly by: InspectorOrder; readonly count: number },
  ) {
    this.#hosts = hosts;
    this.#order = by;
    this.#count = count;
  }

  /** The machine that is to be looked at; undefined once all were. */
  get host(): string | undefined {
    return this.#hosts[this.#at];
  }

  /** Takes what was seen of one. Says whether it was the one that is looked at. */
  take(host: string, rows: readonly BusyRow[]): boolean {
    if (host !== this.host) return false;
    this.#next();
    for (const row of rows) this.#rows.push({ ...row, host });
    return true;
  }

  /** A second has begun. Says whether a machine was passed over, as it has not answered for some. */
  tick(): boolean {
    if (++this.#silentTicks < MAX_SILENT_TICKS) return false;
    this.#next();
    return true;
  }

  /** What was seen of all, the busiest first. */
  get rows(): readonly PlacedRow[] {
    const key = BUSY_KEYS[this.#order];
    return this.#rows.toSorted((one, other) => key(other) - key(one)).slice(0, this.#count);
  }

  #next(): void {
    this.#at++;
    this.#silentTicks = 0;
  }
}

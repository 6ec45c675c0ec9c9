/**
 * Whether a history of one register is linearizable: whether each operation can have happened at one moment
 * between its call and its answer.
 *
 * @module
 */

/** One operation. Times are any numbers that grow, such as the count of events. */
export type Operation =
  /**
   * A write that was answered, or of which nobody knows (`to` is `Infinity`): it may have happened at any
   * time, or never.
   */
  | { readonly type: "write"; readonly value: string; readonly from: number; readonly to: number }
  /** A read that was answered; null where nothing was there yet. */
  | { readonly type: "read"; readonly value: string | null; readonly from: number; readonly to: number };

/**
 * When a value must have been there: from its first end to its last beginning, or some moment within, the
 * other way round.
 */
interface Zone {
  readonly value: string;
  readonly firstEnd: number;
  readonly lastFrom: number;
}

/**
 * Why the history is not linearizable; undefined when it is. No two writes may write the same value, which
 * makes the question easy (Gibbons and Korach, Testing Shared Memories, 1997): all that has to do with one
 * value is a zone, and two zones that must each have been whole may not overlap.
 */
export function notLinearizable(operations: readonly Operation[]): string | undefined {
  const reads = new Map<string | null, Operation[]>();
  for (const operation of operations) {
    if (operation.type !== "read") continue;
    reads.set(operation.value, [...reads.get(operation.value) ?? [], operation]);
  }
  const zones: Zone[] = [];
  const written = new Set<string>();
  for (const write of operations) {
    if (write.type !== "write") continue;
    if (written.has(write.value)) throw new TypeError(`Cannot judge: ${write.value} is written twice`);
    written.add(write.value);
    const itsReads = reads.get(write.value) ?? [];
    if (itsReads.length === 0 && write.to === Infinity) continue;
    const early = itsReads.find((read) => read.to < write.from);
    if (early !== undefined) return `${write.value} was read before it was written`;
    const all = [write, ...itsReads];
    zones.push({
      value: write.value,
      firstEnd: Math.min(...all.map(({ to }) => to)),
      lastFrom: Math.max(...all.map(({ from }) => from)),
    });
  }
  for (const value of reads.keys()) {
    if (value !== null && !written.has(value)) return `${value} was read, and nobody had written it`;
  }
  const empty = reads.get(null);
  if (empty !== undefined) {
    // What is there at the beginning was written before all else.
    zones.push({
      value: "nothing",
      firstEnd: -Infinity,
      lastFrom: Math.max(...empty.map(({ from }) => from)),
    });
  }
  return conflict(zones);
}

function conflict(zones: readonly Zone[]): string | undefined {
  const whole = zones.filter(({ firstEnd, lastFrom }) => firstEnd < lastFrom)
    .toSorted((left, right) => left.firstEnd - right.firstEnd);
  for (const [index, zone] of whole.entries()) {
    const next = whole[index + 1];
    if (next !== undefined && next.firstEnd < zone.lastFrom) {
      return `${zone.value} was there before and after ${next.value} was, which came once`;
    }
  }
  for (const moment of zones) {
    if (moment.firstEnd < moment.lastFrom) continue;
    const around = whole.find((zone) => zone.firstEnd < moment.lastFrom && moment.firstEnd < zone.lastFrom);
    if (around !== undefined) {
      return `${moment.value} was written while ${around.value} was there, and is gone`;
    }
  }
  return undefined;
}

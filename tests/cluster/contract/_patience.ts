/**
 * Guarantees about time, on machines that stall.
 *
 * @module
 */
import { OutcomeUnknown } from "../../../actors/cluster/mod.ts";

/** How long leases last. A machine that stalls must not lose a long one; a short one has to be waited for. */
export function leaseTtlOf(hasShortLeases = false): number {
  return hasShortLeases ? 1000 : 60_000;
}

/**
 * Tries until it could be judged: a machine that stalled, or an engine that did not answer in time, says
 * nothing of a guarantee about time.
 */
export async function untilJudged(attempt: () => Promise<"judged" | "void">): Promise<void> {
  for (let tries = 0; tries < 30; tries++) {
    try {
      if (await attempt() === "judged") return;
    } catch (error) {
      if (!(error instanceof OutcomeUnknown)) throw error;
    }
  }
  throw new Error("Cannot judge: the machine stalled each time");
}

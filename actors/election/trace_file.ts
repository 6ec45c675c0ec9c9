/**
 * The transitions of a node, one JSON object a line: for people, and for the checker in the tests.
 *
 * @module
 */
import type { Behavior } from "../runtime/mod.ts";
import { LogFile } from "../store/mod.ts";
import { WorldError } from "../world/world.ts";

/** One transition. */
export interface Transition {
  /** The node. */
  readonly node: number;
  /** Its term, after the transition. */
  readonly term: number;
  /** What it was: a role, or at its start `starting`, and `forgotten` when it has no memory of its votes. */
  readonly from: string;
  /** What it is. */
  readonly to: string;
  /** Who leads; 0 for nobody. */
  readonly leader: number;
  /** In words. */
  readonly why: string;
}

/**
 * Appends transitions to a file, each with the time of the day. Its start fails when the file cannot be
 * opened; a full disk later costs lines of the trace, and not the node. A file that was removed or replaced
 * meanwhile is begun anew.
 */
export function traceFile(path: string): Behavior<Transition> {
  return async (self) => {
    const { disk, clock } = self.world;
    const log = await LogFile.open(disk, path, { form: "text", clock });
    if (self.signal.aborted) {
      await log.close();
      return () => {};
    }
    self.onStop(() => log.close());
    let lost = 0;
    return async (transition) => {
      const time = new Date(clock.now()).toISOString();
      log.append(JSON.stringify({ time, ...transition }));
      try {
        await log.flush();
        lost = 0;
      } catch (error) {
        if (!(error instanceof WorldError)) throw error;
        if (lost++ === 0) {
          self.log.error(`Cannot write the trace, whose next lines are lost: ${error.message}`, {
            event: "trace-not-written",
          });
        }
      }
    };
  };
}

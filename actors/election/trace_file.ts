/**
 * The transitions of a node, one JSON object a line: for people, and for the checker in the tests.
 *
 * @module
 */
import type { Behavior } from "../runtime/mod.ts";
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
 * Appends transitions to a file, each with the time of the day. Its start fails when the file cannot be opened; a full disk later
 * ends the trace, and not the node.
 */
export function traceFile(path: string): Behavior<Transition> {
  return async (self) => {
    const file = await self.world.disk.open(path, { read: false, write: true, create: true });
    if (self.signal.aborted) {
      file.close();
      return () => {};
    }
    self.onStop(() => file.close());
    let offset = await file.size();
    let broken = false;
    return async (transition) => {
      if (broken) return;
      const time = new Date(self.world.clock.now()).toISOString();
      const line = new TextEncoder().encode(JSON.stringify({ time, ...transition }) + "\n");
      try {
        await file.write(line, offset);
        offset += line.length;
      } catch (error) {
        if (!(error instanceof WorldError)) throw error;
        broken = true;
        self.log.error(`Cannot write ${path}, the trace ends here: ${error.message}`);
      }
    };
  };
}

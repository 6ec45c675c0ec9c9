/**
 * What the demo is made of.
 *
 * @module
 */
import type { Stage } from "../_stage.ts";

/** One service's part of the demo. */
export interface Section {
  /** One word. */
  readonly name: string;
  readonly title: string;
  /** What there is to see, in a line or two. */
  readonly about: string;
  /** Plays it. Throws when something did not happen. */
  readonly play: (stage: Stage) => Promise<void>;
}

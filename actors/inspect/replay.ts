/**
 * A run of a simulation that a page steps through.
 *
 * @module
 */
import type { InspectorReplay } from "../../protocols/inspector.ts";

/** What a page sees of a replayed run, and what it may do to it: let it go on. */
export interface Replay {
  /** How far it is. */
  readonly state: InspectorReplay;
  /** Lets so many events happen, or all up to the next failure. */
  step(step: { readonly events: number; readonly until?: "failure" }): void;
  /** Calls `changed` whenever it has come further. */
  onChange(changed: () => void): void;
}

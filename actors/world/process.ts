/**
 * The process that a world runs in.
 *
 * @module
 */
import type { Cancellable } from "./clock.ts";

/** What asks a process to end. */
export type EndSignal = "SIGINT" | "SIGTERM" | "SIGHUP";

/** The process itself: what asks it to end, and how it ends. */
export interface HostProcess {
  /** Calls `told` at each signal that asks the process to end; meanwhile none of them ends it by itself. */
  onEndSignal(told: (signal: EndSignal) => void): Cancellable;
  /** Has the process exit with 1 once it ends: something failed with which nobody dealt. */
  fail(): void;
  /** Writes what is still gathered, and ends the process. */
  exit(code: number): Promise<void>;
}

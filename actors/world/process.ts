/**
 * The process that a world runs in.
 *
 * @module
 */
import type { Cancellable } from "./clock.ts";

/** What asks a process to end. */
export type EndSignal = "SIGINT" | "SIGTERM" | "SIGHUP" | "SIGQUIT";

/** Bytes of memory that a process has. */
export interface ProcessMemory {
  /** Of the machine's memory, what it occupies. */
  readonly residentBytes: number;
  /** Of the JavaScript heap, what is in use. */
  readonly heapUsedBytes: number;
  /** What the JavaScript heap has been given. */
  readonly heapTotalBytes: number;
}

/** The process itself: what asks it to end, how it ends, and what it needs. */
export interface HostProcess {
  /** Calls `told` at each signal that asks the process to end; meanwhile none of them ends it by itself. */
  onEndSignal(told: (signal: EndSignal) => void): Cancellable;
  /** Has the process exit with 1 once it ends: something failed with which nobody dealt. */
  fail(): void;
  /** Writes what is still gathered, and ends the process. */
  exit(code: number): Promise<void>;
  /** It was asked to end: what is begun from now on may not come to its end. */
  readonly isEnding?: boolean;
  /** From now on {@linkcode HostProcess.isEnding}: for load balancers to see, before anything is closed. */
  announceEnd?(): void;
  /** Its memory now. Optional: absent where the platform does not tell. */
  memory?(): ProcessMemory;
}

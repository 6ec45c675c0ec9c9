/**
 * The process of Node.
 *
 * @module
 */
import process from "node:process";
import type { Cancellable } from "../clock.ts";
import type { EndSignal, HostProcess, ProcessMemory } from "../process.ts";

const SIGNALS: readonly EndSignal[] = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"];

/** This process. */
export class NodeProcess implements HostProcess {
  readonly #flush: () => Promise<unknown> | void;
  #isEnding = false;

  /** `flush` writes what is gathered for the log. */
  constructor(flush: () => Promise<unknown> | void) {
    this.#flush = flush;
  }

  onEndSignal(told: (signal: EndSignal) => void): Cancellable {
    const watched = SIGNALS.map((signal) => [signal, () => told(signal)] as const);
    for (const [signal, listener] of watched) process.on(signal, listener);
    return {
      cancel() {
        for (const [signal, listener] of watched) process.off(signal, listener);
      },
    };
  }

  fail(): void {
    process.exitCode = 1;
  }

  get isEnding(): boolean {
    return this.#isEnding;
  }

  announceEnd(): void {
    this.#isEnding = true;
  }

  memory(): ProcessMemory {
    const { rss, heapUsed, heapTotal } = process.memoryUsage();
    return { residentBytes: rss, heapUsedBytes: heapUsed, heapTotalBytes: heapTotal };
  }

  async exit(code: number): Promise<void> {
    await this.#flush();
    process.exit(code);
  }
}

/**
 * The process of Deno.
 *
 * @module
 */
import type { Cancellable } from "../clock.ts";
import type { EndSignal, HostProcess, ProcessMemory } from "../process.ts";

const SIGNALS: readonly EndSignal[] = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"];

/** This process. */
export class DenoProcess implements HostProcess {
  readonly #flush: () => Promise<unknown> | void;
  #isEnding = false;

  /** `flush` writes what is gathered for the log. */
  constructor(flush: () => Promise<unknown> | void) {
    this.#flush = flush;
  }

  onEndSignal(told: (signal: EndSignal) => void): Cancellable {
    const watched: (() => void)[] = [];
    for (const signal of SIGNALS) {
      const listener = () => told(signal);
      try {
        Deno.addSignalListener(signal, listener);
        watched.push(() => Deno.removeSignalListener(signal, listener));
      } catch {
        // Windows knows SIGINT, and not the others.
      }
    }
    return { cancel: () => watched.splice(0).forEach((stop) => stop()) };
  }

  fail(): void {
    Deno.exitCode = 1;
  }

  get isEnding(): boolean {
    return this.#isEnding;
  }

  announceEnd(): void {
    this.#isEnding = true;
  }

  memory(): ProcessMemory {
    const { rss, heapUsed, heapTotal } = Deno.memoryUsage();
    return { residentBytes: rss, heapUsedBytes: heapUsed, heapTotalBytes: heapTotal };
  }

  async exit(code: number): Promise<void> {
    await this.#flush();
    Deno.exit(code);
  }
}

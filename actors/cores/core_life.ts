/**
 * One life of one core, as the first thread sees it.
 *
 * @module
 */
import { type DriverService, limitsOf, serveDriver } from "../cluster/engines/ports.ts";
import type { Driver } from "../cluster/driver.ts";
import type { LogStream, RealWorld } from "../world/real/mod.ts";
import type { Thread, ThreadPort, ThreadRight, Threads } from "../world/world.ts";
import type { Addresses } from "./addresses.ts";
import { type CoreLogOptions, errorOf, failureOf, type FromCore, type ToCore } from "./messages.ts";

/** How long a core may take to report. */
const REPORT_MS = 2000;

/** What all cores of a process are started with. */
export interface CoresSetup {
  readonly world: RealWorld;
  readonly threads: Threads;
  readonly cores: number;
  readonly settings: unknown;
  readonly dropRights: readonly ThreadRight[];
  readonly log: CoreLogOptions;
  /** Milliseconds within which a core has to be ready. */
  readonly startTimeoutMs: number;
  /** Keeps the logs and keys of the cluster. */
  readonly driver: Driver;
}

/** What all cores of a process share. */
export interface CoresHost {
  readonly setup: CoresSetup;
  readonly addresses: Addresses;
  /** A core says that it listens. */
  listens(key: string, lines: string): void;
  /** The cores that live now, but for one. */
  others(than: CoreLife): Iterable<CoreLife>;
}

/** Why a core is there no more. Undefined: its system has stopped. */
export type CoreEnd = Error | undefined;

/** A thread, from its start until it is gone. */
export class CoreLife {
  readonly index: number;
  /** Tells it from all other lives of cores. */
  readonly life: number;
  /** Resolves once it serves; rejects with why it does not. */
  readonly ready: Promise<void>;
  /** Resolves when it has come to its end by itself. */
  readonly over: Promise<CoreEnd>;
  /** So often it was asked whether it lives since it has said something. */
  #unanswered = 0;
  readonly #host: CoresHost;
  readonly #thread: Thread;
  readonly #service: DriverService;
  readonly #reports = new Map<number, (report: unknown) => void>();
  #lastReport = 0;
  readonly #becameReady = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<CoreEnd>();

  constructor({ index, life }: { readonly index: number; readonly life: number }, host: CoresHost) {
    const { world, threads, cores, settings, dropRights, log, driver, startTimeoutMs } = host.setup;
    this.index = index;
    this.life = life;
    this.#host = host;
    this.ready = this.#becameReady.promise;
    this.over = this.#ended.promise;
    const late = world.clock.timer(startTimeoutMs, () => this.#end(notReady(index, startTimeoutMs)));
    // Nobody has to wait for either.
    this.ready.catch(() => {}).finally(() => late.cancel());
    this.#thread = threads.start({
      name: `core ${index}`,
      hasOwnRights: dropRights.length > 0,
      failed: (error) => this.#end(error),
    });
    this.#thread.port.receive((message) => {
      this.#unanswered = 0;
      // The other thread runs this program, too.
      this.#receive(message as FromCore);
    });
    const [near, far] = threads.channel();
    this.#service = serveDriver(driver, near, world);
    this.tell({ type: "start", index, cores, settings, dropRights, limits: limitsOf(driver), log }, far);
    for (const other of host.others(this)) {
      const [mine, its] = threads.channel();
      this.tell({ type: "peer", index: other.index }, mine);
      other.tell({ type: "peer", index }, its);
    }
  }

  tell(message: ToCore, port?: ThreadPort): void {
    this.#thread.port.post(message, port === undefined ? [] : [port]);
  }

  /** Asks whether it lives. Says how often that was asked in vain before. */
  ping(): number {
    this.tell({ type: "ping" });
    return this.#unanswered++;
  }

  /** What it reports; undefined where it does not in time. */
  report(question?: unknown): Promise<unknown> {
    const { promise, resolve } = Promise.withResolvers<unknown>();
    const id = ++this.#lastReport;
    this.#reports.set(id, resolve);
    const late = this.#host.setup.world.clock.timer(REPORT_MS, () => resolve(undefined));
    this.tell({ type: "report", id, question });
    return promise.finally(() => {
      late.cancel();
      this.#reports.delete(id);
    });
  }

  /** Asks it to stop. Resolves when it has. */
  async stop(withinMs: number): Promise<void> {
    this.tell({ type: "stop", withinMs });
    await this.over;
  }

  /** Ends the thread, and gives up what it had. Twice is fine. */
  async bury(): Promise<void> {
    this.#thread.terminate();
    this.#host.addresses.releaseAll(this.index);
    for (const other of this.#host.others(this)) other.tell({ type: "peer-gone", index: this.index });
    await this.#service.bury();
  }

  #end(end: CoreEnd): void {
    this.#becameReady.reject(end ?? new Error(`Cannot run core ${this.index}: it has stopped`));
    this.#ended.resolve(end);
  }

  #receive(message: FromCore): void {
    const { setup: { world }, addresses } = this.#host;
    switch (message.type) {
      case "ready":
        return this.#becameReady.resolve();
      case "failed":
        return this.#end(errorOf(message.failure));
      case "ended":
        return this.#end(undefined);
      case "reserve": {
        const { id, hostname, port } = message;
        return void addresses.reserve(this.index, id, { hostname, port }).then(
          (reserved) => this.tell({ type: "reserved", id, port: reserved.port, places: reserved.places }),
          (error) => this.tell({ type: "not-reserved", id, failure: failureOf(error) }),
        );
      }
      case "release":
        return addresses.release(this.index, message.id);
      case "log": {
        const stream: LogStream = message.stream;
        return world.logLines(message.lines, stream);
      }
      case "listening":
        return this.#host.listens(message.key, message.lines);
      case "report":
        return this.#reports.get(message.id)?.(message.report);
      case "pong":
        return;
    }
  }
}

function notReady(index: number, withinMs: number): Error {
  return new Error(
    `Cannot run core ${index}: it was not ready within ${withinMs} ms (startTimeoutMs). ` +
      "Its main module has to call run, and the program to give its system, with servers that listen",
  );
}

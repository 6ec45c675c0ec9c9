/**
 * One core: a thread with a system of its own, a host of the cluster that the cores are.
 *
 * @module
 */
import { composeEngine } from "../cluster/compose.ts";
import type { Engine } from "../cluster/engine.ts";
import { portDriver } from "../cluster/engines/ports.ts";
import { checkSystem } from "../runtime/run.ts";
import type { ActorSystem } from "../runtime/system.ts";
import type { RealLogOptions, RealWorld } from "../world/real/mod.ts";
import type { EndSignal, HostProcess, Log, LogRecord, ThreadPort, World } from "../world/world.ts";
import { CoreNet } from "./core_net.ts";
import { errorOf, failureOf, type FromCore, type ToCore } from "./messages.ts";
import type { Reserved } from "./addresses.ts";

/** What a program has on one core. */
export interface Core {
  /** The number of the core, from 1. */
  readonly index: number;
  /** How many there are. */
  readonly cores: number;
  /**
   * What the system of this core has to be made with: its listeners share their ports and their places with
   * those of the other cores, and its lines go into the one log.
   */
  readonly world: World;
  /** The cluster that the cores are: see `joinCluster`. */
  readonly engine: Engine;
  /** What {@linkcode CoresOptions.settings} was. */
  readonly settings: unknown;
  /**
   * Says what this core reports when the first thread asks: structured data. What is asked is what its
   * `CoreReports` was given; undefined where it asks all cores.
   */
  onReport(report: (question: unknown) => unknown): void;
}

/** Makes the system of one core. It is called once on each. */
export type CoreProgram = (core: Core) => ActorSystem | Promise<ActorSystem>;

/** Has the system of one core made. Throws `TypeError` where it is none. */
export async function makeSystem(program: CoreProgram, core: Core): Promise<ActorSystem> {
  const system: unknown = await program(core);
  checkSystem(system, (what) => `Cannot run the program: it gave ${what}, not the ActorSystem that it made`);
  return system;
}

/** Events of which one core tells for all. */
const SAID_ONCE: ReadonlySet<unknown> = new Set(["listening", "web-door"]);

/** The share of the time to stop that a core has: the rest is for its last words to arrive. */
const STOP_SHARE = 0.95;

/** Runs a program in a thread that was started for it. Resolves when its system has stopped. */
export async function runCore(
  program: CoreProgram,
  parent: ThreadPort,
  makeWorld: (log: RealLogOptions) => RealWorld,
): Promise<number> {
  const thread = new CoreThread(parent);
  const start = await thread.started;
  const real = makeWorld({
    ...start.log,
    write: (lines, stream) => thread.tell({ type: "log", lines, stream }),
  });
  try {
    return await runSystem(program, thread, start, real, makeWorld);
  } catch (error) {
    await real.flush();
    thread.tell({ type: "failed", failure: failureOf(error) });
    return 1;
  }
}

type Start = Extract<ToCore, { readonly type: "start" }> & { readonly enginePort: ThreadPort };

async function runSystem(
  program: CoreProgram,
  thread: CoreThread,
  start: Start,
  real: RealWorld,
  makeWorld: (log: RealLogOptions) => RealWorld,
): Promise<number> {
  const { index, cores, settings, limits, enginePort } = start;
  const net = new CoreNet(real.net, {
    index,
    reserve: (address) => thread.reserve(address),
    release: (id) => thread.tell({ type: "release", id }),
  });
  const log = new CoreLog(real.log, (record) => {
    const once = makeWorld({
      ...start.log,
      write: (lines) => thread.tell({ type: "listening", key: record.message, lines }),
    });
    once.log.write(record);
  });
  const process = new CoreProcess(real, thread);
  const driver = portDriver({ world: real, port: enginePort, limits });
  thread.onPeer = (port) => driver.addHost(port);
  const world: World = { ...real, net, log, process };
  const system = await makeSystem(program, {
    index,
    cores,
    world,
    engine: composeEngine(driver, real),
    settings,
    onReport: (report) => thread.report = report,
  });
  real.threads?.dropRights(start.dropRights);
  // A server that cannot listen has failed its system by then.
  net.settled().then(() => real.loop.afterPoll(() => thread.tell({ type: "ready" })));
  const ended = system.terminated.then(() => undefined, (error) => ({ error }));
  const first = await Promise.race([thread.stopping, ended]);
  if (typeof first === "number" && !await stopWithin(system, first)) {
    const message = `Not everything of core ${index} was closed within ${first} ms`;
    real.log.write({ level: "warn", actor: "/", message, fields: { event: "drain-cut" } });
  }
  await driver[Symbol.asyncDispose]();
  const failed = await ended;
  if (failed !== undefined) throw failed.error;
  await real.flush();
  thread.tell({ type: "ended" });
  return 0;
}

/** Stops a system, and says whether that took no longer than it may. */
async function stopWithin(system: ActorSystem, withinMs: number): Promise<boolean> {
  let isComplete = true;
  const late = system.world.clock.timer(withinMs, () => isComplete = false);
  await system.stop({ withinMs });
  late.cancel();
  return isComplete;
}

/** This thread, as the first one of the process talks with it. */
class CoreThread {
  readonly started: Promise<Start>;
  /** Resolves to the milliseconds that the stop may take. */
  readonly stopping: Promise<number>;
  /** Takes the ports to other cores, and says how each is taken out again. */
  onPeer: ((port: ThreadPort) => () => void) | undefined;
  /** What is reported when the first thread asks. */
  report: (question: unknown) => unknown = () => undefined;
  /** Told when the process will end in a moment. */
  onEnding: () => void = () => {};
  readonly #parent: ThreadPort;
  readonly #peers = new Map<number, () => void>();
  readonly #reserving = new Map<number, PromiseWithResolvers<Reserved>>();
  #lastId = 0;

  constructor(parent: ThreadPort) {
    const started = Promise.withResolvers<Start>();
    const stopping = Promise.withResolvers<number>();
    this.started = started.promise;
    this.stopping = stopping.promise;
    this.#parent = parent;
    parent.receive((received, [port]) => {
      // The first thread runs this program, too.
      const message = received as ToCore;
      switch (message.type) {
        case "start":
          return port && started.resolve({ ...message, enginePort: port });
        case "peer":
          return void (port && this.started.then(() => this.#addPeer(message.index, port)));
        case "peer-gone":
          this.#peers.get(message.index)?.();
          return void this.#peers.delete(message.index);
        case "reserved":
          return this.#take(message.id)?.resolve(message);
        case "not-reserved":
          return this.#take(message.id)?.reject(errorOf(message.failure));
        case "report":
          return void Promise.try(this.report, message.question).catch(() => undefined)
            .then((report) => this.tell({ type: "report", id: message.id, report }));
        case "ending":
          return this.onEnding();
        case "stop":
          return stopping.resolve(message.withinMs * STOP_SHARE);
        case "ping":
          return this.tell({ type: "pong" });
      }
    });
  }

  tell(message: FromCore): void {
    this.#parent.post(message);
  }

  reserve(
    { hostname, port }: { readonly hostname: string; readonly port: number },
  ): { readonly id: number; readonly reserved: Promise<Reserved> } {
    const id = ++this.#lastId;
    const reserving = Promise.withResolvers<Reserved>();
    this.#reserving.set(id, reserving);
    this.tell({ type: "reserve", id, hostname, port });
    return { id, reserved: reserving.promise };
  }

  #take(id: number): PromiseWithResolvers<Reserved> | undefined {
    const reserving = this.#reserving.get(id);
    this.#reserving.delete(id);
    return reserving;
  }

  #addPeer(index: number, port: ThreadPort): void {
    const remove = this.onPeer?.(port);
    if (remove !== undefined) this.#peers.set(index, remove);
  }
}

/** The log of a core. That it listens is said by one for all. */
class CoreLog implements Log {
  readonly #log: Log;
  readonly #listens: (record: LogRecord) => void;

  constructor(log: Log, listens: (record: LogRecord) => void) {
    this.#log = log;
    this.#listens = listens;
  }

  enabled(level: LogRecord["level"]): boolean {
    return this.#log.enabled(level);
  }

  write(record: LogRecord): void {
    if (SAID_ONCE.has(record.fields?.event)) this.#listens(record);
    else this.#log.write(record);
  }
}

/** The process, as one core sees it: it is the first thread that is asked to end. */
class CoreProcess implements HostProcess {
  isEnding = false;
  readonly memory: NonNullable<HostProcess["memory"]>;
  readonly #real: RealWorld;
  readonly #thread: CoreThread;

  constructor(real: RealWorld, thread: CoreThread) {
    this.#real = real;
    this.#thread = thread;
    this.memory = () => real.process?.memory?.() ?? { residentBytes: 0, heapUsedBytes: 0, heapTotalBytes: 0 };
    thread.onEnding = () => this.isEnding = true;
  }

  onEndSignal(told: (signal: EndSignal) => void): { cancel(): void } {
    let isOn = true;
    this.#thread.stopping.then(() => isOn && told("SIGTERM"));
    return { cancel: () => isOn = false };
  }

  fail(): void {
    // What fails a core is told to the first thread by `runCore`.
  }

  announceEnd(): void {
    this.isEnding = true;
  }

  async exit(): Promise<void> {
    await this.#real.flush();
    this.#real.threads?.close();
  }
}

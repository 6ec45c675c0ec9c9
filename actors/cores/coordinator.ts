/**
 * The cores of one machine as actors: started, watched, started again, stopped together.
 *
 * @module
 */
import { composeEngine } from "../cluster/compose.ts";
import type { HostRef, Placed, Placement } from "../cluster/engine.ts";
import type { Behavior, Context } from "../runtime/behavior.ts";
import { onAbort } from "../runtime/on_abort.ts";
import { escalate, type OnFailure, restart } from "../runtime/supervision.ts";
import { ActorStopped } from "../runtime/errors.ts";
import { errorText } from "../world/world.ts";
import { Addresses } from "./addresses.ts";
import { type CoreEnd, CoreLife, type CoresHost, type CoresSetup } from "./core_life.ts";

/** Options of {@linkcode coordinator}. */
export interface CoordinatorOptions extends CoresSetup {
  /** Milliseconds that a core may take to stop. */
  readonly drainMs: number;
  /** Told when all cores serve. */
  readonly onReady?: (cores: CoreReports) => void;
  /** Told when a core has stopped by itself. */
  readonly onStopped: () => void;
}

/** One life of a core. */
export interface LivingCore {
  /** The number of the core, from 1. */
  readonly index: number;
  /** Tells this life from those before it, and from those of other cores. */
  readonly life: number;
}

/** The cores that live, for who wants to know how they are. */
export interface CoreReports extends Pick<Placement, "hosts"> {
  /** Where an entity lives: a hint; undefined when it sleeps. */
  where(type: { readonly name: string }, id: string): Promise<Placed | undefined>;
  /** Those that live, by their numbers. */
  readonly living: readonly LivingCore[];
  /** What each of them reports: see `onReport` of `Core`. Undefined of one that does not answer in time. */
  reports(): Promise<readonly (LivingCore & { readonly report: unknown })[]>;
  /**
   * What this life of a core reports when it is asked this: structured data. Rejects where it does not
   * answer, or is over.
   */
  ask(core: LivingCore, question: unknown): Promise<unknown>;
}

/** A core that served has died, which is no fault of the settings. */
class CoreDied extends Error {
  override readonly name = "CoreDied";
}

/** A core that dies is started again so often before the process is given up. */
const RESTART = restart({ limit: 5, withinMs: 60_000, backoff: { minMs: 50, maxMs: 2000, jitter: 0.2 } });
/** How often a core is asked whether it lives. */
const PING_MS = 1000;
/**
 * One that has not answered so often is taken for dead: it is in a loop without end, or ended silently. Not
 * counted in time, which goes on while the whole process is stopped.
 */
const MAX_UNANSWERED = 10;

/**
 * Starts the cores: the first alone, so that what is wrong with the settings is said once; then the others.
 *
 * The start fails as the first core does.
 */
export function coordinator(options: CoordinatorOptions): Behavior<"core stopped"> {
  return async (self) => {
    const { world, cores, driver, onReady, onStopped } = options;
    self.supervise("one-for-one", { stopOrder: "together" });
    self.onStop(async () => await driver[Symbol.asyncDispose]());
    const all = new Cores(options, new Addresses(world.net, cores));
    // A program that has given no system yet has nothing to stop, and may never give one.
    const stopped = Promise.withResolvers<void>();
    onAbort(self.signal, stopped.resolve);
    const start = async (index: number) => {
      if (self.signal.aborted) return;
      const ref = self.spawn(
        `core-${index}`,
        coreActor(index, all, { parent: self, stopped: stopped.promise }, options.drainMs),
        {
          onFailure: decide,
          shutdownMs: options.drainMs,
          // Its thread may end while it stops.
          deadLetterLevel: "debug",
        },
      );
      await self.started(ref);
    };
    try {
      await start(1);
      await Promise.all(Array.from({ length: cores - 1 }, (_, n) => start(n + 2)));
    } catch (error) {
      // This actor has failed in the place of the core that did not start.
      if (error instanceof ActorStopped) return () => {};
      throw error;
    }
    if (self.signal.aborted) return () => {};
    all.tellWhereTheyListen();
    onReady?.(all);
    return () => onStopped();
  };
}

function decide(error: unknown): OnFailure {
  // One that does not even start fails who starts them all.
  return error instanceof CoreDied ? RESTART : escalate();
}

type CoreEvent = { readonly type: "over"; readonly end: CoreEnd } | { readonly type: "tick" };

/** One core. A life of the actor is one of the thread. */
function coreActor(
  index: number,
  all: Cores,
  { parent, stopped }: { readonly parent: Context<"core stopped">; readonly stopped: Promise<void> },
  drainMs: number,
): Behavior<CoreEvent> {
  return async (self) => {
    const life = all.start(index);
    let isOver = false;
    self.onStop(async () => {
      if (!isOver) await life.stop(drainMs);
      await all.bury(life);
    });
    const died = (why: unknown) => {
      const text = errorText(why);
      self.log.warn(`Core ${index} has died, and is started again: ${text}`, {
        event: "core-died",
        error: why,
      });
      return new CoreDied(text, { cause: why });
    };
    try {
      await Promise.race([life.ready, stopped]);
    } catch (error) {
      isOver = true;
      throw all.haveServed ? died(error) : error;
    }
    if (parent.signal.aborted) {
      isOver = true;
      return () => {};
    }
    self.pipe(life.over, (end): CoreEvent => ({ type: "over", end }), (error): CoreEvent => {
      return { type: "over", end: new Error(errorText(error)) };
    });
    self.every(PING_MS, { type: "tick" });
    return (event) => {
      if (event.type === "tick") {
        if (life.ping() < MAX_UNANSWERED) return;
        isOver = true;
        throw died(new Error(`it has not answered ${MAX_UNANSWERED} times`));
      }
      isOver = true;
      if (event.end !== undefined) throw died(event.end);
      parent.self.tell("core stopped");
    };
  };
}

/** All cores that live, and what they share. */
class Cores implements CoresHost, CoreReports {
  readonly setup: CoresSetup;
  readonly addresses: Addresses;
  /** All have been ready once. */
  haveServed = false;
  readonly #placement: Placement;
  readonly #living = new Set<CoreLife>();
  #lastLife = 0;
  /** What was said of where they listen, by its key; held until all do. */
  readonly #listening = new Map<string, string>();

  constructor(setup: CoresSetup, addresses: Addresses) {
    this.setup = setup;
    this.addresses = addresses;
    this.#placement = composeEngine(setup.driver, setup.world).placement;
  }

  start(index: number): CoreLife {
    const life = new CoreLife({ index, life: ++this.#lastLife }, this);
    this.#living.add(life);
    return life;
  }

  async bury(life: CoreLife): Promise<void> {
    this.#living.delete(life);
    await life.bury();
  }

  *others(than: CoreLife): Iterable<CoreLife> {
    for (const life of this.#living) if (life !== than) yield life;
  }

  hosts(): Promise<HostRef[]> {
    return this.#placement.hosts();
  }

  where({ name }: { readonly name: string }, id: string): Promise<Placed | undefined> {
    return this.#placement.lookup({ type: name, id });
  }

  async reports(): Promise<readonly (LivingCore & { readonly report: unknown })[]> {
    return await Promise.all(Array.from(this.#living, async (core) => {
      const { index, life } = core;
      return { index, life, report: await core.report() };
    }));
  }

  get living(): readonly LivingCore[] {
    return Array.from(this.#living, ({ index, life }) => ({ index, life }))
      .sort((one, other) => one.index - other.index);
  }

  async ask({ index, life }: LivingCore, question: unknown): Promise<unknown> {
    const core = [...this.#living].find((each) => each.life === life);
    const report = await core?.report(question);
    if (report === undefined) throw new Error(`Cannot ask core ${index}: it does not answer`);
    return report;
  }

  listens(key: string, lines: string): void {
    if (this.#listening.has(key)) return;
    this.#listening.set(key, lines);
    if (this.haveServed) this.setup.world.logLines(lines, "stdout");
  }

  tellWhereTheyListen(): void {
    this.haveServed = true;
    for (const lines of this.#listening.values()) this.setup.world.logLines(lines, "stdout");
  }
}

/**
 * A run of a campaign that a person walks through, in the inspector's page.
 *
 * @module
 */
import {
  EventFeed,
  type InspectedHost,
  type Replay,
  replayInspector,
  SystemMetrics,
} from "../actors/inspect/mod.ts";
import type { StaticFiles } from "../actors/net/mod.ts";
import { formatTrace, SimWorld, Stepper } from "../actors/world/sim/mod.ts";
import type { SocketAddress, World } from "../actors/world/world.ts";
import { ActorSystem, errorText, escalate } from "../mod.ts";
import type { InspectorReplay } from "../protocols/inspector.ts";
import type { Campaign } from "./_campaigns.ts";

/** Options of {@linkcode replayCampaign}. */
export interface ReplayOptions {
  /** The real world, for the page. */
  readonly world: World;
  readonly campaign: Campaign;
  readonly seed: number;
  readonly address: SocketAddress;
  readonly pages: StaticFiles | undefined;
  readonly onListening: (address: SocketAddress) => void;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** So many of the last events are shown. */
const TRACE_LINES = 40;
/** While it runs, the page is told of it so often. */
const SHOW_MS = 200;

/** One run, which goes on as far as it is let. */
export class CampaignReplay implements Replay {
  readonly sim: SimWorld;
  readonly feed: EventFeed;
  readonly metrics: SystemMetrics = new SystemMetrics();
  readonly #stepper = new Stepper();
  readonly #campaign: Campaign;
  readonly #logged = new Map<string, number>();
  readonly #changed = new Set<() => void>();
  /** The next failure of an actor holds it. */
  #holdsAtFailure = false;
  #outcome: "passed" | "failed" | undefined;
  #problem: string | undefined;

  constructor(campaign: Campaign, seed: number) {
    this.#campaign = campaign;
    this.sim = new SimWorld({
      seed,
      stepper: this.#stepper,
      systemMade: (host, system) => {
        if (system instanceof ActorSystem) this.#listen(host, system);
      },
    });
    this.feed = new EventFeed(() => this.sim.now, { maxPerSecond: Infinity });
    this.#stepper.onWait(() => this.refresh());
  }

  /** Runs the campaign. Resolves when it is over, however. */
  async run(): Promise<void> {
    const { promise: failed, reject } = Promise.withResolvers<never>();
    const onRejection = (event: PromiseRejectionEvent) => {
      event.preventDefault();
      reject(event.reason);
    };
    addEventListener("unhandledrejection", onRejection);
    this.sim.onStill(() => reject(new Error("Cannot finish: the test waits, and nothing more will happen")));
    try {
      await Promise.race([this.#campaign.run(this.sim), failed]);
      this.sim.throwFailure();
      this.#outcome = "passed";
    } catch (error) {
      this.#outcome = "failed";
      this.#problem = error instanceof Error ? error.stack ?? errorText(error) : errorText(error);
    } finally {
      removeEventListener("unhandledrejection", onRejection);
      this.refresh();
    }
  }

  /** The systems of all machines that are up. */
  readonly hosts = (): readonly InspectedHost[] => {
    const all: InspectedHost[] = [];
    for (const { name, systems } of this.sim.hosts) {
      for (const system of systems) {
        if (!(system instanceof ActorSystem)) continue;
        const count = all.filter((each) => each.name === name || each.name.startsWith(`${name} (`)).length;
        all.push({ name: count === 0 ? name : `${name} (${count + 1})`, system });
      }
    }
    return all;
  };

  get state(): InspectorReplay {
    const { events, isWaiting } = this.#stepper;
    return {
      title: `${this.#campaign.name}, seed ${this.sim.seed}`,
      events,
      trace: formatTrace(this.sim.trace.last(TRACE_LINES)).split("\n"),
      state: this.#outcome ?? (isWaiting ? "waits" : "runs"),
      ...(this.#problem === undefined ? {} : { problem: this.#problem }),
    };
  }

  step({ events, until }: { readonly events: number; readonly until?: "failure" }): void {
    // A step that is under way stays what it is, whoever else asks for one.
    if (!this.#stepper.isWaiting) return;
    this.#holdsAtFailure = until === "failure";
    this.#stepper.step(events);
  }

  onChange(changed: () => void): void {
    this.#changed.add(changed);
  }

  /** Tells of what has come since the last time. */
  refresh(): void {
    for (const { name, log } of this.sim.hosts) {
      const known = this.#logged.get(name) ?? 0;
      // What is no longer kept is not shown.
      for (const record of log.records.slice(known)) this.feed.logged(record, name);
      this.#logged.set(name, log.records.length);
    }
    for (const changed of this.#changed) changed();
  }

  #listen(host: string, system: ActorSystem): void {
    const tell = this.feed.listener(host);
    system.events.subscribe((event) => {
      this.metrics.counted(event);
      tell(event);
      if (event.type === "failed" && this.#holdsAtFailure) this.#stepper.hold();
    });
  }
}

/** Shows a run in the page until the signal ends it. */
export async function replayCampaign(options: ReplayOptions): Promise<void> {
  const { world, campaign, seed, address, pages, onListening, signal } = options;
  const replay = new CampaignReplay(campaign, seed);
  const system = new ActorSystem("simulate", { world });
  const showing = setInterval(() => {
    if (replay.state.state === "runs") replay.refresh();
  }, SHOW_MS);
  const door = replayInspector({
    ...{ address, replay, onListening },
    title: "simulation",
    hosts: replay.hosts,
    feed: replay.feed,
    metrics: replay.metrics,
    now: () => replay.sim.now,
    ...(pages === undefined ? {} : { pages }),
  });
  system.spawn("inspect", door, { onFailure: escalate() });
  void replay.run();
  const ended = new Promise<void>((resolve) =>
    signal.addEventListener("abort", () => resolve(), { once: true })
  );
  try {
    await Promise.race([ended, system.terminated]);
  } finally {
    clearInterval(showing);
    replay.sim.close();
    await system.stop();
  }
}

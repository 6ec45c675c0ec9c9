/**
 * The pages that look through an inspector: while there is one, the systems are measured once a second for
 * all of them.
 *
 * @module
 */
import type { InspectorTick } from "../../protocols/inspector.ts";
import type { Context, Ref } from "../runtime/mod.ts";
import { type BusiestByHost, BusiestOfHosts } from "./busiest.ts";
import type { Totals } from "./census.ts";
import { ClusterWatch, type InspectedCluster } from "./cluster_watch.ts";
import type { EventFeed } from "./event_feed.ts";
import type { SystemMetrics } from "./metrics.ts";
import { type AnyHost, type InspectedHost, isRemote, type RemoteHost } from "./hosts.ts";
import type { HubMessage, PageMessage, PageServices } from "./page_session.ts";
import { Pace } from "./pace.ts";
import type { Replay } from "./replay.ts";
import { addCounts, addTotals, RemoteCounter, type RemoteCounts } from "./remote_counts.ts";
import { pathRowOf } from "./rows.ts";

/** What is looked into. */
export interface HubSource {
  readonly title: string;
  /** The systems that there are now. */
  hosts(): readonly AnyHost[];
  readonly feed: EventFeed;
  readonly metrics: SystemMetrics;
  /** The time that ticks have. */
  now(): number;
  /** What the process needs. */
  process(): Pick<InspectorTick, "loopDelayMs" | "residentBytes" | "heapUsedBytes">;
  readonly replay?: Replay;
  /** The cluster that the system is in. @default none */
  cluster?(): InspectedCluster | undefined;
  /** The tree is counted also while no page is open, though seldom. */
  readonly isExported?: boolean;
}

/** What the inspector tells itself. */
export type HubPrivate =
  | { readonly type: "tick" }
  | {
    readonly type: "measured";
    readonly totals: Totals;
    readonly busiest: BusiestByHost | undefined;
    readonly remote: RemoteCounts;
  }
  | { readonly type: "not-measured" }
  /** Somebody does not want to wait for the tick. */
  | { readonly type: "measure" }
  | { readonly type: "replayed" };

const TICK_MS = 1000;
/** However often pages ask for something else, all is measured so seldom. */
const MIN_GAP_MS = 200;
/** Of those in which no page is open, one in so many counts the tree for who exports it. */
const TICKS_A_COUNT = 10;
/** Five minutes. */
const MAX_HISTORY = 300;

/** Measures, and tells the pages. */
export class PageHub {
  readonly #self: Context<HubMessage | HubPrivate>;
  readonly #source: HubSource;
  readonly #pages = new Set<Ref<PageMessage>>();
  readonly #wantBusiest = new Set<Ref<PageMessage>>();
  readonly #history: InspectorTick[] = [];
  readonly #cluster: ClusterWatch;
  readonly #remote: RemoteCounter;
  #busiest = new BusiestOfHosts();
  readonly #pace: Pace;
  #isMeasuring = false;
  #isMeasureDue = false;
  #measuredAt = -Infinity;
  #ticks = 0;

  constructor(self: Context<HubMessage | HubPrivate>, source: HubSource) {
    this.#self = self;
    this.#source = source;
    this.#remote = new RemoteCounter(source.feed);
    this.#pace = new Pace(() => self.world.clock.monotonic());
    this.#cluster = new ClusterWatch(() => source.cluster?.(), () => self.coarseNow);
    self.every(TICK_MS, { type: "tick" });
    source.replay?.onChange(() => self.self.tell({ type: "replayed" }));
  }

  /** What each page's session is made with. */
  get services(): PageServices {
    const { title, feed, metrics, replay } = this.#source;
    return {
      title,
      feed,
      hosts: () => this.#source.hosts(),
      times: metrics.times,
      loop: this.#self.world.loop,
      now: () => this.#source.now(),
      history: () => this.#history,
      hub: this.#self.self,
      cluster: this.#cluster,
      ...(replay === undefined ? {} : { replay }),
    };
  }

  /** Handles a message of the inspector's. */
  receive(message: HubMessage | HubPrivate): void {
    switch (message.type) {
      case "opened":
        this.#pages.add(message.page);
        return this.#measureSoon();
      case "closed":
        this.#pages.delete(message.page);
        this.#wantBusiest.delete(message.page);
        return;
      case "wants-busiest":
        if (!this.#pages.has(message.page)) return;
        if (message.wants) this.#wantBusiest.add(message.page);
        else this.#wantBusiest.delete(message.page);
        return this.#measureSoon();
      case "measure":
        this.#isMeasureDue = false;
        return this.#measure();
      case "tick":
        if (this.#pages.size > 0) return this.#measure();
        if (this.#source.isExported && ++this.#ticks % TICKS_A_COUNT === 0) void this.#count();
        return;
      case "measured":
        this.#isMeasuring = false;
        return this.#tellTick(message.totals, message.busiest, message.remote);
      case "not-measured":
        this.#isMeasuring = false;
        return;
      case "replayed":
        for (const page of this.#pages) page.tell({ type: "changed" });
        return this.#measure();
    }
  }

  /** At once, unless that was just done. */
  #measureSoon(): void {
    if (this.#isMeasureDue) return;
    const waitMs = this.#measuredAt + MIN_GAP_MS - this.#self.world.clock.monotonic();
    if (waitMs <= 0) return this.#measure();
    this.#isMeasureDue = true;
    this.#self.after(waitMs, { type: "measure" });
  }

  #measure(): void {
    if (this.#isMeasuring || this.#pages.size === 0 || !this.#pace.isDue) return;
    this.#isMeasuring = true;
    this.#measuredAt = this.#self.world.clock.monotonic();
    const { metrics } = this.#source;
    // What is remembered of each actor goes with the last page that wants it.
    if (this.#wantBusiest.size === 0) this.#busiest = new BusiestOfHosts();
    const { here, elsewhere } = this.#hosts;
    const withBusiest = this.#wantBusiest.size > 0;
    const counting = !withBusiest
      ? undefined
      : this.#busiest.begin(here, this.#source.now(), (actor) => pathRowOf(actor, metrics.times));
    const systems = here.map(({ system }) => system);
    const measuring = this.#pace.take(() => metrics.measure(systems, this.#self.world.loop, counting?.met));
    this.#self.pipe(
      Promise.all([measuring, this.#remote.count(elsewhere, withBusiest)]),
      ([totals, remote]) => ({ type: "measured", totals, busiest: counting?.rows(), remote }),
      () => ({ type: "not-measured" }),
    );
  }

  #count(): Promise<unknown> {
    const systems = this.#hosts.here.map(({ system }) => system);
    return this.#source.metrics.measure(systems, this.#self.world.loop);
  }

  get #hosts(): { readonly here: readonly InspectedHost[]; readonly elsewhere: readonly RemoteHost[] } {
    const hosts = this.#source.hosts();
    return {
      here: hosts.flatMap((host) => isRemote(host) ? [] : [host]),
      elsewhere: hosts.filter(isRemote),
    };
  }

  #tellTick(totals: Totals, busiestHere: BusiestByHost | undefined, remote: RemoteCounts): void {
    const busiest = busiestHere && new Map([...busiestHere, ...remote.busiest]);
    const tick = this.#tick(totals, remote);
    this.#history.push(tick);
    if (this.#history.length > MAX_HISTORY) this.#history.shift();
    for (const page of this.#pages) page.tell({ type: "tick", tick, busiest });
  }

  #tick(here: Totals, remote: RemoteCounts): InspectorTick {
    const { metrics } = this.#source;
    const { actors, handled, waiting } = addTotals(here, remote.totals);
    return {
      time: this.#source.now(),
      ...{ actors, handled, waiting },
      // Who looks is no part of what is looked at.
      ...addCounts({ ...metrics.eventCounts, ...metrics.trafficCounts(this.#self.path) }, remote.counts),
      ...this.#source.process(),
    };
  }
}

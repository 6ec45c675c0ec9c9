/**
 * What a system can be measured by, without a collector.
 *
 * @module
 */
import type { MetricFamily } from "../../protocols/prometheus.ts";
import type { ActorEvent, ActorFailed, Counter, HandledSample, Instruments } from "../runtime/mod.ts";
import type { EventLoop } from "../world/world.ts";
import { census, type CountedSystem, type Met, type Totals } from "./census.ts";
import { HandlingTimes } from "./handling_times.ts";
import { type Attributes, MeterRegistry } from "./meter_registry.ts";

/** Upper bounds of the histogram of handling times, in seconds. */
const HANDLER_BOUNDS = [0.00001, 0.0001, 0.001, 0.01, 0.1, 1] as const;

const NOTHING_YET: Totals = { actors: 0, handled: 0, waiting: 0, highWater: 0 };

/** What is counted of a system's events. */
export interface EventCounts {
  /** Failures of actors. */
  readonly failures: number;
  /** Messages that nobody handled. */
  readonly deadLetters: number;
  /** Restarts so far. */
  readonly restarts: number;
}

/** What peers and the system have sent each other. */
export interface TrafficCounts {
  /** Connections to peers. */
  readonly connections: number;
  /** Bytes from peers so far. */
  readonly bytesIn: number;
  /** Bytes to peers so far. */
  readonly bytesOut: number;
}

/**
 * Measures a system that was made with its {@linkcode SystemMetrics.instruments}. What stands in the tree is
 * counted when
 * it is asked for.
 *
 * @example
 * ```ts
 * import { ActorSystem } from "@troupe/actors";
 * import { SystemMetrics } from "@troupe/actors/inspect";
 * import { assertEquals } from "@std/assert";
 *
 * const metrics = new SystemMetrics();
 * await using system = new ActorSystem("demo", { instruments: metrics.instruments });
 * system.spawn("idle", () => () => {});
 * const { actors } = await metrics.measure([system], system.world.loop);
 * assertEquals(actors, 2); // with the root
 * ```
 */
export class SystemMetrics {
  /** All that is counted, also by the actors themselves. */
  readonly meter: MeterRegistry;
  /** Times of handlers, by actor. */
  readonly times: HandlingTimes = new HandlingTimes();
  /** What the system is to be made with. */
  readonly instruments: Instruments;
  readonly #started: Counter;
  readonly #restarted: Counter;
  readonly #stopped: Counter;
  readonly #failed: Counter;
  readonly #deadLetters: Counter;
  /** What failures were counted for: an actor that fails with its child counts no second time. */
  readonly #errors = new WeakSet<object>();
  #totals = NOTHING_YET;

  /** `others` are instruments beside these: tracing. */
  constructor(meter: MeterRegistry = new MeterRegistry(), others: Instruments = {}) {
    this.meter = meter;
    const counter = (name: string, unit: string, description: string) =>
      meter.counter(name, { unit, description: `${description}, since the server has started.` });
    this.#started = counter("troupe.actors.started", "{actor}", "First lives of actors");
    this.#restarted = counter("troupe.actors.restarted", "{actor}", "Further lives of actors");
    this.#stopped = counter("troupe.actors.stopped", "{actor}", "Actors that ended");
    this.#failed = counter("troupe.failures", "{failure}", "Failures of actors");
    this.#deadLetters = counter("troupe.dead_letters", "{message}", "Messages that nobody handled");
    this.#observeTree();
    const durations = meter.histogram("troupe.handler.duration", {
      unit: "s",
      description:
        "Time of a handler up to its first await: of one in a thousand messages, and at most of one in 10 ms.",
      bounds: HANDLER_BOUNDS,
    });
    const sampled = (sample: HandledSample) => {
      durations.record(sample.durationMs / 1000);
      this.times.add(sample.actor.path, sample.durationMs);
    };
    this.instruments = { ...others, meter, sampled };
  }

  /** Counts an event: for `system.events.subscribe`. */
  readonly counted = (event: ActorEvent): void => {
    switch (event.type) {
      case "started":
        return event.restarts === 0 ? this.#started.add(1) : this.#restarted.add(1);
      case "stopped":
        return this.#stopped.add(1);
      case "failed":
        return this.#countFailure(event);
      case "dead-letter":
        return this.#deadLetters.add(1);
    }
  };

  #countFailure({ phase, error }: ActorFailed): void {
    const isObject = typeof error === "object" && error !== null;
    // A permanent child that ends too often fails in its parent alone.
    if (phase !== "child" || (isObject && !this.#errors.has(error))) this.#failed.add(1);
    if (isObject) this.#errors.add(error);
  }

  /** What was counted of events. */
  get eventCounts(): EventCounts {
    const { meter } = this;
    return {
      failures: meter.sum("troupe.failures"),
      deadLetters: meter.sum("troupe.dead_letters"),
      restarts: meter.sum("troupe.actors.restarted"),
    };
  }

  /** What connections have counted, but for those of servers below the actor at `except`. */
  trafficCounts(except?: string): TrafficCounts {
    const { meter } = this;
    const isMeant = ({ "troupe.server": server }: Attributes) =>
      except === undefined || !String(server).startsWith(`${except}/`);
    const bytes = (direction: string) =>
      meter.sum(
        "process.network.io",
        (attributes) => attributes["network.io.direction"] === direction && isMeant(attributes),
      );
    return {
      connections: meter.sum("troupe.connections", isMeant),
      bytesIn: bytes("receive"),
      bytesOut: bytes("transmit"),
    };
  }

  /** Counts the trees, a piece at a time; `met` is called with each actor. */
  async measure(
    systems: readonly CountedSystem[],
    loop: EventLoop,
    met?: Met,
  ): Promise<Totals> {
    const totals = await census(systems, loop, met);
    // An actor that stops while the others are counted is missed for once; a counter never falls.
    return this.#totals = { ...totals, handled: Math.max(totals.handled, this.#totals.handled) };
  }

  /** All metrics, as the tree was when it was counted last. */
  families(): MetricFamily[] {
    return this.meter.families();
  }

  #observeTree(): void {
    const { meter } = this;
    const sum = (name: string, unit: string, description: string, read: () => number) =>
      meter.observe(name, "upDownCounter", { unit, description }, read);
    sum("troupe.actors", "{actor}", "Actors that are there now.", () => this.#totals.actors);
    sum(
      "troupe.mailbox.messages",
      "{message}",
      "Messages that wait in all mailboxes.",
      () => this.#totals.waiting,
    );
    meter.observe(
      "troupe.mailbox.high_water.messages",
      "gauge",
      { unit: "{message}", description: "The most that waited in one mailbox when a turn began." },
      () => this.#totals.highWater,
    );
    meter.observe(
      "troupe.messages.handled",
      "counter",
      { unit: "{message}", description: "Messages handled by all actors." },
      () => this.#totals.handled,
    );
  }
}

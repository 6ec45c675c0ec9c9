/**
 * A host's counters as metrics, which the inspector and OpenTelemetry show.
 *
 * @module
 */
import type { Counter, Gauge, Meter } from "../runtime/meter.ts";
import type { ClusterMetrics } from "./metrics.ts";

/** Counters by field: name, unit, description. */
const COUNTERS = {
  activations: ["troupe.cluster.activations", "{entity}", "Entities that came to life here."],
  passivations: [
    "troupe.cluster.passivations",
    "{entity}",
    "Entities that were put to sleep or handed over.",
  ],
  replays: ["troupe.cluster.replays", "{replay}", "Journals that were replayed."],
  replayMs: ["troupe.cluster.replay.time", "s", "Time that replays took."],
  commits: ["troupe.cluster.commits", "{commit}", "Writes to journals that are durable."],
  committedCommands: ["troupe.cluster.committed_commands", "{command}", "Commands in these writes."],
  commitMs: ["troupe.cluster.commit.time", "s", "Time that these writes took."],
  snapshots: ["troupe.cluster.snapshots", "{snapshot}", "Snapshots written."],
  fencedWrites: [
    "troupe.cluster.fenced_writes",
    "{write}",
    "Writes refused since another host owns the entity.",
  ],
  unknownOutcomes: ["troupe.cluster.unknown_outcomes", "{write}", "Writes of which no answer came."],
  repeatedOperations: ["troupe.cluster.repeated_operations", "{command}", "Commands answered as before."],
  sentMessages: ["troupe.cluster.messages.sent", "{message}", "Messages to other hosts."],
  receivedMessages: ["troupe.cluster.messages.received", "{message}", "Messages from other hosts."],
  reroutedMessages: ["troupe.cluster.messages.rerouted", "{message}", "Messages that were sent anew."],
  undeliveredMessages: ["troupe.cluster.messages.undelivered", "{message}", "Messages that were given up."],
  lostLeases: ["troupe.cluster.lost_leases", "{lease}", "Leases that were lost."],
} as const satisfies Partial<Record<keyof ClusterMetrics, readonly [string, string, string]>>;

/** What a host is like at a moment. */
export interface HostState {
  /** Entities that live here. */
  readonly entities: number;
  /** Milliseconds since the lease was renewed; undefined while there is none. */
  readonly leaseAgeMs: number | undefined;
  /** Whether the engine can be reached. */
  readonly isConnected: boolean;
  /** Names of the hosts that live; undefined when that is not known anew. */
  readonly hosts?: readonly string[] | undefined;
}

/** A sum that is told as a whole, on an instrument that adds. */
class Total {
  readonly #counter: Counter;
  #value = 0;

  constructor(counter: Counter) {
    this.#counter = counter;
  }

  set(value: number): void {
    this.#counter.add(value - this.#value);
    this.#value = value;
  }
}

/** Tells a meter what has changed. */
export class ClusterMeter {
  readonly #meter: Meter;
  readonly #counters: readonly (readonly [keyof typeof COUNTERS, Total])[];
  readonly #hosts = new Map<string, Gauge>();
  readonly #entities: Total;
  readonly #leaseAge: Gauge;
  readonly #longestReplay: Gauge;
  readonly #connected: Gauge;
  readonly #epoch: Gauge;

  constructor(meter: Meter) {
    this.#meter = meter;
    const fields = Object.keys(COUNTERS).filter(isField);
    this.#counters = fields.map((field) => {
      const [name, unit, description] = COUNTERS[field];
      return [field, new Total(meter.counter(name, { unit, description }))] as const;
    });
    const gauge = (name: string, unit: string, description: string) =>
      meter.gauge(name, { unit, description });
    this.#entities = new Total(
      meter.upDownCounter("troupe.cluster.entities", {
        unit: "{entity}",
        description: "Entities that live on this host.",
      }),
    );
    this.#leaseAge = gauge(
      "troupe.cluster.lease.age",
      "s",
      "Time since the lease was renewed; -1 without one.",
    );
    this.#longestReplay = gauge("troupe.cluster.replay.longest", "s", "The longest that a replay took.");
    this.#connected = gauge("troupe.cluster.connected", "1", "1 while the engine can be reached.");
    this.#epoch = gauge("troupe.cluster.epoch", "1", "The highest fencing token that this host was given.");
  }

  /** Tells all of it. */
  report(metrics: ClusterMetrics, { entities, leaseAgeMs, isConnected, hosts }: HostState): void {
    for (const [field, counter] of this.#counters) {
      counter.set(field.endsWith("Ms") ? metrics[field] / 1000 : metrics[field]);
    }
    this.#entities.set(entities);
    this.#leaseAge.record(leaseAgeMs === undefined ? -1 : leaseAgeMs / 1000);
    this.#longestReplay.record(metrics.longestReplayMs / 1000);
    this.#connected.record(isConnected ? 1 : 0);
    this.#epoch.record(metrics.highestEpoch);
    if (hosts === undefined) return;
    for (const host of new Set([...hosts, ...this.#hosts.keys()])) {
      this.#host(host).record(hosts.includes(host) ? 1 : 0);
    }
  }

  #host(host: string): Gauge {
    let gauge = this.#hosts.get(host);
    if (gauge === undefined) {
      const description = "1 for each host of the cluster that lives, as this host knows it.";
      gauge = this.#meter.gauge("troupe.cluster.host", { unit: "1", description, attributes: { host } });
      this.#hosts.set(host, gauge);
    }
    return gauge;
  }
}

function isField(name: string): name is keyof typeof COUNTERS {
  return name in COUNTERS;
}

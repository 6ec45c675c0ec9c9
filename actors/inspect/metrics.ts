/**
 * What a system can be measured by, without a collector.
 *
 * @module
 */
import type { MetricFamily, MetricSample } from "../../protocols/prometheus.ts";
import type { ActorEvent, ActorSnapshot, ActorSystem, HandledSample } from "../runtime/mod.ts";

/** Upper bounds of the histogram of handling times, in seconds. */
const BUCKETS = [0.00001, 0.0001, 0.001, 0.01, 0.1, 1] as const;

/**
 * Counts what a system does, from its events and, where it was made with {@linkcode SystemMetrics.sampled} as
 * its
 * instrument, from timed handlers. What stands in its tree is counted when it is asked for.
 */
export class SystemMetrics {
  readonly #counts = { started: 0, restarted: 0, stopped: 0, failed: 0, deadLetters: 0 };
  readonly #buckets: number[] = BUCKETS.map(() => 0);
  #samples = 0;
  #sampledSeconds = 0;

  /** Counts an event: for `system.events.subscribe`. */
  readonly counted = (event: ActorEvent): void => {
    switch (event.type) {
      case "started":
        if (event.restarts === 0) this.#counts.started++;
        else this.#counts.restarted++;
        return;
      case "stopped":
        this.#counts.stopped++;
        return;
      case "failed":
        this.#counts.failed++;
        return;
      case "dead-letter":
        this.#counts.deadLetters++;
        return;
    }
  };

  /** Counts a handler that was timed: for {@linkcode Instruments.sampled}. */
  readonly sampled = ({ durationMs }: HandledSample): void => {
    const seconds = durationMs / 1000;
    this.#samples++;
    this.#sampledSeconds += seconds;
    for (const [index, bound] of BUCKETS.entries()) {
      if (seconds <= bound) this.#buckets[index] = (this.#buckets[index] ?? 0) + 1;
    }
  };

  /** All metrics now. Walks the tree once. */
  families(system: Pick<ActorSystem, "tree">): MetricFamily[] {
    const { actors, handled, waiting, highWater } = totals(system.tree());
    const { started, restarted, stopped, failed, deadLetters } = this.#counts;
    return [
      gauge("troupe_actors", "Actors that are there now.", actors),
      gauge("troupe_mailbox_messages", "Messages that wait in all mailboxes.", waiting),
      gauge(
        "troupe_mailbox_high_water_messages",
        "The most that waited in one mailbox when a turn began.",
        highWater,
      ),
      counter("troupe_messages_handled_total", "Messages handled by the actors that are there now.", handled),
      counter("troupe_actors_started_total", "First lives of actors since the inspector looks.", started),
      counter(
        "troupe_actors_restarted_total",
        "Further lives of actors since the inspector looks.",
        restarted,
      ),
      counter("troupe_actors_stopped_total", "Actors that ended since the inspector looks.", stopped),
      counter("troupe_failures_total", "Failures of actors since the inspector looks.", failed),
      counter(
        "troupe_dead_letters_total",
        "Messages that nobody handled since the inspector looks.",
        deadLetters,
      ),
      this.#durations(),
    ];
  }

  #durations(): MetricFamily {
    const samples: MetricSample[] = BUCKETS.map((bound, index) => ({
      suffix: "_bucket",
      labels: { le: String(bound) },
      value: this.#buckets[index] ?? 0,
    }));
    return {
      name: "troupe_handler_duration_seconds",
      help: "Time of a handler up to its first await; one in about a thousand is timed.",
      type: "histogram",
      samples: [
        ...samples,
        { suffix: "_bucket", labels: { le: "+Inf" }, value: this.#samples },
        { suffix: "_sum", value: this.#sampledSeconds },
        { suffix: "_count", value: this.#samples },
      ],
    };
  }
}

function gauge(name: string, help: string, value: number): MetricFamily {
  return { name, help, type: "gauge", samples: [{ value }] };
}

function counter(name: string, help: string, value: number): MetricFamily {
  return { name, help, type: "counter", samples: [{ value }] };
}

interface Totals {
  actors: number;
  handled: number;
  waiting: number;
  highWater: number;
}

/** Without recursion: a tree may be ten thousand levels deep. */
function totals(root: ActorSnapshot): Totals {
  const sum: Totals = { actors: 0, handled: 0, waiting: 0, highWater: 0 };
  const left: ActorSnapshot[] = [root];
  for (let actor; (actor = left.pop()) !== undefined;) {
    sum.actors++;
    sum.handled += actor.handled;
    sum.waiting += actor.mailbox;
    sum.highWater = Math.max(sum.highWater, actor.highWater);
    for (const child of actor.children) left.push(child);
  }
  return sum;
}

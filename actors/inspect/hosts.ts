/**
 * The machines that an inspector shows: those whose systems are here, and those of other threads, which
 * are asked.
 *
 * @module
 */
import type {
  InspectorCommand,
  InspectorHost,
  InspectorNews,
  InspectorRow,
  InspectorSeen,
} from "../../protocols/inspector.ts";
import type { ActorSystem, TreeOptions } from "../runtime/mod.ts";
import type { BusiestRows } from "./busiest.ts";
import type { Totals } from "./census.ts";
import type { FeedPosition } from "./event_feed.ts";
import type { EventCounts, TrafficCounts } from "./metrics.ts";

/** A system that is looked into, and the machine that it runs on. */
export interface InspectedHost {
  /** The machine. */
  readonly name: string;
  /** The system. */
  readonly system: Pick<ActorSystem, "tree" | "subtree" | "details" | "walk" | "handledByStopped">;
}

/** A system of another thread, which answers questions. */
export interface RemoteHost extends InspectorHost {
  /** Tells it from one of the same name that was there before, and counted for itself. */
  readonly life: number;
  /** Rejects where it does not answer. */
  ask<Q extends HostQuestion>(question: Q): Promise<HostAnswers[Q["type"]]>;
}

/** Any of them. */
export type AnyHost = InspectedHost | RemoteHost;

/** What a page looks at. */
export type Look = Extract<InspectorCommand, { readonly type: "look" }>;

/** What another thread's system is asked. */
export type HostQuestion =
  | { readonly type: "look"; readonly look: Look }
  /** A further search of the same asker ends the one before. */
  | { readonly type: "search"; readonly text: string; readonly by: string }
  | { readonly type: "tree"; readonly path: string | null; readonly options: TreeOptions }
  /** Counts its tree; and what has happened since the last time. */
  | { readonly type: "count"; readonly withBusiest: boolean; readonly since: FeedPosition };

/** What it answers. */
export interface HostAnswers {
  /** What is seen. */
  readonly look: LookedAt;
  /** What was found. */
  readonly search: Found;
  /** Undefined where there is no such actor. */
  readonly tree: ReturnType<ActorSystem["tree"]> | undefined;
  /** What was counted. */
  readonly count: HostCount;
}

/** What a look at one machine gives. */
export type LookedAt = Pick<InspectorSeen, "views" | "details" | "cluster">;

/** What a search finds. */
export interface Found {
  /** The first of them. */
  readonly rows: readonly InspectorRow[];
  /** There are more than are shown. */
  readonly more: boolean;
}

/** What was counted of one machine. */
export interface HostCount {
  /** Of its tree. */
  readonly totals: Totals;
  /** Since it began. */
  readonly counts: EventCounts & TrafficCounts;
  /** Where they were asked for. */
  readonly busiest?: BusiestRows;
  /** What happened since. */
  readonly news: InspectorNews;
  /** From where on it is asked the next time. */
  readonly position: FeedPosition;
}

/** Whether a machine has to be asked. */
export function isRemote(host: AnyHost): host is RemoteHost {
  return "ask" in host;
}

/** A machine as pages know it. */
export function hostOf(host: AnyHost): InspectorHost {
  if (isRemote(host)) return { name: host.name, root: host.root };
  return { name: host.name, root: host.system.tree({ levels: 0 }).path };
}

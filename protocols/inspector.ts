/**
 * What an inspector and those who look through it say to each other: one JSON object a WebSocket message.
 *
 * @module
 */
import { withoutMark } from "./_byte_order_mark.ts";
import type { InspectorCluster, InspectorClusterView, InspectorPlace } from "./inspector_cluster.ts";

/** By what the busiest actors are chosen. */
export type InspectorOrder = "messages" | "mailbox" | "restarts";

/** A part of the tree that is unfolded: one actor, and some of its children. */
export interface InspectorView {
  /** The actor. */
  readonly path: string;
  /** Children that are left out before those that are shown. */
  readonly skip: number;
  /** Children that are shown. */
  readonly count: number;
}

/** What a page asks. None of it changes anything in the system. */
export type InspectorCommand =
  /** From now on these are shown, at each tick; what was asked for before is not. */
  | {
    readonly type: "look";
    /** The machine: one of those that `hello` names. */
    readonly host: string;
    readonly views: readonly InspectorView[];
    /** The actor whose own page is open. */
    readonly actor?: string;
    /** The busiest are shown. */
    readonly busiest?: { readonly by: InspectorOrder; readonly count: number };
    /** The cluster is shown. */
    readonly cluster?: InspectorClusterView;
  }
  /** Actors whose path has this in it. */
  | { readonly type: "search"; readonly host: string; readonly text: string }
  /** Where in the cluster an entity lives. */
  | { readonly type: "where"; readonly entityType: string; readonly id: string }
  /** A replay goes on: by so many events, or to the next failure. Elsewhere it does nothing. */
  | { readonly type: "step"; readonly events: number; readonly until?: "failure" };

/** A machine with a system on it. */
export interface InspectorHost {
  /** What it is called. */
  readonly name: string;
  /** The path of its root. */
  readonly root: string;
}

/** An actor. */
export interface InspectorRow {
  /** The last part of its path; in lists of actors from all over the tree the whole path. */
  readonly name: string;
  /** Where it is in its life. */
  readonly state: string;
  /** Messages that wait now, and the most that ever did when a turn began. */
  readonly mailbox: number;
  /** The most messages that ever waited when a turn began. */
  readonly highWater: number;
  /** Messages handled, in all of its lives. */
  readonly handled: number;
  /** Restarts so far. */
  readonly restarts: number;
  /** How many children it has. */
  readonly childCount: number;
  /** Milliseconds that a message takes, where one was timed. */
  readonly meanMs?: number;
}

/** The system at one moment. */
export interface InspectorTick {
  /** Milliseconds since 1970; in a replay virtual milliseconds since its beginning. */
  readonly time: number;
  /** Actors that are there. */
  readonly actors: number;
  /** Messages handled so far. */
  readonly handled: number;
  /** Messages that wait. */
  readonly waiting: number;
  /** Failures of actors. */
  readonly failures: number;
  /** Messages that nobody handled. */
  readonly deadLetters: number;
  /** Restarts so far. */
  readonly restarts: number;
  /** Connections to peers. */
  readonly connections: number;
  /** Bytes from and to peers so far. */
  readonly bytesIn: number;
  /** Bytes to peers so far. */
  readonly bytesOut: number;
  /** Milliseconds that the event loop was late at most since the last tick. */
  readonly loopDelayMs: number;
  /** Memory of the machine that the process occupies. */
  readonly residentBytes: number;
  /** JavaScript heap in use. */
  readonly heapUsedBytes: number;
}

/** A failure of an actor. */
export interface InspectorFailure {
  /** Counts them. */
  readonly number: number;
  /** When: milliseconds since 1970, or of virtual time. */
  readonly time: number;
  /** The machine. */
  readonly host: string;
  /** Path of the actor. */
  readonly actor: string;
  /** In what it failed. */
  readonly phase: string;
  /** The `type` of the message, where it has one. */
  readonly messageType?: string;
  /** What was thrown, as a text. */
  readonly error: string;
  /** Where it was thrown, and why. */
  readonly stack: string;
  /** What was done about it. */
  readonly decision: string;
  /** Restarts so far. */
  readonly restarts: number;
}

/** A message that nobody handled. What it said is not told: it may be private. */
export interface InspectorDeadLetter {
  /** Counts those of its kind. */
  readonly number: number;
  /** When: milliseconds since 1970, or of virtual time. */
  readonly time: number;
  /** The machine. */
  readonly host: string;
  /** Path of the actor that it was for. */
  readonly target: string;
  /** The `type` of the message, where it has one. */
  readonly messageType?: string;
  /** Why nobody handled it. */
  readonly reason: string;
}

/** A further life of an actor. */
export interface InspectorRestart {
  /** Counts those of its kind. */
  readonly number: number;
  /** When: milliseconds since 1970, or of virtual time. */
  readonly time: number;
  /** The machine. */
  readonly host: string;
  /** Path of the actor. */
  readonly actor: string;
  /** Restarts so far. */
  readonly restarts: number;
}

/** A line of the log. */
export interface InspectorLogLine {
  /** Counts those of its kind. */
  readonly number: number;
  /** When: milliseconds since 1970, or of virtual time. */
  readonly time: number;
  /** The machine. */
  readonly host: string;
  /** How much it matters. */
  readonly level: "debug" | "info" | "warn" | "error";
  /** Path of the actor. */
  readonly actor: string;
  /** What was said. */
  readonly message: string;
}

/** An actor's own page. */
export interface InspectorDetails {
  /** Where it stands in the tree. */
  readonly path: string;
  /** What its row in the tree shows. */
  readonly row: InspectorRow;
  /** Its options, in words. */
  readonly options: Readonly<Record<string, string>>;
  /** Paths of some of those who watch it. */
  readonly watchers: readonly string[];
  /** How many watch it. */
  readonly watcherCount: number;
  /** Its last failures, the newest first. */
  readonly failures: readonly InspectorFailure[];
}

/** What happened since the last time that it was told. */
export interface InspectorNews {
  /** Failures of actors. */
  readonly failures: readonly InspectorFailure[];
  /** Messages that nobody handled. */
  readonly deadLetters: readonly InspectorDeadLetter[];
  /** Restarts so far. */
  readonly restarts: readonly InspectorRestart[];
  /** Lines of the log. */
  readonly log: readonly InspectorLogLine[];
  /** So much more happened that is not told of one by one. */
  readonly missed: number;
}

/** What is seen of what a page looks at. */
export interface InspectorSeen {
  /** The machine. */
  readonly host: string;
  /** When: milliseconds since 1970, or of virtual time. */
  readonly time: number;
  /** What is unfolded. */
  readonly views: readonly {
    readonly path: string;
    /** Absent where there is no such actor. */
    readonly actor?: InspectorRow;
    readonly skip: number;
    readonly children: readonly InspectorRow[];
  }[];
  /** The actor whose own page is open, while it is there. */
  readonly details?: InspectorDetails;
  /** The busiest actors, where they were asked for. */
  readonly busiest?: readonly (InspectorRow & { readonly perSecond: number })[];
  /** The cluster, where it was asked for and there is one. */
  readonly cluster?: InspectorCluster;
}

/** A replayed run of a simulation. */
export interface InspectorReplay {
  /** What is replayed. */
  readonly title: string;
  /** Events that have happened. */
  readonly events: number;
  /** What happened last, the newest last. */
  readonly trace: readonly string[];
  /** Where it is in its life. */
  readonly state: "waits" | "runs" | "passed" | "failed";
  /** Why it failed. */
  readonly problem?: string;
}

/** What a page is told. */
export type InspectorEvent =
  | {
    readonly type: "hello";
    readonly system: string;
    readonly hosts: readonly InspectorHost[];
    /** What was measured before the page came, oldest first. */
    readonly history: readonly InspectorTick[];
  }
  | {
    readonly type: "tick";
    readonly tick: InspectorTick;
    readonly hosts: readonly InspectorHost[];
    /** The system is a host of a cluster. */
    readonly isInCluster: boolean;
  }
  | { readonly type: "seen"; readonly seen: InspectorSeen }
  | { readonly type: "news"; readonly news: InspectorNews }
  | {
    readonly type: "found";
    readonly text: string;
    readonly rows: readonly InspectorRow[];
    /** There are more. */
    readonly more: boolean;
  }
  | { readonly type: "placed"; readonly place: InspectorPlace }
  | { readonly type: "replay"; readonly replay: InspectorReplay };

/** The most that one page may have unfolded, and the most children that it may be shown in all. */
export const MAX_VIEWS = 100;
/** The most rows that a page is shown at once. */
export const MAX_ROWS = 2000;
/** The longest path and search text that is taken. */
const MAX_TEXT = 4096;
/** The most of the busiest. */
const MAX_BUSIEST = 200;
/** The most entities of a cluster. */
const MAX_ENTITIES = 1000;
/** The longest step of a replay. */
export const MAX_STEP = 1_000_000;

/**
 * Reads a message of a page; `null` when it is not a command within the limits.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseInspectorCommand } from "@troupe/actors/protocols/inspector";
 *
 * const search = '{"type":"search","host":"echo","text":"server"}';
 * assertEquals(parseInspectorCommand(search), { type: "search", host: "echo", text: "server" });
 * assertEquals(parseInspectorCommand('{"type":"search"}'), null);
 * ```
 */
export function parseInspectorCommand(text: string): InspectorCommand | null {
  let value: unknown;
  try {
    value = JSON.parse(withoutMark(text));
  } catch {
    return null;
  }
  if (!isObject(value)) return null;
  switch (value["type"]) {
    case "look":
      return parseLook(value);
    case "search": {
      const { host, text } = value;
      return isText(host) && isText(text) ? { type: "search", host, text } : null;
    }
    case "where": {
      const { entityType, id } = value;
      return isText(entityType) && isText(id) ? { type: "where", entityType, id } : null;
    }
    case "step": {
      const { events, until } = value;
      if (!isCount(events, MAX_STEP) || (until !== undefined && until !== "failure")) return null;
      return { type: "step", events, ...(until === undefined ? {} : { until }) };
    }
    default:
      return null;
  }
}

function parseLook({ host, views, actor, busiest, cluster }: Fields): InspectorCommand | null {
  if (!isText(host) || !Array.isArray(views) || views.length > MAX_VIEWS) return null;
  if (actor !== undefined && !isText(actor)) return null;
  const parsed: InspectorView[] = [];
  let rows = 0;
  for (const view of views) {
    if (!isObject(view)) return null;
    const { path, skip, count } = view;
    if (!isText(path) || !isCount(skip, Number.MAX_SAFE_INTEGER) || !isCount(count, MAX_ROWS)) return null;
    rows += count;
    parsed.push({ path, skip, count });
  }
  if (rows > MAX_ROWS) return null;
  const order = busiest === undefined ? undefined : parseBusiest(busiest);
  const entities = cluster === undefined ? undefined : parseClusterView(cluster);
  if (order === null || entities === null) return null;
  return {
    type: "look",
    host,
    views: parsed,
    ...(actor === undefined ? {} : { actor }),
    ...(order === undefined ? {} : { busiest: order }),
    ...(entities === undefined ? {} : { cluster: entities }),
  };
}

function parseBusiest(value: unknown): { by: InspectorOrder; count: number } | null {
  if (!isObject(value)) return null;
  const { by, count } = value;
  if (by !== "messages" && by !== "mailbox" && by !== "restarts") return null;
  return isCount(count, MAX_BUSIEST) ? { by, count } : null;
}

function parseClusterView(value: unknown): InspectorClusterView | null {
  if (!isObject(value)) return null;
  const { skip, count } = value;
  if (!isCount(skip, Number.MAX_SAFE_INTEGER) || !isCount(count, MAX_ENTITIES)) return null;
  return { skip, count };
}

type Fields = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value.length <= MAX_TEXT;
}

function isCount(value: unknown, most: number): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= most;
}

/** The state of the inspector's page, and how it changes. Pure: no DOM, no clock. */
import type {
  InspectorDeadLetter,
  InspectorEvent,
  InspectorFailure,
  InspectorHost,
  InspectorLogLine,
  InspectorNews,
  InspectorOrder,
  InspectorReplay,
  InspectorRestart,
  InspectorRow,
  InspectorSeen,
  InspectorTick,
} from "../../protocols/inspector.ts";
import type { InspectorPlace } from "../../protocols/inspector_cluster.ts";

/** What the second half of the page shows. */
export type Tab = "actor" | "failures" | "dead-letters" | "restarts" | "log" | "busiest" | "cluster";

/** Children of an actor that are shown at once. */
export const PAGE = 100;

const MAX_TICKS = 300;
const MAX_EVENTS = 200;
const MAX_LOG_LINES = 500;
/** So many actors may be unfolded at once, each with a page of children. */
const MAX_UNFOLDED = 19;

/** Messages handled by an actor, when it was looked at last, and how many a second. */
export interface Rate {
  readonly handled: number;
  readonly time: number;
  readonly perSecond: number;
}

/** What was wrong with a token. */
export type TokenProblem = "" | "wrong" | "too-many";

/** Everything that the page shows. */
export interface State {
  readonly connection: "connecting" | "open" | "lost" | "needs-token";
  readonly tokenProblem: TokenProblem;
  readonly system: string;
  readonly hosts: readonly InspectorHost[];
  /** The machine that is looked at. */
  readonly host: string;
  readonly ticks: readonly InspectorTick[];
  readonly seen: InspectorSeen | undefined;
  readonly rates: ReadonlyMap<string, Rate>;
  /** Unfolded actors by path, and how many of their children are left out before those that are shown. */
  readonly unfolded: ReadonlyMap<string, number>;
  /** The row that the keyboard is on. */
  readonly focus: string;
  /** The actor whose own page is open. */
  readonly actor: string;
  readonly tab: Tab;
  readonly order: InspectorOrder;
  readonly failures: readonly InspectorFailure[];
  readonly deadLetters: readonly InspectorDeadLetter[];
  readonly restarts: readonly InspectorRestart[];
  readonly log: readonly InspectorLogLine[];
  /** So much happened that was not told of one by one. */
  readonly missed: number;
  readonly logLevel: InspectorLogLine["level"];
  readonly logText: string;
  readonly search: string;
  readonly found: { readonly rows: readonly InspectorRow[]; readonly more: boolean } | undefined;
  readonly isInCluster: boolean;
  /** Entities that are left out before those that are shown. */
  readonly entitySkip: number;
  /** Where the entity lives that was asked for. */
  readonly place: InspectorPlace | undefined;
  readonly replay: InspectorReplay | undefined;
}

/** Before anything is known. */
export const EMPTY: State = {
  connection: "connecting",
  tokenProblem: "",
  system: "",
  hosts: [],
  host: "",
  ticks: [],
  seen: undefined,
  rates: new Map(),
  unfolded: new Map(),
  focus: "",
  actor: "",
  tab: "failures",
  order: "messages",
  failures: [],
  deadLetters: [],
  restarts: [],
  log: [],
  missed: 0,
  logLevel: "debug",
  logText: "",
  search: "",
  found: undefined,
  isInCluster: false,
  entitySkip: 0,
  place: undefined,
  replay: undefined,
};

/** The inspector has told something. */
export function told(state: State, event: InspectorEvent): State {
  switch (event.type) {
    case "hello": {
      const { system, hosts, history } = event;
      // What was told before a lost connection is told anew: the numbers of a server that was started again
      // begin anew.
      const fresh = { ...state, failures: [], deadLetters: [], restarts: [], log: [], missed: 0 };
      const host = hosts.find(({ name }) => name === state.host) ?? hosts[0];
      return withHost({ ...fresh, connection: "open", system, hosts, ticks: history }, host);
    }
    case "tick": {
      const ticks = [...state.ticks, event.tick].slice(-MAX_TICKS);
      const { hosts, isInCluster } = event;
      const next = { ...state, ticks, hosts, isInCluster };
      if (state.host === "") return withHost(next, hosts[0]);
      // What was seen of a machine that has gone is no longer so. It is shown again when it is back.
      return isHostThere(next) ? next : { ...next, seen: undefined, rates: new Map() };
    }
    case "seen":
      return event.seen.host === state.host
        ? { ...state, seen: event.seen, rates: ratesOf(state.rates, event.seen) }
        : state;
    case "news":
      return withNews(state, event.news);
    case "found":
      return event.text === state.search
        ? { ...state, found: { rows: event.rows, more: event.more } }
        : state;
    case "placed":
      return { ...state, place: event.place };
    case "replay":
      return { ...state, replay: event.replay };
  }
}

function withNews(state: State, news: InspectorNews): State {
  return {
    ...state,
    failures: [...state.failures, ...news.failures].slice(-MAX_EVENTS),
    deadLetters: [...state.deadLetters, ...news.deadLetters].slice(-MAX_EVENTS),
    restarts: [...state.restarts, ...news.restarts].slice(-MAX_EVENTS),
    log: [...state.log, ...news.log].slice(-MAX_LOG_LINES),
    missed: state.missed + news.missed,
  };
}

/** Whether the machine that is looked at is up. */
export function isHostThere({ hosts, host }: State): boolean {
  return hosts.some(({ name }) => name === host);
}

/** Looks at another machine, or at the same again. */
export function withHost(state: State, host: InspectorHost | undefined): State {
  if (host === undefined) return { ...state, host: "" };
  if (host.name === state.host && state.unfolded.has(host.root)) return state;
  return {
    ...state,
    host: host.name,
    seen: undefined,
    rates: new Map(),
    unfolded: new Map([[host.root, 0]]),
    focus: host.root,
    actor: "",
    found: undefined,
  };
}

/**
 * Unfolds an actor, or shows another page of its children. Over the limit, the one unfolded first is folded.
 */
export function unfold(state: State, path: string, skip = 0): State {
  const unfolded = new Map(state.unfolded);
  unfolded.delete(path);
  unfolded.set(path, skip);
  for (const [first] of unfolded) {
    if (unfolded.size <= MAX_UNFOLDED) break;
    unfolded.delete(first);
  }
  return { ...state, unfolded };
}

/** Folds an actor and all below it. */
export function fold(state: State, path: string): State {
  const unfolded = new Map(
    [...state.unfolded].filter(([each]) => each !== path && !each.startsWith(`${path}/`)),
  );
  return { ...state, unfolded };
}

/** Shows an actor's own page, and unfolds what leads to it. */
export function openActor(state: State, path: string): State {
  let next: State = { ...state, actor: path, focus: path, tab: "actor" };
  const parts = path.split("/").slice(1, -1);
  let parent = "";
  for (const part of parts) {
    parent += `/${part}`;
    if (!next.unfolded.has(parent)) next = unfold(next, parent);
  }
  return next;
}

/** A line of the tree. */
export type Line =
  | {
    readonly type: "actor";
    readonly path: string;
    readonly level: number;
    readonly row: InspectorRow;
    readonly isUnfolded: boolean;
  }
  /** More children than are shown stand under one actor. */
  | {
    readonly type: "pager";
    readonly path: string;
    readonly level: number;
    readonly skip: number;
    readonly count: number;
  };

/** The tree, as far as it is unfolded, from top to bottom. */
export function lines({ seen, unfolded }: State): Line[] {
  if (seen === undefined) return [];
  const views = new Map(seen.views.map((view) => [view.path, view]));
  const all: Line[] = [];
  const add = (path: string, level: number, row: InspectorRow): void => {
    const view = unfolded.has(path) ? views.get(path) : undefined;
    all.push({ type: "actor", path, level, row, isUnfolded: view !== undefined && row.childCount > 0 });
    if (view === undefined) return;
    for (const child of view.children) add(`${path}/${child.name}`, level + 1, child);
    if (row.childCount > PAGE || view.skip > 0) {
      all.push({ type: "pager", path, level: level + 1, skip: view.skip, count: row.childCount });
    }
  };
  for (const { path, actor } of seen.views) {
    const parent = path.slice(0, path.lastIndexOf("/"));
    if (actor !== undefined && !views.has(parent)) add(path, 0, actor);
  }
  return all;
}

const MIN_RATE_MS = 400;

/** How many messages a second each visible actor handles. */
function ratesOf(before: ReadonlyMap<string, Rate>, seen: InspectorSeen): Map<string, Rate> {
  const rates = new Map<string, Rate>();
  const add = (path: string, handled: number): void => {
    const last = before.get(path);
    if (last === undefined) rates.set(path, { handled, time: seen.time, perSecond: 0 });
    else if (seen.time - last.time < MIN_RATE_MS) rates.set(path, last);
    else {
      const perSecond = Math.max(0, handled - last.handled) * 1000 / (seen.time - last.time);
      rates.set(path, { handled, time: seen.time, perSecond });
    }
  };
  for (const { path, actor, children } of seen.views) {
    if (actor !== undefined) add(path, actor.handled);
    for (const child of children) add(`${path}/${child.name}`, child.handled);
  }
  if (seen.details !== undefined) add(seen.details.path, seen.details.row.handled);
  return rates;
}

const LEVELS: readonly InspectorLogLine["level"][] = ["debug", "info", "warn", "error"];

/** The log as it is filtered. */
export function filteredLog({ log, logLevel, logText }: State): readonly InspectorLogLine[] {
  const least = LEVELS.indexOf(logLevel);
  const wanted = logText.toLowerCase();
  return log.filter(({ level, actor, message }) =>
    LEVELS.indexOf(level) >= least && `${actor} ${message}`.toLowerCase().includes(wanted)
  );
}

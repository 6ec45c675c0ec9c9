/**
 * One page that looks through an inspector: a WebSocket that only reads.
 *
 * A page that is slow costs nobody anything: nothing is kept for it. What it looks at is gathered when it is
 * due and the
 * page has taken what came before; what happened is read from a list that all pages share.
 *
 * @module
 */
import {
  type InspectorCommand,
  type InspectorDetails,
  type InspectorEvent,
  type InspectorHost,
  type InspectorRow,
  type InspectorSeen,
  type InspectorTick,
  parseInspectorCommand,
} from "../../protocols/inspector.ts";
import type { InspectorPlace } from "../../protocols/inspector_cluster.ts";
import { TokenBucket } from "../../protocols/token_bucket.ts";
import type { Session, WebSocketConnection, WebSocketMessage } from "../net/mod.ts";
import type { ActorSystem, Ref } from "../runtime/mod.ts";
import type { EventLoop } from "../world/world.ts";
import type { ClusterWatch } from "./cluster_watch.ts";
import type { BusiestByHost } from "./busiest.ts";
import { walkInPieces } from "./census.ts";
import { type EventFeed, FEED_START } from "./event_feed.ts";
import type { HandlingTimes } from "./handling_times.ts";
import { pathRowOf, rowOf } from "./rows.ts";
import type { Replay } from "./replay.ts";

/** A system that is looked into, and the machine that it runs on. */
export interface InspectedHost {
  /** The machine. */
  readonly name: string;
  /** The system. */
  readonly system: Pick<ActorSystem, "tree" | "subtree" | "details" | "walk" | "handledByStopped">;
}

/** What the inspector is told of its pages. */
export type HubMessage =
  | { readonly type: "opened"; readonly page: Ref<PageMessage> }
  | { readonly type: "closed"; readonly page: Ref<PageMessage> }
  | { readonly type: "wants-busiest"; readonly page: Ref<PageMessage>; readonly wants: boolean };

/** What a page's actor is told. */
export type PageMessage =
  | { readonly type: "tick"; readonly tick: InspectorTick; readonly busiest: BusiestByHost | undefined }
  /** A replay has come further. */
  | { readonly type: "changed" }
  | { readonly type: "show" }
  | { readonly type: "look-for-news" }
  | { readonly type: "search" }
  | { readonly type: "found"; readonly found: Extract<InspectorEvent, { type: "found" }> }
  | { readonly type: "placed"; readonly place: InspectorPlace | undefined };

/** What all pages of an inspector have in common. */
export interface PageServices {
  /** What the page is titled. */
  readonly title: string;
  hosts(): readonly InspectedHost[];
  readonly feed: EventFeed;
  readonly times: HandlingTimes;
  readonly loop: EventLoop;
  now(): number;
  history(): readonly InspectorTick[];
  readonly hub: Ref<HubMessage>;
  readonly cluster: ClusterWatch;
  readonly replay?: Replay;
}

/** What a page asks: far more than a person makes it, and too little to cost others anything. */
const COMMANDS = { perSecond: 200, burst: 400 };
/** While so much waits for a page, nothing more is gathered for it. */
const MAX_QUEUED_BYTES = 65_536;
/** A failure is seen this long after it was caused at most, and a few milliseconds. */
const NEWS_MS = 200;
/** A page that folds and unfolds in haste is shown what it looks at twenty times a second. */
const SHOW_MS = 50;
/** What a look costs at most, as a part of the time until the next that the page asks for. */
const LOOK_SHARE = 0.1;
/** A page that searches in haste is answered ten times a second: what it asked last. */
const SEARCH_MS = 100;
const MAX_FOUND = 100;
const MAX_FAILURES = 20;
const MAX_WATCHERS = 50;

type Look = Extract<InspectorCommand, { type: "look" }>;
type Search = Extract<InspectorCommand, { type: "search" }>;

const decoder = new TextDecoder();

/** Makes the session of one page. */
export function pageSession(
  services: PageServices,
): (connection: WebSocketConnection<PageMessage>) => Session<WebSocketMessage, PageMessage> {
  return (connection) => new PageSession(connection, services);
}

class PageSession implements Session<WebSocketMessage, PageMessage> {
  readonly #connection: WebSocketConnection<PageMessage>;
  readonly #services: PageServices;
  readonly #commands: TokenBucket;
  #look: Look | undefined;
  #busiest: BusiestByHost | undefined;
  #isShowDue = false;
  /** What the last look took. */
  #lookMs = 0;
  #position = FEED_START;
  /** The engine of the cluster is asked where an entity is. */
  #isLocating = false;
  /** What is to be searched for. */
  #wanted: Search | undefined;
  /** Which search is the last one: earlier ones end. */
  #searches = 0;
  #isClosed = false;

  constructor(connection: WebSocketConnection<PageMessage>, services: PageServices) {
    this.#connection = connection;
    this.#services = services;
    const { title, hub, feed } = services;
    this.#commands = new TokenBucket(COMMANDS, connection.context.coarseNow);
    hub.tell({ type: "opened", page: connection.self });
    const hosts = services.hosts().map(hostOf);
    this.#tell({ type: "hello", system: title, hosts, history: services.history() });
    const { news, position } = feed.after(FEED_START);
    this.#position = position;
    this.#tell({ type: "news", news: { ...news, missed: 0 } });
    this.#tellReplay();
    connection.context.every(NEWS_MS, { type: "look-for-news" });
  }

  frame(message: WebSocketMessage): void {
    if (!this.#commands.take(this.#connection.context.coarseNow)) {
      return this.#connection.close(1008, "too many commands a second");
    }
    const text = typeof message === "string" ? message : decoder.decode(message);
    const command = parseInspectorCommand(text);
    if (command === null) return this.#connection.close(1008, "not a command of the inspector");
    switch (command.type) {
      case "look":
        return this.#onLook(command);
      case "search":
        return this.#onSearch(command);
      case "where":
        return this.#locate(command.entityType, command.id);
      case "step":
        return this.#services.replay?.step(command);
    }
  }

  message(message: PageMessage): void {
    switch (message.type) {
      case "tick": {
        this.#busiest = message.busiest;
        if (this.#isBehind) return;
        const hosts = this.#services.hosts().map(hostOf);
        const isInCluster = this.#services.cluster.isThere;
        this.#tell({ type: "tick", tick: message.tick, hosts, isInCluster });
        return this.#show();
      }
      case "changed":
        if (this.#isBehind) return;
        this.#tellReplay();
        return this.#show();
      case "show":
        this.#isShowDue = false;
        return this.#show();
      case "look-for-news":
        return this.#tellNews();
      case "search":
        return this.#search();
      case "found":
        return this.#tell(message.found);
      case "placed":
        this.#isLocating = false;
        if (message.place !== undefined) this.#tell({ type: "placed", place: message.place });
    }
  }

  closed(): void {
    this.#isClosed = true;
    this.#services.hub.tell({ type: "closed", page: this.#connection.self });
  }

  get #isBehind(): boolean {
    return this.#connection.queuedBytes > MAX_QUEUED_BYTES;
  }

  #onLook(look: Look): void {
    const wants = look.busiest !== undefined;
    if (wants !== (this.#look?.busiest !== undefined)) {
      this.#services.hub.tell({ type: "wants-busiest", page: this.#connection.self, wants });
    }
    this.#look = look;
    if (this.#isShowDue) return;
    this.#isShowDue = true;
    this.#connection.context.after(Math.max(SHOW_MS, this.#lookMs / LOOK_SHARE), { type: "show" });
  }

  #show(): void {
    const host = this.#host;
    if (this.#look === undefined || host === undefined || this.#isBehind) return;
    const { clock } = this.#connection.context.world;
    const begunAt = clock.monotonic();
    this.#tell({ type: "seen", seen: this.#seen(this.#look, host) });
    this.#lookMs = clock.monotonic() - begunAt;
  }

  /** The machine that the page looks at, while it is there. */
  get #host(): InspectedHost | undefined {
    return this.#services.hosts().find(({ name }) => name === this.#look?.host);
  }

  #seen(look: Look, host: InspectedHost): InspectorSeen {
    const { times, cluster: watch } = this.#services;
    const views = look.views.map(({ path, skip, count }) => {
      const actor = host.system.subtree(path, { levels: 1, maxChildren: count, skipChildren: skip });
      return {
        path,
        skip,
        ...(actor === undefined ? {} : { actor: rowOf(actor, times) }),
        children: actor?.children.map((child) => rowOf(child, times)) ?? [],
      };
    });
    const details = look.actor === undefined ? undefined : this.#details(look.actor, host);
    const busiest = look.busiest &&
      this.#busiest?.get(host.name)?.[look.busiest.by].slice(0, look.busiest.count);
    const cluster = look.cluster && watch.look(look.cluster.skip, look.cluster.count);
    return {
      host: host.name,
      time: this.#services.now(),
      views,
      ...(details === undefined ? {} : { details }),
      ...(busiest === undefined ? {} : { busiest }),
      ...(cluster === undefined ? {} : { cluster }),
    };
  }

  #details(path: string, { name, system }: InspectedHost): InspectorDetails | undefined {
    const found = system.details(path, { maxWatchers: MAX_WATCHERS });
    if (found === undefined) return undefined;
    const { mailbox, onFailure, restart, stashCapacity, shutdownMs } = found.options;
    return {
      path,
      row: rowOf(found.actor, this.#services.times),
      options: {
        mailbox,
        "on failure": onFailure,
        restart,
        "stash": `at most ${stashCapacity}`,
        "stops within": `${shutdownMs} ms`,
      },
      watchers: found.watchers,
      watcherCount: found.watcherCount,
      failures: this.#services.feed.failuresOf(name, path, MAX_FAILURES),
    };
  }

  #tellNews(): void {
    const { feed } = this.#services;
    if (!feed.hasNews(this.#position) || this.#isBehind) return;
    const { news, position } = feed.after(this.#position);
    this.#position = position;
    this.#tell({ type: "news", news });
  }

  #tellReplay(): void {
    const { replay } = this.#services;
    if (replay !== undefined) this.#tell({ type: "replay", replay: replay.state });
  }

  #onSearch(search: Search): void {
    const isDue = this.#wanted !== undefined;
    this.#wanted = search;
    if (!isDue) this.#connection.context.after(SEARCH_MS, { type: "search" });
  }

  #search(): void {
    const { host: hostName, text } = this.#wanted ?? { host: "", text: "" };
    this.#wanted = undefined;
    const search = ++this.#searches;
    const host = this.#services.hosts().find(({ name }) => name === hostName);
    if (host === undefined || text === "") return;
    const { loop, times } = this.#services;
    const wanted = text.toLowerCase();
    const rows: InspectorRow[] = [];
    let more = false;
    const walked = walkInPieces(host.system, loop, (actor) => {
      if (!actor.path.toLowerCase().includes(wanted)) return true;
      if (rows.length === MAX_FOUND) {
        more = true;
        return false;
      }
      rows.push(pathRowOf(actor, times));
      return true;
    }, () => this.#isClosed || search !== this.#searches);
    const found = (): PageMessage => ({ type: "found", found: { type: "found", text, rows, more } });
    this.#connection.context.pipe(walked, found, found);
  }

  /** One question at a time: who asks in haste is answered what was asked first. */
  #locate(type: string, id: string): void {
    if (this.#isLocating) return;
    this.#isLocating = true;
    const placed = (place?: InspectorPlace): PageMessage => ({ type: "placed", place });
    this.#connection.context.pipe(this.#services.cluster.place(type, id), placed, () => placed());
  }

  #tell(event: InspectorEvent): void {
    const text = JSON.stringify(event);
    // What is sent in one go is bounded by what may be asked for, and does not count as the page's slowness.
    this.#connection.allowOutbound(text.length);
    this.#connection.sendText(text);
  }
}

function hostOf({ name, system }: InspectedHost): InspectorHost {
  return { name, root: system.tree({ levels: 0 }).path };
}

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
  type InspectorEvent,
  type InspectorTick,
  parseInspectorCommand,
} from "../../protocols/inspector.ts";
import type { InspectorPlace } from "../../protocols/inspector_cluster.ts";
import { TokenBucket } from "../../protocols/token_bucket.ts";
import type { Session, WebSocketConnection, WebSocketMessage } from "../net/mod.ts";
import type { Ref } from "../runtime/mod.ts";
import type { EventLoop } from "../world/world.ts";
import type { ClusterWatch } from "./cluster_watch.ts";
import type { BusiestByHost } from "./busiest.ts";
import { type EventFeed, FEED_START } from "./event_feed.ts";
import type { HandlingTimes } from "./handling_times.ts";
import {
  type AnyHost,
  type Found,
  hostOf,
  isRemote,
  type Look,
  type LookedAt,
  type RemoteHost,
} from "./hosts.ts";
import { lookAt, search } from "./look.ts";
import type { Replay } from "./replay.ts";

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
  /** Another thread has answered a look; undefined where it has not. */
  | { readonly type: "seen"; readonly host: string; readonly seen: LookedAt | undefined }
  | { readonly type: "look-for-news" }
  | { readonly type: "search" }
  | { readonly type: "found"; readonly found: Extract<InspectorEvent, { type: "found" }> }
  | { readonly type: "placed"; readonly place: InspectorPlace | undefined };

/** What all pages of an inspector have in common. */
export interface PageServices {
  /** What the page is titled. */
  readonly title: string;
  hosts(): readonly AnyHost[];
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
  /** Another thread is asked what there is to see. */
  #isAsking = false;
  #position = FEED_START;
  /** The replay has come further than the page was told. */
  #isReplayDue = true;
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
        this.#isReplayDue = true;
        this.#tellReplay();
        return this.#show();
      case "show":
        this.#isShowDue = false;
        return this.#show();
      case "seen":
        this.#isAsking = false;
        if (message.seen !== undefined) this.#tellSeen(message.host, message.seen);
        return;
      case "look-for-news":
        this.#tellReplay();
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
    if (isRemote(host)) return this.#ask(this.#look, host);
    const { clock } = this.#connection.context.world;
    const begunAt = clock.monotonic();
    this.#tellSeen(host.name, lookAt(host, this.#look, this.#services));
    this.#lookMs = clock.monotonic() - begunAt;
  }

  /** One look at a time: what is asked for meanwhile is seen at the next tick. */
  #ask(look: Look, { name, ask }: RemoteHost): void {
    if (this.#isAsking) return;
    this.#isAsking = true;
    const seen = (seen?: LookedAt): PageMessage => ({ type: "seen", host: name, seen });
    this.#connection.context.pipe(ask({ type: "look", look }), seen, () => seen());
  }

  #tellSeen(host: string, seen: LookedAt): void {
    const wanted = this.#look?.busiest;
    const busiest = wanted && this.#busiest?.get(host)?.[wanted.by].slice(0, wanted.count);
    const time = this.#services.now();
    this.#tell({
      type: "seen",
      seen: { host, time, ...seen, ...(busiest === undefined ? {} : { busiest }) },
    });
  }

  /** The machine that the page looks at, while it is there. */
  get #host(): AnyHost | undefined {
    return this.#services.hosts().find(({ name }) => name === this.#look?.host);
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
    // A replay that waits comes no further: who is behind now is told of it once it has caught up.
    if (replay === undefined || !this.#isReplayDue || this.#isBehind) return;
    this.#isReplayDue = false;
    this.#tell({ type: "replay", replay: replay.state });
  }

  #onSearch(search: Search): void {
    const isDue = this.#wanted !== undefined;
    this.#wanted = search;
    if (!isDue) this.#connection.context.after(SEARCH_MS, { type: "search" });
  }

  #search(): void {
    const { host: hostName, text } = this.#wanted ?? { host: "", text: "" };
    this.#wanted = undefined;
    const number = ++this.#searches;
    const host = this.#services.hosts().find(({ name }) => name === hostName);
    if (host === undefined || text === "") return;
    const isOver = () => this.#isClosed || number !== this.#searches;
    const found = ({ rows, more }: Found): PageMessage => ({
      type: "found",
      found: { type: "found", text, rows, more },
    });
    const searching = isRemote(host)
      ? host.ask({ type: "search", text, by: this.#connection.self.path })
      : search(host, text, this.#services, isOver);
    this.#connection.context.pipe(searching, found, () => found({ rows: [], more: false }));
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

/// <reference lib="dom" />
/** The state of the page, and what its user does to it. */
import type { InspectorCommand, InspectorLogLine, InspectorOrder } from "../../protocols/inspector.ts";
import { InspectorConnection } from "./connection.ts";
import {
  EMPTY,
  fold,
  lines,
  openActor,
  PAGE,
  type State,
  type Tab,
  told,
  unfold,
  withHost,
} from "./state.ts";

const SEARCH_PAUSE_MS = 200;
const MAX_BUSIEST = 50;

/** The one place where the state changes. */
export class InspectorStore {
  state: State = EMPTY;
  readonly #changed: () => void;
  readonly #connection: InspectorConnection;
  #asked = "";
  #searchTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(changed: () => void) {
    this.#changed = changed;
    this.#connection = new InspectorConnection({
      opened: () => {
        this.#asked = "";
      },
      event: (event) => this.#set(told(this.state, event)),
      lost: () => this.#set({ ...this.state, connection: "lost" }),
      needsToken: (tokenProblem) => this.#set({ ...this.state, connection: "needs-token", tokenProblem }),
    });
  }

  /** Tries a token. */
  useToken(token: string): void {
    this.#set({ ...this.state, connection: "connecting" });
    this.#connection.useToken(token);
  }

  /** Unfolds an actor, or folds it. */
  toggle(path: string): void {
    this.#set({ ...(this.state.unfolded.has(path) ? fold : unfold)(this.state, path), focus: path });
  }

  /** Shows another page of an actor's children. */
  page(path: string, skip: number): void {
    this.#set({ ...unfold(this.state, path, Math.max(0, skip)), focus: path });
  }

  /** Shows an actor's own page. */
  open(path: string, host = this.state.host): void {
    if (host !== this.state.host) this.showHost(host);
    this.#set(openActor(this.state, path));
  }

  show(tab: Tab): void {
    this.#set({ ...this.state, tab });
  }

  showHost(name: string): void {
    this.#set(withHost(this.state, this.state.hosts.find((host) => host.name === name)));
  }

  sortBy(order: InspectorOrder): void {
    this.#set({ ...this.state, order });
  }

  filterLog(change: { readonly logLevel?: InspectorLogLine["level"]; readonly logText?: string }): void {
    this.#set({ ...this.state, ...change });
  }

  /** Searches, once nothing was typed for a moment. */
  search(search: string): void {
    this.#set({ ...this.state, search, ...(search === "" ? { found: undefined } : {}) });
    clearTimeout(this.#searchTimer);
    this.#searchTimer = setTimeout(() => {
      const { host, search: text } = this.state;
      if (text !== "") this.#connection.send({ type: "search", host, text });
    }, SEARCH_PAUSE_MS);
  }

  /** Shows other entities of the host. */
  pageEntities(skip: number): void {
    this.#set({ ...this.state, entitySkip: Math.max(0, skip) });
  }

  /** Asks where an entity lives. */
  locate(entityType: string, id: string): void {
    this.#connection.send({ type: "where", entityType, id });
  }

  /** Lets a replay go on. */
  step(events: number, until?: "failure"): void {
    this.#connection.send({ type: "step", events, ...(until === undefined ? {} : { until }) });
  }

  /** Moves through the tree by keyboard; says whether the key meant something. */
  key(key: string): boolean {
    const { focus, unfolded } = this.state;
    const actors = lines(this.state).filter((line) => line.type === "actor");
    const at = actors.findIndex(({ path }) => path === focus);
    const line = actors[at];
    const to = (index: number): void => {
      const next = actors[Math.max(0, Math.min(actors.length - 1, index))];
      if (next !== undefined) this.#set({ ...this.state, focus: next.path });
    };
    switch (key) {
      case "ArrowDown":
        return to(at + 1), true;
      case "ArrowUp":
        return to(at - 1), true;
      case "Home":
        return to(0), true;
      case "End":
        return to(actors.length - 1), true;
      case "Enter":
        return this.open(focus), true;
      case "PageDown":
      case "PageUp": {
        const skip = unfolded.get(focus);
        if (line === undefined || skip === undefined) return false;
        const next = skip + (key === "PageDown" ? PAGE : -PAGE);
        if (next >= 0 && next < line.row.childCount) this.page(focus, next);
        return true;
      }
      case "ArrowRight":
        if (line?.isUnfolded) to(at + 1);
        else if (line !== undefined && line.row.childCount > 0) this.toggle(focus);
        return true;
      case "ArrowLeft":
        if (line?.isUnfolded) this.toggle(focus);
        else to(actors.findIndex(({ path }) => path === focus.slice(0, focus.lastIndexOf("/"))));
        return true;
      default:
        return false;
    }
  }

  #set(state: State): void {
    this.state = state;
    this.#ask();
    this.#changed();
  }

  /** Tells the inspector what is looked at, when that has changed. */
  #ask(): void {
    const { connection, host, unfolded, actor, tab, order, entitySkip } = this.state;
    if (connection !== "open" || host === "") return;
    const look: InspectorCommand = {
      type: "look",
      host,
      views: [...unfolded].map(([path, skip]) => ({ path, skip, count: PAGE })),
      ...(tab === "actor" && actor !== "" ? { actor } : {}),
      ...(tab === "cluster" ? { cluster: { skip: entitySkip, count: PAGE } } : {}),
      ...(tab === "busiest" ? { busiest: { by: order, count: MAX_BUSIEST } } : {}),
    };
    const asked = JSON.stringify(look);
    if (asked === this.#asked) return;
    this.#asked = asked;
    this.#connection.send(look);
  }
}

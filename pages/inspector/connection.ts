/// <reference lib="dom" />
/** The connection to the inspector: lost, it is made again. */
import type { InspectorCommand, InspectorEvent } from "../../protocols/inspector.ts";
import { Redial, webSocketUrl } from "../_shared/redial.ts";
import type { TokenProblem } from "./state.ts";

/** What a page does with its connection. */
export interface ConnectionEvents {
  readonly opened: () => void;
  readonly event: (event: InspectorEvent) => void;
  readonly lost: () => void;
  /** The inspector shows itself only to who has a token; what was wrong with one that was tried. */
  readonly needsToken: (problem: TokenProblem) => void;
}

const TOKEN_KEY = "inspector-token";

/** A WebSocket that comes back. */
export class InspectorConnection {
  readonly #events: ConnectionEvents;
  readonly #redial = new Redial(() => this.#dialNow());
  #socket: WebSocket | undefined;
  /** Which dial is the last one: earlier ones come to nothing. */
  #dials = 0;
  #token = sessionStorage.getItem(TOKEN_KEY) ?? "";

  constructor(events: ConnectionEvents) {
    this.#events = events;
    void this.#dial();
  }

  /** Sends a command; dropped while there is no connection. */
  send(command: InspectorCommand): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(command));
  }

  /** Tries a token; it is remembered once it was right. */
  useToken(token: string): void {
    this.#token = token.trim();
    void this.#dial();
  }

  #dialNow(): void {
    if (this.#socket === undefined) void this.#dial();
  }

  async #dial(): Promise<void> {
    const dial = ++this.#dials;
    this.#hangUp();
    // A WebSocket does not tell why it was refused: this does.
    const status = await this.#status();
    if (dial !== this.#dials) return;
    if (status === 401) {
      sessionStorage.removeItem(TOKEN_KEY);
      return this.#events.needsToken(this.#token === "" ? "" : "wrong");
    }
    if (status === 429) return this.#events.needsToken("too-many");
    // A replay may have no machine yet.
    if (status !== 200 && status !== 404) return this.#retry();
    if (this.#token !== "") sessionStorage.setItem(TOKEN_KEY, this.#token);
    const query = this.#token === "" ? "" : `?token=${encodeURIComponent(this.#token)}`;
    const socket = new WebSocket(webSocketUrl(`/changes${query}`));
    this.#socket = socket;
    socket.onopen = () => {
      if (this.#socket !== socket) return;
      this.#redial.succeeded();
      this.#events.opened();
    };
    socket.onmessage = ({ data }) => {
      if (this.#socket === socket && typeof data === "string") this.#events.event(JSON.parse(data));
    };
    socket.onclose = () => {
      if (this.#socket !== socket) return;
      this.#socket = undefined;
      this.#retry();
    };
  }

  /** What the socket still says, and that it ends, is no news any more. */
  #hangUp(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close();
  }

  async #status(): Promise<number> {
    // No inspector has a token that no header can carry: a keyboard in another alphabet types one.
    if (!/^[!-~]*$/.test(this.#token)) return 401;
    try {
      const headers: Record<string, string> = this.#token === ""
        ? {}
        : { authorization: `Bearer ${this.#token}` };
      return (await fetch("/tree?levels=0", { headers })).status;
    } catch {
      return 0;
    }
  }

  #retry(): void {
    this.#events.lost();
    this.#redial.later();
  }
}

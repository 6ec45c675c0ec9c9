/// <reference lib="dom" />
/** The connection to the inspector: lost, it is made again. */
import type { InspectorCommand, InspectorEvent } from "../../protocols/inspector.ts";
import { Redial, webSocketUrl } from "../_shared/redial.ts";

/** What a page does with its connection. */
export interface ConnectionEvents {
  readonly opened: () => void;
  readonly event: (event: InspectorEvent) => void;
  readonly lost: () => void;
  /** The inspector shows itself only to who has a token; `wasWrong` when one was tried. */
  readonly needsToken: (wasWrong: boolean) => void;
}

const TOKEN_KEY = "inspector-token";

/** A WebSocket that comes back. */
export class InspectorConnection {
  readonly #events: ConnectionEvents;
  readonly #redial = new Redial(() => this.#dialNow());
  #socket: WebSocket | undefined;
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
    // A WebSocket does not tell why it was refused: this does.
    const status = await this.#status();
    if (status === 401) {
      sessionStorage.removeItem(TOKEN_KEY);
      return this.#events.needsToken(this.#token !== "");
    }
    // A replay may have no machine yet.
    if (status !== 200 && status !== 404) return this.#retry();
    if (this.#token !== "") sessionStorage.setItem(TOKEN_KEY, this.#token);
    const query = this.#token === "" ? "" : `?token=${encodeURIComponent(this.#token)}`;
    const socket = new WebSocket(webSocketUrl(`/changes${query}`));
    this.#socket = socket;
    socket.onopen = () => {
      this.#redial.succeeded();
      this.#events.opened();
    };
    socket.onmessage = ({ data }) => {
      if (typeof data === "string") this.#events.event(JSON.parse(data));
    };
    socket.onclose = () => {
      if (this.#socket !== socket) return;
      this.#socket = undefined;
      this.#retry();
    };
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

/// <reference lib="dom" />
/** The connection to the chat's server: lost, it is made again, and what was missed is asked for. */
import type { ChatWebCommand, ChatWebEvent } from "../../protocols/chat_web.ts";

/** What a page does with its connection. */
export interface ConnectionEvents {
  readonly opened: () => void;
  readonly event: (event: ChatWebEvent) => void;
  readonly lost: () => void;
}

const MIN_RETRY_MS = 250;
const MAX_RETRY_MS = 5000;

/** A WebSocket that comes back. */
export class ChatConnection {
  readonly #url: string;
  readonly #events: ConnectionEvents;
  #socket: WebSocket | undefined;
  #retryMs = MIN_RETRY_MS;

  constructor(events: ConnectionEvents) {
    const { protocol, host } = location;
    this.#url = `${protocol === "https:" ? "wss:" : "ws:"}//${host}/chat`;
    this.#events = events;
    this.#dial();
    addEventListener("online", () => this.#dialNow());
  }

  /** Sends a command; dropped while there is no connection. */
  send(command: ChatWebCommand): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(command));
  }

  #dialNow(): void {
    if (this.#socket === undefined) this.#dial();
  }

  #dial(): void {
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    socket.onopen = () => {
      this.#retryMs = MIN_RETRY_MS;
      this.#events.opened();
    };
    socket.onmessage = ({ data }) => {
      if (typeof data === "string") this.#events.event(JSON.parse(data));
    };
    socket.onclose = () => {
      if (this.#socket !== socket) return;
      this.#socket = undefined;
      this.#events.lost();
      // A crowd that lost the same server does not come back all at once.
      setTimeout(() => this.#dialNow(), this.#retryMs * (0.5 + Math.random() / 2));
      this.#retryMs = Math.min(MAX_RETRY_MS, 2 * this.#retryMs);
    };
  }
}

/// <reference lib="dom" />
/** The connection to the chat's server: lost, it is made again, and what was missed is asked for. */
import type { ChatWebCommand, ChatWebEvent } from "../../protocols/chat_web.ts";
import { Redial, webSocketUrl } from "../_shared/redial.ts";

/** What a page does with its connection. */
export interface ConnectionEvents {
  readonly opened: () => void;
  readonly event: (event: ChatWebEvent) => void;
  readonly lost: () => void;
}

/** A WebSocket that comes back. */
export class ChatConnection {
  readonly #events: ConnectionEvents;
  readonly #redial = new Redial(() => this.#dialNow());
  #socket: WebSocket | undefined;

  constructor(events: ConnectionEvents) {
    this.#events = events;
    this.#dial();
  }

  /** Sends a command; dropped while there is no connection. */
  send(command: ChatWebCommand): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(command));
  }

  #dialNow(): void {
    if (this.#socket === undefined) this.#dial();
  }

  #dial(): void {
    const socket = new WebSocket(webSocketUrl("/chat"));
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
      this.#events.lost();
      this.#redial.later();
    };
  }
}

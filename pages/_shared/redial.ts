/// <reference lib="dom" />
/** How a page's connection to its server is made, and made again. */

const MIN_RETRY_MS = 250;
const MAX_RETRY_MS = 5000;

/** The address of a WebSocket of the server that the page comes from. */
export function webSocketUrl(path: string): string {
  const { protocol, host } = location;
  return `${protocol === "https:" ? "wss:" : "ws:"}//${host}${path}`;
}

/** When a lost connection is made again: later each time, and at once when the browser is online again. */
export class Redial {
  readonly #dial: () => void;
  #retryMs = MIN_RETRY_MS;

  /** @param dial makes the connection, unless it is there */
  constructor(dial: () => void) {
    this.#dial = dial;
    addEventListener("online", dial);
  }

  /** The connection is there. */
  succeeded(): void {
    this.#retryMs = MIN_RETRY_MS;
  }

  /** The connection is lost. A crowd that lost the same server does not come back all at once. */
  later(): void {
    setTimeout(this.#dial, this.#retryMs * (0.5 + Math.random() / 2));
    this.#retryMs = Math.min(MAX_RETRY_MS, 2 * this.#retryMs);
  }
}

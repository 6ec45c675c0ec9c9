/**
 * Those that there is no room for.
 *
 * @module
 */
import type { Cancellable, Clock } from "../world/world.ts";
import type { Transport } from "./transport.ts";

/** A refused peer is gone after this time, whatever it does: it has shaken hands, been told, and closed. */
const REFUSAL_MS = 1000;
const TLS_REFUSAL_MS = 3000;
/**
 * The most that are seen off at once. One more, and the oldest is closed, which has been told by then if it
 * could be.
 */
const MAX_REFUSED = 512;

const UTF8 = new TextEncoder();

/** What a refused peer still sends is received here, and never looked at. */
const DISCARDED = new Uint8Array(4096);

/**
 * Tells everybody who is refused why, and closes. No actor is made for it: they may be thousands a second.
 *
 * What a refused peer has sent is received before the close, since closing over unread bytes resets the
 * connection and takes back what the peer was told.
 */
export class Refusals {
  readonly #clock: Clock;
  /** The oldest first. */
  readonly #refused = new Map<Transport, Cancellable>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Sends the text, and closes the transport soon after. */
  refuse(transport: Transport, text: string): void {
    if (this.#refused.size >= MAX_REFUSED) this.#closeOldest();
    const limitMs = transport.open === undefined ? REFUSAL_MS : TLS_REFUSAL_MS;
    this.#refused.set(transport, this.#clock.timer(limitMs, () => this.#close(transport)));
    seeOff(transport, UTF8.encode(text)).then(() => this.#close(transport), () => this.#close(transport));
  }

  /** Closes all that are still there. */
  close(): void {
    for (const transport of [...this.#refused.keys()]) this.#close(transport);
  }

  #closeOldest(): void {
    const [oldest] = this.#refused.keys();
    if (oldest !== undefined) this.#close(oldest);
  }

  #close(transport: Transport): void {
    this.#refused.get(transport)?.cancel();
    this.#refused.delete(transport);
    transport.close();
  }
}

/** Opens, tells, and waits for the peer to close. */
async function seeOff(transport: Transport, text: Uint8Array): Promise<void> {
  await transport.open?.();
  for (let rest = text; rest.length > 0;) rest = rest.subarray(await transport.send(rest));
  await transport.closeWrite();
  while (await transport.receive(DISCARDED) !== null) { /* It is thrown away. */ }
}

/**
 * Messages between hosts by NATS.
 *
 * @module
 */
import type { NatsConnection, Subscription } from "@nats-io/nats-core";
import type { Transport, TransportAskOptions, TransportHandler } from "../engine.ts";
import { OutcomeUnknown } from "../errors.ts";
import { checkTextBytes } from "../text_bytes.ts";
import { requestError } from "./_nats_errors.ts";

/** Messages on one connection. */
export class NatsTransport implements Transport {
  readonly maxBodyBytes: number;
  readonly #connection: NatsConnection;
  readonly #prefix: string;

  constructor(connection: NatsConnection, prefix: string, maxBodyBytes: number) {
    this.#connection = connection;
    this.#prefix = prefix;
    this.maxBodyBytes = maxBodyBytes;
  }

  async ask(address: string, body: string, { timeoutMs: timeout }: TransportAskOptions): Promise<string> {
    checkTextBytes(`a request to ${address}`, body, this.maxBodyBytes);
    try {
      return (await this.#connection.request(this.#subject(address), body, { timeout })).string();
    } catch (error) {
      throw requestError(address, error);
    }
  }

  serve(
    address: string,
    handler: TransportHandler,
    options: { readonly group?: string } = {},
  ): Promise<AsyncDisposable> {
    const { group: queue } = options;
    return this.#subscribed(this.#connection.subscribe(this.#subject(address), {
      ...(queue !== undefined && { queue }),
      callback: (error, message) => {
        if (error !== null) return;
        // One that fails does not answer.
        Promise.try(handler, message.string()).then((answer) => message.respond(answer), () => {});
      },
    }));
  }

  publish(topic: string, body: string): void {
    checkTextBytes(`a message on ${topic}`, body, this.maxBodyBytes);
    try {
      this.#connection.publish(this.#subject(topic), body);
    } catch {
      // The connection is closed: nobody hears it, as is promised.
    }
  }

  subscribe(topic: string, handler: (body: string) => void): Promise<AsyncDisposable> {
    return this.#subscribed(this.#connection.subscribe(this.#subject(topic), {
      callback: (error, message) => {
        if (error === null) handler(message.string());
      },
    }));
  }

  /** Resolves once the server knows of it. */
  async #subscribed(subscription: Subscription): Promise<AsyncDisposable> {
    try {
      await this.#connection.flush();
    } catch (error) {
      subscription.unsubscribe();
      throw new OutcomeUnknown("a subscription", { cause: error });
    }
    return {
      [Symbol.asyncDispose]: async () => {
        if (subscription.isClosed()) return;
        subscription.unsubscribe();
        // A server that cannot be reached forgets it by itself.
        await this.#connection.flush().catch(() => {});
      },
    };
  }

  #subject(address: string): string {
    return `${this.#prefix}.${address}`;
  }
}

/**
 * Messages between hosts that share a process.
 *
 * @module
 */
import type { World } from "../../world/world.ts";
import type { Transport, TransportAskOptions, TransportHandler } from "../engine.ts";
import { NoHost, OutcomeUnknown } from "../errors.ts";
import { checkTextBytes } from "../text_bytes.ts";

interface Server {
  readonly handler: TransportHandler;
  readonly group: string | undefined;
}

/** Who serves and subscribes in one process. */
export class LocalBus implements Transport {
  readonly maxBodyBytes: number;
  readonly #world: Pick<World, "clock" | "loop">;
  readonly #servers = new Map<string, Server[]>();
  readonly #subscribers = new Map<string, Set<(body: string) => void>>();

  constructor(world: Pick<World, "clock" | "loop">, maxBodyBytes: number) {
    this.#world = world;
    this.maxBodyBytes = maxBodyBytes;
  }

  ask(address: string, body: string, { timeoutMs }: TransportAskOptions): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const late = this.#world.clock.timer(
      timeoutMs,
      () => reject(new OutcomeUnknown(`a request to ${address}`)),
    );
    promise.then(() => late.cancel(), () => late.cancel());
    try {
      checkTextBytes(`a request to ${address}`, body, this.maxBodyBytes);
    } catch (error) {
      reject(error);
      return promise;
    }
    this.answer(address, body).then(resolve, (error) => {
      // One that fails does not answer.
      if (error instanceof NoHost) reject(error);
    });
    return promise;
  }

  /** The answer of who serves an address here. Rejects with {@linkcode NoHost}, or what that one throws. */
  answer(address: string, body: string): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    this.#world.loop.soon(() => {
      const server = this.#next(address);
      if (server === undefined) return reject(new NoHost(address));
      Promise.try(server.handler, body).then(resolve, reject);
    });
    return promise;
  }

  // deno-lint-ignore require-await -- as over a network
  async serve(
    address: string,
    handler: TransportHandler,
    options: { readonly group?: string } = {},
  ): Promise<AsyncDisposable> {
    const server: Server = { handler, group: options.group };
    const servers = this.#servers.get(address) ?? [];
    this.#servers.set(address, [...servers, server]);
    return {
      // deno-lint-ignore require-await -- as over a network
      [Symbol.asyncDispose]: async () => {
        const rest = this.#servers.get(address)?.filter((other) => other !== server) ?? [];
        if (rest.length === 0) this.#servers.delete(address);
        else this.#servers.set(address, rest);
      },
    };
  }

  publish(topic: string, body: string): void {
    checkTextBytes(`a message on ${topic}`, body, this.maxBodyBytes);
    this.#world.loop.soon(() => {
      for (const handler of this.#subscribers.get(topic) ?? []) handler(body);
    });
  }

  // deno-lint-ignore require-await -- as over a network
  async subscribe(topic: string, handler: (body: string) => void): Promise<AsyncDisposable> {
    const handlers = this.#subscribers.get(topic) ?? new Set();
    this.#subscribers.set(topic, handlers);
    // Two subscriptions of one handler are two.
    const own = (body: string) => handler(body);
    handlers.add(own);
    return {
      // deno-lint-ignore require-await -- as over a network
      [Symbol.asyncDispose]: async () => {
        handlers.delete(own);
        if (handlers.size === 0 && this.#subscribers.get(topic) === handlers) this.#subscribers.delete(topic);
      },
    };
  }

  /** Whose turn it is at an address. */
  #next(address: string): Server | undefined {
    const servers = this.#servers.get(address);
    const first = servers?.[0];
    if (servers === undefined || first === undefined) return undefined;
    if (first.group !== undefined) this.#servers.set(address, [...servers.slice(1), first]);
    return first;
  }
}

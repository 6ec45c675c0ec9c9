/**
 * Simulated HTTP: messages travel whole.
 *
 * @module
 */
import { formatAddress } from "../address.ts";
import { failure } from "../failure.ts";
import { errorText, type HttpHandler, type HttpServer, type SocketAddress, WorldError } from "../world.ts";
import { type Life, never } from "./life.ts";
import { followRedirects, type Message } from "../redirects.ts";
import type { Network, Stalled } from "./network.ts";
import { isAddress } from "./ports.ts";
import type { Socket, Stack } from "./stack.ts";

/** A sender tries again within this time after the network has mended. */
const MAX_RETRANSMISSION_MS = 1000;

/** A served address. */
export class SimHttpServer implements HttpServer, Socket {
  readonly address: SocketAddress;
  readonly life: Life;
  readonly handler: HttpHandler;
  readonly #stack: Stack;
  readonly #running = new Set<Exchange>();
  #closed = false;
  #idle: (() => void)[] = [];

  constructor(life: Life, stack: Stack, address: SocketAddress, handler: HttpHandler) {
    this.life = life;
    this.address = address;
    this.handler = handler;
    this.#stack = stack;
    stack.tcpPorts.add(this);
  }

  close(): Promise<void> {
    if (!this.life.alive) return never();
    if (!this.#closed) this.#stack.tcpPorts.remove(this);
    this.#closed = true;
    if (this.#running.size === 0) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#idle.push(resolve);
    return promise;
  }

  began(exchange: Exchange): void {
    this.#running.add(exchange);
  }

  ended(exchange: Exchange): void {
    this.#running.delete(exchange);
    if (this.#running.size > 0) return;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  orphaned(): void {
    this.#closed = true;
    for (const exchange of this.#running) exchange.reset();
    this.lost();
  }

  lost(): void {
    this.#closed = true;
    this.#running.clear();
    this.#idle = [];
  }
}

/** Sends a request from a host, follows redirects as `fetch` does, and gives the answer. */
export function simFetch(network: Network, life: Life, stack: Stack, request: Request): Promise<Response> {
  if (!life.alive) return never();
  return followRedirects(
    request,
    (url, message) => fetchOnce(network, life, stack, url, message, request.signal),
  );
}

async function fetchOnce(
  network: Network,
  life: Life,
  stack: Stack,
  url: URL,
  message: Message,
  signal: AbortSignal,
): Promise<Response> {
  const hostname = url.hostname.replace(/^\[|\]$/g, "");
  const port = url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port);
  const addresses = isAddress(hostname) ? [hostname] : network.lookup(stack, hostname);
  let lastError: unknown = failure("name-not-found", `fetch ${url}`);
  for (const address of addresses) {
    try {
      return await new Exchange(network, life, stack, url, { hostname: address, port }, message).run(signal);
    } catch (error) {
      signal.throwIfAborted();
      // Only what was never heard may be asked of another address: it is not known what else was done.
      if (!(error instanceof WorldError) || error.kind === "connection-reset") throw error;
      lastError = error;
    }
  }
  throw lastError;
}

/** One request and its answer. */
export class Exchange implements Stalled {
  readonly #network: Network;
  readonly #life: Life;
  readonly #stack: Stack;
  readonly #url: URL;
  readonly #to: SocketAddress;
  readonly #message: Message;
  readonly #lane: number;
  readonly #result = Promise.withResolvers<Response>();
  #over = false;
  #retry: (() => void) | undefined;

  constructor(network: Network, life: Life, stack: Stack, url: URL, to: SocketAddress, message: Message) {
    this.#network = network;
    this.#life = life;
    this.#stack = stack;
    this.#url = url;
    this.#to = to;
    this.#message = message;
    this.#lane = network.newLane();
  }

  run(signal: AbortSignal): Promise<Response> {
    signal.throwIfAborted();
    const aborted = () => this.#finish(() => this.#result.reject(signal.reason));
    signal.addEventListener("abort", aborted, { once: true });
    const forget = () => signal.removeEventListener("abort", aborted);
    this.#result.promise.then(forget, forget);
    const target = this.#network.owner(this.#stack, this.#to.hostname);
    if (target === undefined) this.#fail("unreachable");
    else this.#carry(this.#stack, target, this.#message.body?.length ?? 0, () => this.#arrive(target));
    return this.#result.promise;
  }

  /** The server's process has died. */
  reset(): void {
    this.#network.simulation.schedule(
      this.#network.conditions.latencyMs[0],
      this.#lane,
      () => this.#fail("connection-reset"),
    );
  }

  retry(): void {
    const retry = this.#retry;
    this.#retry = undefined;
    const delayMs = this.#network.random.between(0, MAX_RETRANSMISSION_MS);
    if (retry !== undefined) this.#network.simulation.schedule(delayMs, this.#lane, retry);
  }

  /** Takes a message over the wire: both ways must be open, and the machine there on. */
  #carry(from: Stack, to: Stack, length: number, arrived: () => void): void {
    const delayMs = this.#network.latencyMs(from, to) +
      length * 1000 / this.#network.conditions.bytesPerSecond;
    const tryNow = () => {
      if (this.#over) return;
      if (to.isOn && this.#network.isOpen(from, to) && this.#network.isOpen(to, from)) {
        arrived();
        return;
      }
      this.#retry = tryNow;
      this.#network.stall(this);
    };
    this.#network.simulation.schedule(delayMs, this.#lane, tryNow);
  }

  #arrive(target: Stack): void {
    const server = target.tcpPorts.find(this.#to);
    if (!(server instanceof SimHttpServer)) {
      const kind = server === undefined ? "connection-refused" : "connection-reset";
      this.#carry(target, this.#stack, 0, () => this.#fail(kind));
      return;
    }
    this.#network.trace(target.name, `${this.#message.method} ${this.#url}`, this.#message.body);
    server.began(this);
    this.#serve(server, target).finally(() => server.ended(this));
  }

  async #serve(server: SimHttpServer, target: Stack): Promise<void> {
    const { method, headers, body } = this.#message;
    let response: Response;
    try {
      response = await server.handler(
        new Request(this.#url, { method, headers, body: body?.slice() ?? null }),
        { hostname: this.#stack.sourceFor(this.#to.hostname), port: this.#stack.clientPort() },
      );
    } catch (error) {
      server.life.trace(
        "net",
        `cannot answer ${method} ${formatAddress(this.#to)}${this.#url.pathname}: ${errorText(error)}`,
      );
      response = new Response("Internal Server Error", { status: 500 });
    }
    const bytes = new Uint8Array(await response.arrayBuffer());
    if (!server.life.alive) return;
    this.#carry(target, this.#stack, bytes.length, () => {
      this.#network.trace(this.#stack.name, `${response.status} ${method} ${this.#url}`, bytes);
      const hasNoBody = bytes.length === 0 || [101, 204, 205, 304].includes(response.status);
      const answer = new Response(hasNoBody ? null : bytes, {
        status: response.status,
        statusText: response.statusText,
        headers: response.headers,
      });
      this.#finish(() => this.#result.resolve(answer));
    });
  }

  #fail(kind: "connection-refused" | "connection-reset" | "unreachable"): void {
    this.#finish(() => this.#result.reject(failure(kind, `fetch ${this.#url}`)));
  }

  #finish(settle: () => void): void {
    if (this.#over) return;
    this.#over = true;
    this.#network.unstall(this);
    if (this.#life.alive) settle();
  }
}

/**
 * Messages between hosts that live in threads of one process, over a port from each to each.
 *
 * @module
 */
import type { Cancellable, ThreadPort, World } from "../../world/world.ts";
import type { Transport, TransportAskOptions, TransportHandler } from "../engine.ts";
import { NoHost, OutcomeUnknown } from "../errors.ts";
import { checkTextBytes } from "../text_bytes.ts";
import { LocalBus } from "./_local_bus.ts";
import { PortOutbox } from "./_port_outbox.ts";

/** What hosts send each other. All of one turn of the loop goes as one list. */
type Frame =
  /** A request, with its number at the sender. */
  | readonly ["ask", number, string, string]
  /** What came of it. */
  | readonly ["answer", number, string]
  | readonly ["no-host", number]
  /** The sender serves an address from now on, perhaps as one of a group; or no more. */
  | readonly ["serve", number, string, boolean]
  | readonly ["unserve", string]
  /** The sender wants what is published on a topic from now on; or no more. */
  | readonly ["subscribe", number, string]
  | readonly ["unsubscribe", string]
  /** It is known here. */
  | readonly ["known", number]
  | readonly ["publish", string, string];

/** A request that waits for its answer, or an announcement that waits until it is known. */
interface Waiting {
  readonly peer: Peer;
  readonly address: string;
  /** Monotonic milliseconds; `Infinity` of what is awaited as long as the peer lives. */
  readonly expiresAtMs: number;
  resolve(answer: string): void;
  reject(error: unknown): void;
}

/** Another host. */
type Peer = PortOutbox<Frame>;

/** The messages of one host. Other hosts come by {@linkcode PortTransport.add}. */
export class PortTransport implements Transport {
  readonly maxBodyBytes: number;
  readonly #world: Pick<World, "clock" | "loop">;
  readonly #local: LocalBus;
  readonly #peers = new Set<Peer>();
  /** Who serves an address, each as often as it does: `undefined` is this host. */
  readonly #servers = new Map<string, (Peer | undefined)[]>();
  readonly #groups = new Set<string>();
  readonly #subscribers = new Map<string, Peer[]>();
  /** Topics of this host's own subscribers, one for each. */
  readonly #topics: string[] = [];
  readonly #waiting = new Map<number, Waiting>();
  #lastNumber = 0;
  /** When the next request is over that nobody has answered, if none before it is. */
  #expiry: { readonly atMs: number; readonly timer: Cancellable } | undefined;

  constructor(world: Pick<World, "clock" | "loop">, maxBodyBytes: number) {
    this.#world = world;
    this.maxBodyBytes = maxBodyBytes;
    this.#local = new LocalBus(world, maxBodyBytes);
  }

  /** Another host, and the way to it. What it gives back takes the host out again. */
  add(port: ThreadPort): () => void {
    const peer = new PortOutbox<Frame>(port, this.#world);
    this.#peers.add(peer);
    port.receive((frames) => {
      // What comes over these ports was sent by this very class.
      for (const frame of frames as readonly Frame[]) this.#receive(peer, frame);
    });
    for (const [address, servers] of this.#servers) {
      for (const server of servers) if (server === undefined) this.#announce(peer, "serve", address);
    }
    for (const topic of this.#topics) this.#announce(peer, "subscribe", topic);
    return () => this.#remove(peer);
  }

  ask(address: string, body: string, options: TransportAskOptions): Promise<string> {
    const servers = this.#servers.get(address);
    const next = servers?.[0];
    if (servers !== undefined && servers.length > 1 && this.#groups.has(address)) {
      // Turn by turn.
      this.#servers.set(address, [...servers.slice(1), next]);
    }
    // Where nobody serves it the local one says so.
    if (next === undefined) return this.#local.ask(address, body, options);
    return this.#askPeer(next, address, body, options);
  }

  #askPeer(peer: Peer, address: string, body: string, { timeoutMs }: TransportAskOptions): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    try {
      checkTextBytes(`a request to ${address}`, body, this.maxBodyBytes);
    } catch (error) {
      reject(error);
      return promise;
    }
    const number = ++this.#lastNumber;
    const expiresAtMs = this.#world.clock.monotonic() + timeoutMs;
    this.#waiting.set(number, { peer, address, expiresAtMs, resolve, reject });
    this.#expireAt(expiresAtMs);
    peer.push(["ask", number, address, body]);
    return promise;
  }

  /** One timer for all: most requests are answered long before. */
  #expireAt(atMs: number): void {
    if (this.#expiry !== undefined && this.#expiry.atMs <= atMs) return;
    this.#expiry?.timer.cancel();
    const { clock } = this.#world;
    const timer = clock.timer(atMs - clock.monotonic(), () => {
      this.#expiry = undefined;
      this.#expire();
    });
    this.#expiry = { atMs, timer };
  }

  #expire(): void {
    const nowMs = this.#world.clock.monotonic();
    let nextMs = Infinity;
    for (const [number, { address, expiresAtMs }] of this.#waiting) {
      if (expiresAtMs > nowMs) nextMs = Math.min(nextMs, expiresAtMs);
      else this.#take(number)?.reject(new OutcomeUnknown(`a request to ${address}`));
    }
    if (nextMs < Infinity) this.#expireAt(nextMs);
  }

  #take(number: number): Waiting | undefined {
    const waiting = this.#waiting.get(number);
    this.#waiting.delete(number);
    return waiting;
  }

  async serve(
    address: string,
    handler: TransportHandler,
    options: { readonly group?: string } = {},
  ): Promise<AsyncDisposable> {
    const serving = await this.#local.serve(address, handler, options);
    if (options.group !== undefined) this.#groups.add(address);
    addTo(this.#servers, address, undefined);
    await this.#announceToAll("serve", address);
    return {
      [Symbol.asyncDispose]: async () => {
        await serving[Symbol.asyncDispose]();
        removeFrom(this.#servers, address, undefined);
        for (const peer of this.#peers) peer.push(["unserve", address]);
      },
    };
  }

  publish(topic: string, body: string): void {
    // Throws where it is too large.
    this.#local.publish(topic, body);
    for (const peer of new Set(this.#subscribers.get(topic))) peer.push(["publish", topic, body]);
  }

  async subscribe(topic: string, handler: (body: string) => void): Promise<AsyncDisposable> {
    const subscription = await this.#local.subscribe(topic, handler);
    this.#topics.push(topic);
    await this.#announceToAll("subscribe", topic);
    return {
      [Symbol.asyncDispose]: async () => {
        await subscription[Symbol.asyncDispose]();
        this.#topics.splice(this.#topics.indexOf(topic), 1);
        for (const peer of this.#peers) peer.push(["unsubscribe", topic]);
      },
    };
  }

  /** Lets all hosts go. */
  close(): void {
    for (const peer of this.#peers) this.#remove(peer);
    this.#expiry?.timer.cancel();
  }

  /** Resolves when all hosts that are there know it. */
  async #announceToAll(what: "serve" | "subscribe", name: string): Promise<void> {
    await Promise.all([...this.#peers].map((peer) => this.#announce(peer, what, name)));
  }

  #announce(peer: Peer, what: "serve" | "subscribe", name: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const number = ++this.#lastNumber;
    const known = () => resolve();
    this.#waiting.set(number, { peer, address: name, expiresAtMs: Infinity, resolve: known, reject: known });
    if (what === "serve") peer.push(["serve", number, name, this.#groups.has(name)]);
    else peer.push(["subscribe", number, name]);
    return promise;
  }

  #receive(peer: Peer, frame: Frame): void {
    switch (frame[0]) {
      case "ask":
        return this.#onAsk(peer, frame[1], frame[2], frame[3]);
      case "answer":
        return this.#take(frame[1])?.resolve(frame[2]);
      case "no-host":
        return this.#take(frame[1])?.reject(new NoHost("an address that is served no more"));
      case "serve":
        if (frame[3]) this.#groups.add(frame[2]);
        addTo(this.#servers, frame[2], peer);
        return peer.push(["known", frame[1]]);
      case "unserve":
        return removeFrom(this.#servers, frame[1], peer);
      case "subscribe":
        addTo(this.#subscribers, frame[2], peer);
        return peer.push(["known", frame[1]]);
      case "unsubscribe":
        return removeFrom(this.#subscribers, frame[1], peer);
      case "known":
        return this.#take(frame[1])?.resolve("");
      case "publish":
        return this.#local.publish(frame[1], frame[2]);
    }
  }

  #onAsk(peer: Peer, number: number, address: string, body: string): void {
    this.#local.answer(address, body).then(
      (answer) => {
        // That it was taken is no news that anybody waits for.
        if (answer === "") peer.pushLazily(["answer", number, answer]);
        else peer.push(["answer", number, answer]);
      },
      // One that fails does not answer.
      (error) => error instanceof NoHost && peer.push(["no-host", number]),
    );
  }

  #remove(peer: Peer): void {
    if (!this.#peers.delete(peer)) return;
    peer.close();
    for (const table of [this.#servers, this.#subscribers]) {
      for (const [name, peers] of table) while (peers.includes(peer)) removeFrom(table, name, peer);
    }
    const gone = new OutcomeUnknown("a request to a host that has gone");
    for (const [number, { peer: of }] of [...this.#waiting]) {
      if (of === peer) this.#take(number)?.reject(gone);
    }
  }
}

function addTo<T>(table: Map<string, T[]>, name: string, item: T): void {
  const items = table.get(name);
  if (items === undefined) table.set(name, [item]);
  else items.push(item);
}

function removeFrom<T>(table: Map<string, T[]>, name: string, item: T): void {
  const items = table.get(name);
  const at = items?.indexOf(item) ?? -1;
  if (items === undefined || at < 0) return;
  items.splice(at, 1);
  if (items.length === 0) table.delete(name);
}

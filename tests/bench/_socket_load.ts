/**
 * Load for a server that answers each request with one answer, in a process of its own that is not the limit:
 * it calls the system itself, without an event loop, and needs a fraction of what any server needs for a
 * message. Linux alone.
 *
 * Called with a `LoadOptions` in JSON. For each line of its input it prints a line of JSON: for `250`, what
 * passed in so many milliseconds; for `open 1000` nothing, once there are so many more connections, which are
 * silent; for `close` nothing, once these are closed; for `burst 1000`, what passed until so many connections
 * were made at once, had their answer each and were closed.
 *
 * @module
 */
import { quantile } from "./_bench.ts";
import { connectTo, done, Epoll, libc, sendAll } from "./_sockets.ts";
import type { LoadOptions, Passed } from "./_load.ts";

/** A connection. */
interface Peer {
  readonly socket: number;
  readonly request: Uint8Array<ArrayBuffer>;
  /** So many requests at once. */
  readonly batch: Uint8Array<ArrayBuffer>;
  /** Bytes that have come of an answer whose rest has not. */
  part: number;
  sentAt: number;
  /** Requests that are not answered. */
  left: number;
  messages: number;
}

/** Connections with the same number of messages under way on each. */
class Load {
  readonly #epoll = new Epoll();
  readonly #peers = new Map<number, Peer>();
  readonly #options: LoadOptions;
  readonly #received = new Uint8Array(65536);

  readonly #silent: number[] = [];
  #sent = 0;

  constructor(options: LoadOptions) {
    this.#options = options;
    for (let made = 0; made < options.connections; made++) this.#connect(options, made);
  }

  /** Makes connections that say nothing. */
  open(count: number): void {
    for (let made = 0; made < count; made++) this.#silent.push(connectTo(this.#options));
  }

  close(): void {
    for (const socket of this.#silent.splice(0)) done(libc.close(socket), "close");
  }

  /** So many connections at once, each with one request. */
  burst(count: number): Passed {
    const others = new Map(this.#peers);
    this.#peers.clear();
    const begun = performance.now();
    for (let made = 0; made < count; made++) this.#connect(this.#options, made);
    const passed = this.run(0);
    const seconds = (performance.now() - begun) / 1000;
    for (const socket of this.#peers.keys()) done(libc.close(socket), "close");
    this.#peers.clear();
    for (const [socket, peer] of others) this.#peers.set(socket, peer);
    return { ...passed, seconds };
  }

  #connect(options: LoadOptions, index: number): void {
    const { request: template, window, greeting = "" } = options;
    const socket = connectTo(options);
    const first = new TextEncoder().encode(greeting);
    if (first.length > 0) sendAll(socket, first);
    this.#epoll.add(socket);
    const text = template.replaceAll("#", String(1000 + index));
    const request = new TextEncoder().encode(text);
    const batch = new TextEncoder().encode(text.repeat(window));
    this.#peers.set(socket, { socket, request, batch, part: 0, sentAt: 0, left: 0, messages: 0 });
  }

  /** Runs for so long, until nothing is under way. */
  run(limitMs: number): Passed {
    const begun = performance.now();
    const end = begun + limitMs;
    const { window, connections } = this.#options;
    const times: number[] = [];
    let messages = 0;
    let underWay = 0;
    let now = begun;
    for (const peer of this.#peers.values()) {
      peer.messages = 0;
      underWay += this.#send(peer, window, performance.now());
    }
    while (underWay > 0) {
      const ready = this.#epoll.wait(10_000);
      if (ready.length === 0) throw new Error("Cannot go on: the server has not answered for ten seconds");
      now = performance.now();
      for (const socket of ready) {
        const peer = this.#peers.get(socket);
        if (peer === undefined) throw new Error("Cannot go on: an event of no connection");
        const whole = this.#receive(peer);
        messages += whole;
        underWay -= whole;
        if (whole === 0) continue;
        if (window === 1) times.push(now - peer.sentAt);
        peer.left -= whole;
        if (now < end) underWay += this.#sendNext(peer, whole, now);
      }
    }
    const fewest = Math.min(...[...this.#peers.values()].map((peer) => peer.messages));
    return {
      messages,
      seconds: (now - begun) / 1000,
      p50Ms: quantile(times, 0.5),
      p99Ms: quantile(times, 0.99),
      fewest: fewest * connections / messages,
    };
  }

  #sendNext(peer: Peer, answered: number, now: number): number {
    if (!this.#options.inBatches) return this.#send(peer, answered, now);
    return peer.left === 0 ? this.#send(peer, this.#options.window, now) : 0;
  }

  #send(peer: Peer, messages: number, now: number): number {
    if (this.#options.transport === "udp") this.#stamp(peer.batch);
    sendAll(peer.socket, peer.batch.subarray(0, messages * peer.request.length));
    peer.sentAt = now;
    peer.left += messages;
    return messages;
  }

  /**
   * Makes a datagram another one than those before it: ours takes the same one again for its own, which a
   * server of the same kind has returned.
   */
  #stamp(datagram: Uint8Array<ArrayBuffer>): void {
    new DataView(datagram.buffer).setUint32(0, ++this.#sent);
  }

  /** How many answers are whole now. */
  #receive(peer: Peer): number {
    const count = done(libc.read(peer.socket, this.#received, BigInt(this.#received.length)), "receive");
    if (count === 0) throw new Error("Cannot go on: the server has closed the connection");
    const { answerBytes } = this.#options;
    const bytes = count + peer.part;
    peer.part = bytes % answerBytes;
    const whole = Math.floor(bytes / answerBytes);
    peer.messages += whole;
    return whole;
  }
}

if (import.meta.main) {
  const options: LoadOptions = JSON.parse(Deno.args[0] ?? "");
  const load = new Load(options);
  console.log("ready");
  for await (const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
    const [word, count = ""] = text.trim().split(" ");
    const passed = word === "open"
      ? load.open(Number(count))
      : word === "close"
      ? load.close()
      : word === "burst"
      ? load.burst(Number(count))
      : load.run(Number(word));
    console.log(JSON.stringify(passed ?? null));
  }
  Deno.exit(0);
}

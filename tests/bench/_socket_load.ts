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
import type { LoadOptions, Passed } from "./_load.ts";

// <sys/socket.h>, <netinet/tcp.h>, <sys/epoll.h>.
const AF_INET = 2;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const IPPROTO_TCP = 6;
const TCP_NODELAY = 1;
const EPOLL_CTL_ADD = 1;
const EPOLLIN = 1;
/** `struct epoll_event` is packed on x86-64 and nowhere else. */
const EVENT_BYTES = Deno.build.arch === "x86_64" ? 12 : 16;
const EVENT_DATA = EVENT_BYTES - 8;
const MAX_EVENTS = 512;
const LITTLE_ENDIAN = true;

const { symbols: libc } = Deno.dlopen("libc.so.6", {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  epoll_create1: { parameters: ["i32"], result: "i32" },
  epoll_ctl: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
  epoll_wait: { parameters: ["i32", "buffer", "i32", "i32"], result: "i32" },
  read: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  write: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  close: { parameters: ["i32"], result: "i32" },
});

function done(result: number | bigint, what: string): number {
  if (result < 0) throw new Error(`Cannot ${what} for the load`);
  return Number(result);
}

function connectTo({ port, transport = "tcp" }: LoadOptions): number {
  const kind = transport === "udp" ? SOCK_DGRAM : SOCK_STREAM;
  const socket = done(libc.socket(AF_INET, kind, 0), "make a socket");
  const address = new DataView(new ArrayBuffer(16));
  address.setUint16(0, AF_INET, LITTLE_ENDIAN);
  address.setUint16(2, port);
  address.setUint32(4, 0x7f000001);
  done(libc.connect(socket, address, 16), "connect");
  if (transport === "udp") return socket;
  const on = Uint32Array.of(1);
  done(libc.setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, on, 4), "set up a socket");
  return socket;
}

/** A connection. */
interface Peer {
  readonly socket: number;
  readonly request: Uint8Array<ArrayBuffer>;
  /** So many requests at once. */
  readonly batch: Uint8Array<ArrayBuffer>;
  /** Bytes that have come of an answer whose rest has not. */
  part: number;
  sentAt: number;
  messages: number;
}

/** Connections with the same number of messages under way on each. */
class Load {
  readonly #epoll = done(libc.epoll_create1(0), "poll");
  readonly #peers = new Map<number, Peer>();
  readonly #options: LoadOptions;
  readonly #events = new DataView(new ArrayBuffer(EVENT_BYTES * MAX_EVENTS));
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
    if (first.length > 0) done(libc.write(socket, first, BigInt(first.length)), "greet");
    const event = new DataView(new ArrayBuffer(EVENT_BYTES));
    event.setUint32(0, EPOLLIN, LITTLE_ENDIAN);
    event.setUint32(EVENT_DATA, socket, LITTLE_ENDIAN);
    done(libc.epoll_ctl(this.#epoll, EPOLL_CTL_ADD, socket, event), "watch a socket");
    const text = template.replaceAll("#", String(1000 + index));
    const request = new TextEncoder().encode(text);
    const batch = new TextEncoder().encode(text.repeat(window));
    this.#peers.set(socket, { socket, request, batch, part: 0, sentAt: 0, messages: 0 });
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
      const ready = done(libc.epoll_wait(this.#epoll, this.#events, MAX_EVENTS, 10_000), "wait");
      if (ready === 0) throw new Error("Cannot go on: the server has not answered for ten seconds");
      now = performance.now();
      for (let index = 0; index < ready; index++) {
        const socket = this.#events.getUint32(index * EVENT_BYTES + EVENT_DATA, LITTLE_ENDIAN);
        const peer = this.#peers.get(socket);
        if (peer === undefined) throw new Error("Cannot go on: an event of no connection");
        const whole = this.#receive(peer);
        messages += whole;
        underWay -= whole;
        if (whole === 0) continue;
        if (window === 1) times.push(now - peer.sentAt);
        if (now < end) underWay += this.#send(peer, whole, now);
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

  #send(peer: Peer, messages: number, now: number): number {
    if (this.#options.transport === "udp") this.#stamp(peer.batch);
    const bytes = messages * peer.request.length;
    if (done(libc.write(peer.socket, peer.batch, BigInt(bytes)), "send") < bytes) {
      throw new Error("Cannot send all of it for the load");
    }
    peer.sentAt = now;
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

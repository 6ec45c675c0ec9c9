/**
 * Load for an echo server, in a process of its own that is not the limit: it calls the system itself, without
 * an event loop, and needs a fraction of what any server needs for a message. Linux alone.
 *
 * Called with the port, the connections and the messages under way on each. For each line of its input,
 * milliseconds, it runs for so long and prints what passed.
 *
 * @module
 */

/** What passed in one run. */
export interface Passed {
  readonly messages: number;
  readonly seconds: number;
  /** Round trips in milliseconds, when one message was under way. */
  readonly times: readonly number[];
}

const MESSAGE_BYTES = 64;

// <sys/socket.h>, <netinet/tcp.h>, <sys/epoll.h>.
const AF_INET = 2;
const SOCK_STREAM = 1;
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
});

function done(result: number | bigint, what: string): number {
  if (result < 0) throw new Error(`Cannot ${what} for the load`);
  return Number(result);
}

/** Connections with the same number of messages under way on each. */
class Load {
  readonly #epoll = done(libc.epoll_create1(0), "poll");
  readonly #sockets: number[] = [];
  readonly #window: number;
  readonly #events = new DataView(new ArrayBuffer(EVENT_BYTES * MAX_EVENTS));
  readonly #received = new Uint8Array(65536);
  readonly #message = new Uint8Array(65536).fill(120);
  /** Bytes that have come of a message whose rest has not, by socket. */
  readonly #parts = new Map<number, number>();

  constructor(port: number, connections: number, window: number) {
    this.#window = window;
    for (let at = MESSAGE_BYTES - 1; at < this.#message.length; at += MESSAGE_BYTES) this.#message[at] = 10;
    for (let made = 0; made < connections; made++) this.#connect(port);
  }

  #connect(port: number): void {
    const socket = done(libc.socket(AF_INET, SOCK_STREAM, 0), "make a socket");
    const address = new DataView(new ArrayBuffer(16));
    address.setUint16(0, AF_INET, LITTLE_ENDIAN);
    address.setUint16(2, port);
    address.setUint32(4, 0x7f000001);
    done(libc.connect(socket, address, 16), "connect");
    const on = Uint32Array.of(1);
    done(libc.setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, on, 4), "set up a socket");
    const event = new DataView(new ArrayBuffer(EVENT_BYTES));
    event.setUint32(0, EPOLLIN, LITTLE_ENDIAN);
    event.setUint32(EVENT_DATA, socket, LITTLE_ENDIAN);
    done(libc.epoll_ctl(this.#epoll, EPOLL_CTL_ADD, socket, event), "watch a socket");
    this.#sockets.push(socket);
    this.#parts.set(socket, 0);
  }

  /** Runs for so long, until nothing is under way. */
  run(limitMs: number): Passed {
    const begun = performance.now();
    const end = begun + limitMs;
    const isAlone = this.#sockets.length * this.#window === 1;
    const times: number[] = [];
    let messages = 0;
    let underWay = 0;
    let now = begun;
    for (const socket of this.#sockets) underWay += this.#send(socket, this.#window);
    let sentAt = performance.now();
    while (underWay > 0) {
      const ready = done(libc.epoll_wait(this.#epoll, this.#events, MAX_EVENTS, 10_000), "wait");
      if (ready === 0) throw new Error("Cannot go on: the server has not answered for ten seconds");
      now = performance.now();
      if (isAlone) times.push(now - sentAt);
      for (let index = 0; index < ready; index++) {
        const socket = this.#events.getUint32(index * EVENT_BYTES + EVENT_DATA, LITTLE_ENDIAN);
        const whole = this.#receive(socket);
        messages += whole;
        underWay -= whole;
        if (now < end && whole > 0) underWay += this.#send(socket, whole);
      }
      if (isAlone) sentAt = performance.now();
    }
    return { messages, seconds: (now - begun) / 1000, times };
  }

  #send(socket: number, messages: number): number {
    const bytes = messages * MESSAGE_BYTES;
    if (done(libc.write(socket, this.#message, BigInt(bytes)), "send") < bytes) {
      throw new Error("Cannot send all of it for the load");
    }
    return messages;
  }

  /** How many messages are whole now. */
  #receive(socket: number): number {
    const count = done(libc.read(socket, this.#received, BigInt(this.#received.length)), "receive");
    if (count === 0) throw new Error("Cannot go on: the server has closed the connection");
    const bytes = count + (this.#parts.get(socket) ?? 0);
    this.#parts.set(socket, bytes % MESSAGE_BYTES);
    return Math.floor(bytes / MESSAGE_BYTES);
  }
}

if (import.meta.main) {
  const [port = NaN, connections = NaN, window = NaN] = Deno.args.map(Number);
  const load = new Load(port, connections, window);
  console.log("ready");
  for await (const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
    console.log(JSON.stringify(load.run(Number(text))));
  }
  Deno.exit(0);
}

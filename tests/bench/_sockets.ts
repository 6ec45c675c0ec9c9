/**
 * Sockets as the system has them, without an event loop: for load that costs a fraction of what any server
 * needs. Linux alone.
 *
 * @module
 */
import type { LoadOptions } from "./_load.ts";

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

/** The calls themselves. */
export const { symbols: libc } = Deno.dlopen("libc.so.6", {
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

/** Throws when the system refuses. */
export function done(result: number | bigint, what: string): number {
  if (result < 0) throw new Error(`Cannot ${what} for the load`);
  return Number(result);
}

/** A socket to a server on loopback. */
export function connectTo({ port, transport = "tcp" }: Pick<LoadOptions, "port" | "transport">): number {
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

/** Writes at once, or throws. */
export function sendAll(socket: number, bytes: Uint8Array<ArrayBuffer>): void {
  if (bytes.length === done(libc.write(socket, bytes, BigInt(bytes.length)), "send")) return;
  throw new Error("Cannot send all of it for the load");
}

/** Waits for any of many sockets. */
export class Epoll {
  readonly #epoll = done(libc.epoll_create1(0), "poll");
  readonly #events = new DataView(new ArrayBuffer(EVENT_BYTES * MAX_EVENTS));

  /** From now on, this one is waited for, too. */
  add(socket: number): void {
    const event = new DataView(new ArrayBuffer(EVENT_BYTES));
    event.setUint32(0, EPOLLIN, LITTLE_ENDIAN);
    event.setUint32(EVENT_DATA, socket, LITTLE_ENDIAN);
    done(libc.epoll_ctl(this.#epoll, EPOLL_CTL_ADD, socket, event), "watch a socket");
  }

  /** Those that have something to be read; none when the time is over. */
  wait(timeoutMs: number): number[] {
    const ready = done(libc.epoll_wait(this.#epoll, this.#events, MAX_EVENTS, timeoutMs), "wait");
    return Array.from(
      { length: ready },
      (_, index) => this.#events.getUint32(index * EVENT_BYTES + EVENT_DATA, LITTLE_ENDIAN),
    );
  }
}

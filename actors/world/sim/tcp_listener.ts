/**
 * A simulated listening TCP socket.
 *
 * @module
 */
import { failure } from "../failure.ts";
import type { SocketAddress, TcpConnection, TcpListener } from "../world.ts";
import { type Life, never } from "./life.ts";
import type { Network } from "./network.ts";
import type { Socket, Stack } from "./stack.ts";
import type { Endpoint } from "./tcp.ts";

/** Connections that wait to be accepted; more are not answered. */
const BACKLOG = 512;

/** A listening socket. */
export class Listener implements TcpListener, Socket {
  readonly address: SocketAddress;
  readonly life: Life;
  readonly isTls: boolean;
  readonly #network: Network;
  readonly #stack: Stack;
  #waiting: Endpoint[] = [];
  #accepts: {
    readonly resolve: (connection: TcpConnection) => void;
    readonly reject: (error: unknown) => void;
  }[] = [];
  #inHandshake = 0;
  #closed = false;

  constructor(network: Network, life: Life, stack: Stack, address: SocketAddress, isTls: boolean) {
    this.#network = network;
    this.life = life;
    this.address = address;
    this.isTls = isTls;
    this.#stack = stack;
    stack.tcpPorts.add(this);
  }

  get isFull(): boolean {
    return this.#waiting.length + this.#inHandshake >= BACKLOG;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  accept(): Promise<TcpConnection> {
    if (!this.life.alive) return never();
    if (this.#closed) return Promise.reject(failure("closed", "accept a connection"));
    const { promise, resolve, reject } = Promise.withResolvers<TcpConnection>();
    this.#accepts.push({ resolve, reject });
    this.#answer();
    return promise;
  }

  /** The process gets the next connection, if it waits for one and has a descriptor left for it. */
  #answer(): void {
    if (this.#accepts.length === 0 || this.#waiting.length === 0) return;
    if (this.#stack.hasNoDescriptors) {
      this.#network.simulation.tally.count("fault: accept fails, no descriptors");
      this.#accepts.shift()?.reject(failure("too-many-open-files", "accept a connection"));
      return;
    }
    const connection = this.#waiting.shift();
    if (connection === undefined) return;
    this.#stack.given.add(connection);
    this.#accepts.shift()?.resolve(connection);
  }

  /** A connection is being made: it has a place. */
  expect(): void {
    this.#inHandshake++;
  }

  /** A connection has been made. */
  arrived(connection: Endpoint): void {
    this.#inHandshake--;
    if (this.#closed) {
      connection.reset();
      return;
    }
    this.#waiting.push(connection);
    if (this.#accepts.length > 0) this.life.deliver(() => this.#answer());
  }

  close(): void {
    if (this.#closed || !this.life.alive) return;
    const accepts = this.#accepts;
    this.#release();
    for (const accept of accepts) accept.reject(failure("closed", "accept a connection"));
  }

  orphaned(): void {
    this.#release();
  }

  lost(): void {
    this.#closed = true;
    this.#accepts = [];
    this.#waiting = [];
  }

  #release(): void {
    this.#closed = true;
    this.#accepts = [];
    this.#stack.tcpPorts.remove(this);
    for (const connection of this.#waiting.splice(0)) connection.reset();
  }
}

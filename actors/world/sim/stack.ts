/**
 * The network side of a simulated machine: what its kernel holds for the process that runs on it.
 *
 * @module
 */
import { formatAddress } from "../address.ts";
import { failure } from "../failure.ts";
import type { SocketAddress } from "../world.ts";
import type { Life } from "./life.ts";
import { type Bound, isAddress, isLoopback, isV6, loopbackOf, PortTable } from "./ports.ts";

/** A socket that ends with its process or its machine. */
export interface Socket {
  /** The process has died; the machine closes what it leaves behind. */
  orphaned(): void;
  /** The machine has lost its power. */
  lost(): void;
}

/** One machine's network. */
export class Stack {
  readonly name: string;
  /** An address of either family. */
  readonly addresses: readonly string[];
  /** False while the machine has no power: nothing is answered, not even with a refusal. */
  isOn = true;
  /** The process has as many files and sockets open as it may: nothing is accepted (EMFILE). */
  hasNoDescriptors = false;
  readonly tcpPorts: PortTable<Bound & Socket> = new PortTable();
  readonly udpPorts: PortTable<Bound & Socket> = new PortTable();
  readonly connections: Set<Socket> = new Set();
  /** Connections that the process was given and has not closed, whether they have failed or not. */
  readonly given: Set<{ readonly remoteAddress: SocketAddress }> = new Set();
  #nextClientPort = 32768;

  constructor(name: string, number: number) {
    this.name = name;
    this.addresses = [`10.0.${number >> 8}.${number & 255}`, `fd00::${number.toString(16)}`];
  }

  /** The address to listen at. Throws `address-not-available`. */
  ownAddress(hostname: string, doing: string): string {
    if (hostname === "localhost") return "127.0.0.1";
    if (hostname === this.name) return this.#addressOf("0.0.0.0");
    const isOwn = hostname === "0.0.0.0" || hostname === "::" || isLoopback(hostname) ||
      this.addresses.includes(hostname);
    if (!isOwn) throw failure(isAddress(hostname) ? "address-not-available" : "name-not-found", doing);
    return hostname;
  }

  /** The address that this machine shows to `remote`. */
  sourceFor(remote: string): string {
    return isLoopback(remote) ? loopbackOf(remote) : this.#addressOf(remote);
  }

  /** A port for the near end of a connection. */
  clientPort(): number {
    const port = this.#nextClientPort++;
    if (this.#nextClientPort > 49151) this.#nextClientPort = 32768;
    return port;
  }

  /** What a process has of the network until it closes it or ends, in words. */
  get held(): string[] {
    return [
      ...this.tcpPorts.all().map(({ address }) => `the listener at ${formatAddress(address)}`),
      ...this.udpPorts.all().map(({ address }) => `the datagram socket at ${formatAddress(address)}`),
      ...[...this.given].map(({ remoteAddress }) => `the connection to ${formatAddress(remoteAddress)}`),
    ];
  }

  /** The process has died. */
  orphanAll(): void {
    for (const socket of this.#all()) socket.orphaned();
    this.#forget();
  }

  /** The power has gone. */
  loseAll(): void {
    for (const socket of this.#all()) socket.lost();
    this.#forget();
  }

  #all(): Socket[] {
    return [...this.tcpPorts.all(), ...this.udpPorts.all(), ...this.connections];
  }

  #forget(): void {
    this.tcpPorts.clear();
    this.udpPorts.clear();
    this.connections.clear();
    this.given.clear();
  }

  #addressOf(family: string): string {
    const address = this.addresses.find((own) => isV6(own) === isV6(family));
    if (address === undefined) throw failure("unreachable", `find an address of ${this.name}`);
    return address;
  }
}

/** What a socket needs to know of where it lives. */
export interface Place {
  readonly life: Life;
  readonly stack: Stack;
}

/** Where a socket is to be bound, with the port chosen. */
export function bindAddress(
  stack: Stack,
  table: PortTable<Bound & Socket>,
  wanted: SocketAddress,
  doing: string,
): SocketAddress {
  const hostname = stack.ownAddress(wanted.hostname, doing);
  return { hostname, port: table.choose({ hostname, port: wanted.port }, doing) };
}

/**
 * Addresses and ports of a simulated host.
 *
 * @module
 */
import { failure } from "../failure.ts";
import type { SocketAddress } from "../world.ts";

/** Something that stands at a port. */
export interface Bound {
  readonly address: SocketAddress;
}

/** True for an address of IP version 6. */
export function isV6(hostname: string): boolean {
  return hostname.includes(":");
}

/** True for an IP address, false for a name. */
export function isAddress(hostname: string): boolean {
  return isV6(hostname) || /^\d+\.\d+\.\d+\.\d+$/.test(hostname);
}

/** True for the address that stands for all of a host's own. */
export function isWildcard(hostname: string): boolean {
  return hostname === "0.0.0.0" || hostname === "::";
}

/** True for an address that never leaves the host. */
export function isLoopback(hostname: string): boolean {
  return hostname === "::1" || hostname.startsWith("127.");
}

/** Where what is sent to an address goes: to "any address" to the host itself, by loopback. */
export function reachedBy(hostname: string): string {
  return isWildcard(hostname) ? loopbackOf(hostname) : hostname;
}

/** The address by which a host reaches itself, of the version of another. */
export function loopbackOf(hostname: string): string {
  return isV6(hostname) ? "::1" : "127.0.0.1";
}

/** True when what is bound to `bound` gets what is sent to `hostname`. */
function covers(bound: string, hostname: string): boolean {
  if (bound === "::") return true;
  if (bound === "0.0.0.0") return !isV6(hostname);
  return bound === hostname;
}

const FIRST_EPHEMERAL_PORT = 49152;
const LAST_PORT = 65535;

/** Who stands at which port. */
export class PortTable<T extends Bound> {
  #byPort = new Map<number, T[]>();
  #nextEphemeral = FIRST_EPHEMERAL_PORT;

  /** A port for the asking: the one given, or any free one for 0. Throws `address-in-use`. */
  choose(address: SocketAddress, doing: string): number {
    if (address.port !== 0) {
      if (this.#isTaken(address.hostname, address.port)) throw failure("address-in-use", doing);
      return address.port;
    }
    for (let tries = FIRST_EPHEMERAL_PORT; tries <= LAST_PORT; tries++) {
      const port = this.#nextEphemeral++;
      if (this.#nextEphemeral > LAST_PORT) this.#nextEphemeral = FIRST_EPHEMERAL_PORT;
      if (!this.#isTaken(address.hostname, port)) return port;
    }
    throw failure("address-in-use", doing);
  }

  add(bound: T): void {
    const { port } = bound.address;
    const others = this.#byPort.get(port);
    if (others === undefined) this.#byPort.set(port, [bound]);
    else others.push(bound);
  }

  /** Who gets what is sent to the address: the one bound to exactly it before one bound to all. */
  find({ hostname, port }: SocketAddress): T | undefined {
    const here = this.#byPort.get(port) ?? [];
    return here.find((bound) => bound.address.hostname === hostname) ??
      here.find((bound) => covers(bound.address.hostname, hostname));
  }

  remove(bound: T): void {
    const { port } = bound.address;
    const rest = (this.#byPort.get(port) ?? []).filter((other) => other !== bound);
    if (rest.length === 0) this.#byPort.delete(port);
    else this.#byPort.set(port, rest);
  }

  all(): T[] {
    return [...this.#byPort.values()].flat();
  }

  clear(): void {
    this.#byPort.clear();
  }

  #isTaken(hostname: string, port: number): boolean {
    return (this.#byPort.get(port) ?? []).some((bound) =>
      covers(bound.address.hostname, hostname) || covers(hostname, bound.address.hostname)
    );
  }
}
